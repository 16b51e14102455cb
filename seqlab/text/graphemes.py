"""Grapheme clusters: what a reader takes for one character, of several code points (Unicode Standard Annex 29).

Emoji with joiners, skin tones and variation selectors, flags, letters with combining marks, hangul in jamo.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from seqlab.text.codepoints import text_of

Codes = NDArray[np.uint32]
Mask = NDArray[np.bool_]

# Code points between two of which a cluster always ends; all others are looked at. Not all there are, but those that
# most text consists of.
_QUIET = (
    (0x0000, 0x02FF), (0x0370, 0x0482), (0x048A, 0x0590), (0x1E00, 0x200B), (0x200E, 0x20CF), (0x2100, 0x2CEE),
    (0x2E00, 0x3029), (0x3030, 0x3098), (0x309B, 0xA66E), (0xAC00, 0xD7A3), (0xD800, 0xFB1D), (0xFE30, 0xFF9D),
    (0xFFA0, 0xFFFF), (0x1F000, 0x1F1E5), (0x1F200, 0x1F3FA), (0x1F400, 0x1FAFF), (0x20000, 0x3FFFF),
)  # fmt: skip
_BREAK = 0x0A
"""A code point that no cluster goes over."""


def goes_on(codes: Codes, begins: Mask) -> Mask | None:
    """Say which code points belong to the same cluster as the one before.

    Args:
        codes: (N,) code points of all texts, one after another, white space included.
        begins: (N,) True where a text begins, and so a cluster.

    Returns:
        (N,) True inside of clusters; None where no code point is.
    """
    lively = _lively()[codes]
    if not lively.any():
        return None
    near = lively.copy()
    near[:-1] |= lively[1:]
    near[1:] |= lively[:-1]
    # Stretches of text around lively code points. What lies between two quiet ones is an end, so each stands for itself.
    places = np.flatnonzero(near)
    first = begins[places]
    first[0] = True
    first[1:] |= np.diff(places) != 1
    texts = np.insert(codes[places], np.flatnonzero(first), _BREAK)
    result = np.zeros(len(codes), np.bool_)
    result[places] = _inside(texts)[_moved(first)]
    return result


def _moved(first: Mask) -> NDArray[np.int64]:
    """Give where the n-th element stands once another was put before each that is True in `first` (N,)."""
    return np.arange(len(first)) + np.cumsum(first)


def _inside(codes: Codes) -> Mask:
    import regex  # only a text with such code points needs it

    sizes = [len(cluster) for cluster in regex.findall(r"\X", text_of(codes))]
    result = np.ones(len(codes), np.bool_)
    result[np.cumsum(sizes) - sizes] = False
    return result


@cache
def _lively() -> Mask:
    table = np.ones(0x110000, np.bool_)
    for first, last in _QUIET:
        table[first : last + 1] = False
    return table
