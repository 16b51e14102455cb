"""Is one system better than another, or was it luck with these sentences? The paired bootstrap.

Both systems have read the same S sentences. As many are drawn from these with replacement, again and again, and both
figures are computed over each draw (Koehn 2004, "Statistical significance tests for machine translation evaluation").
The p-value is that of Berg-Kirkpatrick, Burkett and Klein 2012, "An empirical investigation of statistical significance
in NLP", section 2: the draws have the observed difference d as their mean, so one that is d better than chance has 2 d.
`interval_of` says in the same way how far the figure of one system is to be trusted.

    >>> ours = np.array([[5, 5, 5], [4, 4, 4], [6, 6, 4], [3, 3, 3]])  # true, predicted and correct words a sentence
    >>> theirs = np.array([[5, 6, 3], [4, 4, 4], [6, 7, 4], [3, 3, 3]])
    >>> print(paired_bootstrap(ours, theirs, f1_of))
    0.8889 and 0.7368, difference +0.1520, 95 % interval +0.0000 to +0.3659, p = 0.041 (1,000 resamples)
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqlab.errors import ConfigError, DataError

Figure = Callable[[NDArray[np.int64]], NDArray[np.float64]]
"""Sums `(R, C)` of C counts -> the figure `(R,)` of each row; not a number where there is nothing to count."""

_CELLS = (
    1 << 17
)  # sentences (or different rows) times resamples that are drawn at a time: 1 MB, which stays in the cache
_LEVELS = (0.025, 0.975)  # a 95 % interval leaves out as much on either side
_ROUNDING = 1e-12  # of a difference of figures: in a small test set many resamples have exactly twice the observed one


@dataclass(frozen=True)
class BootstrapScores:
    """How two systems compare over the same sentences."""

    first: float
    """The figure of the first system over all sentences."""
    second: float
    low: float
    """The 95 % interval of the difference: where 2.5 % of the resamples lie below,"""
    high: float
    """and 2.5 % above."""
    p: float
    """Share of the resamples in which the better one is ahead by twice the observed difference or more; one-sided.
    1 where neither is better."""
    n_resamples: int

    @property
    def difference(self) -> float:
        """The figure of the first system less that of the second."""
        return self.first - self.second

    def to_dict(self) -> dict[str, Any]:
        """All figures by name, for JSON."""
        return asdict(self) | {"difference": self.difference}

    def __str__(self) -> str:
        p = f"p = {self.p:.3g}" if self.p else f"p < {1 / self.n_resamples:.3g}"
        return (
            f"{self.first:.4f} and {self.second:.4f}, difference {self.difference:+.4f}, 95 % interval "
            f"{self.low:+.4f} to {self.high:+.4f}, {p} ({self.n_resamples:,} resamples)"
        )


def paired_bootstrap(
    first: NDArray[np.integer[Any]],
    second: NDArray[np.integer[Any]],
    figure: Figure,
    *,
    n_resamples: int = 1000,
    seed: int = 0,
) -> BootstrapScores:
    """Compare two systems by a figure, from their counts `(S, C)`: sentence s of the one is sentence s of the other.

    For F1 the counts are those that `SegmentationCounts.add` and `SpanCounts.add` return, for accuracy those of
    `TagCounts.add`. A resample over which a figure is not a number counts for the p-value and not for the interval.

    Raises DataError where the two have not the same number of sentences or counts, or none, and where a figure over all
    sentences is not a number; ConfigError for less than one resample.
    """
    _check_resamples(n_resamples)
    if first.shape != second.shape or first.ndim != 2 or not first.size:
        raise DataError(
            f"the counts of the two systems have the shapes {first.shape} and {second.shape}: give both for the same "
            "sentences, a row each"
        )
    both = np.stack([first, second]).astype(np.int64)
    one, other = (float(figure(counts.sum(axis=0, keepdims=True))[0]) for counts in both)
    if not np.isfinite(one - other):
        raise DataError(f"the figures over all sentences are {one} and {other}: there is nothing to compare")
    differences = _differences(both, figure, n_resamples, seed)
    ahead, observed = (differences, one - other) if one >= other else (-differences, other - one)
    low, high = _interval(differences)
    behind = np.count_nonzero(ahead < 2 * observed - _ROUNDING) if observed > _ROUNDING else 0
    return BootstrapScores(one, other, low, high, int(n_resamples - behind) / n_resamples, n_resamples)


def interval_of(
    counts: NDArray[np.integer[Any]], figure: Figure, n_resamples: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """Give the 95 % interval of one system's figure, from its counts `(S, C)`: 2.5 % of the resamples lie on either side.

    It is the percentile interval of Efron and Tibshirani 1993, "An introduction to the bootstrap", section 13.3. Which of
    equal rows is drawn does not matter, so how often each different one comes is drawn at once: from a multinomial
    distribution, of two rows a binomial one. It depends on the counts and the seed, not on the order of the rows. A
    resample over which the figure is not a number is left out; both ends are not a number where all are.

    Raises DataError for counts that are not a table or have no rows, ConfigError for less than one resample.
    """
    _check_resamples(n_resamples)
    if counts.ndim != 2 or not counts.size:
        raise DataError(f"the counts have the shape {counts.shape}: give a row for each sentence or text, at least one")
    rows, n_equal = _different(counts)
    draw, at_a_time = np.random.default_rng(seed), max(1, _CELLS // len(rows))
    figures = []
    for start in range(0, n_resamples, at_a_time):
        times = draw.multinomial(len(counts), n_equal / len(counts), size=min(at_a_time, n_resamples - start))
        figures.append(figure(times @ rows))
    return _interval(np.concatenate(figures))


def _different(counts: NDArray[np.integer[Any]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give the different rows of the counts `(S, C)`, in an order of their own, and how often each stands there."""
    ordered = counts[np.lexsort(counts.T)].astype(np.int64)
    first = np.flatnonzero(np.concatenate([[True], (ordered[1:] != ordered[:-1]).any(axis=1)]))
    return ordered[first], np.diff(first, append=len(ordered))


