"""Counting words and indexing them in one pass: finding the words of a text is what takes the time."""

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from seqlab.text.indexed import IdWriter, open_ids
from seqlab.text.tokens import Tokenizer
from seqlab.text.vocab import Vocab

_BLOCK = 1 << 20
_MOST_TYPES = (1 << 32) - 1


class NumberedWords:
    """Numbers the words of texts in the order in which they first come, into a file beside the index that is to be.

    Args:
        path: of the index.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._beside = self.path.with_name(f".{self.path.name}.{os.getpid()}.numbers")
        self._counts = np.zeros(0, np.int64)
        self._numbers = _Numbers()

    def count(self, texts: Iterable[str], tokenizer: Tokenizer) -> dict[str, int]:
        """How often each word occurs; the texts are read once. Raises DataError where the file cannot be written."""
        with IdWriter(self._beside, n_types=_MOST_TYPES) as writer:
            for text in texts:
                numbers = np.fromiter(map(self._numbers.__getitem__, tokenizer.pieces(text)), np.uint32)
                writer.append(numbers)
                counts = np.bincount(numbers, minlength=len(self._numbers))
                counts[: len(self._counts)] += self._counts
                self._counts = counts
        return dict(zip(self._numbers, self._counts.tolist(), strict=True))

    def index(self, vocab: Vocab) -> None:
        """Write the index: the ids of a vocabulary in place of the numbers. Raises DataError where it cannot be."""
        ids = np.fromiter(map(vocab.id, self._numbers), np.uint32, len(self._numbers))
        numbers = open_ids(self._beside)
        with IdWriter(self.path, n_types=len(vocab)) as writer:
            for at in range(0, len(numbers), _BLOCK):
                writer.append(ids[numbers[at : at + _BLOCK]])

    def __enter__(self) -> "NumberedWords":
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._beside.unlink(missing_ok=True)


class _Numbers(dict[str, int]):
    """The number of each word; a new word gets the next one."""

    def __missing__(self, word: str) -> int:
        self[word] = number = len(self)
        return number
