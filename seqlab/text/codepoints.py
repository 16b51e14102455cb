"""Tables over all code points: which kind of sign each is, and what it is folded to, one for one."""

from functools import cache
from typing import Literal
from unicodedata import category

import numpy as np
from numpy.typing import NDArray

N_CODES = 0x110000
N_KINDS = 256
"""Sets of kinds: the kind of a token is the sum of the bits of its characters; that of no character is 0."""

NUMERAL, DIGIT, LATIN, STOP, SIGN, HAN, LETTER, OTHER = (1 << bit for bit in range(8))
"""Chinese numerals; other numbers; Latin letters; punctuation between and inside sentences; other punctuation, symbols and
spaces; Chinese characters; kana, hangul and other letters; anything else."""

_NUMERALS = "零〇一二三四五六七八九十百千万亿两"
_STOPS = "。！？；，、：．…｡､.!?;,:"
_HAN = "々〆"
_ASSIGNED = 0x20000
"""Above it are Chinese characters, to 0x3FFFF, and what has no kind; there is no upper case."""


@cache
def kinds() -> NDArray[np.uint8]:
    """Give the kind of each code point, one bit each, uint8 `(0x110000,)`; 20 ms at the first call."""
    of_category = np.full(128, OTHER, np.uint8)
    for letter, kind in {"L": LETTER, "N": DIGIT, "P": SIGN, "S": SIGN, "Z": SIGN}.items():
        of_category[ord(letter)] = kind
    major = "".join([category(character)[0] for character in map(chr, range(_ASSIGNED))])
    table = np.full(N_CODES, OTHER, np.uint8)
    table[:_ASSIGNED] = of_category[np.frombuffer(major.encode("ascii"), np.uint8)]
    for first, last in ((0, 0x250), (0x1E00, 0x1F00), (0xFF21, 0xFF5B)):
        part = table[first:last]
        part[part == LETTER] = LATIN
    for first, last in ((0x3400, 0x4DC0), (0x4E00, 0xA000), (0xF900, 0xFB00), (_ASSIGNED, 0x40000)):
        table[first:last] = HAN
    for characters, kind in ((_HAN, HAN), (_NUMERALS, NUMERAL), (_STOPS, STOP), ("\t\n\r", SIGN)):
        table[codes_of(characters)] = kind
    return table


@cache
def folds(width: Literal["keep", "half"], case: Literal["keep", "lower"]) -> NDArray[np.uint32]:
    """Give what each code point is folded to, uint32 `(0x110000,)`; 20 ms at the first call with lower case.

    Args:
        width: "half" turns full-width ASCII and the ideographic space into ASCII.
        case: "lower" turns each character into its lower case, where that is one character; "İ" stays.
    """
    table = np.arange(N_CODES, dtype=np.uint32)
    if case == "lower":
        lowered = [character.lower() for character in map(chr, range(_ASSIGNED))]
        table[:_ASSIGNED] = [ord(low) if len(low) == 1 else code for code, low in enumerate(lowered)]
    if width == "half":
        table[0xFF01:0xFF5F] = table[0x21:0x7F]
        table[0x3000] = 0x20
    return table


def codes_of(text: str) -> NDArray[np.uint32]:
    """Give the code points of a text, uint32 `(N,)`, lone surrogates as such."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def text_of(codes: NDArray[np.uint32]) -> str:
    """Give the text of code points `(N,)`."""
    return codes.astype("<u4", copy=False).tobytes().decode("utf-32-le", "surrogatepass")
