"""Word segmentation by the longest words of a list."""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from seqlab.config import Segmentation
from seqlab.errors import ConfigError, unknown
from seqlab.tasks.segmenter import Mask, Segmenter
from seqlab.text.codepoints import text_of
from seqlab.text.max_match import MaximumMatcher
from seqlab.text.sentences import Sentences

Direction = Literal["forward", "backward", "bidirectional"]
DIRECTIONS = ("forward", "backward", "bidirectional")


class MatchingSegmenter(Segmenter):
    """Takes the longest word of a list, again and again (`seqlab.text.max_match`), between borders that are given."""

    def __init__(
        self,
        config: Segmentation,
        words: Iterable[str],
        direction: Direction = "bidirectional",
        scores: Mapping[str, Any] | None = None,
        *,
        fold: bool = False,
    ) -> None:
        """Take the words to look for; see `Segmenter`. ConfigError for an unknown direction."""
        if direction not in DIRECTIONS:
            raise ConfigError(unknown("direction", str(direction), DIRECTIONS))
        super().__init__(config, words, scores, fold=fold)
        self._match = getattr(MaximumMatcher(self.words), direction)

    def _begins(self, sentences: Sentences) -> Mask:
        text = self._read(text_of(sentences.codes))
        edges = np.append(np.flatnonzero(sentences.borders == 1), len(text)).tolist()
        sizes: list[int] = []
        for start, end in pairwise(edges):
            sizes += map(len, self._match(text[start:end]))
        begins = np.zeros(len(text), np.bool_)
        begins[np.cumsum(sizes) - sizes] = True
        begins[sentences.borders == -1] = False
        return begins
