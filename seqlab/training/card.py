"""The model card: what a model was trained on, how, how well it does, and how to use it."""

from pathlib import Path
from typing import Any

from seqlab import __version__
from seqlab.config import Classification, Experiment
from seqlab.tasks import TASKS, families
from seqlab.tasks.base import Table
from seqlab.wording import counted


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
    table, row = TASKS[config.task].table(scores), " | ".join
    shown = "\n".join(f"| {row(cells)} |" for cells in table.rows)
    facts = "\n".join(f"- **{label.capitalize()}** {fact}." for label, fact in family.rows(config, training))
    unknown = f", {scores['oov_rate']:.2%} out of vocabulary" if "oov_rate" in scores else ""
    text = f"""# {name}

{family.noun}{over}, trained with seqlab {__version__}.

- **Trained on** {sources}: {counted(sizes["train"], unit)}, a vocabulary of {sizes["vocabulary"]:,}.
- **Validated on** {_held_out(config, training)}: {counted(sizes["validation"], unit)}{unknown}.
{facts}

All settings are in `config.json`.

| {row(table.heads)} |
|{"---|" * len(table.heads)}
{shown}
{_remarks(config, table)}
{usage(config.task, name)}"""
    (folder / "README.md").write_text(text, encoding="utf-8", newline="")


def _held_out(config: Experiment, training: dict[str, Any]) -> str:
    """What the figures are of."""
    data = config.data
    if isinstance(config, Classification) and config.data.folds:
        n_folds = config.data.folds
        return f"each text once, in {n_folds} folds, by models of the others (this one is trained on all of them)"
    if data.validation_share:
        drawn = isinstance(config, Classification) and data.validation_split == "random"
        whole = "each class" if drawn else "the training data"
        return f"{data.validation_share:.0%} of {whole} ({data.validation_split})"
    if data.validation:
        return ", ".join(f"`{source}`" for source in data.validation)
    given = any(name.startswith("validation") for name in training["data"])
    return "records given from Python" if given else "nothing held out: the training data themselves"


def _remarks(config: Experiment, table: Table) -> str:
    """What is to be known beside the figures; those of other tasks hold words of the data, and are printed only."""
    return "".join(f"\n- {remark}" for remark in table.remarks) + "\n" if isinstance(config, Classification) else ""


def usage(task: str, name: str) -> str:
    """How to use a model of this name: the end of its card."""
    return f"Use it:\n\n{TASKS[task].usage.format(name=name)}"


def readable(path: str | Path) -> str:
    """A path as UTF-8 can hold it: bytes that are none are written out."""
    return str(path).encode("utf-8", "backslashreplace").decode()
