"""The mistakes of a classifier as text in the terminal."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from seqlab.cli.plain import amount, plain, shortened
from seqlab.wording import counted

if TYPE_CHECKING:
    from seqlab.cli.report import Report
    from seqlab.tasks.classifier import Weight
    from seqlab.tasks.mistakes import Mistake

WIDTH = 100
"""Columns of a text that are shown in the terminal."""


def show(report: "Report") -> None:
    """Print the mistakes that a model was surest of, each with the tokens that weighed most."""
    what, texts = "wrong label" if report.multi_label else "mistake", counted(report.scores["n_texts"], "text")
    click.echo()
    if not report.mistakes:
        click.echo(f"no {what}s in {texts}")
        return
    click.echo(f"the {len(report.mistakes):,} surest of {counted(report.n_mistakes, what)} in {texts}")
    for place, mistake in enumerate(report.mistakes, start=1):
        click.echo()
        for line in _lines(place, mistake):
            click.echo(line)


def _lines(place: int, mistake: "Mistake") -> list[str]:
    """A mistake as it is printed."""
    from seqlab.tasks.mistakes import N_AGAINST, N_FOR, heaviest, stretches

    true = ", ".join(map(plain, mistake.true)) or "none"
    where = plain(mistake.source) or f"text {mistake.number:,}"
    lines = [
        f"{place:3}  true {true}, predicted {plain(mistake.predicted)}, probability {mistake.probability:.4f}  ({where})",
        f"     {shortened(mistake.text, WIDTH)}",
    ]
    spoke, spoke_against = heaviest(stretches(mistake.text, mistake.weights), N_FOR, N_AGAINST)
    looked_at, _ = heaviest(stretches(mistake.text, mistake.attention), N_FOR, 0)
    for head, weights in (("for", spoke), ("against", spoke_against), ("looked at", looked_at)):
        if weights:
            lines.append(f"     {head:9}  {_listed(weights)}")
    return lines


def _listed(weights: Iterable["Weight"]) -> str:
    return "  ".join(f"{plain(weight.token)} {amount(weight.weight)}" for weight in weights)
