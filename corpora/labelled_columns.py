"""Which columns hold the text and the label: by name, by number, or by the names they usually have."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from seqlab.errors import ConfigError, DataError

TEXT_NAMES = ("text", "sentence", "content", "review", "description", "headline")
"""The names of columns of texts that are looked for, in this order, whatever their case."""
LABEL_NAMES = ("label", "labels", "class", "category", "sentiment")
"""The names of columns of labels that are looked for likewise."""

Column = str | int | None
"""A column: its name; its number, from 1, or from -1 backward, in a string too; None where usual names are looked for."""

_NUMBER = re.compile(r"-?[0-9]{1,9}")
_SHOWN = 12  # columns in a message


class Places(NamedTuple):
    """Where text and label stand in the rows of a table, from 0, and whether its first row is a header."""

    text: int
    label: int
    header: bool


@dataclass(frozen=True)
class Columns:
    """The columns that are asked for, and whether tables have a header; None for what has to be found out.

    Raises ConfigError for twice the same column.
    """

    text: Column = None
    label: Column = None
    header: bool | None = None

    def __post_init__(self) -> None:
        if self.text is not None and self.text == self.label:
            raise ConfigError(f"text and label are both read from column {self.text}: give two different ones")

    def check_for_table(self) -> None:
        """Raise ConfigError for what no table has: a column 0, and names where there is no header."""
        for column in (self.text, self.label):
            number = _as_number(column)
            if number == 0:
                raise ConfigError("there is no column 0: columns count from 1, or from -1 backward")
            if self.header is False and isinstance(number, str):
                raise ConfigError(
                    f"column '{number}' is a name, and without a header there are none: give numbers, counted from 1"
                )

    def in_table(self, first: Sequence[str], place: str) -> Places:
        """Find the columns in the first row of a table.

        It is a header where it has the names that are asked for; where numbers are asked for if usual names stand there;
        where nothing is asked for if both have a usual name. Without a header, the text is in column 1 and the label in
        column 2. Raises DataError, with the place and the columns, for a column that is not there, for text and label in
        one column, and where a usual name for one of the two alone leaves open whether this is a header.
        """
        names = [cell.strip() for cell in first]
        text, label = _as_number(self.text), _as_number(self.label)
        usual = _usual_place(names, text, TEXT_NAMES), _usual_place(names, label, LABEL_NAMES)
        header = self.header
        if header is None:
            header = isinstance(text, str) or isinstance(label, str) or None not in usual
            if not header and usual != (None, None):
                found = next(names[at] for at in usual if at is not None)
                raise DataError(
                    f"{place}: '{found}' looks like the name of a column, and {_there(names)}: "
                    "name those of text and label, or say whether there is a header"
                )
        if header and text is label is None and usual == (None, None):
            text, label = 1, 2
        elif not header:
            text, label = 1 if text is None else text, 2 if label is None else label
        text_at = _place(names, text, usual[0], "text", place)
        label_at = _place(names, label, usual[1], "label", place)
        if text_at == label_at:
            raise DataError(f"{place}: text and label are both read from column {text_at + 1}: name both columns")
        return Places(text_at, label_at, header)

    def keys(self, there: Iterable[str], place: str) -> tuple[str, str]:
        """Find the keys of text and label among those that are there; DataError, which names these, if one is not.

        A column that is asked for is a key here, never a number.
        """
        there = list(there)
        return _key(there, self.text, TEXT_NAMES, "text", place), _key(there, self.label, LABEL_NAMES, "label", place)


def _as_number(column: Column) -> Column:
    return int(column) if isinstance(column, str) and _NUMBER.fullmatch(column) else column


def _usual(there: Sequence[str], known: Sequence[str]) -> str | None:
    """Give the first of the known names that is there, whatever its case, as it is written there."""
    return next((name for wanted in known for name in there if name.lower() == wanted), None)


def _usual_place(names: Sequence[str], column: Column, known: Sequence[str]) -> int | None:
    """Give where a usual name stands: anywhere, or where a number is asked for there alone."""
    if column is None:
        found = _usual(names, known)
        return None if found is None else names.index(found)
    if isinstance(column, int):
        at = column - 1 if column > 0 else column + len(names)
        return at if 0 <= at < len(names) and names[at].lower() in known else None
    return None


def _place(names: Sequence[str], column: Column, usual: int | None, what: str, place: str) -> int:
    if isinstance(column, int):
        at = column - 1 if column > 0 else column + len(names)
        if 0 <= at < len(names):
            return at
        hint = "give numbers of columns, or names" if len(names) > 1 else "part cells by tabs, in .csv by commas"
        raise DataError(f"{place}: no column {column} to read the {what} from; {_there(names)}: {hint}")
    if column is None:
        if usual is None:
            raise DataError(f"{place}: no column that is known to hold the {what}; {_there(names)}: name the one")
        return usual
    if (n := names.count(column)) > 1:
        raise DataError(f"{place}: {n} columns are called '{column}': give the number of the one with the {what}")
    if not n:
        raise DataError(f"{place}: no column '{column}' to read the {what} from; {_there(names)}")
    return names.index(column)


def _key(there: Sequence[str], column: Column, known: Sequence[str], what: str, place: str) -> str:
    if column is None:
        found = _usual(there, known)
        if found is None:
            raise DataError(f"{place}: no column that is known to hold the {what}; {_there(there)}: name the one")
        return found
    if column not in there:
        raise DataError(f"{place}: no column '{column}' to read the {what} from; {_there(there)}")
    return str(column)


def _there(names: Sequence[str]) -> str:
    if not names:
        return "there are no columns"
    shown = ", ".join(name if len(name) <= 30 else name[:27] + "..." for name in names[:_SHOWN])
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"there are {shown}{more}" if len(names) > 1 else f"there is {shown} alone"
