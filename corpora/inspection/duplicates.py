"""Lines that stand in a text more than once."""

from typing import NamedTuple

import numpy as np

from seqlab.corpora.inspection.blocks import Block

_SHOWN = 5
_LENGTH = 200


class Repeated(NamedTuple):
    """A line that stands there several times."""

    text: str
    """Its beginning, 200 characters at most."""
    n: int


class DuplicateLines:
    """Counts whole lines that are not blank, by a hash of each: 24 bytes a line that is seen for the first time."""

    def __init__(self) -> None:
        self._hashes = np.zeros(0, np.int64)  # sorted
        self._counts = np.zeros(0, np.int64)
        self._firsts = np.zeros(0, np.int64)  # which line it was, of all
        self._n_lines = 0
        self._texts: dict[int, str] = {}

    def add(self, block: Block) -> None:
        """Count the lines of a block."""
        lines = block.lines[not block.begins :]
        lines = [line for line in (lines if block.ends else lines[:-1]) if line and not line.isspace()]
        if not lines:
            return
        here = np.fromiter(map(hash, lines), np.int64, len(lines))
        hashes, first, counts = np.unique(here, return_index=True, return_counts=True)
        self._merge(hashes, counts, first + self._n_lines)
        self._n_lines += len(lines)
        self._keep_texts(lines, hashes, first)

    def _merge(self, hashes: np.ndarray, counts: np.ndarray, firsts: np.ndarray) -> None:
        at = np.searchsorted(self._hashes, hashes)
        seen = np.zeros(len(hashes), np.bool_)
        inside = at < len(self._hashes)
        seen[inside] = self._hashes[at[inside]] == hashes[inside]
        self._counts[at[seen]] += counts[seen]
        new = ~seen
        self._hashes = np.insert(self._hashes, at[new], hashes[new])
        self._counts = np.insert(self._counts, at[new], counts[new])
        self._firsts = np.insert(self._firsts, at[new], firsts[new])

    def _keep_texts(self, lines: list[str], hashes: np.ndarray, first: np.ndarray) -> None:
        """Keep the text of the most frequent lines so far.

        One that is among them in the end is among them where it is seen last, since no count before it shrinks.
        """
        top = self._hashes[self._most_frequent()]
        self._texts = {value: self._texts[value] for value in top.tolist() if value in self._texts}
        for value in top.tolist():
            at = int(np.searchsorted(hashes, value))
            if value not in self._texts and at < len(hashes) and hashes[at] == value:
                self._texts[value] = lines[first[at]][:_LENGTH]

    def _most_frequent(self) -> np.ndarray:
        several = np.flatnonzero(self._counts > 1)
        order = np.lexsort((self._firsts[several], -self._counts[several]))
        return several[order[:_SHOWN]]

    @property
    def n_lines(self) -> int:
        """Lines that are not blank."""
        return self._n_lines

    @property
    def n_repeats(self) -> int:
        """Lines that stand further up already."""
        return self._n_lines - len(self._hashes)

    def most_frequent(self) -> list[Repeated]:
        """Give the lines that are repeated most, five at most; of equally frequent ones the earlier first."""
        rows = self._most_frequent()
        return [Repeated(self._texts[int(self._hashes[row])], int(self._counts[row])) for row in rows]
