"""Finding n-grams in a trie of sorted arrays, for many contexts at once."""

import itertools
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.unsignedinteger[Any]]
Entries = NDArray[np.int64]
"""Places in a level; -1 where an n-gram is not there."""


class Sorted(Protocol):
    """n-grams of one order, sorted by their context, then by their last word."""

    @property
    def words(self) -> Words:
        """(M,) the last word of each."""

    @property
    def starts(self) -> Words:
        """(M + 1,) entries starts[g] to starts[g + 1] of the next order have entry g as their context."""


def children(level: Sorted, above: Sorted, contexts: Entries, words: NDArray[Any]) -> Entries:
    """The entries of the n-grams that continue contexts by a word each.

    Args:
        level: where the contexts stand. above: the level of the next order.
        contexts: (B,) entries of `level`, none of them -1. words: (B,) ids.

    Returns:
        (B,) entries of `above`, -1 where there is no such n-gram.
    """
    if len(contexts) * 4 > len(above.words):
        return _by_merging(level, above, contexts, words)
    return _by_halving(level, above, contexts, words)


def _by_halving(level: Sorted, above: Sorted, contexts: Entries, words: NDArray[Any]) -> Entries:
    """Binary search among the children of each context, all searches a step at a time."""
    found = np.full(len(contexts), -1, np.int64)
    first, last = level.starts[contexts].astype(np.int64), level.starts[contexts + 1].astype(np.int64)
    rows = np.flatnonzero(first < last)
    first, last, wanted = first[rows], last[rows], words[rows]
    while len(rows):
        middle = (first + last) >> 1
        there = above.words[middle]
        found[rows] = np.where(there == wanted, middle, found[rows])
        smaller = there < wanted
        first = np.where(smaller, middle + 1, first)
        last = np.where(smaller, last, middle)
        going_on = np.flatnonzero((first < last) & (there != wanted))
        if len(going_on) < len(rows):
            rows, first, last, wanted = rows[going_on], first[going_on], last[going_on], wanted[going_on]
    return found


def _by_merging(level: Sorted, above: Sorted, contexts: Entries, words: NDArray[Any]) -> Entries:
    """One pass over the whole level beside the sorted questions: where these are not much fewer than its n-grams."""
    bits = np.uint64(32)
    starts = level.starts.astype(np.int64)
    there = np.repeat(np.arange(len(starts) - 1, dtype=np.uint64), starts[1:] - starts[:-1]) << bits
    there |= above.words
    wanted = (contexts.astype(np.uint64) << bits) | words.astype(np.uint64)
    order = np.argsort(wanted)
    wanted = wanted[order]
    place = np.minimum(np.searchsorted(there, wanted), max(len(there) - 1, 0))
    found = np.full(len(contexts), -1, np.int64)
    if len(there):
        found[order] = np.where(there[place] == wanted, place, -1)
    return found


def find(levels: Sequence[Sorted], stream: NDArray[Any]) -> list[Entries]:
    """For each place in a stream of ids, the entry of the n-gram of each order that ends there.

    Args:
        levels: of a trie, the first one holding every id in order.
        stream: (T,) ids.

    Returns:
        for each order an array (T,) of entries; -1 where the n-gram is not in the trie or begins before the stream.
    """
    entries = [stream.astype(np.int64)]
    for level, above in itertools.pairwise(levels):
        here = np.full(len(stream), -1, np.int64)
        places = np.flatnonzero(entries[-1][:-1] >= 0) + 1
        here[places] = children(level, above, entries[-1][places - 1], stream[places])
        entries.append(here)
    return entries
