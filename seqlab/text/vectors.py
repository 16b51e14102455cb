"""Vectors of words that others have trained: the text formats of word2vec and GloVe, also compressed with gzip."""

import gzip
import os
import zlib
from collections.abc import Container
from contextlib import suppress
from pathlib import Path
from typing import IO, cast

import numpy as np
from numpy.typing import NDArray

from seqlab.errors import DataError

_SAMPLE = 1 << 16
_HIGHEST = float(np.finfo(np.float32).max)
_CONTROL = frozenset(range(32)) - {9, 10, 13}


def read_vectors(
    path: str | os.PathLike[str], wanted: Container[str] | None = None
) -> tuple[list[str], NDArray[np.float32]]:
    """Read the vectors of the wanted words; of others nothing is kept, so that a file may be larger than memory.

    A row is a word and its numbers with single spaces between. The format of word2vec has a first row with the number of
    words and the width; GloVe's has none, and its words may have spaces in them. A word that stands twice has its first
    vector. Words that are not UTF-8 are passed over: no text has them.

    Args:
        path: of the file, which may be compressed with gzip.
        wanted: the words to keep; all where None.

    Returns:
        the M words that were found, in the order of the file, and their vectors (M, width); M may be 0.

    Raises:
        DataError: the file cannot be read, is in a binary format, or has a row that does not fit.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            compressed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            if not compressed:
                return _read(path, file, wanted)
            with gzip.GzipFile(fileobj=file) as inside:
                return _read(path, cast(IO[bytes], inside), wanted)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{path}: cannot be read ({reason}); name a whole file of vectors as text") from error


def _read(path: Path, file: IO[bytes], wanted: Container[str] | None) -> tuple[list[str], NDArray[np.float32]]:
    if not _CONTROL.isdisjoint(file.read(_SAMPLE)):
        raise DataError(f"{path}: is in a binary format; save the vectors as text, as word2vec does with '-binary 0'")
    file.seek(0)
    line, number = file.readline(), 1
    header = _header(line)
    if header is not None:
        line, number = file.readline(), 2
    elif not line.strip():
        raise DataError(f"{path}:1: has no vector; name a file of vectors as text")
    width = len(line.split()) - 1 if header is None else header[1]
    found: dict[str, NDArray[np.float32]] = {}
    n_rows = 0
    while line:
        content, numbers = _cut(path, number, line.strip(b" \t\r\n"), width)
        n_rows += 1
        with suppress(UnicodeDecodeError):
            word = content.decode("utf-8")
            if word not in found and (wanted is None or word in wanted):
                found[word] = _numbers(path, number, numbers.split(), width)
        line, number = file.readline(), number + 1
    if header is not None and n_rows != header[0]:
        raise DataError(f"{path}: its first row says {header[0]} words, and it has {n_rows}; get the whole file again")
    vectors = np.stack([*found.values()]) if found else np.empty((0, width), np.float32)
    return [*found], vectors


def _header(line: bytes) -> tuple[int, int] | None:
    fields = line.split()
    if len(fields) != 2 or not all(field.isdigit() for field in fields):
        return None
    return int(fields[0]), int(fields[1])


def _cut(path: Path, number: int, line: bytes, width: int) -> tuple[bytes, bytes]:
    """The word of a row, and its numbers, which are not looked at."""
    if line.count(b" ") == width:  # most rows, without a list of their numbers
        word, _, numbers = line.partition(b" ")
        return word, numbers
    if not line.strip():
        raise DataError(f"{path}:{number}: a blank line; take it out")
    fields = line.rsplit(None, width)
    if len(fields) == width + 1:
        last = fields[0].split(b" ")[1:][-1:]  # of a word of several parts, which is not to be a number too many
        if not last or _value(last[0]) is None:
            return fields[0], b" ".join(fields[1:])
    raise _of_another_width(path, number, len(line.split()) - 1, width)


def _of_another_width(path: Path, number: int, n_found: int, width: int) -> DataError:
    return DataError(
        f"{path}:{number}: a row of {n_found} numbers, and the others have {width}; correct it, or get the file again"
    )


def _value(field: bytes) -> float | None:
    try:
        return float(field)
    except ValueError:
        return None


def _numbers(path: Path, number: int, fields: list[bytes], width: int) -> NDArray[np.float32]:
    if len(fields) != width:
        raise _of_another_width(path, number, len(fields), width)
    values = [_value(field) for field in fields]
    for field, value in zip(fields, values, strict=True):
        if value is None or not abs(value) < _HIGHEST:  # which NaN is not, either
            shown = field[:20].decode("utf-8", "replace")
            raise DataError(f"{path}:{number}: '{shown}' is no number; correct the row, or get the file again")
    return np.array(values, np.float32)
