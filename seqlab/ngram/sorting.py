"""Sorting numbers on all processors: NumPy sorts on one, and lets the others go on meanwhile."""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

SMALL = 1 << 18
"""Numbers below which a thread does not pay."""
SAMPLE = 1 << 12


def sort(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The numbers (N,) in ascending order; what is given may be overwritten."""
    n_parts = min(_processors(), 8, len(numbers) // SMALL)
    if n_parts < 2:
        numbers.sort()
        return numbers
    sample = np.sort(numbers[:: len(numbers) // SAMPLE])
    borders = sample[np.arange(1, n_parts) * len(sample) // n_parts]
    parts, left = [], numbers
    for border in borders:
        below = left < border
        parts.append(left[below])
        left = left[~below]
    parts.append(left)
    with ThreadPoolExecutor(n_parts) as pool:
        list(pool.map(np.ndarray.sort, parts))
    return np.concatenate(parts, out=numbers)


def _processors() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # a system that does not tell
        return os.cpu_count() or 1
