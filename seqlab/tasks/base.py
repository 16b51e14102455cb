"""What a task is to the training loop and to the commands: text, model and metric brought together."""

from __future__ import annotations  # so that nothing here imports torch

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from seqlab.config import LanguageModelling
from seqlab.modeldir import ModelDirectory

if TYPE_CHECKING:
    from torch import Tensor, nn

    from seqlab.recurrent.stack import Carried


class Scores(Protocol):
    """The figures of an evaluation."""

    @property
    def nats(self) -> float:
        """What training minimises: the smaller, the better."""

    @property
    def unit(self) -> str:
        """What the figures are per."""

    def to_dict(self) -> dict[str, float | int | str]:
        """All figures by name, for JSON."""


class Loss(NamedTuple):
    """A sum and a count, so that a mean over several batches is exact whatever their sizes."""

    nats: Tensor
    """() sum of the negative log-probabilities of the targets, natural logarithm; its gradient trains the model."""
    n_targets: int
    """How many targets the sum runs over."""
    carried: Carried | None
    """The recurrent state that the next batch starts from, if it goes on where this one ends."""


class Task(Protocol):
    """A task with its data, for a network to learn: what the training loop needs to know of it."""

    @property
    def n_steps(self) -> int:
        """Batches of an epoch."""

    def batches(self, epoch: int) -> Iterator[Any]:
        """The batches of an epoch, the same ones each time for the same epoch and seed."""

    def loss(self, model: nn.Module, batch: Any, carried: Carried | None) -> Loss:
        """The loss of one batch, given the state that the batch before it left."""

    def evaluate(self, model: nn.Module) -> Scores:
        """The scores of a model on the validation data."""


class TaskRow(NamedTuple):
    """A row of the table `TASKS`: how a task is prepared for training, whatever is trained, and loaded for use."""

    prepare: Callable[[LanguageModelling, Iterable[Any], Iterable[Any] | None, Path], None]
    """(config, records, validation records or None, folder): fits the text parts and indexes the records, into folder."""
    load: Callable[[ModelDirectory, str], Any]
    """(model directory, device): its predictor."""
