"""The work on one shard: read, clean, write down; a function of the shard and the settings, for any process to do."""

import json
import os
import shutil
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any

import numpy as np

from seqlab.config.cleaning import Cleaning, Duplicates
from seqlab.corpora.cleaning import Cleaner
from seqlab.corpora.cleaning.keys import group_key, key, text_key
from seqlab.corpora.cleaning.records import BATCH, clean_records
from seqlab.corpora.files import TextFile
from seqlab.corpora.preparation.canonical import FORMS
from seqlab.corpora.preparation.plan import Shard
from seqlab.corpora.preparation.reading import Reading
from seqlab.corpora.preparation.rows import Layout, number_of, of_keys
from seqlab.corpora.preparation.signatures import SignatureFile, text_of
from seqlab.errors import DataError
from seqlab.records import Pair, Text

RECORDS, ROWS, COUNTS = "records", "rows", "counts.json"
PIECES, LINES, RECORDS_AS_READ = "pieces", "lines", "records"
"""What a record is: a stretch of running text of any length, a line of it, or what the reader gives."""


@dataclass(frozen=True)
class Work:
    """What is to be done with every shard."""

    reading: Reading
    cleaning: Cleaning
    duplicates: Duplicates
    form: str
    """A name in `FORMS`."""
    layout: Layout
    taken: str = RECORDS_AS_READ
    """What a record is: PIECES, LINES or RECORDS_AS_READ."""
    group_column: str | None = None
    """Column of the unit that is held out as a whole; else the document is, where the layout has a unit."""


def name_of(number: int) -> str:
    """Give the name of the folder of a shard."""
    return f"{number:06}"


def clean_shard(work: Work, shard: Shard, number: int, folder: str) -> dict[str, Any]:
    """Clean a shard into a folder of its own below `folder`, which is there as a whole or not at all; give its counts.

    Nothing is done where it is there already. Raises DataError for what cannot be read or written.
    """
    place = Path(folder, name_of(number))
    if is_done(place):
        return counts_of(place)
    beside = place.with_name(f".{place.name}.{uuid.uuid4().hex}")
    try:
        beside.mkdir()
        counts = _written(work, shard, beside)
        (beside / COUNTS).write_text(json.dumps(counts, sort_keys=True), encoding="ascii", newline="")
        _move(beside, place)
    except OSError as error:
        raise DataError(
            f"{place}: cannot be written ({error.strerror or error}); free some space, then go on with --resume"
        ) from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return counts


def is_done(place: Path) -> bool:
    """Tell whether the folder of a shard is there; it is whole then."""
    return (place / COUNTS).is_file()


def counts_of(place: Path) -> dict[str, Any]:
    """Give the counts of a shard that is done."""
    found: dict[str, Any] = json.loads((place / COUNTS).read_text(encoding="ascii"))
    return found


def _move(beside: Path, place: Path) -> None:
    """Rename a folder that is done, unless another worker was faster, whose folder is the same."""
    try:
        beside.rename(place)
    except OSError:
        if not is_done(place):
            raise


def _written(work: Work, shard: Shard, folder: Path) -> dict[str, Any]:
    reader, cleaner = work.reading.open(shard.corpora), Cleaner(work.cleaning)
    counts: Counter[str] = Counter()
    with (folder / RECORDS).open("wb") as records, (folder / ROWS).open("wb") as rows:
        if work.taken == PIECES:
            _write_pieces(reader, cleaner, records, counts)
        else:
            write = _write_lines if work.taken == LINES else _write_records
            near = SignatureFile(folder, work.duplicates) if work.duplicates.near else None
            write(work, shard, reader, cleaner, _Batch(work, records, rows, near), counts)
            if near:
                near.finish()
        for file in (records, rows):
            file.flush()
            os.fsync(file.fileno())
    return {
        **dict(sorted(counts.items())),
        "cleaning": dict(sorted(cleaner.counts.items())),
        "reading": dict(sorted(getattr(reader, "tally", {}).items())),
    }


def _write_pieces(reader: Any, cleaner: Cleaner, file: IO[bytes], counts: Counter[str]) -> None:
    """Write running text, without a thought for where its lines are."""
    last = "\n"
    for record in _read(reader):
        text = cleaner.clean_lines(record.text)
        counts["read characters"] += len(record.text)
        counts["kept characters"] += len(text)
        file.write(text.encode("utf-8", "replace"))
        last = text[-1:] or last
    if last != "\n":  # what follows is another file
        counts["kept characters"] += 1
        file.write(b"\n")


def _read(reader: Any) -> Iterator[Any]:
    """Give the records of a reader; none where it has none, since another shard may have some."""
    try:
        yield from reader
    except DataError as error:
        if "empty, there is no" not in str(error):
            raise


