"""Rows parted by their keys into files, each of which fits in memory: what belongs together is in one of them."""

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import numpy as np
from numpy.typing import NDArray

IN_MEMORY = 1 << 20
"""Rows of a partition, about."""
_MOST = 1 << 10
"""Files that are open at a time."""


class Partitions:
    """Files by the first bits of a 64-bit number; to be used as a context manager, after which they are gone."""

    def __init__(self, folder: Path, dtype: np.dtype[np.void], n_rows: int) -> None:
        """Take a folder that is there, the type of what is parted, and how many rows there will be, about."""
        self._bits = min(max(0, (n_rows // IN_MEMORY).bit_length()), _MOST.bit_length() - 1)
        self._paths = [folder / f".partition.{number}" for number in range(1 << self._bits)]
        self._dtype = dtype
        self._files: list[IO[bytes]] = []

    def __enter__(self) -> Self:
        self._files = [path.open("wb", buffering=1 << 14) for path in self._paths]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file, path in zip(self._files, self._paths, strict=True):
            file.close()
            path.unlink(missing_ok=True)

    def add(self, by: NDArray[np.uint64], rows: NDArray[np.void]) -> None:
        """Add rows `(N,)`, parted by the numbers `(N,)`."""
        if not self._bits:
            self._files[0].write(rows.tobytes())
            return
        numbers = (by >> np.uint64(64 - self._bits)).astype(np.intp)
        order = np.argsort(numbers, kind="stable")
        ends = np.cumsum(np.bincount(numbers, minlength=len(self._files)))
        for number, (start, end) in enumerate(zip(np.concatenate([[0], ends[:-1]]), ends, strict=True)):
            if start < end:
                self._files[number].write(rows[order[start:end]].tobytes())

    def __iter__(self) -> Iterator[NDArray[Any]]:
        """Give the rows of one partition after another, in the order of the numbers that they were parted by."""
        for file, path in zip(self._files, self._paths, strict=True):
            file.flush()
            yield np.fromfile(path, dtype=self._dtype)
