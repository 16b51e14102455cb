"""How a translator reads sources and writes targets: a pipeline a side, and how often its tokens were seen. No torch."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqlab.config import Translation
from seqlab.errors import DataError, ModelError
from seqlab.modeldir import read_json
from seqlab.tasks.pairs_kept import Sides, one_spaced
from seqlab.text.keys import from_npy, to_npy
from seqlab.text.pipeline import TextPipeline
from seqlab.text.vocab import UNK

Ints = NDArray[np.int64]
SOURCE, TARGET, COUNTS, GROWTH = "source", "target", "counts.npy", "growth.json"


@dataclass(frozen=True)
class Side:
    """From a sentence of one language to ids and back.

    To subword tokenizers a sentence begins with a space, so that its first word is cut as it is elsewhere.
    """

    pipeline: TextPipeline
    counts: Ints
    """(V,) how often each id was seen on this side of the training data."""

    @classmethod
    def fit(cls, config: Translation, name: str, max_size: int | None, texts: Sequence[str]) -> "Side":
        """Learn the tokens of texts; their counts are not taken yet.

        Raises:
            DataError: the texts have too few tokens. ConfigError: settings that do not fit.
        """
        text = config.text
        may_not_know = name not in ("sentencepiece", "byte")
        pipeline = TextPipeline.fit(
            (_begun(text, name) for text in texts),
            tokenizer=name,
            unicode=text.unicode,
            width=text.width,
            case=text.case,
            min_count=text.min_count if may_not_know else 1,
            max_size=max_size if name != "byte" else None,
            sentencepiece_model=text.sentencepiece_model if name == "sentencepiece" else "unigram",
            seed=config.seed,
        )
        return cls(pipeline, np.zeros(len(pipeline.vocab), np.int64))

    def counted(self, sentences: Iterable[Ints]) -> "Side":
        """The same with the counts of sentences in ids."""
        ids = np.concatenate([np.zeros(0, np.int64), *sentences])
        return Side(self.pipeline, np.bincount(ids, minlength=len(self.pipeline.vocab)).astype(np.int64))

    def tokens(self, text: str) -> list[str]:
        """The tokens of a sentence."""
        return list(self.pipeline.tokens(_begun(one_spaced(text), self.pipeline.tokenizer.name)))

    def encode(self, text: str) -> Ints:
        """The ids (N,) of a sentence."""
        return self.ids(self.tokens(text))

    def ids(self, tokens: Sequence[str]) -> Ints:
        """The ids (N,) of tokens."""
        return self.pipeline.vocab.ids(tokens).astype(np.int64)

    def text(self, tokens: Iterable[str]) -> str:
        """The sentence that tokens make."""
        joiner = self.pipeline.tokenizer.joiner()
        return one_spaced("".join([joiner.add(token) for token in tokens]) + joiner.finish())

    @property
    def may_not_know(self) -> bool:
        """Whether a sentence can hold tokens that are not in the vocabulary."""
        return self.pipeline.may_not_know

    def save(self, folder: Path) -> None:
        """Write the pipeline and the counts to a folder."""
        self.pipeline.save(folder)
        (folder / COUNTS).write_bytes(to_npy(self.counts))

    @classmethod
    def load(cls, folder: Path) -> "Side":
        """Read what `save` wrote; ModelError, with the name of the file, where one is missing or altered."""
        pipeline, counts = TextPipeline.load(folder), from_npy(folder / COUNTS, np.int64)
        if len(counts) != len(pipeline.vocab):
            raise ModelError(f"{folder / COUNTS}: not of the tokens of the vocabulary; copy the model directory again")
        return cls(pipeline, counts)


def _begun(text: str, tokenizer: str) -> str:
    return f" {text}" if tokenizer == "sentencepiece" else text


@contextmanager
def _named(side: str) -> Iterator[None]:
    """What goes wrong within this context says on which side."""
    try:
        yield
    except DataError as error:
        raise DataError(f"{side}: {error}") from error


GROWN = 0.999
"""Share of the training pairs that grow by `TranslatorText.growth` at most; the others may have lost a part of a side."""
LEAST_GROWTH, BEYOND = 2.0, 10
"""Target tokens for each token of the source that a translation may have in any case, and how many more."""


@dataclass(frozen=True)
class TranslatorText:
    """The text parts of a translator, fitted on its training pairs."""

    source: Side
    target: Side
    growth: float
    """Target tokens for each token of the source, at most, but for a few training pairs."""

    @classmethod
    def fit(cls, config: Translation, pairs: Sequence[Sides]) -> "TranslatorText":
        """Fit both sides on training pairs.

        Raises:
            DataError: a side has too few tokens. ConfigError: settings of the text that do not fit.
        """
        text = config.text
        sources, targets = [pair.source for pair in pairs], [pair.target for pair in pairs]
        if text.shared:
            source = target = Side.fit(config, text.tokenizer, text.max_size, [*sources, *targets])
        else:
            with _named("the source"):
                source = Side.fit(config, text.tokenizer, text.max_size, sources)
            with _named("the target"):
                target = Side.fit(config, text.of_target, text.target_max_size or text.max_size, targets)
        read, written = [*map(source.encode, sources)], [*map(target.encode, targets)]
        grown = [len(target) / max(1, len(source)) for source, target in zip(read, written, strict=True)]
        return cls(source.counted(read), target.counted(written), float(np.quantile(grown, GROWN)))

    def longest(self, n_source: int) -> int:
        """How many tokens a translation of a source of so many tokens may have."""
        return ceil(max(LEAST_GROWTH, self.growth) * n_source) + BEYOND

    def save(self, folder: Path) -> None:
        """Write both sides and the growth to a folder."""
        self.source.save(folder / SOURCE)
        self.target.save(folder / TARGET)
        (folder / GROWTH).write_text(json.dumps({"growth": self.growth}) + "\n", encoding="ascii", newline="")

    @classmethod
    def load(cls, folder: Path) -> "TranslatorText":
        """Read what `save` wrote; ModelError, with the name of the file, where one is missing or altered."""
        path = folder / GROWTH
        growth = read_json(path).get("growth") if path.exists() else 0.0  # which the first models lack
        if not isinstance(growth, float) or not 0.0 <= growth < np.inf:
            raise ModelError(f"{path}: holds no number from 0 upwards; copy the model directory again")
        return cls(Side.load(folder / SOURCE), Side.load(folder / TARGET), growth)


UNFAMILIAR, LEAST = 0.5, 4
"""Of the tokens of texts, the share that is unknown or new, and their number, from which on they do not seem to be
sources; a name by itself may well be new."""
EVIDENCE, EVIDENCE_PER_TOKEN = 10.0, 0.1
"""Nats by which texts have to be likelier as targets than as sources to be taken for such: in all, and for each token of a
source, as small differences add up where both sides are of one language."""

LONG = 2
"""How many times as long as any of the training data a text may be."""


def doubt(text: TranslatorText, texts: Iterable[str], longest: int) -> str | None:
    """What is odd about texts as sources, in a sentence; None where nothing is.

    `longest` is how many tokens a side of a training pair had at most.
    """
    given = [one_spaced(one) for one in texts]
    as_source, as_target = _familiarity(text.source, given), _familiarity(text.target, given)
    evidence = max(EVIDENCE, EVIDENCE_PER_TOKEN * as_source.n_tokens)
    if as_target.nats < as_source.nats - evidence and as_target.share <= UNFAMILIAR:
        return "the text looks more like targets than like sources of the training data: is it the right way round?"
    if as_source.share > UNFAMILIAR and as_source.n_unfamiliar >= LEAST:
        return (
            f"{as_source.share:.0%} of the tokens of the text are unknown or were never seen in a source: is it of "
            "the language that this model translates from?"
        )
    most = max((len(text.source.tokens(one)) for one in given), default=0)
    if most > LONG * longest:
        return (
            f"a text has {most:,} tokens, and those of the training data had {longest:,} at most: give a sentence a line, "
            "for of longer texts only the beginning is translated, and not well"
        )
    return None


class Familiarity(NamedTuple):
    """How texts look to a side."""

    n_tokens: int
    """Tokens in all."""
    n_unfamiliar: int
    """Tokens that are unknown or were never seen in training."""
    share: float
    """These among all tokens."""
    nats: float
    """-ln p of all tokens by their counts, one being added to each."""


def _familiarity(side: Side, texts: Sequence[str]) -> Familiarity:
    ids = np.concatenate([np.zeros(0, np.int64), *map(side.encode, texts)])
    log_probs = np.log(side.counts + 1.0) - np.log(side.counts.sum() + len(side.counts))
    n_unfamiliar = int(((ids == UNK) | (side.counts[ids] == 0)).sum())
    return Familiarity(len(ids), n_unfamiliar, n_unfamiliar / max(1, len(ids)), float(-log_probs[ids].sum()))
