"""Texts with labels, for classification, in any of the forms they come in: tables, lines, folders."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from seqlab.corpora import labels
from seqlab.corpora.columns import Column, Columns
from seqlab.corpora.file_reader import FileReader
from seqlab.corpora.files import TEXT_SUFFIXES, Paths, TextFile, entries, find_files, is_folder, nothing_in, told
from seqlab.corpora.folder_per_class import files_by_class, is_per_class, read_whole, suffix_of
from seqlab.corpora.labelled_columns import ROLES
from seqlab.corpora.labelled_lines import EXAMPLE, MARK, read_fasttext, read_labelled
from seqlab.corpora.lines import read_lines
from seqlab.corpora.object_files import OBJECTS
from seqlab.corpora.object_files import SUFFIXES as OBJECT_SUFFIXES
from seqlab.corpora.tables import csv_cells, tsv_cells
from seqlab.errors import ConfigError, unknown
from seqlab.records import Labelled

_TABLES = {"csv": csv_cells, "tsv": tsv_cells}
_BY_SUFFIX = {".csv": "csv", **OBJECT_SUFFIXES}
FORMS = ("auto", "tsv", "csv", "jsonl", "json", "parquet", "fasttext", "folders")
"""What `form` can be."""
SUFFIXES = {
    "auto": (
        *TEXT_SUFFIXES,
        ".tsv",
        *(suffix for suffix in _BY_SUFFIX if suffix != ".json"),
    ),  # often a note on the others
    "tsv": (*TEXT_SUFFIXES, ".tsv"),
    "csv": (".csv",),
    "jsonl": (".jsonl", ".ndjson"),
    "json": (".json",),
    "parquet": (".parquet",),
    "fasttext": TEXT_SUFFIXES,
}
"""The files of a folder that are read, by form."""


class _Part(NamedTuple):
    file: TextFile
    form: str
    label: str = ""
    """Of a file of the form folders."""


class LabelledText(FileReader):
    """Texts with their labels from files and folders, in constant memory, one record at a time.

    Forms: `tsv` and `csv`, tables (`tables`); `jsonl`, a JSON object a line, `json`, one array of these (`json_array`),
    and `parquet`; `fasttext`, lines that begin with `__label__` (`labelled_lines`); `folders`, a folder with a
    subfolder for each class (`folder_per_class`). With `auto`, `.csv`, `.jsonl`, `.ndjson`, `.json` and `.parquet` say
    it themselves; other files are fastText's if their first line begins so, else `tsv`; a folder whose subfolders hold
    text files is a folder per class. Files may be compressed. Texts are given as they are, empty ones too; labels
    without blanks around them, and never empty. An empty cell is a text without labels.

    Raises, when it is made, what `PlainText` does, ConfigError for an unknown form, columns that make no sense and settings
    that a form does not have; while it is read DataError, with file and line, as the readers of the forms do.
    """

    def __init__(
        self,
        paths: Paths,
        encoding: str = "utf-8",
        *,
        errors: str = "strict",
        form: str = "auto",
        text_column: Column = None,
        label_column: Column = None,
        header: bool | None = None,
        label_separator: str | None = None,
    ) -> None:
        """Take the paths, the encoding of all files that do not bring their own, and how they are to be read.

        `errors` is what is done with undecodable bytes: strict, replace or skip-line.

        Columns have names, or numbers from 1, or from -1 backward; where none is named, the usual names are looked for
        (`labelled_columns`), and without a header it is the first and the second. `header` is whether tables have one; None
        finds out. A cell with several labels is split at `label_separator`.
        """
        if form not in FORMS:
            raise ConfigError(unknown("form of labelled texts", form, FORMS))
        labels.check_separator(label_separator)
        self._columns = Columns(ROLES, (text_column, label_column), header)
        self._separator = label_separator
        self.tally = Counter()
        self._parts = [part for entry in entries(paths, encoding, errors, self.tally) for part in _parts(entry, form)]
        self.files = tuple(part.file for part in self._parts)
        for part in self._parts:
            self._check(part)

    def __iter__(self) -> Iterator[Labelled]:
        self.tally.clear()
        empty = True
        for part in self._parts:
            for record in self._read(part):
                empty = False
                yield record
        if empty:
            raise nothing_in(self.files, "labelled text")

    def _read(self, part: _Part) -> Iterator[Labelled]:
        if part.form in _TABLES:
            return self._read_table(part)
        if part.form in OBJECTS:
            return read_labelled(OBJECTS[part.form](part.file, EXAMPLE), self._columns, self._separator)
        return read_fasttext(part.file) if part.form == "fasttext" else read_whole(part.file, part.label)

    def _read_table(self, part: _Part) -> Iterator[Labelled]:
        for place, text, label in _TABLES[part.form](part.file, self._columns):
            yield Labelled(text, labels.in_cell(label, self._separator, place), place)

    def _check(self, part: _Part) -> None:
        """Raise ConfigError for settings that the form of a part does not have."""
        columns = self._columns
        asked = [column for column in columns.asked if column is not None]
        kept = f"{part.file.name} is read in the form {part.form}, which has no"
        if columns.header and part.form not in _TABLES:
            raise ConfigError(f"{kept} header: leave it out, or name another form")
        if part.form in _TABLES:
            columns.check_for_table()
        elif part.form in OBJECTS:
            number = next((column for column in asked if isinstance(column, int)), None)
            if number is not None:
                raise ConfigError(f"{kept} column {number}: its columns are keys, such as text and label")
        elif part.form in ("fasttext", "folders"):
            if asked:
                raise ConfigError(f"{kept} columns: leave them out, or name another form")
            if self._separator is not None:
                raise ConfigError(f"{kept} cells to separate labels in: leave the separator out, or name another form")


def _parts(entry: TextFile, form: str) -> list[_Part]:
    if form == "folders":
        return [_Part(file, form, label) for file, label in files_by_class(entry)]
    files = find_files([entry], entry.encoding, SUFFIXES[form])
    if form == "auto" and is_folder(entry.path) and is_per_class(entry.path, files):
        return [_Part(file, "folders", label) for file, label in files_by_class(entry)]
    return [_Part(file, _form_of(file) if form == "auto" else form) for file in files]


def _form_of(file: TextFile) -> str:
    """Tell the form of a file by its suffix, or where that says nothing by its first line; DataError as `decode` does."""
    if form := _BY_SUFFIX.get(suffix_of(file.path)):
        return form
    first = next((line for _, line in read_lines(told(file)) if line and not line.isspace()), "")
    return "fasttext" if first.lstrip().startswith(MARK) else "tsv"
