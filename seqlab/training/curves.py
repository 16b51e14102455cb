"""Learning curves: training and validation loss over the steps, from the logs of one or several runs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from seqlab import modeldir
from seqlab.errors import ConfigError, ModelError
from seqlab.modeldir import written_beside
from seqlab.training.log import LOG, read

FORMATS = (".png", ".svg", ".pdf")


def draw(runs: Sequence[Path], output: Path) -> None:
    """Draw the curves of runs, finished or not, into one picture.

    The thin line is the loss of the epoch so far, before each step; the thick one the validation score.

    Args:
        runs: model directories, or the paths they are going to have.
        output: the picture; its suffix is one of `FORMATS`.

    Raises:
        ConfigError: another suffix, or matplotlib is not installed. ModelError: a run has no log.
    """
    if output.suffix.lower() not in FORMATS:
        raise ConfigError(f"{output}: the picture's name ends in {', '.join(FORMATS)}")
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ConfigError("drawing needs matplotlib: pip install 'seqlab[plots]'") from None
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.add_subplot()
    for number, run in enumerate(runs):
        steps = _steps(run)
        colour = f"C{number % 10}"
        axes.plot([s["step"] for s in steps], [s["epoch_loss"] for s in steps], color=colour, linewidth=0.8, alpha=0.6)
        validations = [(s["step"], s["validation"]) for s in steps if "validation" in s]
        axes.plot(*zip(*validations, strict=True), color=colour, linewidth=2, marker=".", label=str(run))
    axes.set_xlabel("steps")
    axes.set_ylabel("nats a token")
    axes.set_title("validation (thick) and training loss (thin)")
    axes.grid(alpha=0.3)
    axes.legend()
    with written_beside(output) as beside:
        figure.savefig(beside, format=output.suffix[1:].lower(), dpi=150)


def _steps(run: Path) -> list[dict[str, Any]]:
    folder = next((place for place in (run, modeldir.training_folder(run)) if (place / LOG).is_file()), None)
    if folder is None:
        raise ModelError(f"{run}: no run with a log; the training of a network writes {LOG}")
    steps = read(folder / LOG)
    if not any("validation" in step for step in steps):
        raise ModelError(f"{run}: has not been validated yet, there is nothing to draw; wait for the first epoch")
    return steps
