"""The scores of a text classifier as one reads them."""

from typing import Any

from seqlab.tasks.base import Table
from seqlab.tasks.sentence_report import share


def table(scores: dict[str, Any]) -> Table:
    """The model and the floors, by their figures."""
    heads, names = zip(*figures(scores), strict=True)
    models = [("this model", scores), *((f"{name} floor", floor) for name, floor in scores["floors"].items())]
    rows = [(model, *(share(reached[name]) for name in names)) for model, reached in models]
    return Table((f"{scores['n_texts']:,} {scores['of']}", *heads), rows, _remarks(scores))


def lines(scores: dict[str, Any]) -> list[tuple[str, str]]:
    """The same as lines under names."""
    return [
        ("validation", brief(scores)),
        ("", f"{scores['n_texts']:,} {scores['of']}"),
        *((f"{name} floor", brief(floor)) for name, floor in scores["floors"].items()),
    ]


def brief(scores: dict[str, Any]) -> str:
    """The figures that matter most, in a few words."""
    return ", ".join(f"{head} {share(scores[name])}" for head, name in figures(scores)[:2])


def figures(scores: dict[str, Any]) -> list[tuple[str, str]]:
    """The heads and the names of the figures that are shown."""
    if "accuracy" in scores:
        return [("accuracy", "accuracy"), ("macro F1", "macro_f1"), ("nats a text", "nats"), ("ECE", "ece")]
    return [("micro F1", "micro_f1"), ("macro F1", "macro_f1"), ("exact match", "exact_match"), ("Hamming loss", "hamming_loss")]


def _remarks(scores: dict[str, Any]) -> list[str]:
    """The interval of the accuracy."""
    said = []
    if "interval" in scores:
        low, high = scores["interval"]
        said.append(f"the 95 % interval of the accuracy, by bootstrap over the texts: {low:.4f} to {high:.4f}")
    if scores.get("n_unseen"):
        said.append(f"{scores['n_unseen']:,} texts have a label that training never saw; they count as missed")
    return said
