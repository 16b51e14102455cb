"""Text classification, any number of labels a text: each label is found or not, and so there are precision and recall.

>>> probabilities = np.array([[0.9, 0.6, 0.1], [0.2, 0.7, 0.4]])
>>> print(MultiLabelScores.of([{"food", "price"}, {"price", "staff"}], probabilities, ["food", "price", "staff"]))
micro F1 0.8571 (95 % interval 0.6667 to 1.0000), macro F1 0.6667, exact match 0.5000 (2 texts, 3 labels found of 4)
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from seqlab.errors import ConfigError, DataError
from seqlab.metrics.bootstrap import f1_of, interval_of
from seqlab.metrics.classification import ClassScores, classes_of, figure_or_none, macro
from seqlab.wording import counted

_LEAST = -100.0  # nats


@dataclass(frozen=True, eq=False)
class MultiLabelScores:
    """How well the labels of N texts are found, out of K. A label that the model does not know is always missed."""

    DECIDING: ClassVar[str] = "micro_f1"
    """The name of the figure that counts most."""

    labels: tuple[str, ...]
    """The K labels that can be predicted."""
    true_labels: tuple[str, ...]
    """The R labels there are: `labels`, then those that only the texts have, sorted."""
    threshold: float
    """A label is predicted where its probability is this or more."""
    true: NDArray[np.bool_]
    """(N, R) True where the text has the label."""
    predicted: NDArray[np.bool_]
    """(N, R) True where the label is predicted; never beyond the first K."""
    nats: float
    """Mean over texts of the binary cross entropies of the K labels, added up. A logarithm below -100 counts as -100, as
    in `torch.nn.BCELoss`."""

    @classmethod
    def of(
        cls,
        true: Sequence[Collection[str]],
        probabilities: NDArray[np.floating[Any]],
        labels: Sequence[str],
        threshold: float = 0.5,
    ) -> "MultiLabelScores":
        """Score the true labels of N texts, none or more each, against the probabilities `(N, K)` of the K labels.

        Raises DataError where texts, rows, labels and columns do not fit or there are none, and for what is not a
        probability; ConfigError for a threshold that is not from 0 to 1.
        """
        if not 0 <= threshold <= 1:
            raise ConfigError(f"threshold {threshold}: give a probability, from 0 to 1")
        if any(isinstance(one, str) for one in true):
            raise DataError("the labels of a text are a string: give a collection of strings, one each")
        true_labels = classes_of(labels, (label for one in true for label in one))
        values = _checked(probabilities, len(true), len(labels))
        row_of = {label: row for row, label in enumerate(true_labels)}
        has = np.zeros((len(true), len(true_labels)), dtype=np.bool_)
        for text, one in enumerate(true):
            has[text, [row_of[label] for label in one]] = True
        predicted = np.zeros_like(has)
        predicted[:, : len(labels)] = values >= threshold
        likely = np.where(has[:, : len(labels)], values, 1 - values)  # of what is true of each label
        with np.errstate(divide="ignore"):
            nats = max(0.0, float(-np.maximum(np.log(likely), _LEAST).sum())) / len(true)
        return cls(tuple(labels), true_labels, threshold, has, predicted, nats)

    @property
    def correct(self) -> NDArray[np.bool_]:
        """(N,) True where all labels of the text are found and no others: for McNemar's test."""
        right: NDArray[np.bool_] = (self.true == self.predicted).all(axis=1)
        return right

    @property
    def counts(self) -> NDArray[np.int64]:
        """(N, 3) for the bootstrap with `f1_of`: the true, the predicted and the correct labels of each text."""
        tables = (self.true, self.predicted, self.true & self.predicted)
        return np.stack([table.sum(axis=1, dtype=np.int64) for table in tables], axis=1)

    @property
    def n_texts(self) -> int:
        """How many texts there are."""
        return len(self.true)

    @property
    def n_unseen(self) -> int:
        """How many of them have a label that the model does not know."""
        return int(self.true[:, len(self.labels) :].any(axis=1).sum())

    @property
    def exact_match(self) -> float:
        """Share of the texts with all labels found and no others (subset accuracy)."""
        return int(self.correct.sum()) / self.n_texts

    @property
    def hamming_loss(self) -> float:
        """Share of the decisions, R for each text, that is wrong."""
        return int((self.true != self.predicted).sum()) / self.true.size

    @cached_property
    def by_class(self) -> dict[str, ClassScores]:
        """The figures of each label, in the order of `true_labels`."""
        tables = (self.true, self.predicted, self.true & self.predicted)
        columns = zip(*(table.sum(axis=0).tolist() for table in tables), strict=True)
        return {label: ClassScores(*counts) for label, counts in zip(self.true_labels, columns, strict=True)}

    @property
    def micro(self) -> ClassScores:
        """The figures over the labels of all texts together."""
        n_true, n_predicted, n_correct = self.counts.sum(axis=0).tolist()
        return ClassScores(n_true, n_predicted, n_correct)

    @property
    def micro_f1(self) -> float:
        """F1 over the labels of all texts together; not a number where none is true and none predicted."""
        return self.micro.f1

    @property
    def macro_f1(self) -> float:
        """Mean F1 of the labels that are true or predicted for at least one text, those the model does not know too."""
        return self._macro("f1")

    @property
    def macro_precision(self) -> float:
        """Mean precision of the same labels; 0 for one that is never predicted."""
        return self._macro("precision")

    @property
    def macro_recall(self) -> float:
        """Mean recall of the same labels; 0 for one that no text has."""
        return self._macro("recall")

    def _macro(self, figure: str) -> float:
        return macro(self.by_class.values(), figure)

    @cached_property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the micro F1, by the bootstrap over texts."""
        return interval_of(self.counts, f1_of)

    @property
    def figure(self) -> float:
        """What is to be small: 1 - micro F1; 1 where nothing is there to be found and nothing was."""
        return 1.0 - self.micro_f1 if self.micro.n_true or self.micro.n_predicted else 1.0

    @property
    def at_ties(self) -> float:
        """What is to be small where that is equal: nats."""
        return self.nats

    def brief(self) -> str:
        """The figures that matter most, in a few words."""
        return f"micro F1 {self.micro_f1:.4f}, macro F1 {self.macro_f1:.4f}"

    def to_dict(self) -> dict[str, Any]:
        """All figures by name, for JSON; those over nothing are None."""
        micro = {name: getattr(self.micro, name) for name in ("precision", "recall", "f1")}
        names = ("macro_precision", "macro_recall", "macro_f1", "exact_match", "hamming_loss", "nats")
        figures = {f"micro_{name}": value for name, value in micro.items()}
        figures |= {name: getattr(self, name) for name in names}
        return {
            "unit": "text",
            "of": "labels",
            "n_texts": self.n_texts,
            "n_true": self.micro.n_true,
            "n_unseen": self.n_unseen,
            "threshold": self.threshold,
            **{name: figure_or_none(value) for name, value in figures.items()},
            "by_class": {label: scores.to_dict() for label, scores in self.by_class.items()},
            "interval": [figure_or_none(end) for end in self.interval],
        }

    def __str__(self) -> str:
        return (
            f"micro F1 {self.micro_f1:.4f} (95 % interval {self.interval[0]:.4f} to {self.interval[1]:.4f}), "
            f"macro F1 {self.macro_f1:.4f}, exact match {self.exact_match:.4f} "
            f"({counted(self.n_texts, 'text')}, {counted(self.micro.n_correct, 'label')} found of {self.micro.n_true:,})"
        )


def _checked(probabilities: NDArray[np.floating[Any]], n_texts: int, n_labels: int) -> NDArray[np.float64]:
    """Give the probabilities in double precision."""
    values = np.asarray(probabilities, dtype=np.float64)
    if values.shape != (n_texts, n_labels) or not n_texts:
        raise DataError(
            f"{n_texts} texts and {n_labels} labels do not fit probabilities of the shape {values.shape}: give a row for "
            "each text and a column for each label, and at least one text"
        )
    wrong = np.flatnonzero(~((values >= 0) & (values <= 1)).all(axis=1))
    if wrong.size:
        raise DataError(f"text {wrong[0] + 1}: not all are probabilities, from 0 to 1: give the sigmoid of the logits")
    return values
