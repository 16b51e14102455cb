"""Prepare a large generated corpus, and print how fast each stage is and how much memory each process takes.

    python benchmarks/corpora.py                          2 GB, a process for each core
    python benchmarks/corpora.py --size 200MB --processes 1
    python benchmarks/corpora.py --exact                  line by line, without those that come again

The corpus is a folder of files of 64 MB that is generated once in --folder: English and Chinese words drawn by Zipf's law,
entities, tags, addresses and blanks in between, a tenth of the lines a second time. Memory is resident memory without the
pages of mapped files (RssAnon), the largest of each process, looked at twenty times a second.
"""

import argparse
import random
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np

UNITS = {"MB": 10**6, "GB": 10**9}
FILE = 64 * 10**6


def words(draw: random.Random) -> list[str]:
    """40,000 words: letters, Chinese characters, and what cleaning has to do with."""
    letters = ["".join(draw.choices("etaoinshrdlucmfw", k=draw.randint(2, 9))) for _ in range(30_000)]
    han = [
        "".join(chr(0x4E00 + min(int(draw.paretovariate(0.8)), 8000)) for _ in range(draw.randint(1, 3)))
        for _ in range(9_500)
    ]
    odd = ["&amp;", "<b>bold</b>", "https://example.org/a?b=c", "a  b", "caf\u0065\u0301", "ＡＢＣ", "x\u200by"]
    return letters + han + [odd[i % len(odd)] for i in range(500)]


def generate(folder: Path, size: int) -> list[Path]:
    """The files of a corpus of about `size` bytes; those that are there are taken as they are."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(-(-size // FILE)):
        path = folder / f"{number:03}.txt"
        paths.append(path)
        target = min(FILE, size - number * FILE)
        if path.exists() and abs(path.stat().st_size - target) < 10**6:
            continue
        draw, known = np.random.default_rng(number), np.array(words(random.Random(0)), dtype=object)
        chances = 1 / np.arange(1, len(known) + 1)
        chances /= chances.sum()
        order = np.random.default_rng(0).permutation(len(known))
        written = 0
        with path.open("w", encoding="utf-8", newline="") as file:
            while written < target:
                drawn = known[order[draw.choice(len(known), 12 * 20_000, p=chances)]].reshape(-1, 12)
                lines = [" ".join(row) for row in drawn]
                lines += lines[::10]
                text = "\n".join(lines) + "\n"
                written += file.write(text) and len(text.encode("utf-8"))
    return paths


def resident(process: int) -> dict[int, int]:
    """Bytes of each process of a tree that are its own, by its number."""
    found, left = {}, [process]
    while left:
        number = left.pop()
        try:
            status = Path(f"/proc/{number}/status").read_text(encoding="ascii", errors="replace")
            tasks = list(Path(f"/proc/{number}/task").iterdir())
            left += [int(child) for task in tasks for child in (task / "children").read_text(encoding="ascii").split()]
        except (OSError, ValueError):
            continue
        if own := re.search(r"RssAnon:\s*(\d+) kB", status):
            found[number] = int(own[1]) * 1024
    return found


def measured(command: list[str]) -> tuple[float, dict[int, int]]:
    """Seconds that a command takes, and the largest memory of each of its processes."""
    begin, peaks = time.perf_counter(), dict[int, int]()
    process = subprocess.Popen(command)
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.05):
            for number, size in resident(process.pid).items():
                peaks[number] = max(peaks.get(number, 0), size)

    watcher = threading.Thread(target=watch)
    watcher.start()
    code = process.wait()
    done.set()
    watcher.join()
    if code:
        sys.exit(code)
    return time.perf_counter() - begin, peaks


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--size", default="2GB")
    parser.add_argument("--folder", type=Path, default=Path("runs/generated"))
    parser.add_argument("--processes", type=int)
    parser.add_argument("--exact", action="store_true")
    given = parser.parse_args()
    size = int(float(given.size[:-2]) * UNITS[given.size[-2:].upper()])
    paths = generate(given.folder, size)
    n_bytes = sum(path.stat().st_size for path in paths)
    flags = ["--exact", "--split-by", "record"] if given.exact else []
    flags += ["--processes", str(given.processes)] if given.processes else []
    output = given.folder.with_name(f"{given.folder.name}.prepared")
    command = [
        sys.executable,
        "-m",
        "seqlab",
        "prepare",
        "lm",
        *map(str, paths),
        "-o",
        str(output),
        "--overwrite",
        *flags,
    ]
    seconds, peaks = measured(command)
    print(f"{n_bytes / 1e9:.2f} GB in {seconds:.0f} s, {n_bytes / 1e6 / seconds:.1f} MB/s")
    for number, peak in sorted(peaks.items(), key=lambda pair: -pair[1])[:8]:
        print(f"process {number}: {peak / 1e6:,.0f} MB at most")
    begin = time.perf_counter()
    opened = subprocess.run([sys.executable, "-c", _OPEN, str(output)], check=True, capture_output=True, text=True)
    print(opened.stdout.strip(), f"(with imports {time.perf_counter() - begin:.1f} s)")


_OPEN = """
import sys, time
from seqlab.training.prepared import open_prepared
from seqlab.text.indexed import open_ids
begin = time.perf_counter()
corpus = open_prepared(sys.argv[1])
ids = open_ids(corpus.path / "data" / "train.npy")
opened = time.perf_counter() - begin
int(ids.sum())
begin = time.perf_counter()
for start in range(0, len(ids), 1 << 22):
    ids[start : start + (1 << 22)].copy()
seconds = time.perf_counter() - begin
print(f"opened in {1000 * opened:.1f} ms; {len(ids):,} ids, {ids.nbytes / 1e9 / seconds:.1f} GB/s from the page cache")
"""

if __name__ == "__main__":
    main()
