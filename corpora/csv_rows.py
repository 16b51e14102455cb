"""The rows of a CSV file, as RFC 4180 has them, with the line each starts in."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from seqlab.corpora.files import TextFile
from seqlab.corpora.lines import read_lines
from seqlab.errors import DataError

_OPENING = re.compile(r'[ \t]*"')
_BLANKS = re.compile(r"[ \t]*")


def csv_rows(file: TextFile) -> Iterator[tuple[int, list[str]]]:
    """Give the rows, each with the number of the line it starts in, from 1; blank lines between them are passed over.

    Cells are parted by commas. One in double quotes may hold commas, line ends, and doubled quotes, which are one; blanks
    outside the quotes are dropped. A quote inside a cell without quotes stands for itself. One row is in memory at a time.
    Raises DataError as `read_lines` does, and, with the line, for a quote that is not closed or is closed inside a cell.
    """
    row: _Row | None = None
    for number, line in read_lines(file):
        if row is None:
            if '"' not in line:
                if line and not line.isspace():
                    yield number, line.split(",")
                continue
            row = _Row(f"{file.name}", number)
        row.take(line, number)
        if not row.opened:
            yield row.starts, row.cells
            row = None
    if row is not None:
        raise DataError(
            f"{file.name}, line {row.opened}: a double quote opens a cell here and is never closed; close it, or double "
            "the quotes that belong to the text"
        )


@dataclass
class _Row:
    """A row with quotes, while its lines come."""

    path: str
    starts: int
    """Line where the row starts."""
    opened: int = 0
    """Line where the quote opens that has not been closed; 0 if there is none."""
    cells: list[str] = field(default_factory=list)
    _pieces: list[str] = field(default_factory=list)

    def take(self, line: str, number: int) -> None:
        """Take the next line, with its number; the row is at its end unless a quote is still open."""
        at = 0
        while at <= len(line):  # a cell, or the rest of one, each time; behind the last comma there may be an empty one
            if not self.opened:
                opening = _OPENING.match(line, at)
                if opening is None:
                    end = line.find(",", at)
                    end = len(line) if end < 0 else end
                    self.cells.append(line[at:end])
                    at = end + 1
                    continue
                self.opened, at = number, opening.end()
            closing = _closing(line, at)
            if closing < 0:
                self._pieces += line[at:], "\n"
                return
            self._pieces.append(line[at:closing])
            at = self._closed(line, closing + 1, number) + 1

    def _closed(self, line: str, at: int, number: int) -> int:
        """End the cell whose quote was closed before `at`; give where the comma behind it is, or the line ends."""
        blanks = _BLANKS.match(line, at)
        assert blanks is not None
        end = blanks.end()
        if end < len(line) and line[end] != ",":
            raise DataError(
                f"{self.path}, line {number}: {line[end : end + 20]!r} stands behind a closing double quote; "
                "put a comma there, or double the quotes that belong to the text"
            )
        self.cells.append("".join(self._pieces).replace('""', '"'))
        self._pieces, self.opened = [], 0
        return end


def _closing(line: str, at: int) -> int:
    """Give where the first quote from `at` on is that is not doubled; -1 if there is none."""
    while (closing := line.find('"', at)) >= 0 and line.startswith('"', closing + 1):
        at = closing + 2
    return closing
