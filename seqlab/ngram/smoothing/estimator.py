"""Ways to share out probability between n-grams seen and not seen: estimators of (alpha, gamma).

After a context h whose n-grams have the counts c(h w), an estimator gives

    alpha(h w)   the probability that a seen n-gram keeps for itself
    gamma(h)     what is left, for the distribution of the next lower order

What is done with the two is the recursion's business (`seqlab.ngram.estimation`). Surveys of all of these but the last:
Chen & Goodman 1998, "An Empirical Study of Smoothing Techniques for Language Modeling" (C&G below).
"""

from collections.abc import Callable
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
class Plain:
    """What most ways of smoothing have in common: raw counts at all orders, interpolation, nothing to note."""

    continuation: ClassVar[bool] = False
    use: ClassVar[Use] = "interpolate"
    highest_only: ClassVar[bool] = False

    def notes(self) -> list[str]:
        """Nothing."""
        return []
