"""Text that was decoded in the wrong encoding once: "Ã©" for "é", "锟斤拷" for what could not be decoded."""

import re
from functools import cache

import numpy as np
from numpy.typing import NDArray

_CP1252 = {0x80 + at: sign for at, sign in enumerate("€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ")}
_FOLLOW = "".join({*_CP1252.values(), *map(chr, range(0x80, 0xC0))}).replace("\x85", "")
_BYTES = {sign: byte for byte, sign in _CP1252.items()}
# Two bytes of a Latin, Greek or Cyrillic letter; three; four of an emoji. Single signs such as "ß“" are good German.
_READ_AS_LATIN = re.compile(f"[ÂÃÎÏÐÑ][{_FOLLOW}]|[à-ï][{_FOLLOW}]{{2}}|ð[{_FOLLOW}]{{3}}")
_READ_AS_GBK = re.compile("锟斤拷|烫烫烫|屯屯屯")
_LEADS = "ÂÃÎÏÐÑàáâãäåæçèéêëìíîïð"


def find(text: str, codes: NDArray[np.uint32]) -> list[tuple[int, str, str]]:
    """Give where such signs stand in a text, from 0, how they look, and what they were ("" where that is lost).

    `codes` are the code points of the text, `(N,)`.
    """
    found = [(match.start(), match.group(), "") for match in _READ_AS_GBK.finditer(text)] if _may_be_gbk(text) else []
    leads, follow = _tables()
    for at in np.flatnonzero(leads[codes[:-1]] & follow[codes[1:]]).tolist():
        match = _READ_AS_LATIN.match(text, at)
        if match and (was := _as_it_was(match.group())):
            found.append((at, match.group(), was))
    return sorted(found)


def _may_be_gbk(text: str) -> bool:
    return any(sign in text for sign in ("锟斤", "烫烫", "屯屯"))


@cache
def _tables() -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Say of each code point whether such signs begin with it, and whether it may be the second one; True if so."""
    leads, follow = np.zeros(0x110000, np.bool_), np.zeros(0x110000, np.bool_)
    leads[[ord(sign) for sign in _LEADS]] = True
    follow[[ord(sign) for sign in _FOLLOW]] = True
    return leads, follow


def _as_it_was(signs: str) -> str:
    try:
        return bytes(_BYTES.get(sign, ord(sign) & 0xFF) for sign in signs).decode("utf-8")
    except UnicodeDecodeError:
        return ""
