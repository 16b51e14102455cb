"""JSON lines: an object a line, and the strings in it."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from seqlab.corpora.files import TextFile
from seqlab.corpora.lines import read_lines
from seqlab.errors import DataError

_HALF_PAIR = re.compile("[\ud800-\udfff]")


class Object(NamedTuple):
    """A line of JSON, or another record of named values."""

    place: str
    """File and line or row, for messages and records."""
    values: Mapping[str, Any]
    escapes: bool
    """Whether characters are written as numbers in it, among which halves of surrogate pairs may be."""

    def refuse_halves(self, texts: Iterable[str]) -> None:
        """Raise DataError where texts of this line have half a surrogate pair."""
        if self.escapes and _HALF_PAIR.search("".join(texts)):
            raise DataError(
                f"{self.place}: half of a surrogate pair (\\ud...), which is no character; write both halves"
            )


def read_objects(file: TextFile, example: str) -> Iterator[Object]:
    """Give the objects of a file with one a line; blank lines are passed over.

    Raises DataError, with the line, as `read_lines` does, and, with the example, for what is not an object.
    """
    for number, line in read_lines(file):
        if line and not line.isspace():
            place = f"{file.name}, line {number}"
            yield Object(place, parsed(line, place, example), "\\u" in line)


def string_under(values: Mapping[str, Any], key: str, what: str, place: str) -> str:
    """Give the string under a key, with every kind of line end as "\\n"; null is an empty one.

    Raises DataError, with the place, for a value of another kind.
    """
    text = values[key]
    if text is not None and not isinstance(text, str):
        raise DataError(f"{place}: the {what} under '{key}' is not a string; put it in quotes, or name another key")
    return (text or "").replace("\r\n", "\n").replace("\r", "\n")


def parsed(line: str, place: str, example: str) -> dict[str, Any]:
    """Give the object that a line is; DataError, with the place and the example, where it is none."""
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise DataError(
            f"{place}: no JSON ({error.msg}, character {error.pos + 1}); write one object a line, as in {example}"
        ) from error
    except (ValueError, RecursionError) as error:  # a number or a nesting beyond what Python takes
        raise DataError(f"{place}: this JSON cannot be read ({error}); write one plain object a line") from error
    if not isinstance(row, dict):
        raise DataError(f"{place}: no JSON object; write one a line, as in {example}")
    return row
