"""Chinese in simplified or traditional characters, by OpenCC."""

import re
from collections.abc import Callable
from typing import Literal

from seqlab.errors import ConfigError

CONVERTED = "Chinese converted"
_WRITABLE = re.compile("[^\ud800-\udfff]+")
_CONFIGURATIONS = {"simplified": "t2s", "traditional": "s2t"}


def converter(characters: Literal["simplified", "traditional"]) -> Callable[[str], str]:
    """Give what converts a text; ConfigError where OpenCC is not installed."""
    try:
        from opencc import OpenCC
    except ImportError as error:
        raise ConfigError(
            f"chinese = {characters}: OpenCC is not installed; pip install 'seqlab[chinese]', or leave the setting out"
        ) from error
    convert: Callable[[str], str] = OpenCC(_CONFIGURATIONS[characters]).convert

    def converted(text: str) -> str:
        if text.isascii():
            return text
        return _WRITABLE.sub(lambda part: convert(part[0]), text)  # OpenCC takes UTF-8, which has no lone surrogates

    return converted
