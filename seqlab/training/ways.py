"""The ways in which models are trained, one for each family; imported when chosen."""

from pathlib import Path
from typing import Any, NamedTuple, Protocol

from seqlab.config import NETWORKS, Experiment
from seqlab.errors import ConfigError
from seqlab.training.watcher import Watcher


class Outcome(NamedTuple):
    """What a training has come to, beside the weights that it has left in the folder."""

    scores: dict[str, Any]
    """The figures on the validation data by name, with `floors` (those of simple models, by name) among them."""
    training: dict[str, Any]
    """What it took by name: sizes, seconds and the like."""


class Way(Protocol):
    """How the models of a family are trained: a module with these functions."""

    def check(self, config: Any) -> None:
        """Refuse settings that cannot be carried out here, before anything is read.

        Raises:
            ConfigError: with what to do.
        """

    def check_text(self, config: Any, folder: Path) -> None:
        """Refuse a prepared text that cannot be trained on, before anything is replaced.

        Raises:
            DataError: with what to do.
        """

    def train(self, config: Any, folder: Path, output: Path, watcher: Watcher) -> Outcome:
        """Train on the text prepared in a folder, and write there what it comes to; `output` is for messages."""

    def can_go_on(self, folder: Path) -> bool:
        """Whether a training that has failed or was stopped can be gone on with from what its folder holds."""


def way(config: Experiment) -> Way:
    """How the family of models that the settings name is trained.

    Raises:
        ConfigError: its models are made otherwise.
    """
    if config.model == "mixture":
        raise ConfigError("model: a mixture is made of models that are trained already, by `seqlab mix`")
    if config.model in NETWORKS:
        from seqlab.training import descent

        return descent
    if config.task == "lm":
        from seqlab.training import counting

        return counting
    if config.task == "classify":
        from seqlab.training import counting_classes

        return counting_classes
    from seqlab.training import counting_sentences

    return counting_sentences
