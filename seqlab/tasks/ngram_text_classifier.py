"""The class-conditional n-gram classifier in use. No torch."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqlab.config import Classification
from seqlab.ngram.classifier import NGramClassifier
from seqlab.tasks.classifier import Classifier, Floats
from seqlab.tasks.classifier_text import ClassifierText, Tokens


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

    def _log_probs(self, texts: Sequence[Tokens]) -> Floats:
        ids, starts = self.text.encode(texts)
        joint = self.model.log_probs(np.split(ids, starts[1:-1]) if len(texts) else [])
        joint[np.isneginf(joint).all(1)] = self.model.log_priors
        shifted: NDArray[np.float64] = joint - joint.max(1, keepdims=True)
        return shifted - np.log(np.exp(shifted).sum(1, keepdims=True))

    def _weights(self, tokens: Tokens, label: int) -> Floats:
        ids, _ = self.text.encode([tokens])
        each = np.stack([model.score(ids).log_probs for model in self.model.models])
        others = np.delete(each.sum(1), label)
        rival = int(others.argmax())
        found: Floats = each[label] - each[rival + (rival >= label)]
        return found
