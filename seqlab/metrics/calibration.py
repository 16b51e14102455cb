"""Can a probability be believed? Of the texts predicted at 80 %, 80 % should be right.

Guo, Pleiss, Sun and Weinberger 2017, "On calibration of modern neural networks": how far confidence and accuracy are
apart, and one number T, fitted on validation texts, by which all log-probabilities are divided to bring them together.

    >>> confidences, correct = np.array([0.95, 0.9, 0.9, 0.65]), np.array([True, True, False, True])
    >>> print(f"{expected_calibration_error(confidences, correct, n_bins=5):.4f}")  # (|2 - 2.75| + |1 - 0.65|) / 4
    0.2750
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seqlab.errors import ConfigError, DataError

LOWEST_TEMPERATURE, HIGHEST_TEMPERATURE = 0.05, 20.0
"""The bounds of `fit_temperature`: where all predictions are right, or worse than chance, the best T is 0 or infinite."""

_LEAST = -700.0  # nats: a class of probability 0 counts as this, so that one such text does not decide alone
_SLACK = 1e-6  # by how much a probability may be off 0 to 1: what float32 makes of it
_CLOSE = 1e-11  # relative: steps of 1 / T below this are rounding
_ROUNDS = 100  # Newton's method takes 8 to 13; halving the bounds alone takes 50


class ReliabilityBin(NamedTuple):
    """The texts with a confidence in (low, high], the first bin with 0 too; figures over no texts are not numbers."""

    low: float
    high: float
    n: int
    confidence: float
    """Mean probability of the predicted class."""
    accuracy: float
    """Share of the texts that is right."""


def reliability(confidences: ArrayLike, correct: ArrayLike, n_bins: int = 15) -> list[ReliabilityBin]:
    """Give the bins of a reliability diagram, of equal width from 0 to 1, from confidences and correctness, both `(N,)`.

    A confidence is the probability of the predicted class; `correct` says True where that is the true one. Raises
    DataError where the two are not equally many or none, or a confidence is not a probability; ConfigError for less than
    one bin.
    """
    sums = _binned(confidences, correct, n_bins)
    edges = np.arange(n_bins + 1) / n_bins
    return [
        ReliabilityBin(
            float(edges[i]), float(edges[i + 1]), int(n), *((sure / n, right / n) if n else (math.nan, math.nan))
        )
        for i, (n, sure, right) in enumerate(sums.T.tolist())
    ]


def expected_calibration_error(confidences: ArrayLike, correct: ArrayLike, n_bins: int = 15) -> float:
    """Give the mean gap between confidence and accuracy, from 0 to 1, from confidences and correctness, both `(N,)`.

    Guo et al. 2017, equation 3: the absolute difference of both means in each of the bins of `reliability`, weighted by
    the texts in it. With few texts it is above 0 for a perfect model too. Raises what `reliability` raises.
    """
    n, sure, right = _binned(confidences, correct, n_bins)
    return float(np.abs(right - sure).sum() / n.sum())


def _binned(confidences: ArrayLike, correct: ArrayLike, n_bins: int) -> NDArray[np.float64]:
    """Give `(3, n_bins)`: how many texts each bin has, the sum of their confidences, and how many of them are right."""
    sure = np.asarray(confidences, dtype=np.float64)
    right = np.asarray(correct)
    if n_bins < 1:
        raise ConfigError(f"{n_bins} bins: give at least 1; 10 to 20 are usual")
    if sure.ndim != 1 or sure.shape != right.shape or not sure.size:
        raise DataError(
            f"the confidences have the shape {sure.shape} and the correctness {right.shape}: give one of both for each "
            "text, and at least one text"
        )
    if not np.all((sure >= -_SLACK) & (sure <= 1 + _SLACK)):
        raise DataError(
            f"the confidences go from {sure.min():.4g} to {sure.max():.4g}: give probabilities, not logits or "
            "log-probabilities"
        )
    # An edge belongs to the bin below it. It is compared and not computed: 15 times a confidence may round over it.
    bins = np.searchsorted(np.arange(1, n_bins) / n_bins, sure, side="left")
    weights = (np.ones_like(sure), sure, right.astype(np.float64))
    return np.stack([np.bincount(bins, weights=one, minlength=n_bins) for one in weights])


def with_temperature(log_probs: NDArray[np.floating[Any]], temperature: float) -> NDArray[np.float64]:
    """Give log softmax(log_probs / T) over the last axis, natural logarithms, `(..., K)` from `(..., K)`.

    Above 1 all classes come nearer to each other, below 1 the best one gains; which one is the best stays. Logits will do
    as well. Raises ConfigError for a temperature that is not above 0.
    """
    if not 0 < temperature < math.inf:
        raise ConfigError(f"temperature {temperature}: give a number above 0; 1 changes nothing")
    scaled = np.asarray(log_probs, dtype=np.float64) / temperature
    scaled -= scaled.max(axis=-1, keepdims=True)
    normalised: NDArray[np.float64] = scaled - np.log(np.exp(scaled).sum(axis=-1, keepdims=True))
    return normalised


def fit_temperature(
    log_probs: NDArray[np.floating[Any]], true: NDArray[np.integer[Any]], pseudo_count: float = 0.0
) -> float:
    """Give the temperature T at which the true classes `(N,)` are most likely, from natural logarithms `(N, K)`.

    Few texts that are all right, or all wrong, say nothing of how often a next one will be. With a pseudo-count of 1 the
    target of each is (N + 1) / (N + K) for its true class and 1 / (N + K) for each other one (Platt 1999, section 2.2).

    The mean nats of softmax(log_probs / T) are convex in b = 1 / T (Guo et al. 2017, section 4.2): their derivative, the
    mean of E[log_probs] under that softmax less that under the targets, only grows, and T is where it is 0. It is found by
    Newton's method, which halves the bracket instead where a step would leave it. T is kept between `LOWEST_TEMPERATURE`
    and `HIGHEST_TEMPERATURE`; where no T makes a difference it is 1. A log-probability below -700 counts as -700. Leave out
    the texts whose true label the model does not know. Logits will do as well.

    Raises DataError where rows and classes do not fit, or there is none, or a log-probability is not a number.
    """
    held = _fittable(log_probs, true, pseudo_count)
    slope, curvature = _derivatives(held, 1.0)
    if slope == 0:
        return 1.0
    low, high = 1 / HIGHEST_TEMPERATURE, 1 / LOWEST_TEMPERATURE
    if _derivatives(held, low)[0] >= 0:
        return HIGHEST_TEMPERATURE
    if _derivatives(held, high)[0] <= 0:
        return LOWEST_TEMPERATURE
    inverse = 1.0
    for _ in range(_ROUNDS):
        low, high = (inverse, high) if slope < 0 else (low, inverse)
        step = inverse - slope / curvature if curvature > 0 else math.nan
        if abs(step - inverse) <= _CLOSE * inverse:
            break
        inverse = step if low < step < high else math.sqrt(low * high)
        slope, curvature = _derivatives(held, inverse)
    return 1 / inverse


def _fittable(
    log_probs: NDArray[np.floating[Any]], true: NDArray[np.integer[Any]], pseudo_count: float
) -> NDArray[np.float64]:
    """Give `(N, K)`: by how much the log-probability of each class is above the mean under the targets of its row."""
    values, rows = np.asarray(log_probs, dtype=np.float64), np.asarray(true)
    if values.ndim != 2 or rows.shape != values.shape[:1] or not values.size:
        raise DataError(
            f"the log-probabilities have the shape {values.shape} and the true classes {rows.shape}: give (N, K) and "
            "(N,), at least one text"
        )
    if rows.dtype.kind not in "iu" or rows.min() < 0 or rows.max() >= values.shape[1]:
        raise DataError(f"a true class is not a number from 0 to {values.shape[1] - 1}: leave out unknown labels")
    if np.isnan(values).any() or np.isposinf(values).any():
        raise DataError("a log-probability is not a number or infinite: look for a division by 0 in the model")
    finite = np.maximum(values, _LEAST)
    n_texts, n_labels = values.shape
    of_true = np.take_along_axis(finite, rows[:, None].astype(np.intp), axis=1)
    together = n_texts * of_true + pseudo_count * finite.sum(axis=1, keepdims=True)
    above: NDArray[np.float64] = finite - together / (n_texts + pseudo_count * n_labels)
    return above


def _derivatives(above: NDArray[np.float64], inverse: float) -> tuple[float, float]:
    """Give the first and the second derivative of the mean nats by 1 / T: means of an expectation and of a variance."""
    probabilities = np.exp(with_temperature(above, 1 / inverse))
    means = (probabilities * above).sum(axis=1)
    variances = (probabilities * (above - means[:, None]) ** 2).sum(axis=1)
    return float(means.mean()), float(variances.mean())
