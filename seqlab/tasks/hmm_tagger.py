"""A hidden Markov model as a tagger."""

from collections.abc import Sequence
from typing import Any

from seqlab.config import Tagging
from seqlab.ngram.tagging import HMMTagger
from seqlab.tasks.tagger import Tagger
from seqlab.text.width import to_half


class HmmTagger(Tagger):
    """A tagger whose tags are those of a hidden Markov model.

    Attributes:
        model: it.
    """

    def __init__(
        self, config: Tagging, model: HMMTagger, words: frozenset[str], scores: dict[str, Any] | None = None
    ) -> None:
        super().__init__(config, model.tags, words, scores)
        self.model, self._fold = model, config.text.width == "half"

    def _tags(self, sentences: Sequence[Sequence[str]]) -> list[list[str]]:
        if self._fold:
            sentences = [[to_half(token) for token in sentence] for sentence in sentences]
        return self.model.tag_many(sentences)
