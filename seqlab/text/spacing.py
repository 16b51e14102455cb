"""Joiners that put the spaces back between words."""

import unicodedata
from functools import lru_cache

_CLOSING = frozenset(".,;:!?%‰°…")
_OPENING = frozenset("¿¡$£#")
_LINKING = frozenset("-‐‑–—/\\_@~")
_CLOCK, _THOUSANDS, _INITIALS = ":", ",", "."
_STRAIGHT_QUOTES = frozenset("\"'")
_CLOSING_OF_LOW = {"„": "“", "‚": "‘"}
_CLOSED = {"“": "”", "‘": "’"}
"""What stands for a quote that closes where it opens elsewhere."""


class SpaceJoiner:
    """Puts one space between any two words, and none beside a line end."""

    def __init__(self) -> None:
        self._previous = ""

    def add(self, piece: str) -> str:
        """Give the word with the space before it."""
        space = " " if self._previous not in ("", "\n") and piece != "\n" else ""
        self._previous = piece
        return space + piece

    def finish(self) -> str:
        """Give nothing: no word is held back."""
        return ""


class TypesetJoiner:
    """Puts spaces where print has them.

    None beside a line end, beside an ideograph, kana or full-width punctuation, before closing and after opening
    punctuation, beside a hyphen, dash or slash, or within times, large numbers and initials (10:40, 180,000, U.S.A.); one
    between all other tokens. Of the straight quotes in a line the
    first opens, the second closes, and so on; a quote that opens elsewhere closes after a low one („so“). The spacing of
    the original is not always found again ("a - b" comes out as "a-b"); everything but the spaces is.
    """

    def __init__(self, inside_words: str = "") -> None:
        """Take the characters that never have a space beside them, for a tokenizer that cuts words there."""
        self._inside_words = frozenset(inside_words)
        self._before = self._previous = ""
        self._open_quotes: set[str] = set()
        self._glued = True
        """Whether the next token follows without a space, whatever it is."""

    def add(self, piece: str) -> str:
        """Give the token with the space before it, if it has one."""
        if piece == "\n":
            self._glued, self._previous = True, piece
            self._open_quotes.clear()
            return piece
        if piece in self._inside_words:
            self._glued, self._before, self._previous = True, self._previous, piece
            return piece
        closes = piece in self._open_quotes
        opens = piece in _STRAIGHT_QUOTES and not closes
        space = not self._glued and not closes and _needs_space(self._previous[-1:], piece[:1])
        space = space and not _belong_together(self._before, self._previous, piece)
        if closes:
            self._open_quotes.remove(piece)
        elif opens or piece in _CLOSING_OF_LOW:
            self._open_quotes.add(_CLOSING_OF_LOW.get(piece, piece))
        self._before = self._previous
        self._glued, self._previous = opens, _CLOSED.get(piece, piece) if closes else piece
        return " " + piece if space else piece

    def finish(self) -> str:
        """Give nothing: no token is held back."""
        return ""


@lru_cache(maxsize=1 << 16)
def _needs_space(left: str, right: str) -> bool:
    if not left or not right or _is_east_asian(left) or _is_east_asian(right):
        return False
    if left in _LINKING or right in _LINKING or left in _OPENING or right in _CLOSING:
        return False
    return unicodedata.category(left) not in ("Ps", "Pi") and unicodedata.category(right) not in ("Pe", "Pf")


def _belong_together(left: str, sign: str, right: str) -> bool:
    """Say whether a sign stands within a time or a number, or two letters are initials: 10:40, 180,000, U.S."""
    if sign == _INITIALS:
        return len(left) == len(right) == 1 and left.isupper() and right.isupper()
    if not (left.isdecimal() and right.isdecimal()):
        return False
    return sign == _CLOCK or (sign == _THOUSANDS and len(left) <= 3 and len(right) == 3)


def _is_east_asian(character: str) -> bool:
    """Say whether print sets a character without spaces: wide ones, but hangul and emoji are spaced."""
    if unicodedata.east_asian_width(character) not in ("W", "F"):
        return "\uff61" <= character <= "\uff9f"  # half-width kana and their punctuation
    return unicodedata.category(character) not in ("So", "Sk") and not (
        "\u1100" <= character <= "\u11ff" or "\ua960" <= character <= "\ua97f" or "\uac00" <= character <= "\ud7ff"
    )
