"""What a task is to the training loop and to the commands: text, model and metric brought together."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from torch import Tensor, nn

from seqlab.config import LanguageModelling
from seqlab.modeldir import ModelDirectory
from seqlab.recurrent.stack import Carried
from seqlab.text.pipeline import TextPipeline


class Loss(NamedTuple):
    """A sum and a count, so that a mean over several batches is exact whatever their sizes."""

    nats: Tensor
    """() sum of the negative log-probabilities of the targets, natural logarithm; its gradient trains the model."""
    n_targets: int
    """How many targets the sum runs over."""
    carried: Carried | None
    """The recurrent state that the next batch starts from, if it goes on where this one ends."""


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


class Task(Protocol):
    """A task with its data, ready to train: what the training loop needs to know of it."""

    text: TextPipeline
    sizes: dict[str, int]
    """How much there is to train and to validate on, for the model card."""
    notes: list[str]
    """What one may overlook, a sentence each: what was done otherwise than the settings say, what is left out."""

    @property
    def n_steps(self) -> int:
        """Batches of an epoch."""

    def build(self) -> nn.Module:
        """The model with its first weights, from torch's global generator."""

    def runs_on(self, model: nn.Module) -> list[str]:
        """What runs each recurrent layer in training, such as "torch kernel"."""

    def batches(self, epoch: int) -> Iterator[Any]:
        """The batches of an epoch, the same ones each time for the same epoch and seed."""

    def loss(self, model: nn.Module, batch: Any, carried: Carried | None) -> Loss:
        """The loss of one batch, given the state that the batch before it left."""

    def evaluate(self, model: nn.Module) -> Scores:
        """The scores of a model on the validation data."""

    def floors(self) -> dict[str, float]:
        """What simple models reach on the same data, in nats a unit, by their names."""


class TaskRow(NamedTuple):
    """A row of the table `TASKS`: how a task is prepared, opened for training, and loaded for use."""

    prepare: Callable[[LanguageModelling, Iterable[Any], Iterable[Any] | None, Path], None]
    """(config, records, validation records or None, folder): fits the text parts and indexes the records, into folder."""
    open: Callable[[LanguageModelling, Path, str], Task]
    """(config, folder, device): the task over what `prepare` left in the folder."""
    load: Callable[[ModelDirectory, str], Any]
    """(model directory, device): its predictor."""
