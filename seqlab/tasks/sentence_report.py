"""The scores of a segmenter or a tagger as one reads them."""

from typing import Any

from seqlab.tasks.base import Table

SHOWN = 5
"""How many confusions are shown."""


def table(scores: dict[str, Any]) -> Table:
    """The model and the floors, by the figures of words, of spans or of tags."""
    heads, names = zip(*figures(scores), strict=True)
    models = [("this model", scores), *((f"{name} floor", floor) for name, floor in scores["floors"].items())]
    rows = [(model, *(share(reached[name]) for name in names)) for model, reached in models]
    return Table((f"{scores['n_true']:,} {scores['of']}", *heads), rows, [_unknown(scores), *_confusions(scores)])


def lines(scores: dict[str, Any]) -> list[tuple[str, str]]:
    """The same as lines under names."""
    said = {name: brief(floor) for name, floor in scores["floors"].items()}
    return [
        ("validation", brief(scores)),
        ("", f"{scores['n_true']:,} {scores['of']}, {_unknown(scores)}"),
        *((f"{name} floor", words) for name, words in said.items()),
    ]


def brief(scores: dict[str, Any]) -> str:
    """The figures that matter most, in a few words."""
    return ", ".join(f"{head} {share(scores[name])}" for head, name in figures(scores)[:1] + figures(scores)[3:4])


def figures(scores: dict[str, Any]) -> list[tuple[str, str]]:
    """The heads and the names of the figures that are shown."""
    if scores["of"] == "words" and "f1" in scores:
        return [
            ("F1", "f1"), ("precision", "precision"), ("recall", "recall"), ("OOV recall", "oov_recall"),
            ("IV recall", "iv_recall"),
        ]  # fmt: skip
    if "f1" in scores:
        return [("F1", "f1"), ("precision", "precision"), ("recall", "recall"), ("accuracy", "accuracy")]
    return [("accuracy", "accuracy"), ("OOV accuracy", "oov_accuracy"), ("IV accuracy", "iv_accuracy")]


def share(value: float | None) -> str:
    """A share as it is printed: four digits, or a stroke where there was nothing to divide by."""
    return "-" if value is None or value != value else f"{value:.4f}"


def _unknown(scores: dict[str, Any]) -> str:
    return f"{scores['oov_rate']:.2%} of the {scores['unit']}s are not among those of the training data (OOV)"


def _confusions(scores: dict[str, Any]) -> list[str]:
    """What is most often taken for what, a line each."""
    said = []
    for confusion in scores["confusions"][:SHOWN]:
        examples = ", ".join(confusion["examples"])
        said.append(f"{confusion['n']} times {confusion['true']} as {confusion['predicted']}: {examples}")
    return said
