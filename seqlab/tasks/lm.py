"""Language modelling: a text, a model of the next token, and its cross entropy."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional as F

from seqlab.batching import SAMPLINGS, Ids, Window, fitting_batch_size, n_windows, scoring
from seqlab.config import LanguageModelling, Network
from seqlab.errors import DataError
from seqlab.metrics.perplexity import CrossEntropy, LanguageScores
from seqlab.models.language import RecurrentLanguageModel
from seqlab.ngram.floors import floors
from seqlab.records import Text
from seqlab.recurrent.stack import Carried
from seqlab.tasks.base import Loss
from seqlab.tasks.heldout import Limited, Part, ranges
from seqlab.text.indexed import open_ids
from seqlab.text.pipeline import TextPipeline
from seqlab.text.vocab import BOS, SPECIALS, UNK

CONTEXT, STRETCH, SCORING_WINDOW, SCORING_ROWS = 512, 2048, 128, 64
FEWEST_CHARACTERS = 10
"""From which on a share of a text can be held out."""


@dataclass(frozen=True)
class Texts:
    """The running text of records; can be iterated as often as they can.

    Raises:
        DataError: a record is no text.
    """

    records: Iterable[Text | str]

    def __iter__(self) -> Iterator[str]:
        for record in self.records:
            if not isinstance(record, str | Text):
                raise DataError(
                    f"a record is a text or seqlab.records.Text, not {type(record).__name__}: {record!r:.60}"
                )
            yield record if isinstance(record, str) else record.text


def prepare(
    config: LanguageModelling,
    records: Iterable[Text | str],
    validation: Iterable[Text | str] | None,
    folder: Path,
) -> None:
    """Fit the text pipeline on the training text and index the text, into `folder/text` and `folder/data`.

    Args:
        config: the experiment; its sections `text` and `data` are used.
        records: the training text; it is iterated several times. validation: likewise; None holds out a share.
        folder: an existing folder.

    Raises:
        DataError: no text, a text that cannot be split or is too short, a vocabulary of one.
    """
    data = config.data
    text: Iterable[str] = Texts(records)
    if data.limit is not None:
        text = Limited(text, data.limit)
    train = text
    held_out: Iterable[str] | None = None if validation is None else Texts(validation)
    if held_out is None and data.validation_share:
        n_characters = sum(map(len, text))
        if 0 < n_characters < FEWEST_CHARACTERS:
            raise DataError(
                f"the training text has {n_characters} characters, too few to hold out a share: give more text, "
                "or --validation-share 0 to hold nothing out"
            )
        where = ranges(n_characters, data.validation_share, data.validation_split, config.seed)
        whole_lines = data.validation_split == "random"
        train, held_out = (Part(text, where, inside, whole_lines) for inside in (False, True))
    pipeline = TextPipeline.fit(train, **config.text.model_dump(), seed=config.seed)
    (folder / "text").mkdir(exist_ok=True)
    pipeline.save(folder / "text")
    (folder / "data").mkdir(exist_ok=True)
    pipeline.index(train, folder / "data" / "train.npy")
    if held_out is not None:
        n_tokens = pipeline.index(held_out, folder / "data" / "validation.npy").n_tokens
        if n_tokens == 0:
            raise DataError("the validation text is empty: give more text, or --validation-share 0 to hold nothing out")


class LanguageTask:
    """Language modelling over the indexed text in `folder/data`; see `seqlab.tasks.base.Task`.

    Raises:
        DataError: the training text is shorter than one window.
    """

    def __init__(self, config: LanguageModelling, folder: Path, device: str):
        self.config, self.device = config, device
        self.text = TextPipeline.load(folder / "text")
        self._train_path = folder / "data" / "train.npy"
        self.train = open_ids(self._train_path)
        held_out = folder / "data" / "validation.npy"
        if (config.data.validation_share or config.data.validation) and not held_out.exists():
            raise DataError(f"{held_out}: is missing, which was held out; start anew with --overwrite")
        self.validation = open_ids(held_out) if held_out.exists() else self.train
        window, n = config.batches.window, len(self.train)
        if n < window + 1:
            raise DataError(
                f"the training text has {n:,} {self.text.unit}s, less than one window of {window} and the token after it: "
                f"give more text, or --window {max(1, (n - 1) // 2)}"
            )
        self._singletons = self._seen_once() if config.batches.rare_as_unknown and self.text.may_not_know else None
        self.batch_size = fitting_batch_size(n, config.batches.batch_size, window)
        wanted = config.batches.batch_size
        short = f"the text is too short for {wanted} rows of {window} {self.text.unit}s: a batch has {self.batch_size}"
        self.notes = [short] if self.batch_size < wanted else []
        if config.data.limit is not None:
            self.notes.append(f"only the first {config.data.limit:,} characters are read")
        if self.validation is self.train:
            self.notes.append("nothing is held out: the training text itself is scored")
        self.sizes = {"train": n, "validation": len(self.validation), "vocabulary": len(self.text.vocab)}

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
        with self._train_path.open("rb") as file:
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

    def evaluate(self, model: nn.Module) -> LanguageScores:
        """Scores on the held-out text, or on the training text where nothing is held out."""
        return score_ids(model, self.validation, self.text.unit, self.device, first=self.text.start)

    def floors(self) -> dict[str, float]:
        """Unigram and bigram models counted on the training text, on the text of `evaluate`, in nats a token."""
        return floors(self.train, self.validation, self.text.start, len(self.text.vocab))


def build(network: Network, n_types: int, *, sparse: bool = False) -> RecurrentLanguageModel:
    """The model that the section `network` describes, over a vocabulary of `n_types`.

    The learned vectors of the special ids begin at zero: one that training never meets then says nothing.
    """
    model = RecurrentLanguageModel(n_types, **network.model_dump(exclude={"bidirectional"}), sparse=sparse)
    if model.embedding is not None:
        with torch.no_grad():
            model.embedding.weight[: len(SPECIALS)] = 0.0
    return model


def detached(state: Carried) -> Carried:
    """The state without the graph that computed it."""
    return tuple(part.detach() for part in state) if isinstance(state, tuple) else state.detach()


@torch.inference_mode()
def score_ids(
    model: nn.Module,
    ids: Ids,
    unit: str,
    device: str,
    *,
    first: int = BOS,
    batch_size: int = SCORING_ROWS,
    context: int = CONTEXT,
    stretch: int = STRETCH,
) -> LanguageScores:
    """Cross entropy of a text, every token counted once; `first` is the id that stands before it.

    Each token is predicted from the tokens before it: from at least `context` of them, or all there are (see
    `seqlab.batching.scoring`). With `stretch` as long as the text it is read as one sequence. `batch_size` stretches are
    read side by side, which changes the speed and not the figure.

    Raises:
        DataError: the text is empty.
    """
    if len(ids) == 0:
        raise DataError("the text to score is empty: give one with at least one token")
    model.eval()
    total, n_unknown = CrossEntropy(), 0
    state: Carried | None = None
    windows = scoring(ids, first, batch_size=batch_size, context=context, stretch=stretch, window=SCORING_WINDOW)
    for window in windows:
        inputs, targets = (torch.from_numpy(part).to(device) for part in (window.inputs, window.targets))
        logits, state = model(inputs, None if window.fresh else state)
        nats = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=-1, reduction="sum")
        total.add(nats.item(), int((window.targets >= 0).sum()))
        n_unknown += int((window.targets == UNK).sum())
    return LanguageScores(total.mean(), unit, total.n_tokens, n_unknown)
