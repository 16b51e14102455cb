"""The class-conditional n-gram classifier in use. No torch."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqlab.config import Classification
from seqlab.errors import ModelError
from seqlab.modeldir import ModelDirectory
from seqlab.ngram.classifier import NGramClassifier
from seqlab.tasks.classifier import Classifier, Floats
from seqlab.tasks.classifier_text import ClassifierText, Tokens
from seqlab.tasks.classify import LABELS, kept_labels, kept_temperature

NGRAM = "ngram"
"""The folder of the n-gram models in a model directory."""


class NgramTextClassifier(Classifier):
    """A classifier whose classes are n-gram models: p(class | text) by Bayes' rule.

    Attributes:
        model: the n-gram models.
    """

    def __init__(
        self,
        config: Classification,
        labels: Sequence[str],
        text: ClassifierText,
        model: NGramClassifier,
        temperature: float = 1.0,
        scores: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(config, labels, text, temperature, scores)
        self.model = model

    @classmethod
    def load(cls, directory: ModelDirectory) -> "NgramTextClassifier":
        """The model that a model directory holds.

        Raises:
            ModelError: n-grams or text parts do not fit the configuration.
        """
        config = directory.config
        assert isinstance(config, Classification)
        labels, _ = kept_labels(directory.path)
        text = ClassifierText.load(config, directory.path / "text")
        model = NGramClassifier.load(directory.path / NGRAM)
        if list(model.labels) != labels:
            raise ModelError(f"{directory.path / NGRAM}: its classes are not those of {LABELS}; copy the folder again")
        return cls(config, labels, text, model, kept_temperature(directory), directory.scores)

    def _log_probs(self, texts: Sequence[Tokens]) -> Floats:
        ids, starts = self.text.encode(texts)
        joint = self.model.log_probs(np.split(ids, starts[1:-1]) if len(texts) else [])
        joint[np.isneginf(joint).all(1)] = self.model.log_priors
        shifted: NDArray[np.float64] = joint - joint.max(1, keepdims=True)
        normalised: Floats = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
        return normalised

    def _weights(self, tokens: Tokens, label: int) -> Floats:
        ids, _ = self.text.encode([tokens])
        others = np.delete(self._log_probs([tokens])[0], label)
        rival = int(others.argmax())
        own, other = (self._of_tokens(ids, number) for number in (label, rival + (rival >= label)))
        with np.errstate(invalid="ignore"):
            found = own - other
        found[np.isnan(found)] = 0.0  # impossible in both
        return found

    def _of_tokens(self, ids: NDArray[np.int64], label: int) -> Floats:
        """ln p (N,) of the N tokens of a text in a class, as they count in the text's: with the share of all texts."""
        model, share = self.model, self.model.background_share
        found: Floats = model.models[label].score(ids).log_probs
        if share:
            found = np.logaddexp(found + np.log1p(-share), model.background.score(ids).log_probs + np.log(share))
        return found
