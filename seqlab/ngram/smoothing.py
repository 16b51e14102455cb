"""Ways to share out probability between n-grams seen and not seen: estimators of (alpha, gamma).

After a context h whose n-grams have the counts c(h w), an estimator gives

    alpha(h w)   the probability that a seen n-gram keeps for itself
    gamma(h)     what is left, for the distribution of the next lower order

What is done with the two is the recursion's business (`seqlab.ngram.estimate`). Surveys of all of these but the last:
Chen & Goodman 1998, "An Empirical Study of Smoothing Techniques for Language Modeling" (C&G below).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.unsignedinteger[Any]]
Floats = NDArray[np.float64]
Bounds = NDArray[np.int64]
Estimator = Callable[[Counts, Bounds], tuple[Floats, Floats]]
"""(counts (M,), bounds (C + 1,)) -> (alpha (M,), gamma (C,)); bounds[k] to bounds[k + 1] are the n-grams of context k.
A context without n-grams leaves everything to the lower order: its gamma is 1."""
Use = Literal["interpolate", "back-off", "as-is"]
"""interpolate: p = alpha + gamma p_lower for seen n-grams too. back-off: p = alpha for these, and gamma is shared among the
others. as-is: p = alpha, and gamma is a mere factor."""
KATZ_LIMIT = 5
"""Counts above it are trusted as they are."""


class Smoothing(Protocol):
    """A way of smoothing: an estimator for each order."""

    continuation: ClassVar[bool]
    """Whether the lower orders count the distinct tokens before an n-gram in place of its occurrences."""
    use: ClassVar[Use]
    """What the recursion does with alpha and gamma."""
    highest_only: ClassVar[bool]
    """Whether only the longest contexts are estimated, the shorter ones passing on to the uniform distribution."""

    def estimator(self, order: int, counts_of_counts: Bounds, n_types: int) -> Estimator:
        """The estimator of one order.

        Args:
            order: of the n-grams.
            counts_of_counts: (7,) entry r: how many n-grams of this order have the count r, r from 1 to 6.
            n_types: V, how many types can be predicted.
        """

    def notes(self) -> list[str]:
        """What was done otherwise than asked for, a sentence each, once the estimators are made."""


def totals(numbers: NDArray[Any], bounds: Bounds) -> NDArray[Any]:
    """(C,) the sum of the numbers (M,) of each context, int64 or float64."""
    dtype = np.float64 if numbers.dtype.kind == "f" else np.int64
    sums = np.zeros(len(numbers) + 1, dtype)
    np.cumsum(numbers, dtype=dtype, out=sums[1:])
    found: NDArray[Any] = np.diff(sums.take(bounds))
    return found


def shares(numerators: NDArray[Any], total: NDArray[Any], bounds: Bounds) -> Floats:
    """(M,) numerators (M,) over the total (C,) of their context."""
    found: Floats = numerators / np.repeat(np.maximum(total, 1e-300), np.diff(bounds))
    return found


@dataclass
class _Plain:
    """What most ways of smoothing have in common: raw counts at all orders, interpolation, nothing to note."""

    continuation: ClassVar[bool] = False
    use: ClassVar[Use] = "interpolate"
    highest_only: ClassVar[bool] = False

    def notes(self) -> list[str]:
        """Nothing."""
        return []


@dataclass
class MaximumLikelihood(_Plain):
    """alpha = c(h w) / c(h), gamma = 0: what was not seen after a context is impossible there."""

    def estimator(self, order: int, counts_of_counts: Bounds, n_types: int) -> Estimator:
        """See `Smoothing`."""

        def estimate(counts: Counts, bounds: Bounds) -> tuple[Floats, Floats]:
            total = totals(counts, bounds)
            return shares(counts, total, bounds), np.where(total > 0, 0.0, 1.0)

        return estimate


@dataclass
class Additive(_Plain):
    """p(w | h) = (c(h w) + d) / (c(h) + d V), d = 1: Laplace, other d: Lidstone (C&G section 2.1).

    alpha = c(h w) / (c(h) + d V), gamma = d V / (c(h) + d V) of the uniform distribution.
    """

    pseudo_count: float = 1.0
    highest_only: ClassVar[bool] = True

    def estimator(self, order: int, counts_of_counts: Bounds, n_types: int) -> Estimator:
        """See `Smoothing`."""
        added = self.pseudo_count * n_types

        def estimate(counts: Counts, bounds: Bounds) -> tuple[Floats, Floats]:
            total = totals(counts, bounds) + added
            return shares(counts, total, bounds), np.asarray(added / total)

        return estimate


@dataclass
class JelinekMercer(_Plain):
    """p(w | h) = l c(h w) / c(h) + (1 - l) p(w | h'), l by order and by the size of c(h) (C&G section 2.3).

    The weights are fitted on text that was not counted: `seqlab.ngram.interpolation.jelinek_mercer`.
    """

    weights: Sequence[Sequence[float]] = ()
    """By order, then by bucket: the weight of contexts with c(h) from 2 ** k to below 2 ** (k + 1); the last goes on."""

    def estimator(self, order: int, counts_of_counts: Bounds, n_types: int) -> Estimator:
        """See `Smoothing`."""
        weights = np.asarray(self.weights[order - 1])

        def estimate(counts: Counts, bounds: Bounds) -> tuple[Floats, Floats]:
            total = totals(counts, bounds)
            weight = np.where(total > 0, weights[bucket(total, len(weights))], 0.0)
            return np.repeat(weight, np.diff(bounds)) * shares(counts, total, bounds), 1 - weight

        return estimate


def bucket(totals: Bounds, n_buckets: int) -> Bounds:
    """Which of the buckets, each twice as wide as the one before, a total falls in."""
    found: Bounds = np.minimum(np.log2(np.maximum(totals, 1)).astype(np.int64), n_buckets - 1)
    return found


@dataclass
class Katz(_Plain):
    """Counts r up to 5 are discounted by Good & Turing's estimate, the rest backs off (Katz 1987; C&G section 2.5).

        d_r = (r*/r - (k + 1) n_{k+1} / n_1) / (1 - (k + 1) n_{k+1} / n_1)    r* = (r + 1) n_{r+1} / n_r, k = 5

    Where the counts of counts give no d_r in (0, 1), counts are not discounted by it but by absolute discounting. Where
    a context keeps everything for the words it was seen with, one unseen occurrence is added to c(h).
    """

    use: ClassVar[Use] = "back-off"

    def __post_init__(self) -> None:
        self._notes: list[str] = []

    def notes(self) -> list[str]:
        """Orders where Good & Turing's estimate could not be used."""
        return self._notes

    def estimator(self, order: int, counts_of_counts: Bounds, n_types: int) -> Estimator:
        """See `Smoothing`."""
        ratios = np.ones(KATZ_LIMIT + 1)
        found = good_turing(counts_of_counts)
        if found is None:
            self._notes.append(
                f"order {order}: the counts of counts give no Good-Turing estimate; absolute discounting instead"
            )
            discount = absolute_discount(counts_of_counts)
            ratios[1:] = 1 - discount / np.arange(1, KATZ_LIMIT + 1)
        else:
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


@dataclass
class WittenBell(_Plain):
    """alpha = c(h w) / (c(h) + t(h)), gamma = t(h) / (c(h) + t(h)), t(h): how many types followed h.

    Method C of Witten & Bell 1991, interpolated (C&G section 2.6).
    """

    def estimator(self, order: int, counts_of_counts: Bounds, n_types: int) -> Estimator:
        """See `Smoothing`."""

        def estimate(counts: Counts, bounds: Bounds) -> tuple[Floats, Floats]:
            types = totals(counts > 0, bounds)
            total = (totals(counts, bounds) + types).astype(np.float64)
            gamma = np.divide(types, total, out=np.ones_like(total), where=total > 0)
            return shares(counts, total, bounds), gamma

        return estimate


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


class _Discounting(_Plain):
    """Absolute discounting: alpha = (c(h w) - D(c)) / c(h), gamma = what was taken away / c(h)."""

    def __init__(self) -> None:
        self.discounts: dict[int, tuple[float, float, float]] = {}
        """By order, those for the counts 1, 2, and 3 and more."""
        self._fallen_back: list[int] = []

    def _discounts(self, counts_of_counts: Bounds) -> tuple[float, float, float] | None:
        """The discounts of an order; None where the counts of counts give none."""
        raise NotImplementedError

    def notes(self) -> list[str]:
        """The orders whose discounts are not estimated from the text."""
        if not self._fallen_back:
            return []
        orders = ", ".join(map(str, self._fallen_back))
        return [
            f"order {orders}: the counts of counts give no discounts, as with a small vocabulary; "
            f"{', '.join(map(str, FALLBACK))} for the counts 1, 2, 3 and more instead"
        ]

    def estimator(self, order: int, counts_of_counts: Bounds, n_types: int) -> Estimator:
        """See `Smoothing`."""
        found = self._discounts(counts_of_counts)
        if found is None:
            self._fallen_back.append(order)
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


@dataclass
class StupidBackoff(_Plain):
    """alpha = c(h w) / c(h), and a factor of 0.4 for each order lower, after unseen contexts too (Brants et al. 2007).

    The figures do not sum to one: they rank, and are no probabilities. A word never seen counts as one occurrence shared
    by all types.
    """

    use: ClassVar[Use] = "as-is"
    factor: ClassVar[float] = 0.4

    def estimator(self, order: int, counts_of_counts: Bounds, n_types: int) -> Estimator:
        """See `Smoothing`."""

        def estimate(counts: Counts, bounds: Bounds) -> tuple[Floats, Floats]:
            total = totals(counts, bounds)
            gamma = np.full(len(total), self.factor) if order > 1 else 1 / np.maximum(total, 1)
            return shares(counts, total, bounds), gamma

        return estimate


SMOOTHINGS: dict[str, type[Any]] = {
    "maximum-likelihood": MaximumLikelihood,
    "additive": Additive,
    "jelinek-mercer": JelinekMercer,
    "katz": Katz,
    "witten-bell": WittenBell,
    "absolute-discounting": AbsoluteDiscounting,
    "kneser-ney": KneserNey,
    "modified-kneser-ney": ModifiedKneserNey,
    "stupid-backoff": StupidBackoff,
}
