"""The scores of a translator as one reads them."""

from typing import Any

from seqlab.tasks.base import Table

FIGURES = (("BLEU", "bleu"), ("chrF2", "chrf"), ("TER", "ter"))
"""The heads and the names of the figures that are shown."""


def table(scores: dict[str, Any]) -> Table:
    """The model and the floors, by their figures, with the signatures of these."""
    models = [(found(scores), scores), *((f"{name} floor", floor) for name, floor in scores["floors"].items())]
    rows = [
        (
            model,
            *(f"{reached[name]:.2f}" for _, name in FIGURES),
            f"{reached['nats']:.4f}" if "nats" in reached else "-",
        )
        for model, reached in models
    ]
    heads = (f"{scores['n_sentences']:,} sentences", *(head for head, _ in FIGURES), f"nats a {scores['unit']}")
    return Table(heads, rows, signatures(scores))


def found(scores: dict[str, Any]) -> str:
    """How translations were found, in a word or two."""
    return "greedy" if scores["beam"] == 1 else f"beam {scores['beam']}"


def signatures(scores: dict[str, Any]) -> list[str]:
    """The signatures of the figures, a line each."""
    return [f"{name}|{signature}" for name, signature in scores["signatures"].items()]


def lines(scores: dict[str, Any]) -> list[tuple[str, str]]:
    """The same as lines under names."""
    return [
        ("validation", f"{brief(scores)}, {scores['nats']:.4f} nats a {scores['unit']}; {found(scores)}"),
        ("", f"{scores['n_sentences']:,} sentences, {scores['n_tokens']:,} {scores['unit']}s"),
        *((f"{name} floor", brief(floor)) for name, floor in scores["floors"].items()),
        *(("signature" if number == 0 else "", line) for number, line in enumerate(signatures(scores))),
    ]


def brief(scores: dict[str, Any]) -> str:
    """The figures that matter most, in a few words."""
    return ", ".join(f"{head} {scores[name]:.2f}" for head, name in FIGURES)
