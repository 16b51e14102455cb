"""Pairs from lines: of two files, of one with both sides in a line, and of JSON objects."""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import zip_longest
from typing import Any

from seqlab.corpora.columns import Columns
from seqlab.corpora.files import TextFile
from seqlab.corpora.json_objects import Object, string_under
from seqlab.corpora.lines import read_all_lines, read_lines
from seqlab.corpora.parallel_columns import NESTED, Keys, pair_keys
from seqlab.errors import DataError
from seqlab.records import Pair

SEPARATOR = "|||"

EXAMPLE = '{"source": "...", "target": "..."}'
"""An object with a pair."""

_PARTED = re.compile(r" ?\|\|\| ?")


def read_aligned(source: TextFile, target: TextFile) -> Iterator[Pair]:
    """Give line by line what two files have: line n of the one is translated by line n of the other (the form of Moses).

    A line ends with "\\n" or "\\r\\n" alone, as for the tools that align. Empty lines are kept, since they say what
    belongs together; those at the end of both files are nothing. With a line that skip-line leaves out goes its other
    side. Raises DataError as `read_lines` does, and, with both counts, where one file has more lines.
    """
    numbered = zip_longest(*(read_all_lines(file, lone_returns=False) for file in (source, target)))
    blank: list[Pair] = []
    n_lines = [0, 0]
    for one, other in numbered:
        n_lines[0] += one is not None
        n_lines[1] += other is not None
        if one is None or other is None or one[1] is None or other[1] is None:
            continue
        pair = Pair(one[1], other[1], f"{source.name}, line {one[0]}")
        if pair.source or pair.target:
            yield from blank
            yield pair
            blank.clear()
        else:
            blank.append(pair)
    if n_lines[0] != n_lines[1]:
        raise DataError(
            f"{source.name} has {n_lines[0]:,} lines and {target.name} {n_lines[1]:,}: two files of different length; "
            "line n of the one is to be the translation of line n of the other"
        )


def read_moses(file: TextFile) -> Iterator[Pair]:
    """Give the pairs of a file whose lines are `source ||| target`, as Moses parts its fields; blank lines are passed over.

    Raises DataError, with the line, as `read_lines` does, and for a line that has not one separator.
    """
    for number, line in read_lines(file, lone_returns=False):
        if line and not line.isspace():
            sides = _PARTED.split(line)
            if len(sides) != 2:
                raise DataError(
                    f"{file.name}, line {number}: {len(sides)} parts; write source {SEPARATOR} target, a pair a line"
                )
            yield Pair(sides[0], sides[1], f"{file.name}, line {number}")


def read_pairs(rows: Iterable[Object], columns: Columns) -> Iterator[Pair]:
    """Give the pairs of objects; keys are their columns, those of the first object count.

    The sides stand in the object itself or in one under `translation`. Each is a string, or null, which is an empty one.
    Raises DataError, with the line, as `string_under` does, for a key that is not there, and half a surrogate pair.
    """
    keys: Keys | None = None
    for row in rows:
        if keys is None:
            keys = pair_keys(columns, row.values, _languages(row.values), row.place)
        values, place = (_nested(row), f"{row.place}, under '{NESTED}'") if keys.nested else (row.values, row.place)
        if not (keys.source in values and keys.target in values):
            Columns(columns.roles, (keys.source, keys.target)).keys(values, place)  # raises, naming the keys there are
        source = string_under(values, keys.source, "source", place)
        target = string_under(values, keys.target, "target", place)
        row.refuse_halves((source, target))
        yield Pair(source, target, row.place)


def _languages(values: Mapping[str, Any]) -> dict[str, Any] | None:
    nested = values.get(NESTED)
    return nested if isinstance(nested, dict) else None


def _nested(row: Object) -> dict[str, Any]:
    languages = _languages(row.values)
    if languages is None:
        raise DataError(
            f'{row.place}: no object under \'{NESTED}\'; write {{"{NESTED}": {{"en": "...", "de": "..."}}}}'
        )
    return languages
