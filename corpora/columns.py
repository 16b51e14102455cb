"""Which two columns of a table are read: by name, by number, or by the names they usually have."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from seqlab.errors import ConfigError, DataError

Column = str | int | None
"""A column: its name; its number, from 1, or from -1 backward, in a string too; None where usual names are looked for."""


_NUMBER = re.compile(r"-?[0-9]{1,9}")
_SHOWN = 12  # columns in a message


@dataclass(frozen=True)
class Role:
    """What is read from a column."""

    what: str
    """Its name in messages."""
    names: tuple[str, ...]
    """The names of such columns that are looked for, in this order, whatever their case."""
    heading: re.Pattern[str] | None = None
    """What such a column may be called besides: where it is read by its number, this makes the first row a header."""


class Places(NamedTuple):
    """Where the two columns stand in the rows of a table, from 0, and whether its first row is a header."""

    first: int
    second: int
    header: bool


@dataclass(frozen=True)
class Columns:
    """The two columns that are asked for, and whether tables have a header; None for what has to be found out.

    Raises ConfigError for twice the same column.
    """

    roles: tuple[Role, Role]
    asked: tuple[Column, Column] = (None, None)
    header: bool | None = None

    def __post_init__(self) -> None:
        if self.asked[0] is not None and self.asked[0] == self.asked[1]:
            raise ConfigError(f"{self._both()} are both read from column {self.asked[0]}: give two different ones")

    def check_for_table(self) -> None:
        """Raise ConfigError for what no table has: a column 0, and names where there is no header."""
        for column in self.asked:
            number = _as_number(column)
            if number == 0:
                raise ConfigError("there is no column 0: columns count from 1, or from -1 backward")
            if self.header is False and isinstance(number, str):
                raise ConfigError(
                    f"column '{number}' is a name, and without a header there are none: give numbers, counted from 1"
                )

    def in_table(self, row: Sequence[str], place: str) -> Places:
        """Find the columns in the first row of a table.

        It is a header where it has the names that are asked for; where numbers are asked for if usual names stand there, or
        headings in both columns; where nothing is asked for if both have a usual name, or columns 1 and 2 a heading. Where
        neither is known by its name, they are columns 1 and 2. Raises DataError, with the place and the columns, for a
        column that is not there, for two in one column, and where a usual name for one of the two alone leaves open whether
        this is a header.
        """
        names = [cell.strip() for cell in row]
        first, second = (_as_number(column) for column in self.asked)
        usual = self._usual_places(names, (first, second))
        header = self.header
        if header is None:
            header = isinstance(first, str) or isinstance(second, str) or None not in usual
            if not header and usual != (None, None):
                found = next(names[at] for at in usual if at is not None)
                raise DataError(
                    f"{place}: '{found}' looks like the name of a column, and {_there(names)}: "
                    f"name those of {self._both()}, or say whether there is a header"
                )
            header = header or (first is second is None and _are_headings(names, self.roles))
        if header and first is second is None and usual == (None, None):
            first, second = 1, 2
        elif not header:
            first, second = 1 if first is None else first, 2 if second is None else second
        first_at = _place(names, first, usual[0], self.roles[0].what, place)
        second_at = _place(names, second, usual[1], self.roles[1].what, place)
        if first_at == second_at:
            raise DataError(f"{place}: {self._both()} are both read from column {first_at + 1}: name both columns")
        return Places(first_at, second_at, header)

    def keys(self, there: Iterable[str], place: str) -> tuple[str, str]:
        """Find the keys of both among those that are there; DataError, which names these, if one is not.

        A column that is asked for is a key here, never a number.
        """
        there = list(there)
        return _key(there, self.asked[0], self.roles[0], place), _key(there, self.asked[1], self.roles[1], place)

    def _usual_places(self, names: Sequence[str], columns: tuple[Column, Column]) -> tuple[int | None, int | None]:
        """Find where usual names stand; headings count only where both columns have one, as "Hi" or "no" may be texts."""
        pairs = list(zip(columns, self.roles, strict=True))
        first, second = (_usual_place(names, column, role, headings=True) for column, role in pairs)
        if None in (first, second):
            first, second = (_usual_place(names, column, role, headings=False) for column, role in pairs)
        return first, second

    def _both(self) -> str:
        return f"{self.roles[0].what} and {self.roles[1].what}"


def place_of_one(row: Sequence[str], column: Column, role: Role, place: str) -> tuple[int, bool]:
    """Find a single column in the first row of a table: where it stands, from 0, and whether this row is a header.

    It is a header where the name that is asked for stands in it, or with nothing or a number asked for a usual name.
    The only column there is needs no name. Raises DataError, with the place and the columns, for one that is not there.
    """
    names = [cell.strip() for cell in row]
    number = _as_number(column)
    usual = _usual_place(names, number, role, headings=False)
    header = isinstance(number, str) or usual is not None
    if number is None and usual is None and len(names) == 1:
        number = 1
    if number == 0:
        raise ConfigError("there is no column 0: columns count from 1, or from -1 backward")
    return _place(names, number, usual, role.what, place), header


def key_of_one(there: Iterable[str], column: Column, role: Role, place: str) -> str:
    """Find the key of a single column among those that are there; DataError, which names these, if it is not."""
    return _key(list(there), column, role, place)


def _as_number(column: Column) -> Column:
    return int(column) if isinstance(column, str) and _NUMBER.fullmatch(column) else column


def _usual(there: Sequence[str], known: Sequence[str]) -> str | None:
    """Give the first of the known names that is there, whatever its case, as it is written there."""
    return next((name for wanted in known for name in there if name.lower() == wanted), None)


def _usual_place(names: Sequence[str], column: Column, role: Role, *, headings: bool) -> int | None:
    """Give where a usual name stands: anywhere, or where a number is asked for there alone, or a heading if that counts."""
    if column is None:
        found = _usual(names, role.names)
        return None if found is None else names.index(found)
    if isinstance(column, int):
        at = column - 1 if column > 0 else column + len(names)
        if 0 <= at < len(names) and (names[at].lower() in role.names or (headings and _is_heading(names[at], role))):
            return at
    return None


def _is_heading(name: str, role: Role) -> bool:
    return role.heading is not None and role.heading.fullmatch(name) is not None


def _are_headings(names: Sequence[str], roles: tuple[Role, Role]) -> bool:
    """Tell whether the first two columns have headings, which are not the same."""
    both = len(names) > 1 and names[0] != names[1]
    return both and all(_is_heading(name, role) for name, role in zip(names[:2], roles, strict=True))


def _place(names: Sequence[str], column: Column, usual: int | None, what: str, place: str) -> int:
    if isinstance(column, int):
        at = column - 1 if column > 0 else column + len(names)
        if 0 <= at < len(names):
            return at
        hint = "give numbers of columns, or names" if len(names) > 1 else "part cells by tabs, in .csv by commas"
        raise DataError(f"{place}: no column {column} to read the {what} from; {_there(names)}: {hint}")
    if column is None:
        if usual is None:
            raise DataError(
                f"{place}: no column that is known to hold the {what}; {_there(names)}: name it by --{what}-column"
            )
        return usual
    if (n := names.count(column)) > 1:
        raise DataError(f"{place}: {n} columns are called '{column}': give the number of the one with the {what}")
    if not n:
        raise DataError(f"{place}: no column '{column}' to read the {what} from; {_there(names)}")
    return names.index(column)


def _key(there: Sequence[str], column: Column, role: Role, place: str) -> str:
    if column is None:
        found = _usual(there, role.names)
        if found is None:
            unknown = f"no column that is known to hold the {role.what}; {_there(there)}"
            raise DataError(f"{place}: {unknown}: name it by --{role.what}-column")
        return found
    if column not in there:
        raise DataError(f"{place}: no column '{column}' to read the {role.what} from; {_there(there)}")
    return str(column)


def _there(names: Sequence[str]) -> str:
    if not names:
        return "there are no columns"
    shown = ", ".join(map(_in_line, names[:_SHOWN]))
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"there are {shown}{more}" if len(names) > 1 else f"there is {shown} alone"


def _in_line(name: str) -> str:
    """The name of a column as a message shows it: short, and without line ends or other signs that do something."""
    name = "".join(character if character.isprintable() else " " for character in name)
    return name if len(name) <= 30 else name[:27] + "..."
