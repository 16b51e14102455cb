"""Words of training sentences put in each other's places, so that more is learned of each place and of each word."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from seqlab.tasks.folds import Folds
from seqlab.text.codepoints import HAN, NUMERAL, kinds

LENGTHS = (2, 3, 4)
"""Characters of the words that are exchanged: names and compounds of Chinese characters, as most new words are."""


class WordExchange:
    """Chinese words that stand in one part of the training sentences alone, for others of that part.

    Such a word stands for the new words of a text to come, and has been seen in one or two places. In the place of another
    one it is as new, since no other part has it, and is a word as long, so that all tags stay as they are.

    Args:
        sentences: S of them, in words.
        folds: their parts.
        codes: (N,) the code points of all of them, one after another.
    """

    def __init__(self, sentences: Sequence[Sequence[str]], folds: Folds, codes: NDArray[np.uint32]) -> None:
        self._codes = codes
        lengths = np.array([len(word) for words in sentences for word in words])
        starts = np.cumsum(lengths) - lengths
        chinese = np.logical_and.reduceat((kinds()[codes] & (HAN | NUMERAL)) > 0, starts)
        n_words = np.array([len(words) for words in sentences])
        parts = np.concatenate(
            [np.full(n_words[first:last].sum(), part) for part, (first, last, _) in enumerate(folds)]
        )
        wanted = chinese & folds.only_here()[starts]
        of_a_kind = [
            np.flatnonzero(wanted & (lengths == length) & (parts == part))
            for length in LENGTHS
            for part in range(int(parts[-1]) + 1)
        ]
        self._groups = [(starts[words], int(lengths[words[0]])) for words in of_a_kind if len(words)]

    def codes(self, share: float, draw: np.random.Generator) -> NDArray[np.uint32]:
        """The code points (N,) with a share of these words replaced, each by one drawn from those that it could be."""
        changed = self._codes.copy()
        for starts, length in self._groups:
            replaced = starts[draw.random(len(starts)) < share]
            taken = draw.choice(starts, len(replaced))
            for at in range(length):
                changed[replaced + at] = self._codes[taken + at]
        return changed
