"""Running text from a column of tables, JSON and Parquet: a row is a line or several."""

from collections import Counter
from collections.abc import Iterator

from seqlab.corpora.columns import Column, key_of_one, place_of_one
from seqlab.corpora.csv_rows import csv_rows
from seqlab.corpora.file_reader import FileReader
from seqlab.corpora.files import TEXT_SUFFIXES, Paths, TextFile, entries, find_files, nothing_in
from seqlab.corpora.folder_per_class import suffix_of
from seqlab.corpora.json_objects import string_under
from seqlab.corpora.labelled_columns import ROLES
from seqlab.corpora.lines import read_lines
from seqlab.corpora.object_files import OBJECTS, SUFFIXES
from seqlab.corpora.readers import in_pieces, pieces, set_apart
from seqlab.errors import ConfigError, DataError
from seqlab.records import Text

TABLES = {".csv": "csv", ".tsv": "tsv", **SUFFIXES}
"""The form that a suffix says, of files with columns."""

_TEXT = ROLES[0]
_EXAMPLE = '{"text": "..."}'


class TextColumn(FileReader):
    """Running text from files with columns (CSV, TSV, JSON, JSON lines, Parquet), in constant memory, and from plain ones.

    The suffix says which these are. The text of a row is a line or several, with a line end put behind it where it has
    none; a row without a value is passed over. Of a folder the plain files are read, and where it has none those with
    columns, but no `.json`. Raises what `PlainText` does, ConfigError for a column of plain files, and while it is read
    DataError for a column that is not there, with those that are, and as the readers of the forms do.
    """

    def __init__(
        self, paths: Paths, encoding: str = "utf-8", *, errors: str = "strict", text_column: Column = None
    ) -> None:
        """Take the paths, the encoding of all files that do not bring their own, and which column holds the text.

        It has a name, or in CSV and TSV a number from 1, or from -1 backward. Where none is named, the usual names are
        looked for (`labelled_columns`), or it is the only column.
        """
        self.tally = Counter()
        self._column = text_column
        suffixes = (*TEXT_SUFFIXES, *(suffix for suffix in TABLES if suffix != ".json"))
        self.files = tuple(
            file
            for entry in entries(paths, encoding, errors, self.tally)
            for file in _plain_or_all(find_files([entry], entry.encoding, suffixes), entry)
        )
        plain = next((file for file in self.files if not has_columns(file)), None)
        if text_column is not None and plain is not None:
            raise ConfigError(f"{plain.name} is read as plain text, which has no columns: leave the text column out")

    def __iter__(self) -> Iterator[Text]:
        self.tally.clear()
        empty = True
        for record in set_apart(self._records(file) for file in self.files):
            empty = False
            yield record
        if empty:
            raise nothing_in(self.files, "text")

    def _records(self, file: TextFile) -> Iterator[Text]:
        return in_pieces(self._rows(file), file.name) if has_columns(file) else pieces(file)

    def _rows(self, file: TextFile) -> Iterator[str | None]:
        form = TABLES[suffix_of(file.path)]
        if form in OBJECTS:
            return self._values(file, form)
        return self._cells(file, form)

    def _values(self, file: TextFile, form: str) -> Iterator[str | None]:
        for row in OBJECTS[form](file, _EXAMPLE):
            key = key_of_one(row.values, self._column, _TEXT, row.place)
            text = string_under(row.values, key, "text", row.place)
            row.refuse_halves((text,))
            yield None if row.values[key] is None else text

    def _cells(self, file: TextFile, form: str) -> Iterator[str | None]:
        at = n_cells = -1
        rows = (
            csv_rows(file) if form == "csv" else ((n, line.split("\t")) for n, line in read_lines(file) if line.strip())
        )
        for number, row in rows:
            place = f"{file.name}, line {number}"
            if at < 0:
                at, header = place_of_one(row, self._column, _TEXT, place)
                n_cells = len(row)
                if header:
                    continue
            if len(row) > n_cells or len(row) <= at or (form == "csv" and len(row) != n_cells):
                raise DataError(
                    f"{place}: the number of cells is {len(row)}, and that of the first row {n_cells}: fill missing "
                    "cells, and put a text with commas in double quotes"
                )
            yield row[at]


def has_columns(file: TextFile) -> bool:
    """Tell whether the suffix of a file is that of a table, of JSON or of Parquet."""
    return suffix_of(file.path) in TABLES


def _plain_or_all(files: tuple[TextFile, ...], entry: TextFile) -> list[TextFile]:
    """Give the plain files of a folder if it has any, else all; a file that is named is read as it is."""
    plain = [file for file in files if not has_columns(file)]
    return plain or list(files)
