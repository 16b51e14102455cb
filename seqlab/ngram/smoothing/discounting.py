"""Absolute discounting and Kneser & Ney's smoothing: a little is taken from each count."""

import abc
from typing import ClassVar

import numpy as np

from seqlab.ngram.smoothing.estimator import Bounds, Counts, Estimator, Floats, Plain, shares, totals


def absolute_discount(counts_of_counts: Bounds) -> float:
    """D = n_1 / (n_1 + 2 n_2) (Ney, Essen & Kneser 1994); 0.5 where that is not between 0 and 1."""
    once, twice = int(counts_of_counts[1]), int(counts_of_counts[2])
    return once / (once + 2 * twice) if once and twice else 0.5


FALLBACK = (0.5, 1.0, 1.5)
"""Discounts where the counts of counts give none, those of KenLM's --discount_fallback."""


def modified_discounts(counts_of_counts: Bounds) -> tuple[float, float, float] | None:
    """(D_1, D_2, D_3+) by C&G equation 26; None where they are not usable.

    Y = n_1 / (n_1 + 2 n_2)    D_r = r - (r + 1) Y n_{r+1} / n_r
    """
    n = [float(value) for value in counts_of_counts]
    if not all(n[r] for r in (1, 2, 3)):
        return None
    common = n[1] / (n[1] + 2 * n[2])
    first, second, third = (r - (r + 1) * common * n[r + 1] / n[r] for r in (1, 2, 3))
    usable = all(0 <= discount <= r for r, discount in ((1, first), (2, second), (3, third)))
    return (first, second, third) if usable else None


class _Discounting(Plain, abc.ABC):
    """Absolute discounting: alpha = (c(h w) - D(c)) / c(h), gamma = what was taken away / c(h)."""

    def __init__(self) -> None:
        self.discounts: dict[int, tuple[float, float, float]] = {}
        """By order, those for the counts 1, 2, and 3 and more."""
        self._fallen_back: set[int] = set()

    @abc.abstractmethod
    def _discounts(self, counts_of_counts: Bounds) -> tuple[float, float, float] | None:
        """The discounts of an order; None where the counts of counts give none."""

    def notes(self) -> list[str]:
        """The orders whose discounts are not estimated from the text."""
        if not self._fallen_back:
            return []
        orders = ", ".join(map(str, sorted(self._fallen_back)))
        return [
            f"order {orders}: the counts of counts give no discounts, as with a small vocabulary; "
            f"{', '.join(map(str, FALLBACK))} for the counts 1, 2, 3 and more instead"
        ]

    def estimator(self, order: int, counts_of_counts: Bounds, n_types: int) -> Estimator:
        """See `Smoothing`."""
        found = self._discounts(counts_of_counts)
        self._fallen_back.discard(order)
        if found is None:
            self._fallen_back.add(order)
        self.discounts[order] = found or FALLBACK
        by_count = np.array([0.0, *self.discounts[order]])

        def estimate(counts: Counts, bounds: Bounds) -> tuple[Floats, Floats]:
            total = totals(counts, bounds)
            taken = by_count.take(np.minimum(counts, 3))
            gamma = np.divide(totals(taken, bounds), total, out=np.ones(len(total)), where=total > 0)
            return shares(counts - taken, total, bounds), gamma

        return estimate


class AbsoluteDiscounting(_Discounting):
    """One discount an order, of raw counts (Ney, Essen & Kneser 1994; C&G section 2.7)."""

    def _discounts(self, counts_of_counts: Bounds) -> tuple[float, float, float] | None:
        once, twice = int(counts_of_counts[1]), int(counts_of_counts[2])
        return (once / (once + 2 * twice),) * 3 if once and twice else None


class KneserNey(AbsoluteDiscounting):
    """One discount an order; the lower orders count what stands before an n-gram (Kneser & Ney 1995; C&G section 2.8)."""

    continuation: ClassVar[bool] = True


class ModifiedKneserNey(_Discounting):
    """One discount an order for each of the counts 1, 2, 3 and more (C&G section 4.1.2; Heafield et al. 2013)."""

    continuation: ClassVar[bool] = True

    def _discounts(self, counts_of_counts: Bounds) -> tuple[float, float, float] | None:
        return modified_discounts(counts_of_counts)
