"""Parts of training sentences, each seen from the others: what is known of its words as if it were a text to come."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray


class Folds:
    """Sentences in words, parted one part after another (a jackknife).

    Iterating gives for each part where it begins and ends among the sentences, and how often the others have each word.
    """

    def __init__(self, sentences: Sequence[Sequence[str]], n_parts: int) -> None:
        self._sentences = sentences
        self._bounds = np.linspace(0, len(sentences), min(n_parts, len(sentences)) + 1).astype(int).tolist()
        self._everywhere = Counter(chain.from_iterable(sentences))

    def __iter__(self) -> Iterator[tuple[int, int, Counter[str]]]:
        for first, last in pairwise(self._bounds):
            yield first, last, self._everywhere - Counter(chain.from_iterable(self._sentences[first:last]))

    def only_here(self) -> NDArray[np.bool_]:
        """Say of each character (N,) of the sentences whether its word stands in no other part."""
        found = [
            np.repeat([word not in elsewhere for word in words], list(map(len, words)))
            for first, last, elsewhere in self
            for words in self._sentences[first:last]
        ]
        return np.concatenate(found)
