"""NumPy on all processors: its larger operations let other threads run meanwhile."""

import itertools
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Part = TypeVar("Part")
SMALL = 1 << 17
"""Numbers below which a thread does not pay."""
SAMPLE = 1 << 12
MOST = 8


def n_threads() -> int:
    """How many threads are worth starting."""
    try:
        return min(MOST, len(os.sched_getaffinity(0)))
    except AttributeError:  # a system that does not tell
        return min(MOST, os.cpu_count() or 1)


def run(work: Callable[[Part], Any], parts: Iterable[Part]) -> None:
    """Call `work` with each of the parts, several at the same time."""
    parts = list(parts)
    if len(parts) < 2 or n_threads() < 2:
        for part in parts:
            work(part)
        return
    with ThreadPoolExecutor(min(n_threads(), len(parts))) as pool:
        for _ in pool.map(work, parts):
            pass


def take(values: NDArray[Any], places: NDArray[np.int64]) -> NDArray[Any]:
    """`values[places]`: (N,) of values (M,), for places that are known to be there."""
    found = np.empty(len(places), values.dtype)
    run(lambda here: values.take(places[here], out=found[here], mode="clip"), _shares(len(places)))
    return found


def put(values: NDArray[Any], places: NDArray[np.int64], new: NDArray[Any]) -> None:
    """`values[places] = new`; of places that come twice any may win."""
    run(lambda here: values.__setitem__(places[here], new[here]), _shares(len(places)))


def sort(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The numbers (N,) in ascending order; what is given may be overwritten."""
    n_parts = min(n_threads(), len(numbers) // SMALL)
    if n_parts < 2:
        numbers.sort()
        return numbers
    sample = np.sort(numbers[:: len(numbers) // SAMPLE])
    parts, left = [], numbers
    for border in sample[np.arange(1, n_parts) * len(sample) // n_parts]:
        below = left < border
        parts.append(left[below])
        left = left[~below]
    parts.append(left)
    run(np.ndarray.sort, parts)
    return np.concatenate(parts, out=numbers)


def _shares(n: int) -> list[slice]:
    n_parts = max(1, min(n_threads(), n // SMALL))
    return [slice(a, b) for a, b in itertools.pairwise(n * k // n_parts for k in range(n_parts + 1))]
