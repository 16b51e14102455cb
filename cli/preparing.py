"""How the preparation of a corpus looks in a terminal: a live bar with the rate and the time left, a table at the end."""

import time
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from seqlab.cli.tables import table

_MEGABYTE = 1e6


class Preparing:
    """Writes progress to standard error; where there is no terminal, a line for each stage."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)
        columns = [
            TextColumn("{task.description}"),
            BarColumn(None),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
        ]
        self._bar = Progress(*columns, console=self._console, transient=True, disable=not self._console.is_terminal)
        self._task: TaskID | None = None
        self._name, self._total, self._first, self._begun = "", 0, 0, 0.0

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._ended()
        self._bar.stop()

    def stage(self, name: str, n_bytes: int) -> None:
        """Say how long the last one took, and show the bar of this one."""
        self._ended()
        self._name, self._total, self._begun, self._first = name, n_bytes, time.perf_counter(), 0
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._task = self._bar.add_task(name, total=n_bytes or None, rate="")

    def moved(self, n_bytes: int) -> None:
        """Move the bar."""
        assert self._task is not None
        self._first = self._first or (n_bytes if time.perf_counter() - self._begun < 0.05 else 0)  # done before
        seconds = max(time.perf_counter() - self._begun, 1e-6)
        rate = (n_bytes - self._first) / _MEGABYTE / seconds
        self._bar.update(self._task, completed=n_bytes, rate=f"{rate:,.1f} MB/s")

    def noted(self, message: str) -> None:
        """Say it."""
        self._console.print(f"{'note':<10}{message}", markup=False)

    def _ended(self) -> None:
        if self._name:
            seconds = time.perf_counter() - self._begun
            rate = f"  {self._total / _MEGABYTE / seconds:,.1f} MB/s" if self._total else ""
            self._console.print(f"{self._name:<10}{seconds:.1f} s{rate}", markup=False)
        self._name = ""


def outcome(manifest: dict[str, Any]) -> str:
    """What became of what was read, as a table."""
    counts = manifest["counts"]
    parts = [name for name in ("train", "validation", "test") if name in counts or name in counts["parts"]]
    of = {name: counts.get(name, {}) for name in parts}
    rows: list[tuple[str, list[int]]] = []
    for name in ("read", "read characters"):
        rows.append((name, [of[part].get(name, 0) for part in parts]))
    for group in ("reading", "cleaning"):
        names = dict.fromkeys(name for part in parts for name in of[part].get(group, {}))
        rows += [
            (name, [of[part].get(group, {}).get(name, 0) for part in parts]) for name in names if name not in _TOTALS
        ]
    rows += [(name, [of[part].get(name, 0) for part in parts]) for name in ("empty", "unwritable")]
    others = [0] * (len(parts) - 1)
    rows += [(name, [counts.get(name, 0), *others]) for name in ("duplicates", "near duplicates", "leaks")]
    rows.append((f"{counts['unit']}s left", [counts["parts"].get(part, 0) for part in parts]))
    shown = [(name, *(f"{n:,}" if n else "" for n in values)) for name, values in rows if any(values)]
    return table(("", *parts), shown)


_TOTALS = ("read", "kept")
"""Counts of the cleaner that say how much there was; what it counts may be lines."""
