"""How fast a corpus becomes ids, and how much memory that takes.

    python benchmarks/indexing.py [--megabytes 300] [--corpus PATH]

Without a corpus, a mixed text (Chinese and English, some of it not composed, line ends of both kinds) is generated in a
temporary folder. Reading, counting and indexing run in a process of their own, whose greatest resident memory is
shown. Reading alone is shown by itself; it is a part of the other two. MB are 10^6 bytes of UTF-8.
"""

import argparse
import json
import math
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from seqlab.corpora import open_text
from seqlab.text import TOKENIZERS, TextPipeline

SLICE = 4_000_000
"""Characters on which the other tokenizers are timed."""


def generate(path: Path, megabytes: float) -> None:
    """Write a text of words drawn by Zipf's law, from a few thousand of each language."""
    generator = random.Random(1)
    english = ["".join(generator.choices("etaoinshrdlucm", k=generator.randint(1, 9))) for _ in range(8000)]
    chinese = ["".join(chr(0x4E00 + int(5000 * generator.random() ** 3)) for _ in range(2)) for _ in range(8000)]
    blocks = []
    for words, space, end in ((english, " ", ".\n"), (chinese, "", "。\r\n"), (english, " ", " cafe\u0301 😀\n")):
        weights = [1 / rank for rank in range(1, len(words) + 1)]
        lines = [space.join(generator.choices(words, weights, k=generator.randint(3, 30))) + end for _ in range(20_000)]
        blocks.append("".join(lines).encode())
    written = 0
    with path.open("wb") as file:
        while written < megabytes * 1e6:
            written += sum(file.write(block) for block in blocks)


def texts(corpus: str, limit: int | None = None) -> Iterator[str]:
    """Give the pieces of a corpus, at most `limit` characters."""
    n_characters = 0
    for record in open_text([corpus]):
        if limit is not None and n_characters >= limit:
            return
        n_characters += len(record.text)
        yield record.text


class Texts:
    """The pieces of a corpus, from the start each time."""

    def __init__(self, corpus: str) -> None:
        self.corpus = corpus

    def __iter__(self) -> Iterator[str]:
        return texts(self.corpus)


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def prepare(corpus: str, folder: str) -> None:
    """Read, count and index; print the figures as JSON."""
    n_bytes = sum(len(text.encode("utf-8", "surrogatepass")) for text in texts(corpus))
    made: list[TextPipeline] = []
    figures: dict[str, float] = {"megabytes": n_bytes / 1e6}
    figures["reading"] = seconds(lambda: sum(len(text) for text in texts(corpus)))
    figures["counting"] = seconds(lambda: made.append(TextPipeline.fit(Texts(corpus))))
    figures["indexing"] = seconds(lambda: made[0].index(texts(corpus), Path(folder) / "ids.npy"))
    figures["resident"] = _resident()
    print(json.dumps(figures))


def prepare_language_model(corpus: str, folder: str) -> None:
    """All that `seqlab train lm` does before its first step: hold out, fit, index, open; print the figures as JSON."""
    from seqlab.resolve import resolve
    from seqlab.tasks.lm import prepare
    from seqlab.tasks.neural_task import LanguageTask

    config = resolve("lm", {}, {})

    def work() -> None:
        prepare(config, open_text([corpus]), None, Path(folder))
        LanguageTask(config, Path(folder), "cpu")

    figures = {"seconds": seconds(work), "resident": _resident()}
    print(json.dumps(figures))


def _resident() -> float:
    """Greatest resident memory of this process so far, in MB."""
    unit = 1024 if sys.platform != "darwin" else 1
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def others(corpus: str) -> Iterator[tuple[str, float, float]]:
    """Give, for each other tokenizer, the MB/s of fitting (bytes need none) and of encoding a slice of the corpus."""
    pieces = list(texts(corpus, SLICE))
    pieces = [text[: SLICE // 4] for text in pieces][:4]
    for name in TOKENIZERS:
        some = pieces[:1] if name in ("jieba", "sentencepiece") else pieces
        megabytes = sum(len(text.encode("utf-8", "surrogatepass")) for text in some) / 1e6
        made: list[TextPipeline] = []
        fitting = seconds(lambda name=name, some=some, made=made: made.append(TextPipeline.fit(some, tokenizer=name)))
        encoding = seconds(lambda some=some, made=made: [made[0].encode(text) for text in some])
        yield name, megabytes / fitting if name != "byte" else math.nan, megabytes / encoding


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=float, default=300, help="size of the generated text")
    parser.add_argument("--corpus", help="a text file or folder to use instead")
    parser.add_argument("--child", nargs=3, metavar=("WORK", "CORPUS", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        work, corpus, folder = options.child
        {"index": prepare, "prepare": prepare_language_model}[work](corpus, folder)
        return
    child = [sys.executable, __file__, "--child"]
    with tempfile.TemporaryDirectory() as folder:
        corpus = options.corpus
        if corpus is None:
            corpus = str(Path(folder) / "corpus.txt")
            generate(Path(corpus), options.megabytes)
        figures, whole = (
            json.loads(
                subprocess.run([*child, work, corpus, folder], capture_output=True, text=True, check=True).stdout
            )
            for work in ("index", "prepare")
        )
        print(f"character tokenizer, {figures['megabytes']:.0f} MB of UTF-8\n")
        for step in ("reading", "counting", "indexing"):
            print(f"  {step:<10} {figures[step]:8.2f} s  {figures['megabytes'] / figures[step]:8.1f} MB/s")
        both = figures["counting"] + figures["indexing"]
        print(f"  {'both':<10} {both:8.2f} s  {figures['megabytes'] / both:8.1f} MB/s")
        print(f"  peak resident memory {figures['resident']:.0f} MB")
        print(f"  prepared by `seqlab train lm` in {whole['seconds']:.1f} s, {whole['resident']:.0f} MB with torch\n")
        print(f"  {'tokenizer':<14} {'fit MB/s':>9} {'encode MB/s':>12}")
        for name, fitting, encoding in others(corpus):
            print(f"  {name:<14} {fitting:>9.2f} {encoding:>12.2f}", flush=True)


if __name__ == "__main__":
    main()
