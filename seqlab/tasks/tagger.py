"""A tagger in use, whatever finds the tags."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np

from seqlab.config import Tagging
from seqlab.errors import ConfigError, DataError
from seqlab.metrics.spans import SpanCounts
from seqlab.metrics.tags import TagCounts
from seqlab.records import Tagged
from seqlab.tasks.evaluation import Evaluation
from seqlab.tasks.sentence_records import Pair, pair_of
from seqlab.text.schemes import SCHEMES, Scheme, Span
from seqlab.text.width import to_half

AT_A_TIME = 4096
"""Sentences that are tagged together, so that memory is bounded."""


class Tagger(ABC):
    """Finds a tag for each token of a sentence; what `seqlab.load` gives for the task "tag".

    It can be used from several threads at once.

    Attributes:
        config: every setting. tags: those that it can give, in the order of their numbers.
        scores: what it reached in training. words: the tokens of the training data.
    """

    def __init__(
        self, config: Tagging, tags: Sequence[str], words: frozenset[str], scores: dict[str, Any] | None = None
    ) -> None:
        self.config, self.tags, self.words, self.scores = config, tuple(tags), words, scores or {}
        self.reads_characters = all(len(word) == 1 for word in words)
        """Whether the tokens of the training data are single characters."""

    @abstractmethod
    def _tags(self, sentences: Sequence[Sequence[str]]) -> list[list[str]]:
        """The tags of sentences, none of which is empty."""

    def tag(self, tokens: Sequence[str]) -> list[str]:
        """The tags of one sentence, one for each token.

        Args:
            tokens: N tokens: characters or words, whichever the model was trained on. A text is its characters.

        Raises:
            DataError: the tokens are no texts.
        """
        return self.batch([tokens])[0]

    def batch(self, sentences: Iterable[Sequence[str]]) -> list[list[str]]:
        """The tags of several sentences; faster than one by one.

        Raises:
            DataError: the tokens are no texts.
        """
        if isinstance(sentences, str):
            raise DataError(f"give a list of sentences, each a list of tokens, not one text: {sentences!r:.60}")
        found: list[list[str]] = []
        for part in _parts(sentences):
            for sentence in part:
                if not isinstance(sentence, Sequence) or not all(isinstance(token, str) for token in sentence):
                    raise DataError(f"a sentence is a list of tokens, which are texts, not {sentence!r:.60}")
            read = [number for number, sentence in enumerate(part) if len(sentence)]
            tags: list[list[str]] = [[] for _ in part]
            for number, own in zip(read, self._tags([part[number] for number in read]) if read else (), strict=True):
                tags[number] = own
            found += tags
        return found

    def spans(self, tokens: Sequence[str]) -> list[Span]:
        """The spans that the tags of one sentence mark: start, end (exclusive) and type, in tokens.

        Raises:
            ConfigError: the model was trained without a scheme, so its tags mark none.
            DataError: the tokens are no texts.
        """
        return self.spans_of_tags(self.tag(tokens))

    def spans_of_tags(self, tags: Sequence[str]) -> list[Span]:
        """The spans that tags mark in the scheme of this model.

        Raises:
            ConfigError: the model was trained without a scheme.
        """
        scheme = self.config.data.scheme
        if scheme is None:
            raise ConfigError("scheme: this model was trained without one, so its tags mark no spans; use tag")
        return SCHEMES[scheme].whole_spans(tags)

    def evaluate(self, records: Iterable[Tagged | Pair]) -> Evaluation:
        """Score the tags on sentences: accuracy, and where there is a scheme precision, recall and F1 of spans.

        A span is right where its start, its end and its type are, as in the strict mode of seqeval; what is illegal in the
        true tags counts as that mode has it.

        Raises:
            DataError: a record is no tagged sentence, or there is none.
        """
        folded = self.config.text.width == "half"
        scheme = SCHEMES[self.config.data.scheme] if self.config.data.scheme else None
        tags, spans, counts = TagCounts(self.words), SpanCounts(), list[tuple[int, ...]]()
        for part in _parts(map(pair_of, records)):
            for (tokens, true, source), predicted in zip(part, self.batch([pair[0] for pair in part]), strict=True):
                looked_up = list(map(to_half, tokens)) if folded else tokens
                n_tokens, n_correct = tags.add(looked_up, true, predicted)
                if scheme is None:
                    counts.append((n_tokens, n_tokens, n_correct))
                else:
                    _check_known(scheme, true, source)
                    counts.append(spans.add(scheme.whole_spans(true), scheme.whole_spans(predicted)))
        if not counts:
            raise DataError("there is no sentence to score: give at least one")
        confusions = tags.confusions()
        array = np.array(counts, np.int64)
        if scheme is None:
            return Evaluation("tags", "token", tags.scores(), confusions=confusions, counts=array)
        return Evaluation("spans", "token", spans.scores(), tags.scores(), spans.by_type(), confusions, array)


def _check_known(scheme: Scheme, tags: Sequence[str], source: str) -> None:
    """Refuse tags that are none of a scheme; an order that is not legal in it is none of our business.

    Raises:
        DataError: with where it stands.
    """
    try:
        scheme.legality(sorted(set(tags)))
    except DataError as error:
        where = f"{source}: " if source else ""
        raise DataError(f"{where}{error}; the model was trained with that scheme") from None


def _parts(items: Iterable[Any]) -> Iterator[list[Any]]:
    """Lists of at most AT_A_TIME items."""
    iterator = iter(items)
    while part := list(islice(iterator, AT_A_TIME)):
        yield part
