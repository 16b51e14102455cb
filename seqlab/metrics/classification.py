"""Text classification, one label a text: accuracy, figures by class, what is taken for what, and how good the chances are.

>>> log_probs = np.log([[0.7, 0.3], [0.6, 0.4], [0.2, 0.8], [0.1, 0.9]])
>>> scores = ClassificationScores.of(["bad", "good", "good", "mixed"], log_probs, ["bad", "good"])
>>> print(scores)
accuracy 0.5000 (95 % interval 0.0000 to 1.0000), macro F1 0.3889, 0.4987 nats a text (4 texts, 1 with a new label)
>>> scores.confusion  # a row for each of scores.true_labels, a column for each of scores.labels
array([[1, 0],
       [1, 1],
       [0, 1]])
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqlab.errors import DataError
from seqlab.metrics.bootstrap import accuracy_of, interval_of
from seqlab.metrics.calibration import expected_calibration_error
from seqlab.metrics.ratio import ratio
from seqlab.wording import counted

_SLACK = 0.01  # by how much the probabilities of a text may miss 1: half precision does, logits do not stay within it


class ClassScores(NamedTuple):
    """The figures of one class; those over nothing are not numbers."""

    n_true: int
    n_predicted: int
    n_correct: int

    @property
    def precision(self) -> float:
        """Share of the texts predicted to be of the class that is."""
        return ratio(self.n_correct, self.n_predicted)

    @property
    def recall(self) -> float:
        """Share of the texts of the class that was found."""
        return ratio(self.n_correct, self.n_true)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 0 where the class occurs, true or predicted, and is never right."""
        return ratio(2 * self.n_correct, self.n_true + self.n_predicted)

    @property
    def support(self) -> int:
        """How many texts of the class there are."""
        return self.n_true

    def to_dict(self) -> dict[str, Any]:
        """All figures by name, for JSON; those over nothing are None."""
        return {name: figure_or_none(getattr(self, name)) for name in ("precision", "recall", "f1", "support")}


def macro(classes: Iterable[ClassScores], figure: str) -> float:
    """Give the mean of "precision", "recall" or "f1" over the classes that are true or predicted for at least one text.

    Each of these counts the same. A precision or recall over nothing counts as 0. Not a number where there are no classes.
    """
    values = [getattr(scores, figure) for scores in classes if scores.n_true or scores.n_predicted]
    return math.fsum(0.0 if math.isnan(value) else value for value in values) / len(values) if values else math.nan


def figure_or_none(value: float) -> float | None:
    """Give the value, or None for what JSON has no word for: not a number, or infinite."""
    return value if math.isfinite(value) else None


def classes_of(labels: Sequence[str], seen: Iterable[str]) -> tuple[str, ...]:
    """Give the labels of a model and, sorted, those seen in texts that are not among them.

    Raises DataError where there are no labels or one stands twice.
    """
    if not labels:
        raise DataError("there are no labels: a classifier has at least one")
    if len(set(labels)) < len(labels):
        twice = next(label for at, label in enumerate(labels) if label in labels[:at])
        raise DataError(f"the label '{twice}' stands twice: each column has a label of its own")
    return (*labels, *sorted(set(seen) - set(labels)))


