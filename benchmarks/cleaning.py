"""How fast corpora are cleaned, on one core: `python benchmarks/cleaning.py [FILE...]`.

Rates are of UTF-8 bytes of the input, in blocks of about a megabyte. Three kinds of text are generated, and files are taken
as they are. The best of three runs counts.
"""

import argparse
import random
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from seqlab.config import Cleaning, Duplicates
from seqlab.corpora.cleaning import Cleaner
from seqlab.corpora.cleaning.keys import key
from seqlab.corpora.cleaning.records import clean_records
from seqlab.records import Labelled

SETTINGS = {
    "default": Cleaning(),
    "all changes": Cleaning(unicode_form="NFKC", letter_case="lower", urls="mask", mails="mask"),
    "script": Cleaning(script="Latin", min_script_share=0.01, min_length=1),
    "sentences": Cleaning(split_sentences=True),
    "nothing": Cleaning(controls=False, html=False, unicode_form="none", blanks="keep"),
}


def english(draw: random.Random) -> str:
    """A megabyte of lines of words, with dashes, quotes and an accent now and then."""
    letters = "etaoinshrdlucmfwypvbgk"
    words = ["".join(draw.choices(letters, k=draw.randint(1, 9))) for _ in range(8000)] + ["café", "it’s", "—"]
    weights = [1 / rank for rank in range(1, len(words) + 1)]
    return "".join(" ".join(draw.choices(words, weights, k=draw.randint(5, 40))) + ".\n" for _ in range(9000))


def chinese(draw: random.Random) -> str:
    """A megabyte of lines of Chinese, without blanks."""
    words = ["".join(chr(0x4E00 + int(5000 * draw.random() ** 3)) for _ in range(2)) for _ in range(8000)]
    lines = (
        "，".join("".join(draw.choices(words, k=draw.randint(2, 9))) for _ in range(3)) + "。\n" for _ in range(9000)
    )
    return "".join(lines)


def messy(draw: random.Random) -> str:
    """A megabyte of what a page leaves: tags with attributes, entities, addresses, blanks, characters that nobody sees."""
    words = english(draw).split()
    extras = [
        "<p>", "</p>", "<br/>", '<a href="https://example.org/a?b=1&amp;c=2" class="link">', "</a>", "<b>", "</b>", "&amp;",
        "&nbsp;", "&quot;", "&#39;", "&eacute;", "  ", "\t", "\u200b", "\xad", "e\u0301", "<!-- note -->", "&lt;i&gt;",
        "https://example.org/x/y.html", "someone@example.org", "a < b", "&amp;lt;",
    ]  # fmt: skip
    lines = []
    for _ in range(7000):
        line = draw.choices(words, k=draw.randint(4, 24))
        for _ in range(draw.randint(1, 5)):
            line.insert(draw.randint(0, len(line)), draw.choice(extras))
        lines.append(f"<div>{' '.join(line)}</div>  \n")
    return "".join(lines)


def blocks_of(path: str) -> list[str]:
    """A file of UTF-8 in blocks of about a megabyte, at most 30 of them."""
    with Path(path).open(encoding="utf-8") as file:
        return [block for block in ("".join(file.readlines(1 << 20)) for _ in range(30)) if block]


def best(work: Callable[[], object], runs: int = 3) -> float:
    """Seconds of the fastest of several runs."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def rates(blocks: Sequence[str]) -> Iterator[str]:
    """MB/s with each of the settings."""
    megabytes = sum(len(block.encode("utf-8", "surrogatepass")) for block in blocks) / 1e6
    for settings in SETTINGS.values():
        cleaner = Cleaner(settings)
        cleaner.clean_lines("a\xe9 <b>x</b> &amp;\n")  # tables are made at the first text
        yield f"{megabytes / best(lambda cleaner=cleaner: [cleaner.clean_lines(block) for block in blocks]):>12.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", metavar="FILE", help="text files to clean too")
    options = parser.parse_args()
    draw = random.Random(1)
    corpora = {"English": [english(draw)] * 4, "Chinese": [chinese(draw)] * 4, "HTML and so on": [messy(draw)] * 4}
    for path in options.files:
        if Path(path).exists():
            corpora[path[-24:]] = blocks_of(path)
        else:
            print(f"skipped: no corpus at {path}")
    print("cleaning, MB/s".ljust(26) + "".join(f"{name:>12}" for name in SETTINGS))
    for name, blocks in corpora.items():
        print(f"{name:<26}" + "".join(rates(blocks)), flush=True)
    lines = corpora["English"][0].splitlines()
    records = [Labelled(line, ("label",)) for line in lines]
    cleaner = Cleaner(Cleaning())
    print(
        f"\nlabelled texts {len(records) / best(lambda: list(clean_records(records, cleaner))) / 1e3:9.0f} thousand/s"
    )
    print(f"keys           {len(records) / best(lambda: [key(record) for record in records]) / 1e3:9.0f} thousand/s")
    near(corpora)


def near(corpora: dict[str, list[str]]) -> None:
    """MB/s of the signatures by which near duplicates are found."""
    from seqlab.corpora.cleaning.minhash import signatures

    for name, blocks in corpora.items():
        megabytes = len(blocks[0].encode()) / 1e6
        lines = blocks[0].splitlines()
        taken = best(lambda lines=lines: signatures(lines, Duplicates(near=0.8)), runs=1)
        print(
            f"signatures     {megabytes / taken:9.1f} MB/s of {name}, {len(lines) / taken / 1e3:.0f} thousand lines/s"
        )


if __name__ == "__main__":
    main()
