"""The scripts of letters, by Unicode, and which form of Chinese characters."""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

SCRIPTS = (
    "Han", "Latin", "Cyrillic", "Hiragana", "Katakana", "Hangul", "Arabic", "Devanagari", "Greek", "Hebrew", "Thai",
    "Bengali", "Tamil", "Telugu", "Gujarati", "Gurmukhi", "Kannada", "Malayalam", "Sinhala", "Oriya", "Georgian",
    "Armenian", "Ethiopic", "Khmer", "Lao", "Myanmar", "Tibetan", "Mongolian", "Bopomofo", "Yi", "Syriac", "Thaana",
    "Cherokee",
)  # fmt: skip
"""Those that are told apart, by their names in Unicode."""
OTHER = len(SCRIPTS) + 1
"""The number of a letter of another script; that of a script is its place among them from 1, that of no letter 0."""

_UNKNOWN = 255


class ScriptTable:
    """The number of the script of each code point that has been asked for."""

    def __init__(self) -> None:
        self._numbers = np.full(0x110000, _UNKNOWN, np.uint8)

    def learn(self, codes: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Look up code points that are to be known, and give the table, `(0x110000,)`."""
        new = codes[self._numbers[codes] == _UNKNOWN]
        if len(new):
            self._numbers[new] = 0
            letters = "".join(map(chr, new.tolist()))
            for number, pattern in enumerate(_patterns(), 1):
                if found := "".join(pattern.findall(letters)):
                    self._numbers[[ord(letter) for letter in found]] = number
        return self._numbers


@cache
def _patterns() -> list[Any]:
    import regex

    known = "".join(rf"\p{{Script={name}}}" for name in SCRIPTS)
    return [
        *(regex.compile(rf"[\p{{Script={name}}}&&\p{{L}}]+", regex.VERSION1) for name in SCRIPTS),
        regex.compile(rf"[\p{{L}}--[{known}]]+", regex.VERSION1),
    ]


def script_shares(counts: NDArray[np.int64], table: ScriptTable) -> list[tuple[str, int]]:
    """Give how many letters are of which script, the most frequent first, of counts of all code points."""
    codes = np.flatnonzero(counts)
    numbers = table.learn(codes)[codes]
    sums = np.bincount(numbers, weights=counts[codes], minlength=OTHER + 1).astype(np.int64)
    names = (*SCRIPTS, "other")
    found = [(name, int(n)) for name, n in zip(names, sums[1:], strict=True) if n]
    return sorted(found, key=lambda pair: -pair[1])


def chinese_forms(counts: NDArray[np.int64]) -> tuple[int, int]:
    """Count the characters that are only in GB2312, and so simplified, and those only in Big5, and so traditional.

    Most characters are the same in both forms, or in neither set, and count for none.
    """
    simplified = traditional = 0
    for code in np.flatnonzero(counts[0x4E00:0xA000]) + 0x4E00:
        in_gb, in_big5 = (_is_in(chr(code), codec) for codec in ("gb2312", "big5"))
        simplified += int(counts[code]) * (in_gb and not in_big5)
        traditional += int(counts[code]) * (in_big5 and not in_gb)
    return simplified, traditional


def _is_in(character: str, codec: str) -> bool:
    try:
        character.encode(codec)
    except UnicodeEncodeError:
        return False
    return True
