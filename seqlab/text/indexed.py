"""Ids in files: written as a stream, read as memory maps, so that a corpus need not fit in memory."""

import contextlib
import os
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from seqlab.errors import DataError

Ids = NDArray[np.unsignedinteger[Any]]
"""Token ids: uint8, uint16 or uint32, whichever is the smallest that holds every id of the vocabulary."""

_DTYPES: tuple[Any, ...] = (np.uint8, np.uint16, np.uint32)


def smallest_dtype(n_types: int) -> np.dtype[np.unsignedinteger[Any]]:
    """Give the smallest of uint8, uint16 and uint32 that holds the ids 0 to `n_types - 1`; ValueError above them."""
    for dtype in _DTYPES:
        if n_types - 1 <= np.iinfo(dtype).max:
            little: np.dtype[np.unsignedinteger[Any]] = np.dtype(dtype).newbyteorder("<")
            return little
    raise ValueError(f"{n_types} types do not fit in 32 bits")


class IdWriter:
    """Writes ids to a `.npy` file; to be used as a context manager.

    The file is written under another name beside `path` and takes its place when the block is left without an error; so
    `path` is complete or is not there. Raises DataError where it cannot be written.
    """

    def __init__(self, path: str | os.PathLike[str], n_types: int) -> None:
        """Take the place of the file and the size of the vocabulary, which decides the type of the ids."""
        self.path = Path(path)
        self.dtype = smallest_dtype(n_types)
        self.n_types = n_types
        self.n_ids = 0
        self._partial = self.path.with_name(f"{self.path.name}.{os.getpid()}.partial")
        self._file: IO[bytes] | None = None

    def __enter__(self) -> "IdWriter":
        try:
            self._file = self._partial.open("wb")
            self._write_header(self._file)
        except OSError as error:
            self._discard()
            raise self._refused(error) from error
        return self

    def append(self, ids: NDArray[Any]) -> None:
        """Add ids `(N,)` of any integer type; ValueError for an id that is not in the vocabulary."""
        if self._file is None:
            raise ValueError("an IdWriter is written to inside its `with` block")
        if ids.size and not 0 <= int(ids.min()) <= int(ids.max()) < self.n_types:
            raise ValueError(f"ids from {ids.min()} to {ids.max()} in a vocabulary of {self.n_types}")
        try:
            self._file.write(np.ascontiguousarray(ids, dtype=self.dtype).data)
        except OSError as error:
            raise self._refused(error) from error
        self.n_ids += ids.size

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._file is None:
            return
        try:
            if kind is None:
                self._file.seek(0)
                self._write_header(self._file)
                self._file.close()
                self._partial.replace(self.path)
        except OSError as failure:
            raise self._refused(failure) from failure
        finally:
            self._discard()

    def _write_header(self, file: IO[bytes]) -> None:
        # The header has room for the largest count, so that the second writing falls exactly on the first.
        header = {"descr": np.lib.format.dtype_to_descr(self.dtype), "fortran_order": False, "shape": (self.n_ids,)}
        np.lib.format.write_array_header_1_0(file, header)

    def _discard(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
        self._file = None
        with contextlib.suppress(OSError):
            self._partial.unlink(missing_ok=True)

    def _refused(self, error: OSError) -> DataError:
        return DataError(f"{self.path}: cannot be written ({error.strerror or error})")


def open_ids(path: str | os.PathLike[str]) -> Ids:
    """Open a file of ids as a read-only memory map `(N,)`; DataError where it is missing, damaged or something else."""
    path = Path(path)
    try:
        ids: Any = np.lib.format.open_memmap(path, mode="r")
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file of ids") from error
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"{path}: not a file of ids, or cut short; delete it and have it written again") from error
    if ids.ndim != 1 or ids.dtype not in _DTYPES:
        raise DataError(f"{path}: not a file of ids (one row of uint8, uint16 or uint32)")
    if path.stat().st_size != ids.offset + ids.nbytes:
        raise DataError(f"{path}: longer than its {ids.size} ids; delete it and have it written again")
    opened: Ids = ids
    return opened
