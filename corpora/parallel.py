"""Sentences with their translations, in any of the forms they come in: two files, tables, JSON lines."""

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from seqlab.corpora.columns import Column
from seqlab.corpora.file_reader import FileReader
from seqlab.corpora.files import TEXT_SUFFIXES, Paths, TextFile, entries, find_files, is_folder, nothing_in, told
from seqlab.corpora.folder_per_class import suffix_of
from seqlab.corpora.lines import read_lines
from seqlab.corpora.object_files import OBJECTS
from seqlab.corpora.object_files import SUFFIXES as OBJECT_SUFFIXES
from seqlab.corpora.parallel_columns import pair_columns
from seqlab.corpora.parallel_lines import EXAMPLE, SEPARATOR, read_aligned, read_moses, read_pairs
from seqlab.corpora.tables import csv_cells, tsv_cells
from seqlab.corpora.tmx import read_tmx
from seqlab.errors import ConfigError, DataError, unknown
from seqlab.records import Pair

FORMS = ("auto", "text", "tsv", "csv", "moses", "jsonl", "json", "parquet", "tmx")
"""What `form` can be."""

_TABLES = {"csv": csv_cells, "tsv": tsv_cells}
_BY_SUFFIX = {".tsv": "tsv", ".csv": "csv", **OBJECT_SUFFIXES, ".tmx": "tmx"}
_SUFFIXES = {
    "auto": tuple(suffix for suffix in _BY_SUFFIX if suffix != ".json"),  # which is often a note on the others
    "tsv": (*TEXT_SUFFIXES, ".tsv"),
    "csv": (".csv",),
    "moses": TEXT_SUFFIXES,
    "jsonl": (".jsonl", ".ndjson"),
    "json": (".json",),
    "parquet": (".parquet",),
    "tmx": (".tmx",),
}
"""The files of a folder that are read, by form."""
_LOOK = 10  # lines that tell whether a file is a table


class _Part(NamedTuple):
    form: str
    files: tuple[TextFile, ...]
    """Of the form text the source and the target, else one."""


class ParallelText(FileReader):
    """Sentences with their translations from files, in constant memory, one pair at a time.

    Forms: `text`, two files, the source first, whose lines belong together one by one, or several such pairs of files
    one after another; `tsv` and `csv`, tables (`tables`); `moses`, lines of `source ||| target`; `jsonl`, a JSON object
    a line (`parallel_lines`), `json`, one array of these (`json_array`), and `parquet`; `tmx`, translation memories, in
    which columns are languages (`tmx`). With `auto`, suffixes of tables, JSON, Parquet and TMX say it themselves;
    another file is `tsv` if more than half of its first lines have a tab, `moses` likewise, and else one of two. A
    folder stands for the tables in it. Files may be compressed. Both sides are given as they are, empty ones too.

    Raises, when it is made, what `PlainText` does, ConfigError for an unknown form, columns that make no sense and settings
    that a form does not have, DataError for a file whose other side is not given; while it is read DataError, with file and
    line, as the readers of the forms do, and where there is no pair.
    """

    def __init__(
        self,
        paths: Paths,
        encoding: str = "utf-8",
        *,
        errors: str = "strict",
        form: str = "auto",
        source_column: Column = None,
        target_column: Column = None,
        header: bool | None = None,
    ) -> None:
        """Take the paths, the encoding of all files that do not bring their own, and how they are to be read.

        Columns have names, or numbers from 1, or from -1 backward. Where none is named, they are the usual ones
        (`parallel_columns`), and where a table has none of these the first and the second. `header` is whether tables have
        one; None finds out. `errors` is what is done with undecodable bytes: strict, replace or skip-line.
        """
        if form not in FORMS:
            raise ConfigError(unknown("form of parallel text", form, FORMS))
        self._columns = pair_columns(source_column, target_column, header)
        self.tally = Counter()
        self._parts = _parts(entries(paths, encoding, errors, self.tally), form)
        self.files = tuple(file for part in self._parts for file in part.files)
        for part in self._parts:
            self._check(part)

    def __iter__(self) -> Iterator[Pair]:
        self.tally.clear()
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
        elif part.form in OBJECTS:
            yield from read_pairs(OBJECTS[part.form](part.files[0], EXAMPLE), self._columns)
        elif part.form == "tmx":
            yield from read_tmx(part.files[0], self._columns)
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
        elif part.form not in (*OBJECTS, "tmx"):
            if asked:
                raise ConfigError(f"{kept} columns: leave them out, or name another form")
        else:
            number = next((column for column in asked if isinstance(column, int)), None)
            if number is not None:
                raise ConfigError(f"{kept} column {number}: its columns are keys, such as source and target")


def _parts(named: list[TextFile], form: str) -> list[_Part]:
    parts: list[_Part] = []
    left = iter(named)
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
    if is_folder(entry.path):
        return "auto"
    if form := _BY_SUFFIX.get(suffix_of(entry.path)):
        return form
    lines = list(islice((line for _, line in read_lines(told(entry)) if line and not line.isspace()), _LOOK))
    if 2 * sum("\t" in line for line in lines) > len(lines):
        return "tsv"
    return "moses" if 2 * sum(SEPARATOR in line for line in lines) > len(lines) else "text"


def _two_sides(source: TextFile, target: TextFile | None, form: str) -> tuple[TextFile, ...]:
    """Give the files of the two sides; DataError where one is a folder, a table, or not given."""
    if folder := next((file for file in (source, target) if file is not None and is_folder(file.path)), None):
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
