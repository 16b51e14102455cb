"""The model card: what a model was trained on, how, how well it does, and how to use it."""

import math
from pathlib import Path
from typing import Any

from seqlab import __version__
from seqlab.config import LanguageModelling


def write(folder: Path, name: str, config: LanguageModelling, scores: dict[str, Any], training: dict[str, Any]) -> None:
    """Write the model card as `README.md` into a folder.

    Args:
        folder: where to. name: of the model.
        config: the experiment.
        scores: the figures by name, with `floors` (nats by model) among them.
        training: steps, seconds, sizes and the like, by name.
    """
    network, settings, data = config.network, config.training, config.data
    unit, sizes = scores["unit"], training["sizes"]
    sources = ", ".join(f"`{source}`" for source in data.train) or "records given from Python"
    held_out = ", ".join(f"`{source}`" for source in data.validation)
    if data.validation_share:
        held_out = f"{data.validation_share:.0%} of the training text ({data.validation_split})"
    elif not held_out:
        given = "validation.npy" in training["data"]
        held_out = "records given from Python" if given else "nothing held out: the training text itself"
    rows = [("this model", scores["nats"])] + [(f"{floor} floor", nats) for floor, nats in scores["floors"].items()]
    table = "\n".join(f"| {row} | {nats:.4f} | {nats / math.log(2):.4f} | {_perplexity(nats)} |" for row, nats in rows)
    text = f"""# {name}

A recurrent language model over {unit}s, trained with seqlab {__version__}.

- **Trained on** {sources}: {sizes["train"]:,} {unit}s, a vocabulary of {sizes["vocabulary"]:,}.
- **Validated on** {held_out}: {sizes["validation"]:,} {unit}s, {scores["oov_rate"]:.2%} out of vocabulary.
- **Network** {network.layers} x {network.hidden} units of `{network.cell}`, {training["n_parameters"]:,} parameters.
- **Training** {training["steps"]:,} steps ({training["epochs"]} epochs) of {settings.optimizer} at {settings.lr:g}, \
{duration(training["seconds"])} on {training["device"]}. All settings are in `config.json`.

| scored | nats a {unit} | bits a {unit} | perplexity |
|---|---|---|---|
{table}

Use it:

    seqlab generate {name} --prompt "..."
    seqlab evaluate {name} FILE

    import seqlab
    model = seqlab.load("{name}")
    model.generate("...", length=200)
    model.perplexity("...")
"""
    (folder / "README.md").write_text(text, encoding="utf-8", newline="")


def duration(seconds: float) -> str:
    """A time to read: seconds, or minutes from two of them on."""
    return f"{seconds:.0f} seconds" if seconds < 120 else f"{seconds / 60:.1f} minutes"


def _perplexity(nats: float) -> str:
    return f"{math.exp(nats):.4g}" if nats < 700 else "inf"