def _write_records(
    work: Work, shard: Shard, reader: Any, cleaner: Cleaner, batch: "_Batch", counts: Counter[str]
) -> None:
    """Write record by record, and a row for each."""
    records = _with_units(work, shard, reader)
    while some := list(islice(records, BATCH)):
        counts["read"] += len(some)
        for record, (_, unit) in zip(clean_records([record for record, _ in some], cleaner), some, strict=True):
            if record is None:
                continue
            written = None if _is_empty(record) else FORMS[work.form].written(record)
            counts["empty" if _is_empty(record) else "kept" if written else "unwritable"] += 1
            if written:
                batch.add(record, written, unit)
        batch.write()


def _is_empty(record: Any) -> bool:
    """Tell whether there is nothing to read in a record."""
    read = (record.source, record.target) if isinstance(record, Pair) else (getattr(record, "text", "..."),)
    return not all(text and not text.isspace() for text in read)


def _write_lines(
    work: Work, shard: Shard, reader: Any, cleaner: Cleaner, batch: "_Batch", counts: Counter[str]
) -> None:
    """Write running text line by line, without those that are blank, and a row for each."""
    for block, source in _whole_lines(_read(reader)):
        unit = number_of(shard.document or _file_of(Text("", source), shard)) if work.layout.unit else 0
        counts["read"] += block.count("\n")
        lines = [line for line in cleaner.clean_lines(block).split("\n") if line and not line.isspace()]
        counts["kept"] += len(lines)
        batch.add_lines(lines, unit)
        batch.write()


def _whole_lines(pieces: Iterable[Text]) -> Iterator[tuple[str, str]]:
    """Give a text in pieces that end where a line does, each with its source."""
    begun = source = ""
    for piece in pieces:
        begun, source = begun + piece.text, piece.source
        end = begun.rfind("\n") + 1
        if end:
            yield begun[:end], source
            begun = begun[end:]
    if begun:
        yield f"{begun}\n", source


def _with_units(work: Work, shard: Shard, reader: Any) -> Iterator[tuple[Any, int]]:
    """Give each record with the number of what it is held out with; 0 where that follows from what is read of it."""
    if work.group_column is not None:
        columns = work.reading.of_column(work.group_column).open(shard.corpora)
        for record, other in zip(_read(reader), _read(columns), strict=True):
            yield record, number_of(other.text if hasattr(other, "text") else other.source)
    elif work.layout.unit and not shard.document:
        for record in _read(reader):
            yield record, number_of(_file_of(record, shard))
    else:
        document = number_of(shard.document)
        for record in _read(reader):
            yield record, document


def _file_of(record: Any, shard: Shard) -> str:
    """Give the name of the file of a record, of a reader of several; the same wherever these lie."""
    where: str = record.where if hasattr(record, "where") else record.source
    name = where.rpartition(", line ")[0] or where
    for number, corpus in enumerate(shard.corpora):
        path = str(corpus.path) if isinstance(corpus, TextFile) else corpus
        if name.startswith(path):
            return f"{number}{name[len(path) :]}"
    return name


class _Batch:
    """Records that wait to be written."""

    def __init__(self, work: Work, records: IO[bytes], rows: IO[bytes], near: SignatureFile | None) -> None:
        self._layout, self._records, self._rows, self._near = work.layout, records, rows, near
        self._clear()

    def _clear(self) -> None:
        self._lines: list[bytes] = []
        self._texts: list[str] = []
        self._keys: list[bytes] = []
        self._contents: list[bytes] = []
        self._units: list[int] = []
        self._strata: list[int] = []

    def add(self, record: Any, written: str, unit: int) -> None:
        """Take a record with what it is when written, and the number of its unit."""
        self._lines.append(written.encode("utf-8", "replace"))
        self._keys.append(key(record))
        if self._near:
            self._texts.append(text_of(record))
        if self._layout.content:
            self._contents.append(group_key(record))
        self._units.append(unit)
        if self._layout.stratum:
            self._strata.append(number_of("\t".join(sorted(record.labels))))

    def add_lines(self, lines: list[str], unit: int) -> None:
        """Take lines of running text, all with the same unit."""
        self._lines += [f"{line}\n".encode("utf-8", "replace") for line in lines]
        self._keys += map(text_key, lines)
        self._units += [unit] * len(lines)
        if self._near:
            self._texts += lines

    def write(self) -> None:
        """Write what waits."""
        if not self._lines:
            return
        rows = np.zeros(len(self._lines), self._layout.dtype)
        rows["size"] = list(map(len, self._lines))
        rows["key"] = of_keys(self._keys)
        if self._layout.content:
            rows["content"] = of_keys(self._contents)
        if self._layout.unit:
            rows["unit"] = np.array(self._units, np.uint64)
        if self._layout.stratum:
            rows["stratum"] = np.array(self._strata, np.uint64)
        self._records.write(b"".join(self._lines))
        self._rows.write(rows.tobytes())
        if self._near:
            self._near.add(self._texts)
        self._clear()
