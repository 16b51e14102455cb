"""What a task is to the training loop and to the commands: text, model and metric brought together."""

from __future__ import annotations  # so that nothing here imports torch

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    from torch import Tensor, nn

    from seqlab.recurrent.stack import Carried


class Scores(Protocol):
    """The figures of an evaluation."""

    @property
    def figure(self) -> float:
        """The one that decides which weights are the best: the smaller, the better."""

    def brief(self) -> str:
        """The figures that matter most, in a few words."""

    def to_dict(self) -> dict[str, Any]:
        """All figures by name, for JSON."""


@runtime_checkable
class DecidesTies(Protocol):
    """Scores that also say which of two is better where their figures are equal, as those of few texts often are."""

    @property
    def at_ties(self) -> float:
        """The one that is compared then: the smaller, the better."""


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


class NetworkTask(Task, Protocol):
    """A task as a whole training needs it.

    Attributes:
        config: the experiment. device: where the network computes.
        unit: what a target is.
        sizes: how much there is to train and to validate on, and of what vocabulary, for the card.
        notes: what one may overlook, a sentence each.
    """

    config: Any
    device: str
    notes: list[str]
    sizes: dict[str, int]

    @property
    def unit(self) -> str:
        """What a target is, and so what losses are per."""

    def summary(self) -> str:
        """How much data there are, in one line."""

    def build(self) -> nn.Module:
        """The model with its first weights, from torch's global generator."""

    def runs_on(self, model: nn.Module) -> list[str]:
        """What runs each recurrent layer in training, such as "torch kernel"."""

    def floors(self) -> dict[str, Any]:
        """What simple models reach on the validation data, by their names; none where not wanted."""

    def facts(self) -> dict[str, Any]:
        """What else `seqlab.json` is to hold of the training, by name."""


class Table(NamedTuple):
    """Scores as one reads them."""

    heads: tuple[str, ...]
    rows: list[tuple[str, ...]]
    remarks: list[str]
    """What is to be known beside the figures, a sentence each."""


class TaskRow(NamedTuple):
    """A row of the table `TASKS`: what a task is to training and to the commands."""

    prepare: Callable[[Any, Iterable[Any], Iterable[Any] | None, Path], None]
    """(config, records, validation records or None, folder): fits the text parts and indexes the records, into folder."""
    network_task: Callable[[Any, Path, str], NetworkTask]
    """(config, prepared folder, device): the task for a network to learn."""
    table: Callable[[dict[str, Any]], Table]
    """The scores in `seqlab.json`, floors among them, as a table."""
    lines: Callable[[dict[str, Any]], Sequence[tuple[str, str]]]
    """The same as lines under names."""
    usage: str
    """How to use a model, for its card; {name} is its path."""
    reader: str
    """The function of `seqlab.corpora` that reads its records."""
    next_step: str
    """The command that one is told of when a model is saved; {name} likewise."""
    completed: Callable[[Any], Any] = lambda config: config
    """The settings with those that follow from another run, before anything is read."""
