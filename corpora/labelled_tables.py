"""Labelled texts from tables: a row each, in columns that are parted by commas (CSV) or by tabs (TSV)."""

from collections.abc import Iterator

from seqlab.corpora import labels
from seqlab.corpora.csv_rows import csv_rows
from seqlab.corpora.files import TextFile
from seqlab.corpora.labelled_columns import Columns, Places
from seqlab.corpora.lines import read_lines
from seqlab.errors import DataError
from seqlab.records import Labelled


def read_csv(file: TextFile, columns: Columns, separator: str | None) -> Iterator[Labelled]:
    """Give the labelled texts of a CSV file (`csv_rows`), all of whose rows have as many cells as the first.

    Raises DataError, with the line where the row starts, as `csv_rows` and `Columns.in_table` do, for a row with another
    number of cells, and for a label that is missing.
    """
    places: Places | None = None
    n_cells = first = 0
    for number, row in csv_rows(file):
        place = f"{file.path}, line {number}"
        if places is None:
            places, n_cells, first = columns.in_table(row, place), len(row), number
            if places.header:
                continue
        if len(row) != n_cells:
            raise DataError(
                f"{place}: {_cells(len(row))}, where the first row (line {first}) has {n_cells}: fill missing "
                "cells, and put a text with commas in double quotes"
            )
        yield Labelled(row[places.text], labels.in_cell(row[places.label], separator, place), place)


def read_tsv(file: TextFile, columns: Columns, separator: str | None) -> Iterator[Labelled]:
    """Give the labelled texts of a file with tabs between the cells: a row a line, and quotes stand for themselves.

    Blank lines are passed over, and cells behind those of text and label may be missing. Raises DataError, with the line,
    as `read_lines` and `Columns.in_table` do, for more cells than in the first row, for a row that ends before text or
    label, and for a label that is missing.
    """
    places: Places | None = None
    n_cells = first = 0
    for number, line in read_lines(file):
        row = line.split("\t")
        if len(row) == 1 and (not line or line.isspace()):
            continue
        place = f"{file.path}, line {number}"
        if places is None:
            places, n_cells, first = columns.in_table(row, place), len(row), number
            if places.header:
                continue
        if len(row) > n_cells or len(row) <= max(places.text, places.label):
            raise DataError(
                f"{place}: {_cells(len(row))}, where the first row (line {first}) has {n_cells}: fill missing cells, and "
                "replace tabs in a text by blanks"
            )
        yield Labelled(row[places.text], labels.in_cell(row[places.label], separator, place), place)


def _cells(n: int) -> str:
    return "1 cell" if n == 1 else f"{n} cells"
