"""Rows of Parquet files, a few hundred in memory at a time."""

from collections.abc import Iterator, Mapping
from typing import Any

from seqlab.corpora.archives import archive_of
from seqlab.corpora.files import TextFile
from seqlab.corpora.json_objects import Object
from seqlab.corpora.unchanged import changed, state
from seqlab.errors import DataError

_ROWS = 256


def read_parquet(file: TextFile, example: str = "") -> Iterator[Object]:
    """Give the rows of a Parquet file as objects, whose values become Python's when they are asked for.

    Columns of bytes, such as pictures, are left out. Raises DataError for a file that is damaged or of another kind, and
    for one in an archive.
    """
    import pyarrow
    import pyarrow.parquet

    if archive_of(file.path):
        raise DataError(f"{file.name}: Parquet cannot be read out of an archive; unpack it, and name the file")
    before, number = state(file.path), 0
    try:
        with pyarrow.parquet.ParquetFile(file.path) as table:
            columns = [field.name for field in table.schema_arrow if not _has_bytes(field.type)]
            for batch in table.iter_batches(_ROWS, columns=columns):
                rows = _Rows(batch, f"{file.name}, row {number + 1}")
                for at in range(batch.num_rows):
                    number += 1
                    yield Object(f"{file.name}, row {number}", _Row(rows, at), False)
    except (pyarrow.ArrowException, OSError, UnicodeError) as error:
        says = " ".join(str(error).split())[:200]
        raise DataError(f"{file.name}: no Parquet that can be read ({says}); make or download it again") from error
    if state(file.path) != before:
        raise changed(file.name)


def _has_bytes(kind: Any) -> bool:
    import pyarrow.types as types

    if types.is_struct(kind):
        return any(_has_bytes(field.type) for field in kind)
    return bool(types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind))


class _Rows:
    """A batch of rows, whose columns are turned into lists when they are asked for."""

    def __init__(self, batch: Any, first: str) -> None:
        self.names = tuple(batch.schema.names)
        self._batch, self._first = batch, first
        self._lists: dict[str, list[Any]] = {}

    def column(self, name: str) -> list[Any]:
        """Give the values of a column."""
        if name not in self._lists:
            try:
                self._lists[name] = self._batch.column(self.names.index(name)).to_pylist()
            except UnicodeError as error:
                raise DataError(
                    f"{self._first} or soon after: a string in column '{name}' is not UTF-8, in which those of Parquet "
                    "are; make or download the file again"
                ) from error
        return self._lists[name]


class _Row(Mapping[str, Any]):
    def __init__(self, rows: _Rows, at: int) -> None:
        self._rows, self._at = rows, at

    def __getitem__(self, name: str) -> Any:
        if name not in self._rows.names:
            raise KeyError(name)
        return self._rows.column(name)[self._at]

    def __contains__(self, name: object) -> bool:
        return name in self._rows.names

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows.names)

    def __len__(self) -> int:
        return len(self._rows.names)
