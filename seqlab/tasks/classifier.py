"""A text classifier in use, whatever finds the probabilities."""

import reprlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqlab.config import Classification
from seqlab.errors import DataError
from seqlab.metrics.calibration import with_temperature
from seqlab.metrics.classification import ClassificationScores
from seqlab.metrics.multi_label import MultiLabelScores
from seqlab.records import Labelled
from seqlab.tasks.classifier_text import ClassifierText, Tokens
from seqlab.tasks.labelled_kept import Example, example_of

AT_A_TIME = 8192
"""Texts that are classified together, so that memory is bounded."""
Floats = NDArray[np.float64]


class Weight(NamedTuple):
    """What a token of a text weighs in a prediction."""

    start: int
    """Where the token begins in the text, in characters,"""
    end: int
    """and where it ends, exclusive."""
    token: str
    """As it stands in the text."""
    weight: float
    """How much it speaks for the label, in units that depend on the model; negative where it speaks against it."""


class Explanation(NamedTuple):
    """Why a text has got its label."""

    label: str
    """What it speaks for or against: the label that is predicted, or that was asked for."""
    probability: float
    """The probability of that label."""
    weights: list[Weight]
    """Each token that was read, in their order."""


class Classifier(ABC):
    """Finds the label of a text, or its labels; what `seqlab.load` gives for the task "classify".

    It can be used from several threads at once.

    Attributes:
        config: every setting. labels: those it can give, in the order of their numbers.
        temperature: what log-probabilities are divided by, fitted on texts held out, once or in folds (Guo et al. 2017); 1
            where there were none.
        scores: what it reached in training.
    """

    def __init__(
        self,
        config: Classification,
        labels: Sequence[str],
        text: ClassifierText,
        temperature: float = 1.0,
        scores: dict[str, Any] | None = None,
    ) -> None:
        self.config, self.labels, self.text = config, tuple(labels), text
        self.temperature, self.scores = temperature, scores or {}

    def __repr__(self) -> str:
        return f"{type(self).__name__}(model={self.config.model!r}, labels={reprlib.repr(self.labels)})"

    @abstractmethod
    def _log_probs(self, texts: Sequence[Tokens]) -> Floats:
        """ln p of each label (N, K) for N texts in tokens, not calibrated; each by itself where there are several."""

    @abstractmethod
    def _weights(self, tokens: Tokens, label: int) -> Floats:
        """What each of the N tokens (N,) of a text speaks for a label; see `explain`."""

    @property
    def multi_label(self) -> bool:
        """Whether a text may have several labels, or none."""
        return self.config.data.multi_label

    def log_probs(self, texts: Iterable[str], *, calibrated: bool = True) -> Floats:
        """ln p of each label (N, K), nats, for N texts; each label has its own where a text may have several.

        Args:
            texts: any; an empty one has what the model makes of nothing.
            calibrated: divide by the temperature, which changes no prediction.

        Raises:
            DataError: a text is no string.
        """
        if isinstance(texts, str):
            raise DataError(f"give a list of texts, not one text: {texts!r:.60}")
        found = [np.zeros((0, len(self.labels)))]
        for part in _parts(texts):
            for text in part:
                if not isinstance(text, str):
                    raise DataError(f"a text is a string, not {text!r:.60}")
            found.append(self._log_probs(self.text.tokens(part)))
        together = np.concatenate(found)
        if calibrated and self.temperature != 1.0:
            return with_temperature(together, self.temperature)
        return together

    def predict_proba(self, texts: Iterable[str]) -> Floats:
        """p of each label (N, K), in the order of `labels`; the rows sum to 1 where a text has one label."""
        return np.exp(self.log_probs(texts))

    def predict(self, texts: Iterable[str]) -> list[Any]:
        """The label of each text: of equally likely ones the first; or a tuple of all that are as likely as not, or more.

        Raises:
            DataError: a text is no string.
        """
        return self.chosen(self.predict_proba(texts))

    def chosen(self, probabilities: Floats) -> list[Any]:
        """What `predict` gives for probabilities (N, K)."""
        if not self.multi_label:
            return [self.labels[number] for number in probabilities.argmax(1).tolist()]
        rows = (probabilities >= 0.5).tolist()  # as the scores have it
        return [tuple(label for label, on in zip(self.labels, row, strict=True) if on) for row in rows]

    def explain(self, text: str, label: str | None = None) -> Explanation:
        """What each token of a text speaks for a label.

        Of networks it is the gradient of the label's logit times the input (Simonyan et al. 2014; for vectors the sum over
        their dimensions), of n-gram models ln p of the token in the class less that in the likeliest other one.

        Args:
            text: any. label: one of `labels`; the predicted one where not given, of several the likeliest.

        Raises:
            DataError: the text is no string, or there is no such label.
        """
        probabilities = self.predict_proba([text])[0]
        if label is not None and label not in self.labels:
            raise DataError(f"there is no label '{label}'; there are {', '.join(self.labels)}")
        number = int(probabilities.argmax()) if label is None else self.labels.index(label)
        pipeline = self.text.pipeline
        weights = self._weights(pipeline.tokens(text)[: self.text.longest], number)
        return Explanation(self.labels[number], float(probabilities[number]), self._placed(text, weights))

    def attention(self, text: str) -> list[Weight]:
        """What each token counts for in the weighted mean that a network with attention makes of a text, 1 in all.

        It says what the network looked at and not what for; `explain` does. Of other models it is empty.
        """
        weights = self._attention(self.text.pipeline.tokens(text)[: self.text.longest])
        return [] if weights is None else self._placed(text, weights)

    def _attention(self, tokens: Tokens) -> Floats | None:
        """The attention (N,) to the N tokens of a text; None of a model without."""
        return None

    def _placed(self, text: str, weights: Floats) -> list[Weight]:
        """The weights (N,) of the first N tokens of a text, with where these stand."""
        _, spans = self.text.pipeline.encode_with_offsets(text)
        return [
            Weight(start, end, text[start:end], weight)
            for (start, end), weight in zip(spans[: len(weights)].tolist(), weights.tolist(), strict=True)
        ]

    def evaluate(self, records: Iterable[Labelled | Sequence[object]]) -> ClassificationScores | MultiLabelScores:
        """Score predictions on texts with labels; a label that training never saw counts as missed.

        Raises:
            DataError: a record is no labelled text, or there is none.
        """
        examples = [example_of(record, multi_label=self.multi_label) for record in records]
        if not examples:
            raise DataError("there is no text to score: give at least one")
        return self.score_of(examples, self.log_probs(example.text for example in examples))

    def score_of(self, examples: Sequence[Example], log_probs: Floats) -> ClassificationScores | MultiLabelScores:
        """The scores of ln p (N, K) for N texts."""
        if self.multi_label:
            return MultiLabelScores.of([example.labels for example in examples], np.exp(log_probs), self.labels)
        return ClassificationScores.of([example.labels[0] for example in examples], log_probs, self.labels)


def _parts(items: Iterable[Any]) -> Iterator[list[Any]]:
    """Lists of at most AT_A_TIME items."""
    iterator = iter(items)
    while part := list(islice(iterator, AT_A_TIME)):
        yield part
