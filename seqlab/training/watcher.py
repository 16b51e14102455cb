"""Who is told how training goes."""

from typing import Any, Protocol

from seqlab.config import LanguageModelling
from seqlab.tasks.base import Task
from seqlab.training.fit import Step, Trainer


class Watcher(Protocol):
    """Who is told how training goes: a progress bar, a notebook, a test."""

    def reading(self, config: LanguageModelling) -> None:
        """The text parts are about to be fitted and the corpus indexed."""

    def noted(self, message: str) -> None:
        """Something that one may want to know, in one sentence."""

    def started(self, trainer: Trainer, task: Task) -> None:
        """Everything is ready; the first step comes next."""

    def stepped(self, step: Step) -> None:
        """A step is done."""

    def finished(self, scores: dict[str, Any]) -> None:
        """The model is saved; these are its scores, the floors among them."""


class Unwatched:
    """Nobody is told."""

    def reading(self, config: LanguageModelling) -> None:
        """Nothing."""

    def noted(self, message: str) -> None:
        """Nothing."""

    def started(self, trainer: Trainer, task: Task) -> None:
        """Nothing."""

    def stepped(self, step: Step) -> None:
        """Nothing."""

    def finished(self, scores: dict[str, Any]) -> None:
        """Nothing."""
