"""Rows of Parquet files and of datasets: their strings are looked at as lines, a row each."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from seqlab.corpora.files import TextFile
from seqlab.corpora.hub import STRINGS, HubDataset
from seqlab.corpora.inspection.blocks import Block
from seqlab.corpora.inspection.places import Place
from seqlab.corpora.inspection.tables import task_of_columns
from seqlab.corpora.parquet import read_parquet
from seqlab.errors import DataError

_PIECE = 1 << 19
_BREAKS = re.compile(r"[\r\n\t]")


class Rows(NamedTuple):
    """A table of rows that says itself what its columns are called."""

    name: str
    columns: list[str]
    """Those of strings, or of lists of strings; others are not looked at."""
    task: str
    """The task that trains on it, "" where its columns do not say."""
    n_rows: int
    rows: Iterable[Sequence[Any]]
    """The values in these columns."""
    what: str
    """What it is, in words."""


def rows_of(source: TextFile | HubDataset) -> Rows:
    """Open a Parquet file or a dataset; DataError for one that cannot be read."""
    if isinstance(source, HubDataset):
        features = source.data.features
        columns = [name for name, kind in features.items() if _is_of_strings(kind)]
        rows: Iterable[Sequence[Any]] = (values for _, values in source.rows(*columns)) if columns else ()
        names = list(features)
        return Rows(source.name, columns, task_of_columns(names), len(source.data), rows, _named("a dataset", names))
    import pyarrow
    import pyarrow.parquet

    try:
        with pyarrow.parquet.ParquetFile(source.path) as table:
            names, n_rows = list(table.schema_arrow.names), int(table.metadata.num_rows)
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(f"{source.name}: no Parquet that can be read; make or download it again") from error
    rows = _of_parquet(source, names)
    return Rows(source.name, names, task_of_columns(names), n_rows, rows, _named("a Parquet table", names))


def row_blocks(rows: Rows, budget: int) -> Iterator[Block]:
    """Give the first rows as lines, their cells parted by tabs, up to about so many characters."""
    lines: list[str] = []
    first, n_waiting, n_read = 1, 0, 0
    for values in rows.rows:
        lines.append("\t".join(filter(None, map(_text, values))))
        n_waiting += len(lines[-1]) + 1
        if n_waiting >= _PIECE or n_read + n_waiting >= budget:
            yield Block("\n".join(lines) + "\n", Place(rows.name, first))
            first, n_read, n_waiting, lines = first + len(lines), n_read + n_waiting, 0, []
            if n_read >= budget:
                return
    if lines:
        yield Block("\n".join(lines) + "\n", Place(rows.name, first))


def _of_parquet(file: TextFile, names: list[str]) -> Iterator[list[Any]]:
    for row in read_parquet(file):
        yield [row.values.get(name) for name in names]


def _text(value: Any) -> str:
    """Give a cell as text without line ends and tabs; lists with blanks between; "" for what is no string."""
    if isinstance(value, str):
        return _BREAKS.sub(" ", value)
    return " ".join(map(_text, value)) if isinstance(value, list) else ""


def _is_of_strings(kind: Any) -> bool:
    return getattr(kind, "dtype", None) in STRINGS or getattr(getattr(kind, "feature", None), "dtype", None) in STRINGS


def _named(what: str, columns: list[str]) -> str:
    return f"{what} with the columns {', '.join(columns[:8])}{', ...' if len(columns) > 8 else ''}"
