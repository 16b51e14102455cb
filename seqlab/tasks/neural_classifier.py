"""The classifiers that are networks, in use."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from seqlab.config import Classification
from seqlab.config.classification import BAGS
from seqlab.modeldir import ModelDirectory
from seqlab.models.bag import BagClassifier
from seqlab.models.classifier import RecurrentClassifier
from seqlab.models.classifier_ensemble import RecurrentClassifiers
from seqlab.tasks import classifier_network
from seqlab.tasks.classifier import Classifier, Floats
from seqlab.tasks.classifier_network import Bags, Network, Sequences
from seqlab.tasks.classifier_text import ClassifierText, Ints, Tokens
from seqlab.tasks.classify import kept_labels, kept_temperature
from seqlab.tasks.cores import on_each_core

TOKENS = 1 << 14
"""Of a batch in use, padding included."""
BAG_ROWS = 2048


class NeuralClassifier(Classifier):
    """A classifier whose probabilities are those of a network.

    Attributes:
        model: the network, as it is used.
    """

    def __init__(
        self,
        config: Classification,
        labels: Sequence[str],
        text: ClassifierText,
        model: Network,
        temperature: float = 1.0,
        scores: dict[str, Any] | None = None,
        device: str = "cpu",
    ) -> None:
        super().__init__(config, labels, text, temperature, scores)
        self.model, self.device = classifier_network.in_use(model, config, device), device

    @classmethod
    def load(cls, directory: ModelDirectory, device: str = "cpu") -> "NeuralClassifier":
        """The model that a model directory holds, on a device.

        Raises:
            ModelError: weights or text parts do not fit the configuration.
        """
        config = directory.config
        assert isinstance(config, Classification)
        labels, _ = kept_labels(directory.path)
        text = ClassifierText.load(config, directory.path / "text")
        model = classifier_network.load(directory, text, len(labels))
        return cls(config, labels, text, model, kept_temperature(directory), directory.scores, device)

    def _log_probs(self, texts: Sequence[Tokens]) -> Floats:
        found = np.zeros((len(texts), len(self.labels)))
        counts = self.config.model in BAGS
        ids, starts = self.text.bags(texts) if counts else self.text.columns(texts)
        groups = (
            np.split(np.arange(len(texts)), range(BAG_ROWS, len(texts), BAG_ROWS))
            if counts
            else classifier_network.by_length(starts, TOKENS)
        )

        def classify(rows: Ints) -> None:
            with torch.inference_mode():
                out = classifier_network.logits(self.model, self._batch(ids, starts, rows), self.device).double()
                log_probs = torch.nn.functional.logsigmoid(out) if self.multi_label else out.log_softmax(-1)
            found[rows] = log_probs.cpu().numpy()

        on_each_core(classify, groups, self.device)
        return found

    def _batch(self, ids: Any, starts: Ints, rows: Ints) -> Sequences | Bags:
        if self.config.model not in BAGS:
            return classifier_network.sequences(ids, starts, rows)
        assert self.text.ngrams is not None
        return classifier_network.bags(self.text.ngrams, ids, starts, rows, self.config.bag.weighting)

    def _weights(self, tokens: Tokens, label: int) -> Floats:
        if not len(tokens):
            return np.zeros(0)
        if isinstance(self.model, BagClassifier):
            return self._weights_of_ngrams(tokens, label)
        ids, starts = self.text.columns([tokens])
        batch = classifier_network.sequences(ids, starts, np.zeros(1, np.int64))
        read, lengths = (torch.from_numpy(part).to(self.device) for part in batch)
        with torch.no_grad():
            vectors = self.model.embed(read)
        with torch.enable_grad():
            vectors = vectors.clone().requires_grad_(True)
            logit = self.model.from_vectors(vectors, lengths)[0, label]
            (gradient,) = torch.autograd.grad(logit, vectors)
        found: Floats = (gradient * vectors.detach()).sum(-1)[0].double().cpu().numpy()
        return found

    def _attention(self, tokens: Tokens) -> Floats | None:
        if not isinstance(self.model, RecurrentClassifier | RecurrentClassifiers) or not self.model.attends:
            return None
        if not len(tokens):
            return np.zeros(0)
        ids, starts = self.text.columns([tokens])
        read = classifier_network.sequences(ids, starts, np.zeros(1, np.int64))
        with torch.inference_mode():
            weights = self.model.attention(*(torch.from_numpy(part).to(self.device) for part in read))[0]
        found: Floats = weights.double().cpu().numpy()
        return found

    def _weights_of_ngrams(self, tokens: Tokens, label: int) -> Floats:
        """What each n-gram adds to the logit (`BagClassifier.contributions`), shared out evenly to the tokens in it."""
        assert self.text.ngrams is not None
        assert isinstance(self.model, BagClassifier)
        ngrams = self.text.ngrams
        features, _, first, length = ngrams.occurrences(*self.text.encode([tokens]))
        found = np.zeros(len(tokens))
        if not len(features):
            return found
        counts = ngrams.idf[features] if self.config.bag.weighting == "idf" else np.ones(len(features))
        ids, offsets, asked = features.astype(np.int64), np.array([0, len(features)]), np.array([label])
        parts = (torch.from_numpy(part).to(self.device) for part in (ids, offsets, asked, counts.astype(np.float32)))
        weights = self.model.contributions(*parts).double().cpu().numpy() / length
        for place in range(int(length.max())):  # the n-grams' first tokens, then their second ones, ...
            inside = place < length
            np.add.at(found, first[inside] + place, weights[inside])
        return found
