"""The mistakes of a classifier: as text in the terminal, and as values for JSON."""

import unicodedata
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click
from rich.cells import cell_len, set_cell_size

if TYPE_CHECKING:
    from seqlab.cli.report import Report
    from seqlab.tasks.classifier import Weight
    from seqlab.tasks.mistakes import Mistake

WIDTH = 100
"""Columns of a text that are shown in the terminal."""
N_FOR, N_AGAINST = 5, 2
"""How many of the tokens that speak for a wrong label are shown, and of those against it."""


def show(report: "Report") -> None:
    """Print the mistakes that a model was surest of, each with the tokens that weighed most."""
    what = "wrong labels" if report.multi_label else "mistakes"
    texts = f"{report.scores['n_texts']:,} texts"
    click.echo()
    if not report.mistakes:
        click.echo(f"no {what} in {texts}")
        return
    click.echo(f"the {len(report.mistakes):,} surest of {report.n_mistakes:,} {what} in {texts}")
    for place, mistake in enumerate(report.mistakes, start=1):
        click.echo()
        for line in _lines(place, mistake):
            click.echo(line)


def for_json(mistakes: Iterable["Mistake"]) -> list[dict[str, Any]]:
    """The same as values for JSON."""
    found = []
    for mistake in mistakes:
        weights, attention = ([weight._asdict() for weight in part] for part in (mistake.weights, mistake.attention))
        found.append(mistake._asdict() | {"weights": weights, "attention": attention})
    return found


def plain(text: str) -> str:
    """A text in one line, its control characters shown as signs of their own so that they do nothing."""
    return "".join(_visible(character) for character in " ".join(text.split()))


def shortened(text: str, width: int) -> str:
    """The beginning of a text in at most so many columns, of which wide characters take two."""
    begun = plain(text[: 2 * width])
    return (
        begun if cell_len(begun) <= width and len(text) <= 2 * width else set_cell_size(begun, width - 1).rstrip() + "…"
    )


def amount(weight: float) -> str:
    """A weight with its sign, in two digits behind the point or one that is not 0."""
    return f"{weight:+.2f}" if abs(weight) >= 0.095 or not weight else f"{weight:+.1g}"


def _visible(character: str) -> str:
    kind = unicodedata.category(character)
    if kind == "Cc":
        return chr(0x2400 + ord(character)) if ord(character) < 0x20 else "�"
    return "�" if kind == "Cs" or character in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069" else character


def _lines(place: int, mistake: "Mistake") -> list[str]:
    """A mistake as it is printed."""
    from seqlab.tasks.mistakes import heaviest

    true = ", ".join(map(plain, mistake.true)) or "none"
    where = plain(mistake.source) or f"text {mistake.number:,}"
    lines = [
        f"{place:3}  true {true}, predicted {plain(mistake.predicted)}, probability {mistake.probability:.4f}  ({where})",
        f"     {shortened(mistake.text, WIDTH)}",
    ]
    spoke, spoke_against = heaviest(mistake.weights, N_FOR, N_AGAINST)
    looked_at, _ = heaviest(mistake.attention, N_FOR, 0)
    for head, weights in (("for", spoke), ("against", spoke_against), ("looked at", looked_at)):
        if weights:
            lines.append(f"     {head:9}  {_listed(weights)}")
    return lines


def _listed(weights: Iterable["Weight"]) -> str:
    return "  ".join(f"{plain(weight.token)} {amount(weight.weight)}" for weight in weights)
