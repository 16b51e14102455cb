"""The labels of a text, as cells of tables and values of JSON hold them: cleaned, parted, refused where one is missing."""

import math
from typing import Any

from seqlab.errors import ConfigError, DataError
from seqlab.records import breaks_lines

MISSING = ("nan", "NaN")
"""What tables write where there is no value; never a label."""


def check_separator(separator: str | None) -> None:
    """Raise ConfigError for a separator of labels that is empty."""
    if separator == "":
        raise ConfigError("the separator of labels is empty: give the sign that stands between them, or none at all")


def checked(label: str, place: str) -> str:
    """Give a label without blanks around it; DataError, with the place, for one that is none.

    Such are an empty one, `nan` and `NaN`, and one with a line end, a tab or another control character.
    """
    label = label.strip()
    if not label:
        raise DataError(f"{place}: the label is empty; fill it in, or leave this text out")
    if label in MISSING:
        raise DataError(f"{place}: the label is {label}, a missing value; fill it in, or leave this text out")
    if breaks_lines(label):
        raise DataError(
            f"{place}: the label {label!r:.60} has a line end, a tab or another control character; take it out"
        )
    return label


def in_cell(cell: str, separator: str | None, place: str) -> tuple[str, ...]:
    """Give the labels of a cell: the whole of it, or where there is a separator what stands between, each once.

    An empty cell has no labels. Raises DataError as `checked` does; a part between two separators can be empty too.
    """
    if not cell.strip():
        return ()
    parts = [cell] if separator is None else cell.split(separator)
    return tuple(dict.fromkeys(checked(part, place) for part in parts))


def of_value(value: Any, separator: str | None, place: str) -> tuple[str, ...]:
    """Give the labels of a value of JSON: a string is a cell, a list has a label in each element, and none if empty.

    Numbers and truth values become their text in JSON. Raises DataError as `checked` does, and for null, NaN, objects and
    lists in lists.
    """
    if isinstance(value, list):
        return tuple(dict.fromkeys(checked(_text_of(element, place), place) for element in value))
    return in_cell(_text_of(value, place), separator, place)


def _text_of(value: Any, place: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or (isinstance(value, float) and math.isnan(value)):
        written = "null" if value is None else "NaN"
        raise DataError(f"{place}: the label is {written}, a missing value; fill it in, or leave this text out")
    if isinstance(value, int | float):
        return str(value)
    kind = "a list in a list" if isinstance(value, list) else "an object"
    raise DataError(f"{place}: the label is {kind}; give a string, a number, or a list of these")
