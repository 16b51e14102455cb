"""How fast text is cut into words, and what that takes of memory; beside jieba.

    python benchmarks/segmenting.py FILE RUN... [--rounds 5] [--threads 2]

FILE is plain text in UTF-8, a sentence or a paragraph a line; each RUN a model directory of `seqlab train segment`. jieba
cuts line by line with its own dictionary and its HMM, a run all lines as one batch. All are loaded before, read the text
once to warm up, and then take turns; the best of the rounds counts, since other programs only ever make one slower. A
sentence is the first 20 characters of a line that has as many. Loading and memory are those of processes of their own;
jieba finds its dictionary in the cache that it has made. The time to the first cut is that from `import seqlab` on, with
torch imported before.
"""

import argparse
import logging
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

import seqlab
from seqlab.cli.tables import table

SENTENCE = 20
"""Characters of a single sentence."""
N_CALLS = 10_000
"""Calls of `cut` over which memory is watched, after a tenth as many to warm up."""
LONGEST = 200
"""Characters of a text in such a call."""
LOADING = """
import time, torch
started = time.perf_counter()
import seqlab
segmenter = seqlab.load({run!r})
segmenter.lcut({sentence!r})
print(time.perf_counter() - started)
"""
LOADING_JIEBA = """
import logging, time, warnings
warnings.simplefilter("ignore")
started = time.perf_counter()
import jieba
jieba.setLogLevel(logging.WARNING)
jieba.lcut({sentence!r})
print(time.perf_counter() - started)
"""


def silent_jieba() -> Any:
    """jieba with its dictionary loaded; it uses what new Pythons warn of, and logs to stderr."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import jieba
    jieba.setLogLevel(logging.WARNING)
    jieba.initialize()
    return jieba


def best_of(work: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The least seconds that each took, in turns, after one round that does not count."""
    taken = {name: float("inf") for name in work}
    for number in range(rounds + 1):
        for name, run in work.items():
            started = time.perf_counter()
            run()
            seconds = time.perf_counter() - started
            if number:
                taken[name] = min(taken[name], seconds)
    return taken


def least(command: list[str], rounds: int) -> float:
    """The least of the numbers that a program prints, run several times."""
    return min(float(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout) for _ in range(rounds))


def resident() -> float:
    """Resident memory of this process in MB; not a number where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return float("nan")
    import resource

    return pages * resource.getpagesize() / 1e6


def grown(run: str, path: Path, threads: int) -> float:
    """MB by which this process grows over N_CALLS calls of `cut` on stretches of a text, of 1 to LONGEST characters."""
    torch.set_num_threads(threads)
    cut = silent_jieba().cut if run == "jieba" else seqlab.load(run).cut
    text = path.read_text(encoding="utf-8")
    before = 0.0
    for number in range(-N_CALLS // 10, N_CALLS):
        if number == 0:
            before = resident()
        start, size = number * 7919 % max(1, len(text) - LONGEST), 1 + number * 31 % LONGEST
        for _ in cut(text[start : start + size]):
            pass
    return resident() - before


def rows_of(path: Path, runs: list[str], rounds: int, threads: int) -> list[tuple[str, ...]]:
    """A row for jieba and for each run."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line]
    n = sum(map(len, lines))
    sentence = next((line[:SENTENCE] for line in lines if len(line) >= SENTENCE), lines[0])
    jieba, segmenters = silent_jieba(), {run: seqlab.load(run) for run in runs}
    whole: dict[str, Callable[[], object]] = {"jieba": lambda: [jieba.lcut(line) for line in lines]}
    single: dict[str, Callable[[], object]] = {"jieba": lambda: jieba.lcut(sentence)}
    for run, segmenter in segmenters.items():
        whole[run] = lambda segmenter=segmenter: segmenter.batch(lines)
        single[run] = lambda segmenter=segmenter: segmenter.lcut(sentence)
    seconds, seconds_single = best_of(whole, rounds), best_of(single, 20 * rounds)
    rows = []
    for name in whole:
        program = LOADING_JIEBA if name == "jieba" else LOADING
        loading = least([sys.executable, "-c", program.format(run=name, sentence=sentence)], rounds)
        memory = [sys.executable, __file__, str(path), name, "--only-memory", "--threads", str(threads)]
        f1 = segmenters[name].scores["f1"] if name in segmenters else None
        rows.append(
            (
                name,
                "" if f1 is None else f"{f1:.4f}",
                f"{n / seconds[name]:,.0f}",
                f"{seconds['jieba'] / seconds[name]:.2f}",
                f"{seconds_single[name] * 1000:.2f} ms",
                f"{loading:.2f} s",
                f"{least(memory, 1):+.1f} MB",
            )
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="plain text in UTF-8")
    parser.add_argument("runs", nargs="+", metavar="RUN", help="model directories of segmenters")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="threads of torch")
    parser.add_argument("--only-memory", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.file.exists():
        raise SystemExit(f"skipped: no corpus at {options.file}")
    if options.only_memory:
        return print(grown(options.runs[0], options.file, options.threads))
    torch.set_num_threads(options.threads)
    heads = ("", "F1 on its validation data", "characters/s", "of jieba's", "20 characters", "to the first cut")
    rows = rows_of(options.file, options.runs, options.rounds, options.threads)
    print(table((*heads, f"after {N_CALLS:,} cuts"), rows))
    print(
        "targets: 0.5 of jieba's, fast ones 1; 3 ms a sentence; 1.2 s to the first cut beyond import torch; memory flat"
    )
    return None


if __name__ == "__main__":
    main()
