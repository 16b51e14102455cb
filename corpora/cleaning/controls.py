"""Characters that nobody sees and every vocabulary has to hold: controls, and what is of zero width."""

import re

# The joiners U+200C and U+200D stay: Persian, the scripts of India and emoji are spelled with them.
_CONTROL = re.compile(
    "[\0-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufdd0-\ufdef\ufeff\ufff9-\ufffb"
    "\ufffe\uffff\ud800-\udfff]"
)


def remove_controls(text: str) -> str:
    """Remove control and invisible characters; those that are white space, but "\\n" and the tab, become spaces.

    Removed are C0, C1, soft hyphens, spaces and joiners of zero width, marks of direction, byte order marks, what is no
    character, and lone surrogates, with which no text is UTF-8.
    """
    return _CONTROL.sub(_replacement, text)


def _replacement(found: re.Match[str]) -> str:
    return " " if found[0].isspace() else ""
