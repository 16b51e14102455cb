"""Learning curves: training loss and validation figure over the steps, from the logs of one or several runs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from seqlab import modeldir
from seqlab.errors import ConfigError, ModelError
from seqlab.training.log import LOG, read
from seqlab.training.pictures import check, save

NATS = "nats a token"


class _Curves(NamedTuple):
    """What is drawn of a run."""

    run: Path
    losses: list[tuple[int, float]]
    """Steps, and the training loss of the epoch so far before each."""
    validations: list[tuple[int, float]]
    loss: str
    """What the losses are."""
    validation: str
    """What the validation figures are."""


def draw(runs: Sequence[Path], output: Path) -> str:
    """Draw the curves of runs, finished or not, into one picture.

    Of language models there is one panel: the thin line is the loss of the epoch so far, before each step; the thick one
    the validation loss. Other models are validated by another figure than their loss, so each has a panel of its own.

    Args:
        runs: model directories, or the paths they are going to have.
        output: the picture; its suffix is one of `seqlab.training.pictures.FORMATS`.

    Returns:
        characters of the names of runs for which no font is there, sorted; empty where all can be read.

    Raises:
        ConfigError: another suffix, matplotlib is not installed, or the runs are validated by different figures.
        ModelError: a run has no log.
    """
    check(output)
    drawn = [_curves(run) for run in runs]
    first = drawn[0]
    for other in drawn:
        if other.validation != first.validation:
            raise ConfigError(
                f"{first.run} is validated by {first.validation} and {other.run} by {other.validation}; draw them apart"
            )
    return save(lambda: _figure(drawn), "".join(str(curves.run) for curves in drawn), output)


def _figure(drawn: Sequence[_Curves]) -> Any:
    from matplotlib.figure import Figure

    first = drawn[0]
    together = first.validation == NATS
    figure = Figure(figsize=(8 if together else 12, 5), layout="constrained")
    left, right = [figure.add_subplot()] * 2 if together else figure.subplots(1, 2, sharex=True)
    left.set(title="training loss", ylabel=" or ".join(dict.fromkeys(curves.loss for curves in drawn)))
    right.set(
        title="validation (thick) and training loss (thin)" if together else "validation", ylabel=first.validation
    )
    for number, curves in enumerate(drawn):
        colour = f"C{number % 10}"
        left.plot(*zip(*curves.losses, strict=True), color=colour, linewidth=0.8, alpha=0.6)
        right.plot(*zip(*curves.validations, strict=True), color=colour, linewidth=2, marker=".", label=str(curves.run))
    for axes in (left, right):
        axes.set_xlabel("steps")
        axes.grid(alpha=0.3)
    right.legend()
    return figure


def _curves(run: Path) -> _Curves:
    folder = next((place for place in (run, modeldir.training_folder(run)) if (place / LOG).is_file()), None)
    if folder is None:
        raise ModelError(f"{run}: no run with a log; the training of a network writes {LOG}")
    steps = read(folder / LOG)
    validations = [(step["step"], step["validation"]) for step in steps if "validation" in step]
    if not validations:
        raise ModelError(f"{run}: has not been validated yet, there is nothing to draw; wait for the first epoch")
    losses = [(step["step"], step["epoch_loss"]) for step in steps]
    return _Curves(run, losses, validations, *_names(modeldir.read_json(folder / modeldir.CONFIG)))


def _names(config: dict[str, Any]) -> tuple[str, str]:
    """What the training losses and the validation figures of an experiment are.

    Args:
        config: its settings as they stand in the file; a cell of one's own need not be registered here.
    """
    task, data = config.get("task"), config.get("data", {})
    if task == "segment":
        return NATS, "1 - F1"
    if task == "tag":
        return NATS, "1 - F1" if data.get("scheme") else "1 - accuracy"
    if task == "classify":
        squares = config.get("objective", {}).get("loss") == "squared-error"
        figure = "1 - micro F1" if data.get("multi_label") else "1 - accuracy"
        return "squared error a text" if squares else "nats a text", figure
    if task == "translate":
        return NATS, NATS if config.get("training", {}).get("best_by") == "loss" else "1 - BLEU / 100"
    return NATS, NATS
