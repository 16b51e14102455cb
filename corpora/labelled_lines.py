"""Labelled texts from lines that say themselves what is the label: JSON objects, and fastText's `__label__`."""

import json
import re
from collections.abc import Iterator
from typing import Any

from seqlab.corpora import labels
from seqlab.corpora.files import TextFile
from seqlab.corpora.labelled_columns import Columns
from seqlab.corpora.lines import read_lines
from seqlab.errors import DataError
from seqlab.records import Labelled

MARK = "__label__"

_MARKED = re.compile(rf"(?<!\S){MARK}(\S*)\s*")
_HALF_PAIR = re.compile("[\ud800-\udfff]")


def read_jsonl(file: TextFile, columns: Columns, separator: str | None) -> Iterator[Labelled]:
    """Give the labelled texts of a file with a JSON object a line; keys are its columns, those of the first line count.

    The text is a string, or null, which is an empty one; the label is what `labels.of_value` takes. Blank lines are passed
    over. Raises DataError, with the line, as `read_lines` does, and for what is not an object, a key that is not there, a
    text that is not a string, half a surrogate pair, and a label that is missing.
    """
    keys: tuple[str, str] | None = None
    for number, line in read_lines(file):
        if not line or line.isspace():
            continue
        place = f"{file.path}, line {number}"
        row = _object(line, place)
        if keys is None:
            keys = columns.keys(row, place)
        if not (keys[0] in row and keys[1] in row):
            Columns(*keys).keys(row, place)  # raises, naming the keys there are
        text = row[keys[0]]
        if text is not None and not isinstance(text, str):
            raise DataError(
                f"{place}: the text under '{keys[0]}' is not a string; put it in quotes, or name another key"
            )
        text = (text or "").replace("\r\n", "\n").replace("\r", "\n")
        found = labels.of_value(row[keys[1]], separator, place)
        if "\\u" in line and _HALF_PAIR.search("".join((text, *found))):
            raise DataError(f"{place}: half of a surrogate pair (\\ud...), which is no character; write both halves")
        yield Labelled(text, found, place)


def _object(line: str, place: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise DataError(
            f"{place}: no JSON ({error.msg}, character {error.pos + 1}); write one object a line, as in "
            '{"text": "...", "label": "..."}'
        ) from error
    except (ValueError, RecursionError) as error:  # a number or a nesting beyond what Python takes
        raise DataError(f"{place}: this JSON cannot be read ({error}); write one plain object a line") from error
    if not isinstance(row, dict):
        raise DataError(f'{place}: no JSON object; write one a line, as in {{"text": "...", "label": "..."}}')
    return row


def read_fasttext(file: TextFile) -> Iterator[Labelled]:
    """Give the labelled texts of a file in fastText's form: `__label__NAME text`, with one label or several a line.

    As in fastText, each word that begins with the mark is a label, wherever it stands; what remains, without blanks at
    its ends, is the text. Blank lines are passed over. Raises DataError, with the line, as `read_lines` does, for a line
    without a label, and for a label that is missing.
    """
    for number, line in read_lines(file):
        if not line or line.isspace():
            continue
        place = f"{file.path}, line {number}"
        found = [labels.checked(name, place) for name in _MARKED.findall(line)]
        if not found:
            raise DataError(f"{place}: no {MARK}; begin each line with its label, as in {MARK}NAME text")
        yield Labelled(_MARKED.sub("", line).strip(), tuple(dict.fromkeys(found)), place)
