"""Language modelling by a network: windows of the text, their cross entropy, and the scores of the network."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional as F

from seqlab.batching import SAMPLINGS, Window, fitting_batch_size, n_windows
from seqlab.config import LanguageModelling
from seqlab.errors import DataError
from seqlab.metrics.perplexity import LanguageScores
from seqlab.models.language import RecurrentLanguageModel
from seqlab.recurrent.stack import Carried
from seqlab.tasks import floors
from seqlab.tasks.base import Loss
from seqlab.tasks.lm import IndexedText
from seqlab.tasks.neural_lm import NeuralLanguageModel, build
from seqlab.text.vocab import UNK


class LanguageTask(IndexedText):
    """Language modelling over what `prepare` has left in a folder; see `seqlab.tasks.base.Task`.

    Raises:
        DataError: the training text is shorter than one window.
    """

    def __init__(self, config: LanguageModelling, folder: Path, device: str):
        super().__init__(config, folder)
        self.config, self.folder, self.device = config, folder, device
        window, n = config.batches.window, len(self.train)
        if n < window + 1:
            raise DataError(
                f"the training text has {n:,} {self.text.unit}s, less than one window of {window} and the token after it: "
                f"give more text, or --window {max(1, (n - 1) // 2)}"
            )
        self._singletons = self._seen_once() if config.batches.rare_as_unknown and self.text.may_not_know else None
        self.batch_size = fitting_batch_size(n, config.batches.batch_size, window)
        wanted = config.batches.batch_size
        if self.batch_size < wanted:
            short = (
                f"the text is too short for {wanted} rows of {window} {self.text.unit}s: a batch has {self.batch_size}"
            )
            self.notes.insert(0, short)
        self.notes += floors.notes(config, self)

    @property
    def unit(self) -> str:
        """What a token is."""
        return self.text.unit

    @property
    def n_steps(self) -> int:
        """Batches of an epoch."""
        return n_windows(self.config.batches.sampling, len(self.train), self.batch_size, self.config.batches.window)

    def build(self) -> RecurrentLanguageModel:
        """The model with its first weights, from torch's global generator."""
        sparse = self.config.training.optimizer == "sparse-adam" and not self.config.network.tied
        return build(self.config.network, len(self.text.vocab), sparse=sparse).to(self.device)

    def runs_on(self, model: nn.Module) -> list[str]:
        """What runs each recurrent layer in training, such as "torch kernel"."""
        assert isinstance(model, RecurrentLanguageModel)
        return model.runs_on(training=True)

    def batches(self, epoch: int) -> Iterator[Window]:
        """The windows of an epoch; which ones depends on the seed and the epoch alone."""
        batches = self.config.batches
        draw = np.random.default_rng([self.config.seed, 2, epoch])
        windows = SAMPLINGS[batches.sampling](self.train, self.batch_size, batches.window, draw)
        if self._singletons is None:
            return windows
        shown_as = np.arange(len(self.text.vocab))
        chance = np.random.default_rng([self.config.seed, 3, epoch]).random(len(self._singletons))
        shown_as[self._singletons[chance < batches.rare_as_unknown]] = UNK
        return (Window(shown_as[inputs], shown_as[targets], fresh) for inputs, targets, fresh in windows)

    def _seen_once(self) -> NDArray[np.intp]:
        """The ids of the types that occur once in the training text, which is read through rather than mapped."""
        counts = np.zeros(len(self.text.vocab), np.int64)
        with self.train_path.open("rb") as file:
            file.seek(-self.train.nbytes, os.SEEK_END)
            while len(part := np.fromfile(file, self.train.dtype, 1 << 22)):
                counts += np.bincount(part, minlength=len(counts))
        return np.flatnonzero(counts == 1)

    def loss(self, model: nn.Module, batch: Window, carried: Carried | None) -> Loss:
        """Cross entropy of the targets of one window; the carried state is cut from the graph that made it."""
        inputs, targets = (torch.from_numpy(ids).to(self.device) for ids in (batch.inputs, batch.targets))
        logits, state = model(inputs, None if batch.fresh else carried)
        nats = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="sum")
        return Loss(nats, targets.numel(), detached(state))

    def floors(self) -> dict[str, float]:
        """Nats a token of simple models, by their names."""
        return floors.floors(self.config, self, self.folder)

    def facts(self) -> dict[str, Any]:
        """Nothing else."""
        return {}

    def evaluate(self, model: nn.Module) -> LanguageScores:
        """Scores on the held-out text, or on the training text where nothing is held out."""
        assert isinstance(model, RecurrentLanguageModel)
        return NeuralLanguageModel(self.config, self.text, model, self.device).evaluate_ids(self.validation)


def detached(state: Carried) -> Carried:
    """The state without the graph that computed it."""
    return tuple(part.detach() for part in state) if isinstance(state, tuple) else state.detach()
