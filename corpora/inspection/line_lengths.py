"""How long the lines of a text are, in characters."""

from collections import Counter
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from seqlab.corpora.inspection.blocks import Block
from seqlab.corpora.inspection.places import Place

_SHORT = 1 << 16
"""Lengths below it are counted in an array."""


class LineLengths:
    """Counts of the lengths of lines without their ends, and which is the longest."""

    def __init__(self) -> None:
        self._short = np.zeros(_SHORT, np.int64)
        self._long: Counter[int] = Counter()
        self.n_blank = 0
        """Lines of nothing but white space."""
        self.longest = 0
        self.longest_at: Place | None = None
        self._begun: tuple[int, Place] | None = None  # characters of a line that has not ended, and where it is

    def add(self, block: Block) -> None:
        """Count the lines of a block."""
        lengths, place = block.lengths, block.place
        self.n_blank += _n_blank(block)
        if block.begins:
            self._end()
        else:
            n, first = self._begun or (0, place)
            self._begun = n + int(lengths[0]), first
            if len(lengths) == 1 and not block.ends:
                return
            self._end()
            lengths, place = lengths[1:], place.down(1)
        if len(lengths) and not block.ends:
            self._begun = int(lengths[-1]), place.down(len(lengths) - 1)
            lengths = lengths[:-1]
        self._count(lengths, place)

    def _end(self) -> None:
        """Count the line that has begun, of as many characters as were seen of it."""
        if self._begun is not None:
            self._count(np.array([self._begun[0]]), self._begun[1])
            self._begun = None

    def _count(self, lengths: NDArray[np.int64], place: Place) -> None:
        if not len(lengths):
            return
        self._short += np.bincount(lengths[lengths < _SHORT], minlength=_SHORT)
        self._long.update(lengths[lengths >= _SHORT].tolist())
        at = int(np.argmax(lengths))
        if self.longest_at is None or lengths[at] > self.longest:
            self.longest, self.longest_at = int(lengths[at]), place.down(at)

    def table(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Give the lengths there are, sorted, and how many lines have each, both `(D,)`; all blocks have been added."""
        self._end()
        short = np.flatnonzero(self._short)
        long = sorted(self._long)
        lengths = np.concatenate([short, np.array(long, np.int64)])
        return lengths, np.concatenate([self._short[short], np.array([self._long[n] for n in long], np.int64)])


def quantile(lengths: NDArray[np.int64], counts: NDArray[np.int64], share: float) -> int:
    """Give the smallest length that this share of the lines does not go beyond; 0 if there is none."""
    reached = np.cumsum(counts)
    return int(lengths[np.searchsorted(reached, share * reached[-1])]) if len(lengths) else 0


def histogram(lengths: NDArray[np.int64], counts: NDArray[np.int64]) -> list[tuple[int, int, int]]:
    """Give how many lines are of `first` to `last` characters, in steps of 0, 1, 2, 5, 10, 20, ...

    Steps at both ends that have no line are left out.
    """
    edges = [0, 1]
    while len(lengths) and edges[-1] <= lengths[-1]:
        edges.append(edges[-1] * 5 // 2 if str(edges[-1])[0] == "2" else edges[-1] * 2)
    bins = [
        (first, after - 1, int(counts[(lengths >= first) & (lengths < after)].sum()))
        for first, after in pairwise(edges)
    ]
    while bins and not bins[0][2]:
        del bins[0]
    return bins


def _n_blank(block: Block) -> int:
    """Count the whole lines in which no character is above a space; those of wide spaces only count as well."""
    visible = (block.codes > 0x20) & (block.codes != 0x3000) & (block.codes != 0xA0)
    has = np.add.reduceat(visible, block.starts, dtype=np.int32) if len(visible) else visible
    blank = has == 0
    if len(blank) and not block.begins:
        blank[0] = False
    if len(blank) and not block.ends:
        blank[-1] = False
    return int(np.count_nonzero(blank))
