"""The confusion matrix of a classifier on its validation texts, as a picture."""

from pathlib import Path
from typing import Any

import numpy as np

from seqlab.errors import ConfigError
from seqlab.modeldir import figures_read, open_directory
from seqlab.training.pictures import check, save

MOST_NUMBERED = 30
"""Up to how many classes each cell has its number in it."""
MOST_NAMED = 100
"""Up to how many classes have their names beside the matrix."""
LONGEST = 24
"""Characters of a name that are shown."""


def draw(run: Path, output: Path) -> str:
    """Draw which true class was predicted as which, each row shaded by its shares.

    Args:
        run: the model directory of a classifier with one label a text.
        output: the picture; its suffix is one of `seqlab.training.pictures.FORMATS`.

    Returns:
        characters of the names for which no font is there, sorted; empty where all can be read.

    Raises:
        ConfigError: another suffix, or matplotlib is not installed; or the model has no such matrix. ModelError: `run` is
            no model directory.
    """
    check(output)
    confusion = _confusion(run)
    texts = "".join((*confusion["true"], *confusion["predicted"], str(run)))
    return save(lambda: _figure(confusion, str(run)), texts, output)


def _confusion(run: Path) -> dict[str, Any]:
    """The matrix in the scores of a run: the names of its rows and columns, and its counts."""
    directory = open_directory(run)
    if directory.config.task != "classify":
        raise ConfigError(f"{run}: is of the task {directory.config.task}; --confusion is for classifiers")
    with figures_read(run):
        scores = directory.scores
        scores = scores["folds"]["pooled"] if "folds" in scores else scores
        if "confusion" not in scores:
            raise ConfigError(f"{run}: a text may have several labels, so that none is taken for another; no matrix")
        found: dict[str, Any] = scores["confusion"]
        np.array(found["counts"], np.int64).reshape(len(found["true"]), len(found["predicted"]))
    return found


def _figure(confusion: dict[str, Any], title: str) -> Any:
    from matplotlib.figure import Figure

    counts = np.array(confusion["counts"], np.int64)
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    n_columns = counts.shape[1]
    side = min(16.0, max(4.5, 2.5 + 0.5 * n_columns))
    figure = Figure(figsize=(side, side * 0.95), layout="constrained")
    axes = figure.add_subplot()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    figure.colorbar(image, ax=axes, shrink=0.7, label="share of the true class")
    axes.set(xlabel="predicted", ylabel="true")
    axes.set_title(title, parse_math=False)
    for name, axis in (("predicted", axes.xaxis), ("true", axes.yaxis)):
        if len(confusion[name]) <= MOST_NAMED:
            axis.set_ticks(range(len(confusion[name])), map(_short, confusion[name]), parse_math=False)
    room = 0.65 * side / n_columns
    axes.tick_params(axis="x", rotation=90 if max(map(_inches, confusion["predicted"])) > room else 0)
    if n_columns <= MOST_NUMBERED:
        for row, column in np.argwhere(counts):
            colour, right = "white" if shares[row, column] > 0.5 else "black", row == column
            number, weight = f"{counts[row, column]:,}", "bold" if right else "normal"
            axes.text(column, row, number, ha="center", va="center", color=colour, weight=weight, fontsize=8)
    return figure


def _inches(name: str) -> float:
    """About how wide a name is."""
    return sum(0.09 if character.isascii() else 0.16 for character in _short(name))


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"
