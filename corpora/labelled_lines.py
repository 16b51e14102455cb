"""Labelled texts from lines that say themselves what is the label: JSON objects, and fastText's `__label__`."""

import re
from collections.abc import Iterable, Iterator

from seqlab.corpora import labels
from seqlab.corpora.columns import Columns
from seqlab.corpora.files import TextFile
from seqlab.corpora.json_objects import Object, string_under
from seqlab.corpora.lines import read_lines
from seqlab.errors import DataError
from seqlab.records import Labelled

MARK = "__label__"

_MARKED = re.compile(rf"(?<!\S){MARK}(\S*)\s*")


EXAMPLE = '{"text": "...", "label": "..."}'
"""An object with a labelled text."""


def read_labelled(rows: Iterable[Object], columns: Columns, separator: str | None) -> Iterator[Labelled]:
    """Give the labelled texts of objects; keys are their columns, those of the first object count.

    The text is a string, or null, which is an empty one; the label is what `labels.of_value` takes. Raises DataError, with
    the line, as `string_under` does, for a key that is not there, half a surrogate pair, and a label that is missing.
    """
    keys: tuple[str, str] | None = None
    for row in rows:
        if keys is None:
            keys = columns.keys(row.values, row.place)
        if not (keys[0] in row.values and keys[1] in row.values):
            Columns(columns.roles, keys).keys(row.values, row.place)  # raises, naming the keys there are
        text = string_under(row.values, keys[0], "text", row.place)
        found = labels.of_value(row.values[keys[1]], separator, row.place)
        row.refuse_halves((text, *found))
        yield Labelled(text, found, row.place)


def read_fasttext(file: TextFile) -> Iterator[Labelled]:
    """Give the labelled texts of a file in fastText's form: `__label__NAME text`, with one label or several a line.

    As in fastText, each word that begins with the mark is a label, wherever it stands; what remains, without blanks at
    its ends, is the text. Blank lines are passed over. Raises DataError, with the line, as `read_lines` does, for a line
    without a label, and for a label that is missing.
    """
    for number, line in read_lines(file):
        if not line or line.isspace():
            continue
        place = f"{file.name}, line {number}"
        found = [labels.checked(name, place) for name in _MARKED.findall(line)]
        if not found:
            raise DataError(f"{place}: no {MARK}; begin each line with its label, as in {MARK}NAME text")
        yield Labelled(_MARKED.sub("", line).strip(), tuple(dict.fromkeys(found)), place)
