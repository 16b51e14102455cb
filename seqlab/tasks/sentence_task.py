"""Segmentation and tagging by a network: batches of sentences, their loss, and the scores of the network."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from seqlab.config import Segmentation, SentenceTask, Tagging
from seqlab.config.sentences import TRAIN
from seqlab.models.tagger import SequenceTagger
from seqlab.models.tagger_ensemble import TaggerEnsemble
from seqlab.models.tagger_ensemble import Tagging as Network
from seqlab.recurrent.stack import Carried
from seqlab.tasks import sentence_floors, sentence_network, sentences_kept, tag
from seqlab.tasks.base import Loss
from seqlab.tasks.by_length import grouped
from seqlab.tasks.evaluation import Evaluation
from seqlab.tasks.folds import Folds
from seqlab.tasks.neural_segmenter import LEGALITY, NeuralSegmenter
from seqlab.tasks.neural_tagger import NeuralTagger
from seqlab.tasks.sentence_parts import lists_of_training
from seqlab.tasks.word_exchange import WordExchange
from seqlab.text.bmes import numbers_of_tags, tags_of_words
from seqlab.text.codepoints import codes_of
from seqlab.text.features import Columns, TokenFeatures, marked
from seqlab.text.schemes import Legality
from seqlab.text.sentences import split_words
from seqlab.text.vocab import SPECIALS, UNK
from seqlab.text.width import to_half

RARE = 2
"""Up to how often a token is seen that may be trained as unknown."""


class Batch(NamedTuple):
    """Sentences side by side."""

    ids: NDArray[np.int64]
    """(B, T, C)"""
    flags: NDArray[np.float32]
    """(B, T, F)"""
    tags: NDArray[np.int64]
    """(B, T)"""
    lengths: Tensor
    """(B,)"""
    shares: NDArray[np.float32] | None
    """(B, T) what each tag counts for in the loss; 1 where None."""


class Encoded(NamedTuple):
    """Sentences one after another as numbers."""

    columns: Columns
    """What is read of the N tokens."""
    tags: NDArray[np.int64]
    """(N,)"""
    starts: NDArray[np.int64]
    """(S + 1,) where sentences begin, and where the last one ends."""
    shares: NDArray[np.float32] | None = None
    """(N,) what each tag counts for in the loss, 1 in the mean; 1 throughout where None."""


class SentenceNetworkTask(ABC):
    """Segmentation or tagging over what `prepare` has left in a folder; see `seqlab.tasks.base.NetworkTask`."""

    unit: str
    """What a target is."""
    counted: str
    """What data are counted in, in the plural."""
    legality: Legality

    def __init__(self, config: SentenceTask, folder: Path, device: str):
        self.config, self.folder, self.device = config, folder, device
        self.features = TokenFeatures.load(folder / "text")
        self.words = sentences_kept.kept_words(folder)
        self.train, held_out = sentences_kept.kept(folder)
        self.validation = self.train if held_out is None else held_out
        self.notes = ["nothing is held out: the training data themselves are scored"] if held_out is None else []
        if config.data.limit is not None:
            self.notes.append(f"only the first {config.data.limit:,} sentences are read")
        columns, self._tags, self._starts, self._shares = self._encoded()
        self._ids, self._marks = columns.ids, columns.flags.astype(np.uint8)
        self._rare = self.features.rare(RARE)
        self._groups = grouped(
            np.diff(self._starts), self._by_length(np.arange(len(self._starts) - 1)), config.batches.batch_size
        )
        vocabulary = len(self.features.vocab) - len(SPECIALS)
        self.sizes = {
            "train": self._size(self.train),
            "validation": self._size(self.validation),
            "vocabulary": vocabulary,
        }

    @abstractmethod
    def _encoded(self) -> Encoded:
        """The training sentences as numbers."""

    @abstractmethod
    def _size(self, sentences: list[Any]) -> int:
        """How many words, or tokens, sentences have."""

    @abstractmethod
    def evaluate(self, model: nn.Module) -> Evaluation:
        """Scores on the held-out sentences, or on those of training where nothing is held out."""

    @abstractmethod
    def floors(self) -> dict[str, Any]:
        """The scores of simple models on the same sentences, by their names; none where not wanted."""

    @property
    def n_steps(self) -> int:
        """Batches of an epoch."""
        return len(self._groups)

    def summary(self) -> str:
        """How much there is, in one line."""
        train, validation, vocabulary = (f"{size:,}" for size in self.sizes.values())
        return f"{train} {self.counted} to train on, {validation} to validate on, a vocabulary of {vocabulary} {self.unit}s"

    def facts(self) -> dict[str, Any]:
        """How large the tables of what is read are."""
        sizes = {table.name: table.size - len(SPECIALS) for table in self.features.tables if table.name != "kind"}
        return {"tables": sizes}

    def build(self) -> Network:
        """The model with its first weights, from torch's global generator."""
        return sentence_network.build(self.config, self.features, self.legality).to(self.device)

    def runs_on(self, model: nn.Module) -> list[str]:
        """What runs each recurrent layer in training, such as "torch kernel"."""
        assert isinstance(model, SequenceTagger | TaggerEnsemble)
        return model.runs_on(training=True)

    def batches(self, epoch: int) -> Iterator[Batch]:
        """The batches of an epoch; which ones depends on the seed and the epoch alone.

        Sentences of equal length are shuffled, so that they meet others each time, and so are the batches.
        """
        draw = np.random.default_rng([self.config.seed, 2, epoch])
        order = self._by_length(draw.permutation(len(self._starts) - 1))
        sizes = [len(group) for group in self._groups]
        groups = np.split(order, np.cumsum(sizes)[:-1])
        for number in draw.permutation(len(groups)).tolist():
            yield self._batch(groups[number], draw)

    def _by_length(self, sentences: NDArray[np.int64]) -> NDArray[np.int64]:
        ordered: NDArray[np.int64] = sentences[np.argsort(np.diff(self._starts)[sentences], kind="stable")]
        return ordered

    def _batch(self, rows: NDArray[np.int64], draw: np.random.Generator) -> Batch:
        starts, lengths = self._starts[rows], np.diff(self._starts)[rows]
        steps = np.arange(lengths.max())
        places = starts[:, None] + np.minimum(steps, lengths[:, None] - 1)
        ids = self._ids[places].astype(np.int64)
        if share := self.config.batches.rare_as_unknown:
            tokens = ids[..., 0]
            tokens[np.isin(tokens, self._rare) & (draw.random(tokens.shape) < share)] = UNK
        if share := self.config.features.bigram_dropout * self.config.features.bigrams:
            for column, table in enumerate(self.features.columns):
                if self.features.tables[table].name == "bigram":
                    ids[..., column][draw.random(places.shape) < share] = UNK
        shares = None if self._shares is None else self._shares[places]
        return Batch(ids, self._marks[places].astype(np.float32), self._tags[places], torch.from_numpy(lengths), shares)

    def loss(self, model: nn.Module, batch: Batch, carried: Carried | None) -> Loss:
        """The negative log-likelihood of the tags of one batch; nothing is carried on."""
        assert isinstance(model, SequenceTagger | TaggerEnsemble)
        ids, flags, tags = (torch.from_numpy(part).to(self.device) for part in batch[:3])
        lengths = batch.lengths.to(self.device)
        shares = None if batch.shares is None else torch.from_numpy(batch.shares).to(self.device)
        nats = model.nll(model(ids, flags, lengths), tags, lengths, shares)
        return Loss(nats, int(batch.lengths.sum()), None)


