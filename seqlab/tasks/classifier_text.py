"""How a classifier reads texts: in tokens, and of these in columns of features or in bags of n-grams. No torch."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seqlab.config import Classification
from seqlab.config.classification import BAGS, SEQUENCES
from seqlab.errors import ConfigError, DataError
from seqlab.text.codepoints import codes_of
from seqlab.text.features import TokenFeatures
from seqlab.text.ngram_features import NgramFeatures
from seqlab.text.pipeline import TextPipeline

Tokens = str | Sequence[str]
"""A text in tokens: a string whose characters they are, or a list of pieces."""
Ints = NDArray[np.int64]
_TOKENS_A_CHARACTER = 4  # at most, where tokens are bytes: shorter texts need not be cut into tokens to be counted


@dataclass(frozen=True)
class ClassifierText:
    """The text parts of a classifier, fitted on its training texts."""

    pipeline: TextPipeline
    longest: int
    """Tokens of a text that are read."""
    features: TokenFeatures | None = None
    """What a network that reads token by token reads of each."""
    ngrams: NgramFeatures | None = None
    """The n-grams that are counted."""

    @classmethod
    def fit(cls, config: Classification, texts: Sequence[str]) -> "ClassifierText":
        """Fit all parts on training texts.

        Raises:
            DataError: they have no token, or too few types. ConfigError: settings of the text that do not fit.
        """
        if config.training.from_run is not None:
            return cls._as_in_run(config, texts)
        pipeline = TextPipeline.fit(texts, **config.text.model_dump(), seed=config.seed)
        return cls(pipeline, config.data.longest)._with_parts(config, texts)

    @classmethod
    def _as_in_run(cls, config: Classification, texts: Sequence[str]) -> "ClassifierText":
        """The text parts of the run that training begins with: its vocabulary stands, known from more text than here."""
        pipeline = TextPipeline.load(Path(str(config.training.from_run)) / "text")
        read = cls(pipeline, config.data.longest)
        ids = read.encode(read.tokens(texts))[0]
        counts = np.bincount(ids, minlength=len(pipeline.vocab)).astype(np.int64)
        features = TokenFeatures(pipeline.vocab, counts, "keep", "keep", False, None, (), ())
        return cls(pipeline, config.data.longest, features)

    def _with_parts(self, config: Classification, texts: Sequence[str]) -> "ClassifierText":
        tokens = self.tokens(texts)
        if not any(map(len, tokens)):
            raise DataError("no training text has a token: give texts that are not blank, or another tokenizer")
        if config.model in SEQUENCES:
            features = config.features
            fitted = TokenFeatures.fit(
                tokens,
                min_count=config.text.min_count,
                max_size=config.text.max_size,
                bigrams=features.bigrams,
                bigram_min_count=features.bigram_min_count,
                kinds=False,
            )
            return ClassifierText(self.pipeline, self.longest, features=fitted)
        if config.model in BAGS:
            ids, starts = self.encode(tokens)
            bag = config.bag
            counted = NgramFeatures.fit(
                ids,
                starts,
                len(self.pipeline.vocab),
                max_order=bag.max_order,
                min_count=bag.feature_min_count,
                buckets=bag.buckets,
            )
            if not counted.n_features:
                raise DataError(
                    f"no n-gram is seen {bag.feature_min_count} times or more in the training texts: give more texts, or a "
                    "lower --feature-min-count"
                )
            return ClassifierText(self.pipeline, self.longest, ngrams=counted)
        return self

    def tokens(self, texts: Iterable[str]) -> list[Tokens]:
        """Each text in tokens, as many of them as are read."""
        return [self.pipeline.tokens(text)[: self.longest] for text in texts]

    def n_cut(self, texts: Iterable[str]) -> int:
        """How many texts have more tokens than are read."""
        long = (text for text in texts if len(text) > self.longest // _TOKENS_A_CHARACTER)
        return sum(len(self.pipeline.tokens(text)) > self.longest for text in long)

    def encode(self, texts: Sequence[Tokens]) -> tuple[Ints, Ints]:
        """The ids (N,) of the tokens of texts one after another, and (S + 1,) where each begins and the last one ends."""
        return self.pipeline.token_ids(_joined(texts)).astype(np.int64), _starts(texts)

    def columns(self, texts: Sequence[Tokens]) -> tuple[NDArray[np.int32], Ints]:
        """What is read of each token (N, C) of texts one after another, and (S + 1,) where each begins."""
        if self.features is None:
            raise ConfigError("this model reads no features of tokens")
        joined, starts = _joined(texts), _starts(texts)
        if isinstance(joined, str):
            return self.features.of_characters(codes_of(joined).astype(np.uint32), starts).ids, starts
        return self.features.of_tokens(joined, starts).ids, starts

    def bags(self, texts: Sequence[Tokens]) -> tuple[Ints, Ints]:
        """The numbers (M,) of the known n-grams of texts one after another, and (S + 1,) where those of each begin."""
        if self.ngrams is None:
            raise ConfigError("this model counts no n-grams")
        found, offsets = self.ngrams.features(*self.encode(texts))
        return found.astype(np.int64), offsets

    def save(self, folder: Path) -> None:
        """Write all parts to a folder."""
        self.pipeline.save(folder)
        if self.features is not None:
            self.features.save(folder / "features")
        if self.ngrams is not None:
            self.ngrams.save(folder / "ngrams")

    @classmethod
    def load(cls, config: Classification, folder: Path) -> "ClassifierText":
        """Read what `save` wrote; ModelError, with the name of the file, where one is missing or altered."""
        return cls(
            TextPipeline.load(folder),
            config.data.longest,
            TokenFeatures.load(folder / "features") if config.model in SEQUENCES else None,
            NgramFeatures.load(folder / "ngrams") if config.model in BAGS else None,
        )


def _joined(texts: Sequence[Tokens]) -> str | list[str]:
    if all(isinstance(text, str) for text in texts):
        return "".join(texts)  # type: ignore[arg-type]
    return list(chain.from_iterable(texts))


def _starts(texts: Sequence[Tokens]) -> Ints:
    return np.cumsum([0, *map(len, texts)])