@dataclass(frozen=True, eq=False)
class ClassificationScores:
    """How well N texts are classified into K classes. A text whose true label the model does not know counts as wrong."""

    DECIDING: ClassVar[str] = "accuracy"
    """The name of the figure that counts most."""

    labels: tuple[str, ...]
    """The K labels that can be predicted."""
    true_labels: tuple[str, ...]
    """The R labels of the rows: `labels`, then those that only the texts have, sorted."""
    true: NDArray[np.int64]
    """(N,) the true label of each text, as a row."""
    predicted: NDArray[np.int64]
    """(N,) the most likely label of each text, as a column; the first of equally likely ones."""
    confusion: NDArray[np.int64]
    """(R, K) how many texts of a true label got a predicted one."""
    nats: float
    """Mean negative log-probability of the true label, over the texts whose label the model knows."""
    squared_error: float
    """Mean over texts of the sum over R classes of (p - y) ** 2, from 0 to 2: y is 1 for the true class, p is 0 for one
    the model does not know (Brier 1950, "Verification of forecasts expressed in terms of probability", equation 2)."""
    ece: float
    """Expected calibration error in 15 bins."""

    @classmethod
    def of(
        cls, true: Sequence[str], log_probs: NDArray[np.floating[Any]], labels: Sequence[str]
    ) -> "ClassificationScores":
        """Score the true labels of N texts against natural log-probabilities `(N, K)` of the K labels.

        Raises DataError where texts, rows, labels and columns do not fit or there are none, and for rows that are not
        log-probabilities.
        """
        true_labels = classes_of(labels, true)
        values = _checked(log_probs, len(true), len(labels))
        row_of = {label: row for row, label in enumerate(true_labels)}
        rows = np.array([row_of[label] for label in true], dtype=np.int64)
        predicted = values.argmax(axis=1).astype(np.int64)
        cells = np.bincount(rows * len(labels) + predicted, minlength=len(true_labels) * len(labels))
        known = np.flatnonzero(rows < len(labels))
        true_log_probs = values[known, rows[known]]
        probabilities = np.exp(values)
        confidences = np.minimum(probabilities.max(axis=1), 1)
        squares = (probabilities**2).sum() + len(true) - 2 * np.exp(true_log_probs).sum()
        return cls(
            labels=tuple(labels),
            true_labels=true_labels,
            true=rows,
            predicted=predicted,
            confusion=cells.reshape(len(true_labels), len(labels)).astype(np.int64),
            nats=max(0.0, float(-true_log_probs.mean())) if known.size else math.nan,
            squared_error=max(float(squares) / len(true), 0.0),
            ece=expected_calibration_error(confidences, rows == predicted),
        )

    @property
    def correct(self) -> NDArray[np.bool_]:
        """(N,) True where the prediction is right: for McNemar's test and the bootstrap."""
        right: NDArray[np.bool_] = self.true == self.predicted
        return right

    @property
    def counts(self) -> NDArray[np.int64]:
        """(N, 2) for the bootstrap with `accuracy_of`: each text counts one, and one more where it is right."""
        return np.stack([np.ones_like(self.true), self.correct.astype(np.int64)], axis=1)

    @property
    def n_texts(self) -> int:
        """How many texts there are."""
        return len(self.true)

    @property
    def n_correct(self) -> int:
        """How many of them are right."""
        return int(np.trace(self.confusion))

    @property
    def n_unseen(self) -> int:
        """How many have a label that the model does not know."""
        return int(self.confusion[len(self.labels) :].sum())

    @property
    def accuracy(self) -> float:
        """Share of the texts that is right."""
        return self.n_correct / self.n_texts

    @property
    def majority_share(self) -> float:
        """Share of the most frequent true label: the accuracy of always predicting it."""
        return int(self.confusion.sum(axis=1).max()) / self.n_texts

    @cached_property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the accuracy, by the bootstrap over texts."""
        return interval_of(self.counts, accuracy_of)

    @cached_property
    def by_class(self) -> dict[str, ClassScores]:
        """The figures of each class, in the order of `true_labels`."""
        n_true = self.confusion.sum(axis=1).tolist()
        n_more = len(self.true_labels) - len(self.labels)
        n_predicted = [*self.confusion.sum(axis=0).tolist(), *[0] * n_more]
        n_correct = [*self.confusion.diagonal().tolist(), *[0] * n_more]
        columns = zip(n_true, n_predicted, n_correct, strict=True)
        return {label: ClassScores(*counts) for label, counts in zip(self.true_labels, columns, strict=True)}

    @property
    def macro_f1(self) -> float:
        """Mean F1 of the classes that are true or predicted for at least one text, labels the model does not know too."""
        return macro(self.by_class.values(), "f1")

    @property
    def micro_f1(self) -> float:
        """F1 over the decisions of all classes together: with one label a text it is the accuracy."""
        return self.accuracy

    @property
    def weighted_f1(self) -> float:
        """Mean F1 of the classes, each weighted by its texts."""
        return math.fsum(one.f1 * one.n_true for one in self.by_class.values() if one.n_true) / self.n_texts

    @property
    def figure(self) -> float:
        """What is to be small: 1 - accuracy."""
        return 1.0 - self.accuracy

    @property
    def at_ties(self) -> float:
        """What is to be small where that is equal: nats."""
        return self.nats

    def brief(self) -> str:
        """The figures that matter most, in a few words."""
        return f"accuracy {self.accuracy:.4f}, macro F1 {self.macro_f1:.4f}"

    def to_dict(self) -> dict[str, Any]:
        """All figures by name, for JSON; those over nothing, and infinite ones, are None."""
        names = ("accuracy", "macro_f1", "weighted_f1", "nats", "squared_error", "ece", "n_unseen")
        return {
            "unit": "text",
            "of": "texts",
            "n_texts": self.n_texts,
            **{name: figure_or_none(getattr(self, name)) for name in names},
            "by_class": {label: scores.to_dict() for label, scores in self.by_class.items()},
            "confusion": {
                "true": list(self.true_labels),
                "predicted": list(self.labels),
                "counts": self.confusion.tolist(),
            },
            "interval": list(self.interval),
        }

    def __str__(self) -> str:
        new = f", {self.n_unseen:,} with a new label" if self.n_unseen else ""
        texts = counted(self.n_texts, "text")
        return (
            f"accuracy {self.accuracy:.4f} (95 % interval {self.interval[0]:.4f} to {self.interval[1]:.4f}), "
            f"macro F1 {self.macro_f1:.4f}, {self.nats:.4f} nats a text ({texts}{new})"
        )


def _checked(log_probs: NDArray[np.floating[Any]], n_texts: int, n_labels: int) -> NDArray[np.float64]:
    """Give the log-probabilities in double precision."""
    values = np.asarray(log_probs, dtype=np.float64)
    if values.shape != (n_texts, n_labels) or not n_texts:
        raise DataError(
            f"{n_texts} texts and {n_labels} labels do not fit log-probabilities of the shape {values.shape}: give a row "
            "for each text and a column for each label, and at least one text"
        )
    with np.errstate(over="ignore"):
        total = np.exp(values).sum(axis=1)
    wrong = np.flatnonzero(~(np.abs(total - 1) <= _SLACK))
    if wrong.size:
        raise DataError(
            f"text {wrong[0] + 1}: the probabilities of its labels add up to {total[wrong[0]]:.4g}, not to "
            "1: give natural logarithms of probabilities, as log_softmax makes them of logits"
        )
    return values