class SegmentationTask(SentenceNetworkTask):
    """Word segmentation by a network; sentences are cut where they end, as they are in use."""

    config: Segmentation
    unit, counted = "character", "words"
    legality = LEGALITY

    def _encoded(self) -> Encoded:
        sentences = [part for words in self.train for part in split_words(words)]
        texts = ["".join(words) for words in sentences]
        codes = codes_of("".join(texts)).astype(np.uint32)
        starts = np.cumsum([0, *map(len, texts)])
        tags = numbers_of_tags("".join(map(tags_of_words, sentences))).astype(np.int64)
        self._folds = Folds(self._as_known(sentences), self.config.features.lexicon_folds)
        self._exchange = WordExchange(sentences, self._folds, codes) if self.config.batches.exchange_unknown else None
        weight, shares = self.config.batches.unknown_weight, None
        if weight != 1.0:
            shares = np.where(self._folds.only_here(), weight, 1.0).astype(np.float32)
            shares /= shares.mean()
        return Encoded(self._columns(codes, starts), tags, starts, shares)

    def batches(self, epoch: int) -> Iterator[Batch]:
        """The batches of an epoch; which ones depends on the seed and the epoch alone."""
        if self._exchange is not None:
            draw = np.random.default_rng([self.config.seed, 3, epoch])
            columns = self._columns(self._exchange.codes(self.config.batches.exchange_unknown, draw), self._starts)
            self._ids, self._marks = columns.ids, columns.flags.astype(np.uint8)
        yield from super().batches(epoch)

    def _columns(self, codes: NDArray[np.uint32], starts: NDArray[np.int64]) -> Columns:
        """What is read of the training characters."""
        columns = self.features.of_characters(codes, starts)
        if TRAIN not in self.config.features.lexicons:
            return columns
        return Columns(columns.ids, self._flags(codes, starts))

    def _as_known(self, sentences: list[list[str]]) -> list[list[str]]:
        """The words as the list of known ones has them."""
        if self.config.text.width == "keep":
            return sentences
        return [[to_half(word) for word in words] for words in sentences]

    def _flags(self, codes: NDArray[np.uint32], starts: NDArray[np.int64]) -> NDArray[np.float32]:
        """The flags of the training characters, those of the list train by the words of the other folds."""
        at, parts = self.config.features.lexicons.index(TRAIN), []
        for first, last, elsewhere in self._folds:
            lexicons = list(self.features.lexicons)
            lexicons[at : at + 2] = lists_of_training(self.config, elsewhere)
            begin, end = starts[first], starts[last]
            parts.append(marked(codes[begin:end], starts[first : last + 1] - begin, lexicons))
        return np.concatenate(parts)

    def _size(self, sentences: list[Any]) -> int:
        return sum(map(len, sentences))

    def evaluate(self, model: nn.Module) -> Evaluation:
        """Scores on the held-out sentences, or on those of training where nothing is held out."""
        assert isinstance(model, SequenceTagger | TaggerEnsemble)
        segmenter = NeuralSegmenter(self.config, self.features, model, self.words, device=self.device)
        return segmenter.evaluate(self.validation)

    def floors(self) -> dict[str, Any]:
        """The scores of maximum matching and of a hidden Markov model."""
        return sentence_floors.of_segmentation(self.config, self.train, self.validation, self.words)


