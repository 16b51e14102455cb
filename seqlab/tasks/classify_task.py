"""Text classification by a network: batches of texts, their loss, and the scores of the network."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from seqlab.config import Classification
from seqlab.config.classification import BAGS
from seqlab.metrics.classification import ClassificationScores
from seqlab.metrics.multi_label import MultiLabelScores
from seqlab.models.classifier import RecurrentClassifier
from seqlab.models.classifier_ensemble import RecurrentClassifiers
from seqlab.recurrent.stack import Carried
from seqlab.tasks import classifier_network, classify, classify_floors
from seqlab.tasks.base import Loss
from seqlab.tasks.classifier_network import Bags, Network, Sequences
from seqlab.tasks.classify import Prepared
from seqlab.tasks.labelled_kept import Example
from seqlab.tasks.neural_classifier import NeuralClassifier
from seqlab.text.augmentation import augmented
from seqlab.text.vocab import UNK

RARE = 1
"""Up to how often a token is seen that may be trained as unknown."""
POOLS = 50
"""Batches' worth of texts that are sorted by length together, so that a batch has little padding."""


class Batch(NamedTuple):
    """Some texts and what they are to be given."""

    texts: Sequences | Bags
    targets: NDArray[Any]
    """(B,) the numbers of their labels, or (B, K) 1 for each label of a text and 0 for the others."""


