"""Memory for the kernels' arrays, kept for the next ones of about the same size.

A training step asks for the same large arrays as the one before. The system hands memory out anew each time, page by
page and cleared; that took a tenth of a training step. So what is given back is kept, up to a limit.
"""

import math
from collections import defaultdict, deque
from typing import Any

import numpy as np
import torch
from numpy.typing import DTypeLike, NDArray

SMALL = 1 << 16
"""Bytes below which an array is not worth keeping."""
LIMIT = 1 << 29
"""Bytes that are kept at most."""


class _Kept:
    """Blocks of memory that nobody uses, by their size. Appending and taking are single operations of a deque, so that
    threads need no lock, and neither does a block that comes back while another is taken."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.blocks: defaultdict[int, deque[Any]] = defaultdict(deque)
        self.n_bytes = 0

    def take(self, size: int) -> Any:
        """A block of so many bytes."""
        try:
            block = self.blocks[size].pop()
        except IndexError:
            return torch.empty(size, dtype=torch.uint8, device="cpu").numpy()
        self.n_bytes -= size
        return block

    def give_back(self, block: Any) -> None:
        """Keep a block that nobody uses any more."""
        if self.n_bytes + len(block) <= self.limit:
            self.n_bytes += len(block)
            self.blocks[len(block)].append(block)
        else:  # of sizes that are asked for no more, perhaps
            self.blocks.clear()
            self.n_bytes = 0


class _Lent:
    """A block under an array and its views; it comes back when the last of them is gone."""

    def __init__(self, block: Any, kept: _Kept):
        self.block, self.kept = block, kept
        self.__array_interface__ = block.__array_interface__

    def __del__(self) -> None:
        self.kept.give_back(self.block)


_KEPT = _Kept(LIMIT)


def empty(shape: tuple[int, ...], like: NDArray[Any], dtype: DTypeLike | None = None) -> NDArray[Any]:
    """An array of this shape with whatever stands in memory, its numbers of a type, that of `like` where none is given."""
    kind = like.dtype if dtype is None else np.dtype(dtype)
    n_bytes = math.prod(shape) * kind.itemsize
    if n_bytes < SMALL:
        return np.empty(shape, kind)
    step = 1 << (n_bytes.bit_length() - 4)  # an eighth of the power of two below
    block = np.asarray(_Lent(_KEPT.take(-(-n_bytes // step) * step), _KEPT))
    return block[:n_bytes].view(kind).reshape(shape)
