"""Scripts: which share of the letters of a text is Han, Latin, Cyrillic and so on."""

from collections.abc import Sequence
from functools import cache

import numpy as np
import regex
from numpy.typing import NDArray

from seqlab.text.codepoints import N_CODES, codes_of


def script_shares(texts: Sequence[str], script: str) -> NDArray[np.float64]:
    """Give the share of the letters of each text `(N,)` that is in a script; nan for a text without letters.

    Letters are the characters of the Unicode categories L*, and scripts have the names that Unicode gives them.
    """
    starts = np.zeros(len(texts) + 1, np.int64)
    np.cumsum([len(text) for text in texts], out=starts[1:])
    flags = _table(script)[codes_of("".join(texts))]
    with np.errstate(invalid="ignore"):
        shares: NDArray[np.float64] = _sums(flags >> 1, starts) / _sums(flags & 1, starts)
    return shares


def _sums(flags: NDArray[np.integer], starts: NDArray[np.int64]) -> NDArray[np.int64]:
    sums = np.zeros(len(flags) + 1, np.int64)
    np.cumsum(flags, out=sums[1:])
    return np.diff(sums[starts])


@cache
def _table(script: str) -> NDArray[np.uint8]:
    """For each code point 1 for a letter, 3 for a letter of the script, 0 for all others."""
    characters = "".join(map(chr, range(N_CODES)))
    table = np.zeros(N_CODES, np.uint8)
    for letters in regex.finditer(r"\p{L}+", characters):
        table[letters.start() : letters.end()] = 1
    for run in regex.finditer(rf"[\p{{L}}&&\p{{Script={script}}}]+", characters, regex.VERSION1):
        table[run.start() : run.end()] = 3
    return table
