"""Texts and weights as they are shown: in one line, and with nothing in it that does something."""

import unicodedata

from rich.cells import cell_len, set_cell_size


def plain(text: str) -> str:
    """A text in one line, its control characters shown as signs of their own so that they do nothing."""
    return "".join(_visible(character) for character in " ".join(text.split()))


def shortened(text: str, width: int) -> str:
    """The beginning of a text in at most so many columns, of which wide characters take two."""
    begun = plain(text[: 2 * width])
    return (
        begun if cell_len(begun) <= width and len(text) <= 2 * width else set_cell_size(begun, width - 1).rstrip() + "…"
    )


def amount(weight: float) -> str:
    """A weight with its sign, in two digits behind the point or one that is not 0."""
    return f"{weight:+.2f}" if abs(weight) >= 0.095 or not weight else f"{weight:+.1g}"


def _visible(character: str) -> str:
    kind = unicodedata.category(character)
    if kind == "Cc":
        return chr(0x2400 + ord(character)) if ord(character) < 0x20 else "�"
    return "�" if kind == "Cs" or character in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069" else character
