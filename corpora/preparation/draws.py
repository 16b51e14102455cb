"""Which records are held out: those of the smallest draws, where a draw is a seeded hash of what is held out as a whole."""

from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqlab.corpora.preparation.marks import TEST, TRAIN, VALIDATION, Marks
from seqlab.corpora.preparation.partitions import Partitions
from seqlab.corpora.preparation.rows import Rows, content_of
from seqlab.errors import DataError
from seqlab.text.hashed_keys import STEP, mixed

_ENTRY = np.dtype([("draw", "<u8"), ("stratum", "<u8"), ("row", "<u8")])
Size = Fraction | int
"""A share, or a number of units."""


def hold_out(blocks: Iterable[Rows], marks: Marks, folder: Path, sizes: Mapping[int, Size], seed: int) -> None:
    """Mark what is held out of the training part: exactly as many units as asked for, drawn by the seed.

    A unit is all that has the same `unit`, or reads the same; of each stratum about the same share is held out, but never
    all of it. A unit is of the stratum of its first record.

    Args:
        blocks: the rows of the shards, in order.
        marks: `(N,)` what becomes of each record so far; changed in place.
        folder: for temporary files.
        sizes: how much is held out for VALIDATION and TEST; 0 for nothing.
        seed: of the draw.

    Raises:
        DataError: there are too few units.
    """
    at = 0
    with Partitions(folder, _ENTRY, len(marks)) as partitions:
        for rows in blocks:
            entries = np.zeros(len(rows), _ENTRY)
            fields = rows.dtype.names or ()
            entries["draw"] = draws_of(rows["unit"] if "unit" in fields else content_of(rows)["high"], seed)
            entries["stratum"] = rows["stratum"] if "stratum" in fields else 0
            entries["row"] = np.arange(at, at + len(rows))
            entries = entries[marks[at : at + len(rows)] == TRAIN]
            partitions.add(entries["draw"], entries)
            at += len(rows)
        totals: Counter[int] = Counter()
        for entries in partitions:
            names, counts = np.unique(_units(entries)[3], return_counts=True)
            totals.update(dict(zip(names.tolist(), counts.tolist(), strict=True)))
        wanted = quotas(totals, sizes)
        for entries in partitions:  # in the order of the draws
            if len(entries):
                _mark(entries, marks, wanted)


def draws_of(numbers: NDArray[np.uint64], seed: int) -> NDArray[np.uint64]:
    """Give a draw for each of the numbers `(N,)`: uniform, and another for each seed."""
    return mixed((numbers ^ mixed(np.array([seed], np.uint64) + STEP)) + STEP)


def _units(entries: NDArray[np.void]) -> tuple[Any, Any, Any, Any]:
    """Give an order `(N,)` of entries by their draws, whether each begins a unit, and of each unit (U,) its number in the
    order and its stratum."""
    order = np.argsort(np.ascontiguousarray(entries["draw"]), kind="stable")  # they came in the order of their rows
    draws = entries["draw"][order]
    first = np.ones(len(order), bool)
    first[1:] = draws[1:] != draws[:-1]
    starts = np.flatnonzero(first)
    return order, first, starts, entries["stratum"][order][starts]


def _mark(entries: NDArray[np.void], marks: Marks, wanted: Mapping[int, dict[int, int]]) -> None:
    """Mark the first units of each stratum, as many as are still wanted, of which there are fewer then."""
    order, first, _, strata = _units(entries)
    by_stratum = np.argsort(strata, kind="stable")
    names, starts, counts = np.unique(strata[by_stratum], return_index=True, return_counts=True)
    ranks = np.empty(len(strata), np.int64)
    ranks[by_stratum] = np.arange(len(strata)) - np.repeat(starts, counts)
    numbers = np.searchsorted(names, strata)
    bounds = np.array([[wanted[part][name] for name in names.tolist()] for part in (TEST, VALIDATION)], np.int64)
    n_test, n_held = bounds[0][numbers], bounds.sum(axis=0)[numbers]
    parts = np.select([ranks < n_test, ranks < n_held], [TEST, VALIDATION], TRAIN).astype(np.uint8)
    marks[entries["row"][order]] = parts[np.cumsum(first) - 1]
    for name, count in zip(names.tolist(), counts.tolist(), strict=True):
        in_test = min(count, wanted[TEST][name])
        wanted[TEST][name] -= in_test
        wanted[VALIDATION][name] -= min(count - in_test, wanted[VALIDATION][name])


def quotas(totals: Mapping[int, int], sizes: Mapping[int, Size]) -> dict[int, dict[int, int]]:
    """Give how many units of each stratum each part gets: its share of the whole, rounded so that the sums are exact.

    At least one unit of each stratum is left. Raises DataError where that cannot be.
    """
    n, room = sum(totals.values()), {stratum: total - 1 for stratum, total in totals.items()}
    found: dict[int, dict[int, int]] = {}
    for part in (TEST, VALIDATION):
        size = sizes.get(part, 0)
        n_held = size if isinstance(size, int) else max(1, round(size * n))
        if n_held > sum(room.values()):
            raise DataError(
                f"there are {n:,} different records to train on, so that {n_held:,} cannot be held out and others be left, "
                "of each label one; ask for fewer by --validation and --test (0 for none), or give more"
            )
        found[part] = _shared_out(n_held, totals, room)
        for stratum, number in found[part].items():
            room[stratum] -= number
    return found


def _shared_out(n_held: int, totals: Mapping[int, int], room: Mapping[int, int]) -> dict[int, int]:
    """Give each stratum its share of a number, by largest remainders, but never more than there is room for."""
    n = sum(totals.values())
    exact = {stratum: Fraction(n_held * total, n) for stratum, total in totals.items()}
    found = {stratum: min(int(share), room[stratum]) for stratum, share in exact.items()}
    order = sorted(totals, key=lambda stratum: (found[stratum] - exact[stratum], stratum))
    left = n_held - sum(found.values())
    while left:
        for stratum in order:
            if left and found[stratum] < room[stratum]:
                found[stratum] += 1
                left -= 1
    return found
