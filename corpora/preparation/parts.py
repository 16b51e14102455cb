"""The parts as files: what is trained on, validated on and tested with, in the form that the task reads."""

import codecs
import mmap
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from pathlib import Path
from typing import IO

import numpy as np

from seqlab.corpora.preparation.marks import TEST, TRAIN, VALIDATION, Marks
from seqlab.corpora.preparation.rows import Layout, Rows
from seqlab.corpora.preparation.shard import RECORDS, ROWS
from seqlab.text.heldout import parted, stretches

NAMES = {TRAIN: "train", VALIDATION: "validation", TEST: "test"}
"""The parts by their marks."""
_BLOCK = 1 << 20


def rows_of(folder: Path, layout: Layout) -> Rows:
    """Give the rows of a shard."""
    return np.fromfile(folder / ROWS, dtype=layout.dtype)


def write_records(
    shards: Sequence[Path], layout: Layout, marks: Marks, folder: Path, suffix: str, moved: Callable[[int], None]
) -> None:
    """Write the records of all shards, in order, to the parts that the marks name; `moved` is told of bytes."""
    with _written(folder, [part for part in NAMES if np.any(marks == part)], suffix) as files:
        at = done = 0
        for shard in shards:
            sizes = rows_of(shard, layout)["size"].astype(np.int64)
            if not len(sizes):
                continue
            own = marks[at : at + len(sizes)]
            starts = np.concatenate([[0], np.flatnonzero(own[1:] != own[:-1]) + 1])
            ends = np.cumsum(sizes)
            bounds = [0, *ends[starts[1:] - 1].tolist(), int(ends[-1])]
            with (shard / RECORDS).open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                for part, start, end in zip(own[starts].tolist(), bounds[:-1], bounds[1:], strict=True):
                    if part in files:
                        files[part].write(content[start:end])
            at += len(sizes)
            done += bounds[-1]
            moved(done)


def write_stretches(
    shards: Mapping[int, Sequence[Path]],
    n_characters: int,
    shares: Mapping[int, Fraction],
    seed: int,
    folder: Path,
    moved: Callable[[int], None],
) -> dict[str, int]:
    """Write running text to its parts; what is held out of the training text are hundredths of it, drawn by the seed.

    Args:
        shards: those of each part. n_characters: of the training text. shares: of it, for VALIDATION and TEST.
        seed: of the draw. folder: of the files. moved: is told of bytes.

    Returns:
        how many characters each part has, by name.
    """
    drawn = dict(zip(shares, stretches(n_characters, list(map(float, shares.values())), seed), strict=True))
    there = [part for part in NAMES if shards.get(part) or drawn.get(part)]
    counts = {NAMES[part]: 0 for part in there}
    done = 0

    def wrote(part: int, text: str) -> None:
        nonlocal done
        content = text.encode("utf-8")
        files[part].write(content)
        counts[NAMES[part]] += len(text)
        done += len(content)
        moved(done)

    with _written(folder, there, ".txt") as files:
        for found, text in parted(_texts(shards[TRAIN]), drawn):
            wrote(TRAIN if found is None else found, text)
        for part in (VALIDATION, TEST):
            for text in _texts(shards.get(part, ())):
                wrote(part, text)
    return counts


def _texts(shards: Sequence[Path]) -> Iterator[str]:
    """Give the text of shards in stretches of whole lines."""
    for shard in shards:
        decoder, begun = codecs.getincrementaldecoder("utf-8")(), ""
        with (shard / RECORDS).open("rb") as file:
            while block := file.read(_BLOCK):
                begun += decoder.decode(block)
                end = begun.rfind("\n") + 1
                if end:
                    yield begun[:end]
                    begun = begun[end:]
        if begun:
            yield begun


@contextmanager
def _written(folder: Path, parts: Sequence[int], suffix: str) -> Iterator[dict[int, IO[bytes]]]:
    """A file for each part, under another name until all are whole."""
    paths = {part: folder / f"{NAMES[part]}{suffix}" for part in parts}
    with ExitStack() as stack:
        files: dict[int, IO[bytes]] = {
            part: stack.enter_context(path.with_name(f".{path.name}").open("wb", buffering=_BLOCK))
            for part, path in paths.items()
        }
        yield files
        for file in files.values():
            file.flush()
            os.fsync(file.fileno())
    for path in paths.values():
        path.with_name(f".{path.name}").replace(path)
