"""Ctrl-C that waits for the end of the step."""

import signal
import threading
from types import FrameType, TracebackType
from typing import Self

from seqlab.errors import SeqlabError


class Interrupted(SeqlabError):
    """Training was asked to stop; everything is saved."""

    exit_code = 130


class Interrupts:
    """Within this context SIGINT and SIGTERM only set `requested`; a second one acts as it did before.

    Outside the main thread, where Python allows no handlers, nothing changes.
    """

    def __init__(self) -> None:
        self.requested = False

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._note) for number in (signal.SIGINT, signal.SIGTERM)}
        else:
            self._before = {}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._restore()

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.requested = True
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
