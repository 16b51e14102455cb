"""Memory for the kernels' arrays."""

from typing import Any

import torch
from numpy.typing import NDArray


def empty(shape: tuple[int, ...], like: NDArray[Any]) -> NDArray[Any]:
    """An array of this shape with whatever stands in memory, its numbers of the type of those of `like`.

    NumPy asks the system for huge pages, and where memory is scattered, putting them together costs more than they
    give (a fifth of a training step was seen). torch does not.
    """
    return torch.empty(shape, dtype=torch.from_numpy(like[:0]).dtype).numpy()  # type: ignore[no-any-return]
