"""The model card: what a model was trained on, how, how well it does, and how to use it."""

from pathlib import Path
from typing import Any

from seqlab import __version__
from seqlab.config import Classification, Experiment
from seqlab.tasks import TASKS, families


def write(folder: Path, name: str, config: Experiment, scores: dict[str, Any], training: dict[str, Any]) -> None:
    """Write the model card as `README.md` into a folder.

    Args:
        folder: where to. name: of the model.
        config: the experiment.
        scores: the figures by name, with `floors` (by model) among them.
        training: steps, seconds, sizes and the like, by name.
    """
    data, family = config.data, families.of(config)
    unit, sizes = scores["unit"], training["sizes"]
    over = f", over {unit}s" if config.task == "lm" else ""
    sources = ", ".join(f"`{source}`" for source in data.train) or "records given from Python"
    held_out = ", ".join(f"`{source}`" for source in data.validation)
    if data.validation_share:
        held_out = f"{data.validation_share:.0%} of the training data ({data.validation_split})"
    elif not held_out:
        given = any(name.startswith("validation") for name in training["data"])
        held_out = "records given from Python" if given else "nothing held out: the training data themselves"
    if isinstance(config, Classification) and config.data.folds:
        n_folds = config.data.folds
        held_out = f"each text once, in {n_folds} folds, by models of the others (this one is trained on all of them)"
    table, row = TASKS[config.task].table(scores), " | ".join
    shown = "\n".join(f"| {row(cells)} |" for cells in table.rows)
    facts = "\n".join(f"- **{label.capitalize()}** {fact}." for label, fact in family.rows(config, training))
    unknown = f", {scores['oov_rate']:.2%} out of vocabulary" if "oov_rate" in scores else ""
    text = f"""# {name}

{family.noun}{over}, trained with seqlab {__version__}.

- **Trained on** {sources}: {sizes["train"]:,} {unit}s, a vocabulary of {sizes["vocabulary"]:,}.
- **Validated on** {held_out}: {sizes["validation"]:,} {unit}s{unknown}.
{facts}

All settings are in `config.json`.

| {row(table.heads)} |
|{"---|" * len(table.heads)}
{shown}

{usage(config.task, name)}"""
    (folder / "README.md").write_text(text, encoding="utf-8", newline="")


def usage(task: str, name: str) -> str:
    """How to use a model of this name: the end of its card."""
    return f"Use it:\n\n{TASKS[task].usage.format(name=name)}"


def readable(path: str | Path) -> str:
    """A path as UTF-8 can hold it: bytes that are none are written out."""
    return str(path).encode("utf-8", "backslashreplace").decode()
