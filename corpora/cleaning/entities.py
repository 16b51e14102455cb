"""HTML entities: `&amp;`, `&#39;`, `&eacute;`."""

import html
import re
from functools import lru_cache
from html.entities import html5

_NAME = "(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"
_ENTITY = re.compile(f"&(?:(?:amp;){{1,16}}+(?:{_NAME})?|{_NAME})")  # encoded several times, too
_LINE_ENDS = "\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029"


def decode_entities(text: str) -> str:
    """Turn each entity that ends in a semicolon into what it stands for; unknown names stay, line ends become spaces.

    What was encoded several times over is decoded as often: `&amp;amp;lt;` is "<".
    """
    return _ENTITY.sub(_character, text) if "&" in text else text


def _character(found: re.Match[str]) -> str:
    return _decoded(found[0])


@lru_cache(maxsize=1 << 14)
def _decoded(entity: str) -> str:
    name = entity[1:]
    while name.startswith("amp;"):
        name = name[4:]
    character = html.unescape("&" + name) if name.startswith("#") else html5.get(name, "&" + name)
    return " " if character and character in _LINE_ENDS else character
