"""The work on shards done by a cluster: the workers of a scheduler of Dask, on this machine or on many."""

import importlib
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from seqlab import __version__
from seqlab.errors import ConfigError, DataError

_RETRIES = 5
"""How often a call is done again whose worker has died."""
_SECONDS = 30
"""For the scheduler to answer."""


class Engine:
    """The workers of a scheduler."""

    shares_paths = False
    """Whether relative paths mean the same to who does the work."""

    def __init__(self, address: str, folder: Path) -> None:
        """Take the address of the scheduler, such as tcp://host:8786, and a folder that all workers must see.

        Raises ConfigError where Dask is not installed, DataError where nobody answers, workers have another version of
        seqlab, or do not see the folder.
        """
        try:
            self._dask: Any = importlib.import_module("distributed")
        except ImportError:
            raise ConfigError("--engine needs Dask: pip install 'seqlab[cluster]', here and on the workers") from None
        try:
            # A client that reaches nobody would go on trying in a thread that nothing ends.
            socket.create_connection(self._dask.comm.get_address_host_port(address), _SECONDS).close()
            self._client = self._dask.Client(address, timeout=_SECONDS, set_as_default=False)
        except (OSError, ValueError) as error:
            raise DataError(f"{address}: no scheduler answers ({error}); start one with: dask scheduler") from None
        try:
            self._check(address, folder)
        except BaseException:
            self._client.close()
            raise

    def _check(self, address: str, folder: Path) -> None:
        found = self._client.run(_seen_there, str(folder))
        if not found:
            raise DataError(f"{address}: the scheduler has no workers; start some with: dask worker {address}")
        for worker, (version, seen) in sorted(found.items()):
            if version != __version__:
                raise DataError(f"{worker}: has seqlab {version}, and this is {__version__}; install the same")
            if not seen:
                raise DataError(f"{worker}: does not see {folder}; prepare into a folder that all workers share")

    def run(self, function: Callable[..., Any], calls: Sequence[tuple[Any, ...]]) -> Iterator[tuple[int, Any]]:
        """Give the number of each call with what comes of it, in any order.

        A call whose worker dies is done again by another. Raises what a call raises, and DataError where its workers die
        again and again.
        """
        futures = {
            self._client.submit(function, *call, retries=_RETRIES, pure=False): n for n, call in enumerate(calls)
        }
        try:
            for future in self._dask.as_completed(list(futures), loop=self._client.loop):
                yield futures[future], future.result()
                future.release()
        except self._dask.KilledWorker:
            raise DataError(
                "workers die again and again over one shard, perhaps for want of memory; give them more"
            ) from None
        finally:
            self._client.cancel(list(futures))
            self._client.close()


def _seen_there(folder: str) -> tuple[str, bool]:
    """Give the version of seqlab of a worker, and whether it sees a folder."""
    return __version__, os.path.isdir(folder)  # noqa: PTH112
