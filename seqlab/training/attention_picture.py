"""What a translator looked at while it translated a sentence, as a picture."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seqlab.errors import ConfigError, DataError
from seqlab.modeldir import open_directory
from seqlab.training.pictures import check, save

if TYPE_CHECKING:
    from seqlab.tasks.translated import Attention

MOST = 150
"""Tokens of a side that can be read beside the matrix."""
CELL = 0.32
"""Inches of a cell."""
MARGIN = 1.6
"""Inches for the tokens of a side."""


def draw(run: Path, text: str, output: Path, *, beam: int | None = None) -> str:
    """Draw how far each token of the translation of a text looked at each token of the text: the darker, the further.

    Args:
        run: the model directory of a translator whose network has attention.
        text: a sentence.
        output: the picture; its suffix is one of `seqlab.training.pictures.FORMATS`.
        beam: how the translation is searched for; as in the settings of the run where not given.

    Returns:
        characters of the tokens for which no font is there, sorted; empty where all can be read.

    Raises:
        ConfigError: another suffix, matplotlib is not installed, or the run is no translator with attention. ModelError:
            `run` is no model directory. DataError: the text or its translation is empty, or too long
            to be drawn.
    """
    check(output)
    directory = open_directory(run)
    if directory.config.task != "translate":
        raise ConfigError(f"{run}: is of the task {directory.config.task}; --attention is for translators")
    from seqlab.tasks import families

    seen = families.load(directory, "cpu").attention(text, beam=beam)
    if not seen.target:
        raise DataError("the translation is empty, so nothing was looked at; give another sentence")
    longest = max(len(seen.source), len(seen.target))
    if longest > MOST:
        raise DataError(f"{longest} tokens are too many to be read in a picture; give a sentence of {MOST} at most")
    return save(lambda: _figure(seen), "".join((*seen.source, *seen.target)), output)


def _figure(seen: "Attention") -> Any:
    from matplotlib.figure import Figure

    n_target, n_source = len(seen.target), len(seen.source)
    figure = Figure(figsize=(MARGIN + CELL * n_source + 0.6, MARGIN + CELL * n_target), layout="constrained")
    axes = figure.add_subplot()
    axes.imshow(seen.weights, cmap="Blues", vmin=0, vmax=1, aspect="equal")
    axes.xaxis.tick_top()
    axes.set_xticks(range(n_source), seen.source, rotation=_rotation(seen.source), parse_math=False)
    axes.set_yticks(range(n_target), seen.target, parse_math=False)
    axes.tick_params(length=0)
    axes.set_xticks(np.arange(n_source + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(n_target + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="0.9", linewidth=0.5)
    axes.tick_params(which="minor", length=0)
    return figure


def _rotation(tokens: tuple[str, ...]) -> int:
    """Upright where each token fits above its cell, as single ideographs do."""
    return 0 if all(len(token) == 1 or (len(token) == 2 and token.isascii()) for token in tokens) else 90
