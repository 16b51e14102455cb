"""Who is told how training goes."""

from __future__ import annotations  # so that nothing here imports torch

from typing import TYPE_CHECKING, Any, Protocol

from seqlab.config import Experiment

if TYPE_CHECKING:
    from seqlab.training.fit import Step


class Watcher(Protocol):
    """Who is told how training goes: a progress bar, a notebook, a test."""

    def reading(self, config: Experiment) -> None:
        """The text parts are about to be fitted and the corpus indexed."""

    def told(self, name: str, fact: str) -> None:
        """What is known by now of the data, the model or the work ahead, under a name of one word."""

    def noted(self, message: str) -> None:
        """Something that one may want to know, in one sentence."""

    def started(self, unit: str, total: int, done: int = 0) -> None:
        """A network takes its first step, or the first one after a stop.

        Args:
            unit: what a token is, and so what losses are per.
            total: how many steps there are. done: of these, before the stop.
        """

    def stepped(self, step: Step) -> None:
        """A step of a network's training is done."""

    def counted(self, share: float) -> None:
        """This share of the work on an n-gram model is done."""

    def finished(self, task: str, scores: dict[str, Any]) -> None:
        """The model is saved; these are its scores, the floors among them, as its task has them."""


class Unwatched:
    """Nobody is told."""

    def reading(self, config: Experiment) -> None:
        """Nothing."""

    def told(self, name: str, fact: str) -> None:
        """Nothing."""

    def noted(self, message: str) -> None:
        """Nothing."""

    def started(self, unit: str, total: int, done: int = 0) -> None:
        """Nothing."""

    def stepped(self, step: Step) -> None:
        """Nothing."""

    def counted(self, share: float) -> None:
        """Nothing."""

    def finished(self, task: str, scores: dict[str, Any]) -> None:
        """Nothing."""