class ClassificationTask:
    """Text classification over what `prepare` has left in a folder; see `seqlab.tasks.base.NetworkTask`."""

    unit = "text"

    def __init__(self, config: Classification, folder: Path, device: str):
        self.config, self.folder, self.device = config, folder, device
        self._prepared = prepared = Prepared.load(config, folder)
        self.labels, self.notes, self.sizes = prepared.labels, prepared.notes, prepared.sizes
        self.text, self.train = prepared.text, prepared.train
        self._tokens = self.text.tokens(example.text for example in self.train)
        self._counts = config.model in BAGS
        self._ids: NDArray[Any]
        self._ids, self._starts = (self.text.bags if self._counts else self.text.columns)(self._tokens)
        self._rare = np.zeros(0, np.int64) if self.text.features is None else self.text.features.rare(RARE)
        self._targets = self._targets_of(self.train)
        self._class_weights = self._balanced() if config.objective.class_weights == "balanced" else None
        self._temperature = 1.0

    def _targets_of(self, examples: list[Example]) -> NDArray[Any]:
        if not self.config.data.multi_label:
            return classify.targets(examples, self.labels)
        rows = [[label in example.labels for label in self.labels] for example in examples]
        return np.array(rows, np.float32)

    def _balanced(self) -> Tensor:
        """n / (K n_k) for each class k (King & Zeng 2001), so that the mean over the texts is 1."""
        counts = np.bincount(self._targets, minlength=len(self.labels))
        return torch.from_numpy(len(self._targets) / (len(self.labels) * counts)).float().to(self.device)

    @property
    def n_steps(self) -> int:
        """Batches of an epoch."""
        return -(-len(self.train) // self.config.batches.batch_size)

    def summary(self) -> str:
        """How much there is, in one line."""
        return self._prepared.summary()

    def facts(self) -> dict[str, Any]:
        """The labels' number, the temperature, and how many n-grams are counted."""
        facts: dict[str, Any] = {"n_labels": len(self.labels), "temperature": self._temperature}
        return facts | ({"n_features": self.text.ngrams.n_features} if self.text.ngrams else {})

    def build(self) -> Network:
        """The model with its first weights, from torch's global generator, or with those of the run to begin with."""
        model = classifier_network.build(self.config, self.text, len(self.labels))
        if self.config.training.from_run is not None:
            classifier_network.begin_from_run(model, Path(self.config.training.from_run))
        return model.to(self.device)

    def runs_on(self, model: nn.Module) -> list[str]:
        """What runs each recurrent layer in training, such as "torch kernel"; "torch" where there is none."""
        if isinstance(model, RecurrentClassifier | RecurrentClassifiers):
            return model.runs_on(training=True)
        return ["torch"]

    def batches(self, epoch: int) -> Iterator[Batch]:
        """The batches of an epoch; which ones depends on the seed and the epoch alone."""
        draw, size = np.random.default_rng([self.config.seed, 2, epoch]), self.config.batches.batch_size
        order = draw.permutation(len(self.train))
        lengths = np.diff(self._starts)
        pools = [order[at : at + POOLS * size] for at in range(0, len(order), POOLS * size)]
        by_length = [pool[np.argsort(lengths[pool], kind="stable")] for pool in pools]
        groups = [pool[at : at + size] for pool in by_length for at in range(0, len(pool), size)]
        for number in draw.permutation(len(groups)).tolist():
            yield Batch(self._texts(groups[number], draw), self._targets[groups[number]])

    def _texts(self, rows: NDArray[np.int64], draw: np.random.Generator) -> Sequences | Bags:
        ids, starts = self._ids, self._starts
        changes = self.config.augmentation.model_dump()
        if any(changes.values()):
            changed = [augmented(self._tokens[row], draw, **changes) for row in rows.tolist()]
            ids, starts = (self.text.bags if self._counts else self.text.columns)(changed)
            rows = np.arange(len(rows))
        if self._counts:
            assert self.text.ngrams is not None
            return classifier_network.bags(self.text.ngrams, ids, starts, rows, self.config.bag.weighting)
        batch = classifier_network.sequences(ids, starts, rows)
        self._hide(batch.ids, draw)
        return batch

    def _hide(self, ids: NDArray[np.int64], draw: np.random.Generator) -> None:
        """Make rare tokens, and pairs, unknown at random, in place."""
        features = self.text.features
        assert features is not None
        if share := self.config.batches.rare_as_unknown:
            tokens = ids[..., 0]
            tokens[np.isin(tokens, self._rare) & (draw.random(tokens.shape) < share)] = UNK
        if share := self.config.features.bigram_dropout * self.config.features.bigrams:
            for column, table in enumerate(features.columns):
                if features.tables[table].name == "bigram":
                    ids[..., column][draw.random(ids.shape[:2]) < share] = UNK

    def loss(self, model: nn.Module, batch: Batch, carried: Carried | None) -> Loss:
        """The loss of one batch, a sum over its texts, the mean over the members; nothing is carried on."""
        targets = torch.from_numpy(batch.targets).to(self.device)
        each = [
            self._loss_of(own, targets) for own in classifier_network.logits_to_learn(model, batch.texts, self.device)
        ]
        return Loss(torch.stack(each).mean(), len(targets), None)

    def _loss_of(self, logits: Tensor, targets: Tensor) -> Tensor:
        if self.config.data.multi_label:
            return F.binary_cross_entropy_with_logits(logits, targets, reduction="sum")
        smoothing = self.config.objective.label_smoothing
        if self.config.objective.loss == "cross-entropy":
            each = F.cross_entropy(logits, targets, reduction="none", label_smoothing=smoothing)
        else:
            wanted = F.one_hot(targets, len(self.labels)).to(logits.dtype)
            wanted = wanted * (1 - smoothing) + smoothing / len(self.labels)
            each = (logits.softmax(-1) - wanted).square().sum(-1)
        # The weight is that of the text, not of what smoothing gives the other classes, as torch would have it.
        return (each if self._class_weights is None else each * self._class_weights[targets]).sum()

    def evaluate(self, model: nn.Module) -> ClassificationScores | MultiLabelScores:
        """Scores on the held-out texts, where the temperature is fitted; on those of training where nothing is held out."""
        classifier, scored = self._classifier(model), self._prepared.scored
        log_probs = classifier.log_probs((example.text for example in scored), calibrated=False)
        self._temperature = self._prepared.temperature(log_probs)
        return classifier.score_of(scored, log_probs)

    def _classifier(self, model: nn.Module) -> NeuralClassifier:
        assert not isinstance(model, Tensor)
        made: Any = model
        return NeuralClassifier(self.config, self.labels, self.text, made, device=self.device)

    def floors(self) -> dict[str, Any]:
        """The scores of simple models on the held-out texts, by their names; none where not wanted or none held out."""
        return classify_floors.floors(self.config, self.labels, self.text, self.train, self._prepared.held_out)

    def training_scores(self, model: nn.Module) -> dict[str, Any]:
        """What a model reaches on texts that it was trained on; none where these are the validation texts."""
        return self._prepared.training_scores(self._classifier(model))
