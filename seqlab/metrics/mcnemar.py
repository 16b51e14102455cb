"""Do two classifiers differ, or was it luck with these texts? McNemar's test, which looks at single decisions.

Where both are right or both are wrong, nothing is learned. Of the other texts each system should have about half right
if they are equally good (McNemar 1947, "Note on the sampling error of the difference between correlated proportions or
percentages"). Dietterich 1998, "Approximate statistical tests for comparing supervised classification learning
algorithms", finds it to be the test for classifiers that were trained once. How much the training itself varies, with
the seed or the texts, it does not see.

    >>> first = np.array([True] * 9 + [False] * 2 + [True] * 40)
    >>> second = np.array([False] * 9 + [True] * 2 + [True] * 40)
    >>> print(mcnemar(first, second))  # 2 (1 + 11 + 55) / 2 ** 11
    right alone: the first 9 texts, the second 2; p = 0.0654 (McNemar, exact)
"""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqlab.errors import DataError


@dataclass(frozen=True)
class McNemarScores:
    """On which texts two systems differ, and how likely that is if they are equally good."""

    n_first_only: int
    """Texts that the first system has right and the second has not."""
    n_second_only: int
    p: float
    """Probability of a division as uneven as this one or more so, either way, if each text falls to both with 1/2."""

    def to_dict(self) -> dict[str, Any]:
        """All figures by name, for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        p = f"p = {self.p:.3g}" if self.p else "p < 1e-300"
        alone = f"the first {self.n_first_only:,} texts, the second {self.n_second_only:,}"
        return f"right alone: {alone}; {p} (McNemar, exact)"


def mcnemar(first_correct: NDArray[np.bool_], second_correct: NDArray[np.bool_]) -> McNemarScores:
    """Compare two systems by what they have right, both `(N,)`: text n of the one is text n of the other.

    Raises DataError where the two are not equally many, or none, or not True and False.
    """
    first, second = np.asarray(first_correct), np.asarray(second_correct)
    if first.shape != second.shape or first.ndim != 1 or not first.size:
        raise DataError(
            f"what the two systems have right has the shapes {first.shape} and {second.shape}: give both for the same "
            "texts, one value each, and at least one text"
        )
    if first.dtype.kind != "b" or second.dtype.kind != "b":
        raise DataError(f"{first.dtype} and {second.dtype} do not say what is right: give True and False")
    n_first_only, n_second_only = int((first & ~second).sum()), int((second & ~first).sum())
    return McNemarScores(n_first_only, n_second_only, _two_sided(n_first_only, n_second_only))


def _two_sided(one: int, other: int) -> float:
    """Give 2 P(X <= k) for X ~ Binomial(n, 1/2), k the smaller part of n; at most 1.

    P(X = k) comes from log-gamma, and P(X = i - 1) = P(X = i) i / (n - i + 1). All terms are positive and the largest one
    comes first, so nothing overflows or cancels; the relative error is about 1e-15 n.
    """
    n, k = one + other, min(one, other)
    log_largest = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) - n * math.log(2)
    falling = np.arange(k, 0, -1, dtype=np.float64)
    terms = 1.0 + float(np.cumprod(falling / (n - falling + 1)).sum())
    return min(1.0, 2 * math.exp(log_largest) * terms)
