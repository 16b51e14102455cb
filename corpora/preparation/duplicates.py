"""Records that are the same: as earlier ones, or as what is held out."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seqlab.corpora.preparation.marks import DUPLICATE, LEAK, TEST, TRAIN, VALIDATION, Marks
from seqlab.corpora.preparation.partitions import Partitions
from seqlab.corpora.preparation.rows import KEY, Rows, content_of

_ENTRY = np.dtype([("content", KEY), ("key", KEY), ("row", "<u8")])


def same_records(blocks: Iterable[Rows], marks: Marks, folder: Path, *, exact: bool, leaks: bool) -> int:
    """Mark what is the same: where `exact`, all training records but the first of each; where `leaks`, those that read the
    same as one held out, and those to validate on as one to test with.

    Args:
        blocks: the rows of the shards, in order.
        marks: `(N,)` what becomes of each record so far; changed in place.
        folder: for temporary files.
        exact: leave out duplicates in the training part. leaks: leave out leaks; they are counted either way.

    Returns:
        how many leaks there are.
    """
    n_leaks = at = 0
    with Partitions(folder, _ENTRY, len(marks)) as partitions:
        for rows in blocks:
            entries = np.zeros(len(rows), _ENTRY)
            entries["content"], entries["key"] = content_of(rows), rows["key"]
            entries["row"] = np.arange(at, at + len(rows))
            alive = marks[at : at + len(rows)] <= TEST
            partitions.add(entries["content"]["high"][alive], entries[alive])
            at += len(rows)
        for entries in partitions:
            if exact:
                _mark_duplicates(entries, marks)
            n_leaks += _mark_leaks(entries, marks, leaks)
    return n_leaks


def _mark_duplicates(entries: NDArray[np.void], marks: Marks) -> None:
    entries = entries[marks[entries["row"]] == TRAIN]
    order, first = _grouped(entries["key"])
    marks[entries["row"][order][~first]] = DUPLICATE


def _mark_leaks(entries: NDArray[np.void], marks: Marks, drop: bool) -> int:
    """Mark what reads the same as something that stands in a later part; give how many that are."""
    parts = marks[entries["row"]]
    entries = entries[parts <= TEST]
    if len(np.unique(parts[parts <= TEST])) < 2:
        return 0
    order, first = _grouped(entries["content"])
    parts = marks[entries["row"][order]]
    latest = np.maximum.reduceat(parts, np.flatnonzero(first))[np.cumsum(first) - 1]
    leaks = (parts < latest) & ((parts == TRAIN) | (parts == VALIDATION))
    if drop:
        marks[entries["row"][order][leaks]] = LEAK
    return int(np.count_nonzero(leaks))


def _grouped(keys: NDArray[np.void]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Give an order `(N,)` in which equal keys stand together, as they came, and whether each is the first of them."""
    high, low = np.ascontiguousarray(keys["high"]), np.ascontiguousarray(keys["low"])
    order = np.argsort(high, kind="stable")
    same = high[order][1:] == high[order][:-1]
    if np.any(low[order][1:][same] != low[order][:-1][same]):  # once in a blue moon
        order = np.lexsort((low, high))
    first = np.ones(len(order), bool)
    first[1:] = (high[order][1:] != high[order][:-1]) | (low[order][1:] != low[order][:-1])
    return order, first
