"""Ways of smoothing that need no discounts: by likelihood alone, by adding, by mixing, by stepping back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from seqlab.ngram.smoothing.estimator import Bounds, Counts, Estimator, Floats, Plain, Use, shares, totals


@dataclass
class MaximumLikelihood(Plain):
    """alpha = c(h w) / c(h), gamma = 0: what was not seen after a context is impossible there."""

    def estimator(self, order: int, counts_of_counts: Bounds, n_types: int) -> Estimator:
        """See `Smoothing`."""

        def estimate(counts: Counts, bounds: Bounds) -> tuple[Floats, Floats]:
            total = totals(counts, bounds)
            return shares(counts, total, bounds), np.where(total > 0, 0.0, 1.0)

        return estimate


@dataclass
class Additive(Plain):
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
class JelinekMercer(Plain):
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
class WittenBell(Plain):
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


@dataclass
class StupidBackoff(Plain):
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
