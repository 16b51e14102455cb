"""Sentences with their translations, in any of the forms they come in: two files, tables, JSON lines."""

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from seqlab.corpora.columns import Column
from seqlab.corpora.files import TEXT_SUFFIXES, Paths, TextFile, find_files, nothing_in
from seqlab.corpora.folder_per_class import suffix_of
from seqlab.corpora.lines import read_lines
from seqlab.corpora.parallel_columns import pair_columns
from seqlab.corpora.parallel_lines import SEPARATOR, read_aligned, read_jsonl, read_moses
from seqlab.corpora.tables import csv_cells, tsv_cells
from seqlab.errors import ConfigError, DataError, unknown
from seqlab.records import Pair

FORMS = ("auto", "text", "tsv", "csv", "moses", "jsonl")
"""What `form` can be."""

_TABLES = {"csv": csv_cells, "tsv": tsv_cells}
_BY_SUFFIX = {".tsv": "tsv", ".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
_SUFFIXES = {
    "auto": tuple(_BY_SUFFIX),
    "tsv": (*TEXT_SUFFIXES, ".tsv"),
    "csv": (".csv",),
    "moses": TEXT_SUFFIXES,
    "jsonl": (".jsonl", ".ndjson"),
}
"""The files of a folder that are read, by form."""
_LOOK = 10  # lines that tell whether a file is a table


class _Part(NamedTuple):
    form: str
    files: tuple[TextFile, ...]
    """Of the form text the source and the target, else one."""


class ParallelText:
    """Sentences with their translations from files, in constant memory, one pair at a time.

    Forms: `text`, two files, the source first, whose lines belong together one by one, or several such pairs of files one
    after another; `tsv` and `csv`, tables (`tables`); `moses`, lines of `source ||| target`; `jsonl`, a JSON object a line
    (`parallel_lines`). With `auto`, `.tsv`, `.csv`, `.jsonl` and `.ndjson` say it themselves; another file is `tsv` if more
    than half of its first lines have a tab, `moses` likewise, and else one of two. A folder stands for the tables in it.
    Files may be compressed. Both sides are given as they are, empty ones too.

    Raises, when it is made, what `PlainText` does, ConfigError for an unknown form, columns that make no sense and settings
    that a form does not have, DataError for a file whose other side is not given; while it is read DataError, with file and
    line, as the readers of the forms do, and where there is no pair.
    """

    def __init__(
        self,
        paths: Paths,
        encoding: str = "utf-8",
        *,
        form: str = "auto",
        source_column: Column = None,
        target_column: Column = None,
        header: bool | None = None,
    ) -> None:
        """Take the paths, the encoding of all files that do not bring their own, and how they are to be read.

        Columns have names, or numbers from 1, or from -1 backward. Where none is named, they are the usual ones
        (`parallel_columns`), and where a table has none of these the first and the second. `header` is whether tables have
        one; None finds out.
        """
        if form not in FORMS:
            raise ConfigError(unknown("form of parallel text", form, FORMS))
        self._columns = pair_columns(source_column, target_column, header)
        if isinstance(paths, str | os.PathLike):
            paths = [paths]
        if not paths:
            find_files(paths, encoding)  # raises
        entries = [path if isinstance(path, TextFile) else TextFile(Path(path), encoding) for path in paths]
        self._parts = _parts(entries, form)
        self.files = tuple(file for part in self._parts for file in part.files)
        for part in self._parts:
            self._check(part)

    def __repr__(self) -> str:
        return f"ParallelText({[file.name for file in self.files]})"

    def __iter__(self) -> Iterator[Pair]:
        empty = True
        for part in self._parts:
            for pair in self._read(part):
                empty = False
                yield pair
        if empty:
            raise nothing_in(self.files, "pair of sentences")

    def _read(self, part: _Part) -> Iterator[Pair]:
        if part.form == "text":
            yield from read_aligned(*part.files)
        elif part.form == "moses":
            yield from read_moses(part.files[0])
        elif part.form == "jsonl":
            yield from read_jsonl(part.files[0], self._columns)
        else:
            for place, source, target in _TABLES[part.form](part.files[0], self._columns):
                yield Pair(source, target, place)

    def _check(self, part: _Part) -> None:
        """Raise ConfigError for settings that the form of a part does not have."""
        columns = self._columns
        asked = [column for column in columns.asked if column is not None]
        kept = f"{part.files[0].name} is read in the form {part.form}, which has no"
        if columns.header and part.form not in _TABLES:
            raise ConfigError(f"{kept} header: leave it out, or name another form")
        if part.form in _TABLES:
            columns.check_for_table()
        elif part.form != "jsonl":
            if asked:
                raise ConfigError(f"{kept} columns: leave them out, or name another form")
        else:
            number = next((column for column in asked if isinstance(column, int)), None)
            if number is not None:
                raise ConfigError(f"{kept} column {number}: its columns are keys, such as source and target")


def _parts(entries: list[TextFile], form: str) -> list[_Part]:
    parts: list[_Part] = []
    left = iter(entries)
    for entry in left:
        kind = _form_of(entry) if form == "auto" else form
        if kind == "text":
            parts.append(_Part(kind, _two_sides(entry, next(left, None), form)))
            continue
        found = find_files([entry], entry.encoding, _SUFFIXES[kind])
        parts += [_Part(_BY_SUFFIX[suffix_of(file.path)] if kind == "auto" else kind, (file,)) for file in found]
    return parts


def _form_of(entry: TextFile) -> str:
    """Tell the form of a file by its suffix, or where that says nothing by its first lines; "auto" for a folder.

    Raises DataError as `read_lines` does, and for a file without text.
    """
    if entry.path.is_dir():
        return "auto"
    if form := _BY_SUFFIX.get(suffix_of(entry.path)):
        return form
    lines = list(islice((line for _, line in read_lines(entry) if line and not line.isspace()), _LOOK))
    if 2 * sum("\t" in line for line in lines) > len(lines):
        return "tsv"
    return "moses" if 2 * sum(SEPARATOR in line for line in lines) > len(lines) else "text"


def _two_sides(source: TextFile, target: TextFile | None, form: str) -> tuple[TextFile, ...]:
    """Give the files of the two sides; DataError where one is a folder, a table, or not given."""
    if folder := next((file for file in (source, target) if file is not None and file.path.is_dir()), None):
        raise DataError(
            f"{folder.name}: a folder, where a file is needed: name the files of both sides, the source first"
        )
    if target is None or (form == "auto" and suffix_of(target.path) in _BY_SUFFIX):
        beside = "" if target is None else f", and {target.name} is a table"
        raise DataError(
            f"{source.name}: one side alone{beside}; give the file of the source and behind it that of the target, or a "
            "table with a tab between the two"
        )
    return find_files([source, target], source.encoding)
