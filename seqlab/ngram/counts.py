"""Counting the n-grams of a text, exactly, in sorted integer arrays.

Every place of the text carries the entry of the n-gram that ends there, one order at a time. An n-gram is then a pair of
numbers, the entry of its context and its last word, whatever the order; so each order takes one sort of 64-bit keys.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqlab.errors import ConfigError, DataError
from seqlab.ngram.lookup import Words
from seqlab.ngram.parallel import put, sort, take
from seqlab.ngram.sequences import marked

HIGHEST_ORDER = 20
BYTES_A_TOKEN = 90
"""What counting in one piece takes at its highest."""
Numbers = NDArray[np.unsignedinteger[Any]]


@dataclass(frozen=True, eq=False, repr=False)
class CountLevel:
    """The n-grams of one order, sorted by their context, then by their last word."""

    words: Words
    """(M,) the last word of each n-gram."""
    counts: Numbers
    """(M,) how often each occurs."""
    suffixes: Numbers
    """(M,) the entry, one order below, of the n-gram without its first word; (0,) for single words."""
    starts: Numbers
    """(M + 1,) entries starts[g] to starts[g + 1] of the next order have entry g as context; (0,) at the highest order."""

    def __len__(self) -> int:
        return len(self.words)


@dataclass(frozen=True, eq=False, repr=False)
class Counts:
    """The n-grams of a text up to some order."""

    levels: tuple[CountLevel, ...]
    """By order. The first holds every id, those that do not occur too."""
    n_tokens: int
    start: int
    """The id that stands before a sequence; counted as a context only."""
    end: int | None
    """The id that ends a sequence; None: the text is one sequence."""

    def __repr__(self) -> str:
        sizes = ", ".join(f"{len(level):,}" for level in self.levels)
        return f"Counts(<{sizes} n-grams of order 1 to {self.order}, of {self.n_tokens:,} tokens>)"

    @property
    def order(self) -> int:
        """Length of the longest n-grams."""
        return len(self.levels)

    @property
    def n_types(self) -> int:
        """V, the ids there are."""
        return len(self.levels[0])

    def from_start(self) -> list[slice]:
        """For each order, where the n-grams stand that begin a sequence: with the start mark."""
        found = [slice(self.start, self.start + 1)]
        for level in self.levels[:-1]:
            first, last = level.starts[found[-1].start], level.starts[found[-1].stop]
            found.append(slice(int(first), int(last)))
        return found


def count(
    ids: NDArray[Any] | Sequence[int],
    order: int,
    n_types: int,
    start: int,
    end: int | None = None,
    *,
    memory: int | None = None,
    folder: str | os.PathLike[str] | None = None,
    progress: Callable[[float], None] | None = None,
) -> Counts:
    """Count all n-grams up to an order; those of a sequence begin with the start mark, and none reaches over its end.

    Args:
        ids: (T,) the text; each `end` in it ends a sequence.
        order: of the longest n-grams, from 1 to 20.
        n_types: V, all ids are below it.
        start: the id of the start mark, which the text does not hold.
        end: the id that ends a sequence; None: the text is one sequence.
        memory: bytes that counting may take, about; where a text needs more, sorted runs on disk are merged.
        folder: for these files, which are part of the counts: it has to be there as long as they are used.
        progress: called with the share of the work that is done.

    Raises:
        ConfigError: the order is out of range, or there is too little memory and no folder.
        DataError: the text is empty, shorter than the order, or holds the start mark.
    """
    ids = np.asarray(ids)
    check(ids, order, n_types)
    _check_mark(ids, n_types, start)
    if memory is not None and len(ids) * BYTES_A_TOKEN > memory:
        if folder is None:
            raise ConfigError(
                f"{len(ids):,} tokens are not counted in {memory:,} bytes of memory without a folder for files"
            )
        from seqlab.ngram.external import count_on_disk

        return count_on_disk(ids, order, n_types, start, end, memory, Path(folder), progress)
    stream, places = marked(ids.astype(smallest(n_types - 1), copy=False), start, end)
    depth = _depth(len(stream), places)
    words = np.arange(n_types, dtype=smallest(n_types - 1))
    none = np.zeros(0, np.uint32)
    levels = [CountLevel(words, np.bincount(ids, minlength=n_types).astype(np.uint32), none, none)]
    entries, at = stream.astype(np.int64), np.arange(len(stream))
    for n in range(2, order + 1):
        below, whole = levels[-1], depth >= n - 1
        here = whole[1:]
        level, starts, found = _next_level(below, entries[:-1][here], entries[1:][here], stream[1:][here], at)
        levels[-1] = CountLevel(below.words, below.counts, below.suffixes, starts)
        levels.append(level)
        entries[whole] = found
        if progress:
            progress(n / order)
    return Counts(tuple(levels), len(ids), start, end)


def check(ids: NDArray[Any], order: int, n_types: int) -> None:
    """Refuse what cannot be counted; see `count`."""
    if ids.dtype.kind not in "ui" or ids.ndim != 1:
        raise TypeError(f"ids are whole numbers, one after another, not {ids.dtype} of shape {ids.shape}")
    if not 1 <= order <= HIGHEST_ORDER:
        raise ConfigError(f"order {order}: n-grams are from 1 to {HIGHEST_ORDER} tokens long")
    if len(ids) == 0:
        raise DataError("the text is empty: there is nothing to count")
    if len(ids) < order:
        raise DataError(
            f"the text has {len(ids)} tokens, fewer than the order {order}: give more text, or a lower order"
        )
    if len(ids) >= 1 << 32:
        raise DataError(f"the text has {len(ids):,} tokens; at most {(1 << 32) - 1:,} can be counted")
    if int(ids.max()) >= n_types or int(ids.min()) < 0:
        raise IndexError(f"ids from {ids.min()} to {ids.max()} in a vocabulary of {n_types}")


def _check_mark(ids: NDArray[Any], n_types: int, start: int) -> None:
    if not 0 <= start < n_types:
        raise IndexError(f"the start mark {start} in a vocabulary of {n_types}")
    for at in range(0, len(ids), 1 << 22):
        if np.any(ids[at : at + (1 << 22)] == start):
            raise DataError(f"the text holds the start mark {start}: choose an id that it does not hold")


def smallest(largest: int) -> Any:
    """The smaller of uint16 and uint32 that holds a number."""
    return np.uint16 if largest < 1 << 16 else np.uint32


def _depth(n: int, places: NDArray[np.int64]) -> NDArray[np.uint8]:
    """How many tokens of its own sequence stand before each place of the stream, the start mark too; 255 at most."""
    begins = np.ones(n, bool)
    begins[places] = False
    at = np.arange(n, dtype=np.uint32)
    depth: NDArray[np.uint8] = np.minimum(at - np.maximum.accumulate(at * begins), 255).astype(np.uint8)
    return depth


def _next_level(
    below: CountLevel,
    contexts: NDArray[np.int64],
    suffixes: NDArray[np.int64],
    words: Numbers,
    at: NDArray[np.int64],
) -> tuple[CountLevel, Numbers, NDArray[np.int64]]:
    """The n-grams of the next order.

    A context that occurs once has one continuation: its n-gram need not be sorted. Most contexts of the higher orders
    are such.

    Args:
        below: the level of the contexts.
        contexts, suffixes, words: (P,) for each place of the text the entry of the n-gram without its last word, of the one
            without its first word, and its last word.
        at: the numbers from 0 to P - 1 and further.

    Returns:
        (the level, still without starts; the starts of `below`; (P,) the entry of each place's n-gram)
    """
    once = take(below.counts, contexts) == 1
    several = np.flatnonzero(~once)
    repeated = take(contexts, several)
    ranks, distinct, sizes = ranked(repeated, take(words, several), at)
    n_children = np.bincount(take(repeated, distinct), minlength=len(below))
    n_before = np.cumsum(n_children) - n_children
    n_children[contexts[once]] = 1
    starts = np.zeros(len(below) + 1, np.int64)
    np.cumsum(n_children, out=starts[1:])

    found = take(starts, contexts)
    of_several = ranks + take(starts[:-1] - n_before, repeated)
    put(found, several, of_several)
    place = np.empty(int(starts[-1]), np.int64)
    put(place, found, at)
    counts = np.ones(len(place), np.uint32)
    put(counts, take(of_several, distinct), sizes)
    level_words = take(words, place).astype(below.words.dtype, copy=False)
    level = CountLevel(level_words, counts, take(suffixes, place).astype(np.uint32), np.zeros(0, np.uint32))
    return level, starts.astype(np.uint32), found


def ranked(contexts: NDArray[Any], words: Numbers, at: NDArray[np.int64]) -> tuple[Numbers, NDArray[np.int64], Numbers]:
    """Rank pairs of an entry (P,) and a word (P,), by the entry first; `at`: the numbers from 0 to P - 1 and further.

    Returns:
        ((P,) the rank of each pair among the distinct ones, (M,) a place of each distinct pair in order, (M,) how often it
        occurs)
    """
    word_bits, place_bits = int(words.max(initial=0)).bit_length(), len(contexts).bit_length()
    keys = (contexts.astype(np.uint64) << np.uint64(word_bits)) | words
    if int(contexts.max(initial=0)).bit_length() + word_bits + place_bits <= 64:  # sort keys and places as one number
        keys <<= np.uint64(place_bits)
        keys |= at[: len(keys)].view(np.uint64)
        keys = sort(keys)
        order = (keys & np.uint64((1 << place_bits) - 1)).astype(np.int64)
        keys >>= np.uint64(place_bits)
    else:
        order = np.argsort(keys)
        keys = keys[order]
    new = np.ones(len(keys), bool)
    np.not_equal(keys[1:], keys[:-1], out=new[1:])
    firsts = np.flatnonzero(new)
    ranks = np.empty(len(keys), np.uint32)
    put(ranks, order, np.cumsum(new, dtype=np.uint32) - np.uint32(1))
    return ranks, take(order, firsts), np.diff(firsts, append=len(keys)).astype(np.uint32)
