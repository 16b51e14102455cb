"""Translation by a network: batches of pairs, their loss, and the scores of the network."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from seqlab.config import Translation
from seqlab.models.translator import RecurrentTranslator
from seqlab.recurrent.stack import Carried
from seqlab.tasks import pairs_kept, translate, translate_floors, translator_network
from seqlab.tasks.base import Loss
from seqlab.tasks.by_length import grouped
from seqlab.tasks.translation_scores import TranslatorScores
from seqlab.tasks.translator import Translator
from seqlab.tasks.translator_text import Ints, TranslatorText
from seqlab.text.vocab import BOS, EOS, SPECIALS, UNK

UNEVEN = 4.0
"""Tokens that sources of targets of one length may change places by, so that pairs meet others each epoch."""


class Batch(NamedTuple):
    """Pairs side by side."""

    source: Tensor
    """(B, S) ids."""
    source_lengths: Tensor
    """(B,)"""
    target: Tensor
    """(B, T) ids, from the begin on: what the decoder reads."""
    target_lengths: Tensor
    """(B,)"""
    wanted: Tensor
    """(n,) ids of what it is to predict after each of its n tokens, row after row; the end after the last ones."""
    sampling: float
    """Share of what the decoder reads that it predicted itself."""


class TranslationTask:
    """Translation over what `prepare` has left in a folder; see `seqlab.tasks.base.NetworkTask`."""

    def __init__(self, config: Translation, folder: Path, device: str):
        self.config, self.folder, self.device = config, folder, device
        self.text = TranslatorText.load(folder / "text")
        self.unit = self.text.target.pipeline.unit
        self.notes = translate.kept_notes(folder)
        self.train, held_out = pairs_kept.kept(folder)
        self.validation = self.train if held_out is None else held_out
        self._sources = [self.text.source.encode(pair.source) for pair in self.train]
        self._targets = [self.text.target.encode(pair.target) for pair in self.train]
        self._lengths = np.array([(len(s), len(t) + 1) for s, t in zip(self._sources, self._targets, strict=True)])
        self._group_sizes = [
            len(group) for group in grouped(self._lengths.max(1), self._by_length(None), config.batches.batch_size)
        ]
        self._rare = self.text.source.counts == 1 if self.text.source.may_not_know else None
        self.sizes = {
            "train": int(self._lengths[:, 1].sum()),
            "validation": sum(len(self.text.target.tokens(pair.target)) + 1 for pair in self.validation),
            "vocabulary": len(self.text.target.pipeline.vocab) - len(SPECIALS),
        }

    @property
    def n_steps(self) -> int:
        """Batches of an epoch."""
        return len(self._group_sizes)

    def summary(self) -> str:
        """How much there is, in one line."""
        source, target = self.text.source.pipeline, self.text.target.pipeline
        n_source, n_target = (f"{len(side.vocab) - len(SPECIALS):,}" for side in (source, target))
        vocabulary = (
            f"one vocabulary of {n_target} {target.unit}s"
            if self.config.text.shared
            else f"vocabularies of {n_source} {source.unit}s and {n_target} {target.unit}s"
        )
        return f"{len(self.train):,} pairs to train on, {len(self.validation):,} to validate on, {vocabulary}"

    def facts(self) -> dict[str, Any]:
        """How many pairs there are, and how large the vocabulary of the source is."""
        n_source = len(self.text.source.pipeline.vocab) - len(SPECIALS)
        return {"n_pairs": len(self.train), "n_validation_pairs": len(self.validation), "source_vocabulary": n_source}

    def build(self) -> RecurrentTranslator:
        """The model with its first weights, from torch's global generator."""
        return translator_network.build(self.config, self.text).to(self.device)

    def runs_on(self, model: nn.Module) -> list[str]:
        """What runs each recurrent layer in training, such as "torch kernel"."""
        assert isinstance(model, RecurrentTranslator)
        return model.runs_on(training=True)

    def batches(self, epoch: int) -> Iterator[Batch]:
        """The batches of an epoch; which ones depends on the seed and the epoch alone."""
        draw = np.random.default_rng([self.config.seed, 2, epoch])
        groups = np.split(self._by_length(draw), np.cumsum(self._group_sizes)[:-1])
        n_steps = self.n_steps * self.config.training.epochs
        for step, number in enumerate(draw.permutation(len(groups)).tolist(), start=epoch * self.n_steps):
            yield self._batch(groups[number], draw, self.config.objective.sampling * step / n_steps)

    def _by_length(self, draw: np.random.Generator | None) -> Ints:
        """The numbers of all pairs, by the lengths of their targets, then by about those of their sources."""
        lengths = self._lengths.astype(np.float64)
        if draw is not None:
            lengths[:, 0] += UNEVEN * draw.random(len(lengths))
        ordered: Ints = np.lexsort((lengths[:, 0], lengths[:, 1]))
        return ordered

    def _batch(self, rows: Ints, draw: np.random.Generator, sampling: float) -> Batch:
        source, source_lengths = translator_network.side_by_side(
            [self._hidden(self._sources[row], draw) for row in rows.tolist()]
        )
        target, target_lengths = translator_network.side_by_side(
            [np.append(BOS, self._targets[row]) for row in rows.tolist()]
        )
        wanted = torch.from_numpy(np.concatenate([np.append(self._targets[row], EOS) for row in rows.tolist()]))
        return Batch(source, source_lengths, target, target_lengths, wanted, sampling)

    def _hidden(self, source: Ints, draw: np.random.Generator) -> Ints:
        """A source with some of its rare tokens unknown."""
        share = self.config.batches.rare_as_unknown
        if self._rare is None or not share:
            return source
        hidden: NDArray[np.bool_] = self._rare[source] & (draw.random(len(source)) < share)
        return np.where(hidden, UNK, source)

    def loss(self, model: nn.Module, batch: Batch, carried: Carried | None) -> Loss:
        """The loss of one batch, a sum over its target tokens, ends among them; nothing is carried on."""
        assert isinstance(model, RecurrentTranslator)
        source, source_lengths, target, target_lengths, wanted = (part.to(self.device) for part in batch[:5])
        logits = model.token_logits(source, source_lengths, target, target_lengths, batch.sampling)
        smoothing = self.config.objective.label_smoothing
        nats = F.cross_entropy(logits, wanted, reduction="sum", label_smoothing=smoothing)
        return Loss(nats, len(wanted), None)

    def evaluate(self, model: nn.Module) -> TranslatorScores:
        """Scores of greedy translations of the held-out pairs, or of those of training where nothing is held out."""
        return self._translator(model).evaluate(self.validation, beam=1)

    def scores_in_use(self, model: nn.Module) -> TranslatorScores:
        """Scores on the same pairs of translations that are searched for as the settings of decoding say."""
        return self._translator(model).evaluate(self.validation)

    def _translator(self, model: nn.Module) -> Translator:
        assert isinstance(model, RecurrentTranslator)
        return Translator(self.config, self.text, model, device=self.device)

    def floors(self) -> dict[str, Any]:
        """The scores of the sources as they are; none where not wanted."""
        return translate_floors.floors(self.config, self.validation)
