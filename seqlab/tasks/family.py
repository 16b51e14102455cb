"""What a family of models is, whatever its task."""

from collections.abc import Callable
from typing import Any, NamedTuple

from seqlab.modeldir import ModelDirectory
from seqlab.wording import counted

Rows = list[tuple[str, str]]


class Family(NamedTuple):
    """A row of a table of families."""

    noun: str
    """What one of its models is, at the beginning of a sentence."""
    rows: Callable[[Any, dict[str, Any]], Rows]
    """(config, what training took by name, as in `seqlab.json`): what a model is, a fact a row under a name."""
    brief: Callable[[Any, dict[str, Any]], tuple[str, str]]
    """Likewise: what a model is, and how large, in a word or two each."""
    load: Callable[[ModelDirectory, str], Any]
    """(model directory, device): its predictor."""


def duration(seconds: float) -> str:
    """A time to read: seconds, or minutes from two of them on."""
    if seconds >= 120:
        return f"{seconds / 60:.1f} minutes"
    return f"{seconds:.1f} seconds" if seconds < 10 else f"{seconds:.0f} seconds"


def network_rows(config: Any, training: dict[str, Any]) -> Rows:
    """What a network is, and how it was trained."""
    network, settings = config.network, config.training
    cell = f"{network.cell}, bidirectional" if network.bidirectional else network.cell
    sizes = f"{cell}, {network.layers} x {network.hidden} units, {training['n_parameters']:,} parameters"
    epochs = counted(training["epochs"], "epoch")
    steps = f"{counted(training['steps'], 'step')}, {epochs}, of {settings.optimizer} at {settings.lr:g}"
    return [
        ("network", sizes),
        ("runs on", ", ".join(dict.fromkeys(training["runs_on"]))),
        ("training", f"{steps}; {duration(training['seconds'])} on {training['device']}"),
    ]


def network_brief(config: Any, training: dict[str, Any]) -> tuple[str, str]:
    """What a network is, and how large."""
    network = config.network
    return f"{network.cell}, {network.layers} x {network.hidden}", f"{training['n_parameters']:,} parameters"
