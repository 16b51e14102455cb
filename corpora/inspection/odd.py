"""Characters that text seldom has on purpose, by code point."""

import unicodedata

from seqlab.corpora.inspection.blocks import UNDECODABLE

KINDS = (
    "undecodable bytes",
    "replacement character",
    "control character",
    "byte order mark inside",
    "non-character",
    "private use",
    "unassigned",
    "lone combining mark",
    "line end of another kind",
    "invisible",
    "space of another kind",
)
"""What is odd about them, the worst first."""

_ORDINARY = "\t\n\r \u3000"
_JOINERS = (0x200C, 0x200D)
"""Parts of words of some scripts, and of emoji."""


def kind_of(code: int) -> str:
    """Tell what is odd about a code point by itself, "" if nothing is; Unicode as this version of Python knows it."""
    if code < 0x80:
        return "control character" if (code < 0x20 and chr(code) not in _ORDINARY) or code == 0x7F else ""
    if 0xD800 <= code <= 0xDFFF:
        return "undecodable bytes"
    if code == 0xFFFD:
        return "replacement character"
    if code == 0xFEFF:
        return "byte order mark inside"
    if code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF:
        return "non-character"
    if code in (0x85, 0x2028, 0x2029):
        return "line end of another kind"
    category = unicodedata.category(chr(code))
    if category == "Zs" and chr(code) not in _ORDINARY:
        return "space of another kind"
    if category == "Cf" and code not in _JOINERS:
        return "invisible"
    return {"Cc": "control character", "Co": "private use", "Cn": "unassigned"}.get(category, "")


def name_of(code: int) -> str:
    """Give what Unicode calls a code point; of an undecodable byte its value."""
    if UNDECODABLE <= code < UNDECODABLE + 256:
        return f"byte 0x{code - UNDECODABLE:02X}"
    if name := unicodedata.name(chr(code), ""):
        return name
    return _CONTROLS.get(code, "")


_CONTROLS = {
    0x00: "NULL", 0x01: "START OF HEADING", 0x02: "START OF TEXT", 0x03: "END OF TEXT", 0x04: "END OF TRANSMISSION",
    0x05: "ENQUIRY", 0x06: "ACKNOWLEDGE", 0x07: "BELL", 0x08: "BACKSPACE", 0x0B: "LINE TABULATION", 0x0C: "FORM FEED",
    0x0E: "SHIFT OUT", 0x0F: "SHIFT IN", 0x1A: "SUBSTITUTE", 0x1B: "ESCAPE", 0x1C: "FILE SEPARATOR",
    0x1D: "GROUP SEPARATOR", 0x1E: "RECORD SEPARATOR", 0x1F: "UNIT SEPARATOR", 0x7F: "DELETE", 0x85: "NEXT LINE",
}  # fmt: skip