class TaggingTask(SentenceNetworkTask):
    """Tagging by a network."""

    config: Tagging
    unit, counted = "token", "tokens"

    def __init__(self, config: Tagging, folder: Path, device: str):
        self.tags, notes = tag.kept_tags(folder)
        self.legality = tag.legality_of(config, self.tags)
        super().__init__(config, folder, device)
        self.notes += notes

    def _encoded(self) -> Encoded:
        numbers = {name: number for number, name in enumerate(self.tags)}
        tokens = [token for pair in self.train for token in pair[0]]
        tags = np.array([numbers[name] for pair in self.train for name in pair[1]])
        starts = np.cumsum([0, *(len(pair[0]) for pair in self.train)])
        return Encoded(self.features.of_tokens(tokens, starts), tags, starts)

    def _size(self, sentences: list[Any]) -> int:
        return sum(len(pair[0]) for pair in sentences)

    def evaluate(self, model: nn.Module) -> Evaluation:
        """Scores on the held-out sentences, or on those of training where nothing is held out."""
        assert isinstance(model, SequenceTagger | TaggerEnsemble)
        tagger = NeuralTagger(self.config, self.tags, self.features, model, self.words, device=self.device)
        return tagger.evaluate([(tokens, tags) for tokens, tags in self.validation])

    def floors(self) -> dict[str, Any]:
        """The scores of each token's most frequent tag and of a hidden Markov model."""
        return sentence_floors.of_tagging(self.config, self.train, self.validation, self.words)
