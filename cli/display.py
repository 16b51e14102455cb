"""How training looks in a terminal: a live bar with the figures, a line for each validation, a table at the end."""

import math
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from seqlab.cli.tables import table
from seqlab.config import LanguageModelling
from seqlab.tasks.base import Task
from seqlab.training.fit import Step, Trainer

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

    def reading(self, config: LanguageModelling) -> None:
        """Say what is read."""
        self.console.print(f"reading   {', '.join((*config.data.train, *config.data.validation))}", markup=False)

    def noted(self, message: str) -> None:
        """Say it."""
        self._say(f"note      {message}")

    def started(self, trainer: Trainer, task: Task) -> None:
        """Say what is trained on what, and show the bar."""
        sizes, unit = task.sizes, task.text.unit
        n_parameters = sum(weight.numel() for weight in trainer.model.parameters())
        self.unit = unit
        self._say(
            f"data      {sizes['train']:,} {unit}s to train on, {sizes['validation']:,} to validate on, "
            f"a vocabulary of {sizes['vocabulary']:,}"
        )
        runs_on = ", ".join(dict.fromkeys(task.runs_on(trainer.model)))
        device = next(trainer.model.parameters()).device
        self._say(f"network   {n_parameters:,} parameters, {runs_on} on {device}")
        for note in task.notes:
            self.noted(note)
        n_steps = trainer.settings.epochs * task.n_steps
        self.n_epochs, done = trainer.settings.epochs, trainer.progress.step
        self._say(
            f"training  {n_steps:,} steps in {self.n_epochs} epochs"
            + (f", going on after step {done:,}" if done else "")
        )
        self._started, self._seen = time.perf_counter(), 0
        self._bar_task = self.bar.add_task("", total=n_steps, completed=done, figures="")

    def stepped(self, step: Step) -> None:
        """Move the bar; write a line where the model was validated."""
        assert self._bar_task is not None
        self._loss = SMOOTHING * self._loss + (1 - SMOOTHING) * step.loss
        self._weight = SMOOTHING * self._weight + (1 - SMOOTHING)
        self._seen += step.n_targets
        rate = self._seen / (time.perf_counter() - self._started)
        figures = f"{self._loss / self._weight:.4f} nats a {self.unit}  {rate:,.0f} {self.unit}s/s"
        self.bar.update(
            self._bar_task, completed=step.step, description=f"epoch {step.epoch}/{self.n_epochs}", figures=figures
        )
        if step.scores is not None:
            best = "  best so far" if step.improved else ""
            self._say(
                f"epoch {step.epoch:>3}  training {step.epoch_loss:.4f}  validation {step.scores.nats:.4f} "
                f"nats a {self.unit}{best}"
            )

    def finished(self, scores: dict[str, Any]) -> None:
        """Print the scores beside the floors."""
        self.bar.stop()
        unit = scores["unit"]
        rows = [("this model", scores["nats"]), *((f"{name} floor", nats) for name, nats in scores["floors"].items())]
        figures = [(name, f"{nats:.4f}", f"{nats / math.log(2):.4f}", _perplexity(nats)) for name, nats in rows]
        heads = (f"{scores['n_tokens']:,} {unit}s", f"nats a {unit}", f"bits a {unit}", "perplexity")
        click.echo(table(heads, figures))
        click.echo(f"{scores['oov_rate']:.2%} of the {unit}s are out of the vocabulary")
        self._say(f"saved     {self.output}; now: seqlab generate {self.output}")

    def _say(self, text: str) -> None:
        self.console.print(text, markup=False)


def _perplexity(nats: float) -> str:
    return f"{math.exp(nats):.4g}" if nats < 700 else "inf"
