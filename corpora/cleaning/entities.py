"""HTML entities: `&amp;`, `&#39;`, `&eacute;`."""

import html
import re
from functools import lru_cache
from html.entities import html5

_ENTITY = re.compile("&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_LINE_ENDS = "\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029"


def decode_entities(text: str) -> str:
    """Turn each entity that ends in a semicolon into what it stands for; unknown names stay, line ends become spaces."""
    return _ENTITY.sub(_character, text) if "&" in text else text


def _character(found: re.Match[str]) -> str:
    return _decoded(found[0])


@lru_cache(maxsize=1 << 14)
def _decoded(entity: str) -> str:
    if entity[1] != "#":
        return html5.get(entity[1:], entity)
    character = html.unescape(entity)
    return " " if character in _LINE_ENDS and character else character
