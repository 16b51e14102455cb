"""Work on several items at once, an item on each core."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier, Lock
from typing import TypeVar

import torch

Item = TypeVar("Item")
_STARTING = Lock()


def on_each_core(work: Callable[[Item], None], items: Sequence[Item], device: str) -> None:
    """Do some work on each of several items: on the CPU one item a core at a time, elsewhere one after another."""
    if len(items) <= 1 or not device.startswith("cpu") or torch.get_num_threads() == 1:
        for item in items:
            work(item)
    else:
        with _threads() as pool:
            list(pool.map(work, items))


@contextmanager
def _threads() -> Iterator[ThreadPoolExecutor]:
    """As many threads as torch uses in one operation, each with operations on one core.

    A batch for each core is quicker than each operation on all cores, as nobody waits. How many threads torch takes is set
    for each thread, but also kept for threads to come, and so it is set back once the pool is there.
    """
    with _STARTING:  # one pool at a time, so that none takes the count of another for that of the user
        n = torch.get_num_threads()
        pool = ThreadPoolExecutor(n, initializer=torch.set_num_threads, initargs=(1,))
        ready = Barrier(n)
        list(pool.map(lambda _: ready.wait(), range(n)))
        torch.set_num_threads(n)
    with pool:
        yield pool
