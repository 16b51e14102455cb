"""Who is told how training goes."""

from __future__ import annotations  # so that nothing here imports torch

import dataclasses
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


class Unscored(Unwatched):
    """Passes on what one is told of a training but the scores on the way: they are of the texts it is trained on."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher

    def told(self, name: str, fact: str) -> None:
        """Pass it on."""
        self._watcher.told(name, fact)

    def noted(self, message: str) -> None:
        """Pass it on."""
        self._watcher.noted(message)

    def started(self, unit: str, total: int, done: int = 0) -> None:
        """Pass it on."""
        self._watcher.started(unit, total, done)

    def stepped(self, step: Step) -> None:
        """Pass it on without scores."""
        self._watcher.stepped(dataclasses.replace(step, scores=None, improved=False))

    def counted(self, share: float) -> None:
        """Pass it on."""
        self._watcher.counted(share)

    def finished(self, task: str, scores: dict[str, Any]) -> None:
        """Pass it on."""
        self._watcher.finished(task, scores)


class HowFar(Unscored):
    """Passes on only how far the work is."""

    def told(self, name: str, fact: str) -> None:
        """Nothing."""

    def noted(self, message: str) -> None:
        """Nothing."""

    def finished(self, task: str, scores: dict[str, Any]) -> None:
        """Nothing."""
