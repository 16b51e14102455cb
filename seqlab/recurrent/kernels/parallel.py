"""Runs the parts of a piece of work at the same time, on the threads that torch's own operations run on.

A second pool of threads would fight with torch's for the processors: OpenMP's threads go on spinning for some
milliseconds after their work is done. So the parts are handed to the OpenMP runtime that torch has loaded.
"""

import ctypes
import itertools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import torch

_Part = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


@cache
def _openmp() -> Any:
    """The function by which compilers start a parallel region of OpenMP; None where torch has no such runtime."""
    for name in ("libgomp.so.1", "libiomp5.so", "libomp.so.5", "libomp.so"):
        try:
            start = ctypes.CDLL(name, mode=os.RTLD_NOLOAD).GOMP_parallel  # only what is loaded already
        except (OSError, AttributeError):  # not loaded, or a system that cannot tell
            continue
        start.argtypes = [_Part, ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint]
        start.restype = None
        return start
    return None


def shares(n_items: int, least: int = 1) -> list[slice]:
    """n items in about equal shares, one for each of torch's threads, none smaller than `least`."""
    n_shares = max(1, min(torch.get_num_threads(), n_items // least))
    bounds = [n_items * k // n_shares for k in range(n_shares + 1)]
    return [slice(first, last) for first, last in itertools.pairwise(bounds)]


def run(work: Callable[[slice], None], parts: list[slice]) -> None:
    """Calls `work` with each of the parts, at the same time; `work` must let go of the interpreter's lock."""
    if len(parts) == 1:
        work(parts[0])
        return
    start = _openmp()
    if start is None:
        with ThreadPoolExecutor(len(parts)) as pool:
            list(pool.map(work, parts))
        return
    waiting, failures = iter(parts), []

    def part(_: object) -> None:
        try:
            for each in waiting:  # as many threads as parts, but a runtime may give fewer
                work(each)
        except BaseException as error:  # it cannot pass through a foreign thread
            failures.append(error)

    start(_Part(part), None, len(parts), 0)
    if failures:
        raise failures[0]
