"""How the kernels are compiled: once for each type of numbers, and kept on disk for the next process."""

from collections.abc import Callable
from typing import Any

import numba

# Sums may be reordered and multiply-adds fused; NaN and infinity keep their meaning.
FAST = {"contract", "reassoc", "nsz", "arcp"}


def compiled(function: Callable[..., Any]) -> Any:
    """The function as machine code that runs without the interpreter's lock."""
    options: Any = {"nogil": True, "fastmath": FAST, "error_model": "numpy"}
    try:
        return numba.njit(function, cache=True, **options)
    except RuntimeError:  # nowhere to keep it: neither beside the source nor in the user's cache
        return numba.njit(function, **options)
