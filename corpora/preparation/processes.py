"""The work on shards done by processes of this machine."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import active_children, connection, get_context, parent_process
from typing import Any

from seqlab.errors import DataError

_DEATHS = 3
"""How often in a row processes may die before anything more is done."""


def n_cores() -> int:
    """Give how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Processes:
    """A number of processes; with one the work is done in this one."""

    shares_paths = True
    """Whether relative paths mean the same to who does the work."""

    def __init__(self, number: int) -> None:
        """Take the number of processes, 1 or more."""
        self._number = number

    def run(self, function: Callable[..., Any], calls: Sequence[tuple[Any, ...]]) -> Iterator[tuple[int, Any]]:
        """Give the number of each call with what comes of it, in any order.

        A call whose process dies is done again by another. Raises what a call raises, and DataError where processes die
        again and again.
        """
        if self._number == 1 or len(calls) < 2:
            for number, call in enumerate(calls):
                yield number, function(*call)
            return
        left, deaths = dict(enumerate(calls)), 0
        while left:
            n_before = len(left)
            for number, result in self._until_a_death(function, left):
                del left[number]
                yield number, result
            deaths = deaths + 1 if len(left) == n_before else 0
            if deaths == _DEATHS:
                raise DataError(
                    "processes are killed again and again, perhaps for want of memory; try fewer --processes"
                )

    def _until_a_death(
        self, function: Callable[..., Any], calls: dict[int, tuple[Any, ...]]
    ) -> Iterator[tuple[int, Any]]:
        before = set(active_children())
        pool = ProcessPoolExecutor(
            min(self._number, len(calls)), mp_context=get_context("spawn"), initializer=_leave_with_parent
        )
        try:
            futures: dict[Future[Any], int] = {
                pool.submit(function, *call): number for number, call in list(calls.items())
            }
            for future in as_completed(futures):
                yield futures[future], future.result()
        except BrokenProcessPool:
            return
        except BaseException:  # what the others are at is of no use any more
            for process in set(active_children()) - before:
                process.terminate()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _leave_with_parent() -> None:
    """Have this process end as soon as the one that began it has ended, however that came; leave Ctrl-C to that one."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_wait_for, args=(parent.sentinel,), daemon=True).start()


def _wait_for(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)
