"""Classifiers on the command line: several as one, and what `seqlab evaluate` prints of them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqlab.errors import ConfigError

if TYPE_CHECKING:
    from seqlab.metrics.classification import ClassificationScores
    from seqlab.modeldir import ModelDirectory

SHOWN_CLASSES = 30
"""Up to how many classes the matrix of confusions is shown."""


def several(runs: Sequence[Path], device: str) -> Any:
    """The predictor of a run, or one that takes the mean of several classifiers.

    Raises:
        ConfigError: one of several is no classifier, or they have different labels.
    """
    from seqlab.tasks import families
    from seqlab.tasks.classifier_ensemble import ClassifierEnsemble

    models = list(families.load_all(of_one_task(runs, "classify"), device))
    return models[0] if len(models) == 1 else ClassifierEnsemble(models)


def of_one_task(runs: Sequence[Path], task: str) -> "list[ModelDirectory]":
    """The model directories of runs.

    Raises:
        ConfigError: there are several, and one of them is not of the task.
    """
    from seqlab.modeldir import open_directory

    directories = [open_directory(run) for run in runs]
    for directory in directories:
        if directory.config.task != task and len(directories) > 1:
            raise ConfigError(
                f"{directory.path}: is of the task {directory.config.task}; several are for classifiers or translators only"
            )
    return directories


def evaluate(
    runs: Sequence[Path],
    corpora: Sequence[str],
    encoding: str | None,
    device: str,
    *,
    errors: int | None,
    report: Path | None,
    as_json: bool,
) -> None:
    """Score a classifier, or several as one, on a corpus, and print the figures or leave a page with them."""
    from seqlab.cli.corpus import reader
    from seqlab.cli.tables import for_json

    model = several(runs, device)
    if len(runs) > 1 and (errors or report):
        raise ConfigError("--errors and --report explain one classifier; leave out --with")
    records = list(reader(model.config, corpora, encoding))
    scores = model.evaluate(records)
    from seqlab.cli import mistakes

    if as_json:
        found = scores.to_dict() | ({"mistakes": mistakes.for_json(model, records, errors)} if errors else {})
        click.echo(json.dumps(for_json(found)))
    else:
        _print(scores, (" + ".join(map(str, runs)), ", ".join(corpora)))
        if errors:
            mistakes.show(model, records, errors)
    if report:
        mistakes.write_report(report, runs[0], model, records, corpora, errors or 20)


def _print(scores: "ClassificationScores", heads: tuple[str, str]) -> None:
    from seqlab.cli.tables import table
    from seqlab.tasks.classify_report import figures
    from seqlab.tasks.sentence_report import share

    found = scores.to_dict()
    rows = [(head, share(found[name])) for head, name in figures(found)]
    if "interval" in found:
        rows.append(("95 % interval", " to ".join(map(share, found["interval"]))))
    rows.append(("texts", f"{found['n_texts']:,}"))
    if found.get("n_unseen"):
        rows.append(("of these with labels never seen", f"{found['n_unseen']:,}"))
    click.echo(table(heads, rows))
    click.echo()
    by_class = [
        (name, *(share(own[figure]) for figure in ("precision", "recall", "f1")), f"{own['support']:,}")
        for name, own in found["by_class"].items()
    ]
    click.echo(table(("class", "precision", "recall", "F1", "texts"), by_class))
    if "confusion" in found and len(scores.labels) <= SHOWN_CLASSES:
        click.echo()
        confusion = found["confusion"]
        counts = [
            (name, *(f"{n:,}" for n in row)) for name, row in zip(confusion["true"], confusion["counts"], strict=True)
        ]
        click.echo(table(("true, taken for", *confusion["predicted"]), counts))
