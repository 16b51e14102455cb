"""A hidden Markov model as a tagger."""

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np

from seqlab.config import Tagging
from seqlab.decoding.viterbi import Candidates, best_paths
from seqlab.errors import DataError, ModelError
from seqlab.ngram.tagging import HMMTagger
from seqlab.tasks.legal_hmm import every_tag, legal_chain
from seqlab.tasks.tagger import Tagger
from seqlab.text.schemes import SCHEMES
from seqlab.text.width import to_half


class HmmTagger(Tagger):
    """A tagger whose tags are those of a hidden Markov model; where there is a scheme, they are legal in it.

    Where the words of a sentence cannot have legal tags, because training saw them with a few tags only, they may have any,
    at the price that the model has for a tag which a word never had.

    Attributes:
        model: it.

    Raises:
        ModelError: the model has a tag that is none of the scheme.
    """

    def __init__(
        self, config: Tagging, model: HMMTagger, words: frozenset[str], scores: dict[str, Any] | None = None
    ) -> None:
        super().__init__(config, model.tags, words, scores)
        self.model, self._fold = model, config.text.width == "half"
        self._chain = None
        if config.data.scheme is not None:
            try:
                self._chain = legal_chain(model, SCHEMES[config.data.scheme].legality(model.tags))
            except DataError as error:
                raise ModelError(f"the tags of the model do not fit its scheme: {error}") from None

    def _tags(self, sentences: Sequence[Sequence[str]]) -> list[list[str]]:
        if self._fold:
            sentences = [[to_half(token) for token in sentence] for sentence in sentences]
        if self._chain is None:
            return self.model.tag_many(sentences)
        words = list(chain.from_iterable(sentences))
        found = self._best(sentences, self.model.emissions.candidates(words))
        lost = [number for number, tags in enumerate(found) if tags is None]
        if lost:
            again = [sentences[number] for number in lost]
            for number, tags in zip(lost, self._best(again, every_tag(self.model, list(chain(*again)))), strict=True):
                found[number] = tags
        return [
            ["O"] * len(sentence) if tags is None else tags for sentence, tags in zip(sentences, found, strict=True)
        ]

    def _best(self, sentences: Sequence[Sequence[str]], candidates: Candidates) -> list[list[str] | None]:
        """The likeliest legal tags of each sentence; None where there are none."""
        assert self._chain is not None
        lengths = np.array([len(sentence) for sentence in sentences])
        numbers, log_probs = best_paths(self._chain, candidates, lengths)
        tags = [self.tags[number] for number in numbers.tolist()]
        ends = np.cumsum(lengths).tolist()
        cut = (tags[end - length : end] for end, length in zip(ends, lengths.tolist(), strict=True))
        return [None if log_prob == -np.inf else own for own, log_prob in zip(cut, log_probs.tolist(), strict=True)]