def f1_of(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Give F1 `(R,)` of counts `(R, 3)`: true, predicted and correct; not a number where nothing is true or predicted."""
    return _ratio(2 * counts[:, 2], counts[:, 0] + counts[:, 1])


def accuracy_of(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Give the accuracy `(R,)` of counts `(R, 2)`: tokens and correct ones; not a number where there are no tokens."""
    return _ratio(counts[:, 1], counts[:, 0])


def _ratio(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    ratio = np.full(len(whole), np.nan)
    np.divide(part, whole, out=ratio, where=whole != 0)
    return ratio


def _check_resamples(n_resamples: int) -> None:
    if n_resamples < 1:
        raise ConfigError(f"{n_resamples} resamples: draw at least 1; 1,000 to 10,000 are usual")


def _interval(figures: NDArray[np.float64]) -> tuple[float, float]:
    """Give the ends between which 95 % of the figures `(R,)` lie; those that are not numbers are left out."""
    known = figures[np.isfinite(figures)]
    low, high = np.quantile(known, _LEVELS) if known.size else (np.nan, np.nan)
    return float(low), float(high)


def _differences(both: NDArray[np.int64], figure: Figure, n_resamples: int, seed: int) -> NDArray[np.float64]:
    """Give `(R,)`, the first figure less the second over each resample, from the counts `(2, S, C)`."""
    n_counts = both.shape[2]
    joined = np.concatenate(list(both), axis=1)
    found = [figure(sums[:, :n_counts]) - figure(sums[:, n_counts:]) for sums in _resampled(joined, n_resamples, seed)]
    return np.concatenate(found)


def _resampled(counts: NDArray[np.int64], n_resamples: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """Draw the rows of the counts `(S, C)`, S at a time, and give their sums `(n, C)`, until there are `n_resamples`."""
    rng = np.random.default_rng(seed)
    n_sentences = len(counts)
    exact = counts.astype(np.float64)  # whole numbers, exact below 2 ** 53
    at_a_time = max(1, _CELLS // n_sentences)
    for start in range(0, n_resamples, at_a_time):
        n = min(at_a_time, n_resamples - start)
        drawn = rng.integers(n_sentences, size=(n, n_sentences)) + np.arange(n)[:, None] * n_sentences
        times = np.bincount(drawn.ravel(), minlength=n * n_sentences).reshape(n, n_sentences)
        yield (times.astype(np.float64) @ exact).astype(np.int64)
