"""How training looks in a terminal: a live bar with the figures, a line for each validation, a table at the end."""

from __future__ import annotations  # so that nothing here imports torch

import time
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from seqlab.cli.tables import table
from seqlab.config import Experiment

if TYPE_CHECKING:
    from seqlab.training.fit import Step

SMOOTHING = 0.95


class Display:
    """Writes progress to standard error and the scores to standard output; where there is no terminal, lines only."""

    def __init__(self, output: Path):
        self.output = output
        self.console = Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)
        columns = [
            TextColumn("{task.description}"),
            BarColumn(None),
            TextColumn("{task.fields[figures]}"),
            TimeRemainingColumn(),
        ]
        self.bar = Progress(*columns, console=self.console, transient=True, disable=not self.console.is_terminal)
        self._bar_task: TaskID | None = None
        self._loss = self._weight = 0.0

    def __enter__(self) -> Self:
        self.bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bar.stop()

    def reading(self, config: Experiment) -> None:
        """Say what is read."""
        self.told("reading", ", ".join((*config.data.train, *config.data.validation)))

    def noted(self, message: str) -> None:
        """Say it."""
        self.told("note", message)

    def told(self, name: str, fact: str) -> None:
        """Say it in a line."""
        self._say(f"{name:<10}{fact}")

    def started(self, unit: str, total: int, done: int = 0) -> None:
        """Show the bar."""
        self.unit = unit
        self._started, self._seen = time.perf_counter(), 0
        self._bar_task = self.bar.add_task("", total=total, completed=done, figures="")

    def stepped(self, step: Step) -> None:
        """Move the bar; write a line where the model was validated."""
        assert self._bar_task is not None
        self._loss = SMOOTHING * self._loss + (1 - SMOOTHING) * step.loss
        self._weight = SMOOTHING * self._weight + (1 - SMOOTHING)
        self._seen += step.n_targets
        rate = self._seen / (time.perf_counter() - self._started)
        figures = f"{self._loss / self._weight:.4f} nats a {self.unit}  {rate:,.0f} {self.unit}s/s"
        self.bar.update(
            self._bar_task, completed=step.step, description=f"epoch {step.epoch}/{step.n_epochs}", figures=figures
        )
        if step.scores is not None:
            best = "  best so far" if step.improved else ""
            self._say(f"epoch {step.epoch:>3}  training {step.epoch_loss:.4f}  validation {step.scores.brief()}{best}")

    def counted(self, share: float) -> None:
        """Move the bar."""
        if self._bar_task is None:
            self._bar_task = self.bar.add_task("counting", total=1.0, figures="")
        self.bar.update(self._bar_task, completed=share)

    def finished(self, task: str, scores: dict[str, Any]) -> None:
        """Print the scores beside the floors."""
        from seqlab.tasks import TASKS

        self.bar.stop()
        row = TASKS[task]
        shown = row.table(scores)
        click.echo(table(shown.heads, shown.rows))
        for remark in shown.remarks:
            click.echo(remark)
        self.told("saved", f"{self.output}; now: {row.next_step.format(name=self.output)}")

    def _say(self, text: str) -> None:
        self.console.print(text, markup=False)
