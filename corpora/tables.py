"""Two columns of a table: a row each, in columns that are parted by commas (CSV) or by tabs (TSV)."""

from collections.abc import Iterator
from typing import NamedTuple

from seqlab.corpora.columns import Columns, Places
from seqlab.corpora.csv_rows import csv_rows
from seqlab.corpora.files import TextFile
from seqlab.corpora.lines import read_lines
from seqlab.errors import DataError


class Cells(NamedTuple):
    """What a row has in the two columns."""

    place: str
    """File and line, for messages and records."""
    first: str
    second: str


def csv_cells(file: TextFile, columns: Columns) -> Iterator[Cells]:
    """Give the cells of a CSV file (`csv_rows`), all of whose rows have as many cells as the first.

    Raises DataError, with the line where the row starts, as `csv_rows` and `Columns.in_table` do, for a row with another
    number of cells, and for a first row that is parted by tabs.
    """
    places: Places | None = None
    n_cells = first = 0
    for number, row in csv_rows(file):
        place = f"{file.name}, line {number}"
        if places is None:
            if len(row) == 1 and "\t" in row[0]:
                raise DataError(f"{place}: its cells are parted by tabs, and .csv has commas; give --form tsv")
            places, n_cells, first = columns.in_table(row, place), len(row), number
            if places.header:
                continue
        if len(row) != n_cells:
            raise DataError(
                f"{place}: {_cells(len(row))}, where the first row (line {first}) has {n_cells}: fill missing "
                "cells, and put a text with commas in double quotes"
            )
        yield Cells(place, row[places.first], row[places.second])


def tsv_cells(file: TextFile, columns: Columns) -> Iterator[Cells]:
    """Give the cells of a file with tabs between them: a row a line, and quotes stand for themselves.

    Blank lines are passed over, and cells behind those of the two columns may be missing. Raises DataError, with the line,
    as `read_lines` and `Columns.in_table` do, for more cells than in the first row, and for a row that ends before one of
    the two columns.
    """
    places: Places | None = None
    n_cells = first = 0
    for number, line in read_lines(file):
        row = line.split("\t")
        if len(row) == 1 and (not line or line.isspace()):
            continue
        place = f"{file.name}, line {number}"
        if places is None:
            places, n_cells, first = columns.in_table(row, place), len(row), number
            if places.header:
                continue
        if len(row) > n_cells or len(row) <= max(places.first, places.second):
            raise DataError(
                f"{place}: {_cells(len(row))}, where the first row (line {first}) has {n_cells}: fill missing cells, and "
                "replace tabs in a text by blanks"
            )
        yield Cells(place, row[places.first], row[places.second])


def _cells(n: int) -> str:
    return "1 cell" if n == 1 else f"{n} cells"
