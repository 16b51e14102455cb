"""Which bytes of a file are looked at: all of them, or, of a large one, stretches spread evenly over it."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seqlab.corpora.archives import archive_of
from seqlab.corpora.compression import SUFFIXES
from seqlab.corpora.files import read_blocks
from seqlab.corpora.inspection.blocks import Stretch
from seqlab.errors import DataError

STRETCH, SHORTEST = 1 << 20, 1 << 14
"""Bytes of a stretch, at most and at least."""
FEWEST = 8
"""Stretches of a sample, except of one that is very small."""
_HEAD = 1 << 18


@dataclass(frozen=True)
class Sample:
    """The stretches of a file that are looked at, in order."""

    size: int
    """Bytes of the file; of a compressed one, of what it holds."""
    stretches: Iterator[Stretch]
    whole: bool
    """Whether they are all of it."""
    ends: bytes
    """The last bytes of the file, four at most."""


def is_compressed(path: Path) -> bool:
    """Tell whether a file is decompressed when it is read."""
    return path.suffix.lower() in SUFFIXES or archive_of(path) is not None


def size_on_disk(path: Path) -> int:
    """Give the bytes of a file; 0 for a member of an archive."""
    return 0 if archive_of(path) is not None else path.stat().st_size


def head(path: Path) -> bytes:
    """Give the first bytes of a file, up to 256 kB; DataError as `read_blocks` raises."""
    for block in read_blocks(path):
        return block[:_HEAD]
    return b""


def sample(path: Path, budget: int, seed: int, unit: int) -> Sample:
    """Choose what is read of a file: all up to `budget` bytes, 128 kB at least, or stretches that are as much together.

    A compressed file is decompressed from start to end, and every so many of its blocks is kept. Stretches are cut at line
    ends, which are found in characters of `unit` bytes. Raises DataError as `read_blocks` does, here or later.
    """
    budget = max(budget, FEWEST * SHORTEST)
    length = min(STRETCH, budget // FEWEST)
    length -= length % unit
    if is_compressed(path):
        return _of_stream(path, budget, length, unit)
    size = path.stat().st_size
    if size <= budget:
        return Sample(size, iter([Stretch(0, read_blocks(path))]), True, _last(path, size))
    stretches = _spread(path, size, budget // length, length, random.Random(seed), unit)
    return Sample(size, stretches, False, _last(path, size))


def _spread(path: Path, size: int, n: int, length: int, draw: random.Random, unit: int) -> Iterator[Stretch]:
    """Give n stretches, one from each of n equal parts of the file; the first is its beginning."""
    part = size // n
    try:
        with path.open("rb") as file:
            for number in range(n):
                start = number * part + (draw.randrange(max(1, part - length)) if number else 0)
                start -= start % unit
                file.seek(start)
                yield _cut(file.read(length), start, unit)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error


def _of_stream(path: Path, budget: int, length: int, unit: int) -> Sample:
    """Keep every block of what a file holds, or every second, fourth, ..., so that they are `budget` bytes at most."""
    kept: list[tuple[int, bytes]] = []
    every, size, end = 1, 0, b""
    for number, block in enumerate(_even_blocks(path, length)):
        if number % every == 0:
            kept.append((size, block))
        size, end = size + len(block), (end + block)[-4:]
        if len(kept) * length > budget:
            kept, every = kept[::2], every * 2
    if every == 1:
        return Sample(size, iter([Stretch(0, [block for _, block in kept])]), True, end)
    stretches = (_cut(block, start, unit) for start, block in kept)
    return Sample(size, stretches, False, end)


def _even_blocks(path: Path, length: int) -> Iterator[bytes]:
    """Give what a file holds in blocks of the size of a stretch, the last one apart."""
    waiting = bytearray()
    for block in read_blocks(path):
        waiting += block
        while len(waiting) >= length:
            yield bytes(waiting[:length])
            del waiting[:length]
    if waiting:
        yield bytes(waiting)


def _cut(data: bytes, start: int, unit: int) -> Stretch:
    """Make a stretch of the whole lines in it; of all of it, where there are none."""
    for end in "\n\r":
        behind = _behind(data, end, unit)
        first = 0 if start == 0 else next(iter(behind), 0)
        if len(behind) and behind[-1] > first:
            return Stretch(start + int(first), [data[int(first) : int(behind[-1])]])
    return Stretch(start, [data[: len(data) - len(data) % unit]], begins=start == 0, ends=False)


def _behind(data: bytes, end: str, unit: int) -> NDArray[np.int64]:
    """Give where the characters behind line ends start, whichever byte of a character comes first."""
    values = np.frombuffer(data[: len(data) - len(data) % unit], f"u{unit}")
    found = (values == ord(end)) | (values == ord(end) << 8 * (unit - 1))
    return (np.flatnonzero(found) + 1) * unit


def _last(path: Path, size: int) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, size - 4))
        return file.read(4)
