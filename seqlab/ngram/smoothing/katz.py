"""Good & Turing's estimate with backing off (Katz 1987)."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from seqlab.ngram.smoothing.discounting import absolute_discount
from seqlab.ngram.smoothing.estimator import Bounds, Counts, Estimator, Floats, Plain, Use, shares, totals

KATZ_LIMIT = 5
"""Counts above it are trusted as they are."""


@dataclass
class Katz(Plain):
    """Counts r up to 5 are discounted by Good & Turing's estimate, the rest backs off (Katz 1987; C&G section 2.5).

        d_r = (r*/r - (k + 1) n_{k+1} / n_1) / (1 - (k + 1) n_{k+1} / n_1)    r* = (r + 1) n_{r+1} / n_r, k = 5

    Where the counts of counts give no d_r in (0, 1), those up to 5 are discounted by absolute discounting. Where
    a context keeps everything for the words it was seen with, one unseen occurrence is added to c(h).
    """

    use: ClassVar[Use] = "back-off"

    def __post_init__(self) -> None:
        self._fallen_back: set[int] = set()

    def notes(self) -> list[str]:
        """The orders where Good & Turing's estimate could not be used."""
        if not self._fallen_back:
            return []
        orders = ", ".join(map(str, sorted(self._fallen_back)))
        return [f"order {orders}: the counts of counts give no Good-Turing estimate; absolute discounting instead"]

    def estimator(self, order: int, counts_of_counts: Bounds, n_types: int) -> Estimator:
        """See `Smoothing`."""
        ratios = np.ones(KATZ_LIMIT + 1)
        found = good_turing(counts_of_counts)
        if found is None:
            self._fallen_back.add(order)
            discount = absolute_discount(counts_of_counts)
            ratios[1:] = 1 - discount / np.arange(1, KATZ_LIMIT + 1)
        else:
            self._fallen_back.discard(order)
            ratios[1:] = found

        def estimate(counts: Counts, bounds: Bounds) -> tuple[Floats, Floats]:
            total = totals(counts, bounds).astype(np.float64)
            kept = counts * np.where(counts > KATZ_LIMIT, 1.0, ratios[np.minimum(counts, KATZ_LIMIT)])
            left = 1 - np.bincount(_context_of(bounds), kept, len(total)) / np.maximum(total, 1)
            total += left < 1e-9
            alpha = shares(kept, total, bounds)
            return alpha, np.where(total > 0, 1 - np.bincount(_context_of(bounds), alpha, len(total)), 1.0)

        return estimate


def _context_of(bounds: Bounds) -> Bounds:
    return np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))


def good_turing(counts_of_counts: Bounds) -> Floats | None:
    """(5,) the ratios d_1 to d_5 of Katz 1987; None where they are not all between 0 and 1."""
    n = counts_of_counts.astype(np.float64)
    if np.any(n[1 : KATZ_LIMIT + 1] == 0):
        return None
    r = np.arange(1, KATZ_LIMIT + 1)
    common = (KATZ_LIMIT + 1) * n[KATZ_LIMIT + 1] / n[1]
    if common >= 1:
        return None
    ratios: Floats = ((r + 1) * n[r + 1] / n[r] / r - common) / (1 - common)
    return ratios if np.all((ratios > 0) & (ratios < 1)) else None
