"""Classifiers on the command line: several as one, and what `seqlab evaluate` prints of them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqlab.errors import ConfigError
from seqlab.wording import counted

if TYPE_CHECKING:
    from seqlab.cli.report import Report
    from seqlab.modeldir import ModelDirectory

SHOWN_MISTAKES = 20
"""How many a report shows where no number is given."""


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
    layout: Mapping[str, Any],
    *,
    errors: int | None,
    report: Path | None,
    as_json: bool,
) -> None:
    """Score a classifier, or several as one, on a corpus, and print the figures or leave a page with them."""
    from seqlab.cli.corpus import laid_out, reader

    if report is not None:
        _refuse_no_file(report)
    model = several(runs, device)
    if len(runs) > 1 and (errors or report):
        raise ConfigError("--errors and --report explain one classifier; leave out --with")
    records = list(reader(laid_out(model.config, layout), corpora, encoding))
    if n_blank := sum(not record.text.strip() for record in records):
        blank = counted(n_blank, "text has", "texts have")
        click.echo(f"seqlab: {blank} nothing but blanks, and what the model makes of nothing is scored", err=True)
    if not (errors or report):
        _print(model.evaluate(records).to_dict(), model.labels, _heads(runs, corpora), as_json)
        return
    from seqlab.cli import mistakes
    from seqlab.cli.report import gathered

    found = gathered(runs[0], model, records, corpora, errors or SHOWN_MISTAKES)
    if report:  # before anything is printed, since whoever reads that may have seen enough
        _write(report, found)
    listed = {"mistakes": [mistake.to_dict() for mistake in found.mistakes]} if as_json and errors else {}
    _print(found.scores | listed, model.labels, _heads(runs, corpora), as_json)
    if errors and not as_json:
        mistakes.show(found)


def _refuse_no_file(path: Path) -> None:
    """Refuse a page that could not be written, before anything is scored.

    Raises:
        ConfigError: it is a folder, or stands in none.
    """
    if path.is_dir():
        raise ConfigError(f"--report {path}: is a folder; name a file, such as {path / 'report.html'}")
    if not path.parent.is_dir():
        raise ConfigError(f"--report {path}: there is no folder {path.parent}; make it, or name another")


def _write(path: Path, report: "Report") -> None:
    """Write a page (HTML) on a model and its predictions; nothing outside the page is needed to look at it.

    Raises:
        ModelError: the page cannot be written, or the figures of the run cannot be read; what stood there is unchanged.
    """
    from seqlab.cli.report_page import page
    from seqlab.modeldir import figures_read, written_beside

    with figures_read(report.directory.path):
        content = page(report)
    with written_beside(path) as beside:
        # A lone half of a surrogate pair, which JSON can hold, is written as a reference that browsers show as unknown.
        beside.write_text(content, encoding="utf-8", errors="xmlcharrefreplace", newline="")
    click.echo(f"wrote {path}", err=True)


def _heads(runs: Sequence[Path], corpora: Sequence[str]) -> tuple[str, str]:
    """What stands above the figures: whose they are, and of what."""
    return " + ".join(map(str, runs)), ", ".join(corpora)


def _print(found: dict[str, Any], labels: Sequence[str], heads: tuple[str, str], as_json: bool) -> None:
    from seqlab.cli.tables import for_json, table
    from seqlab.tasks.classify_report import MOST_CLASSES, figures
    from seqlab.tasks.sentence_report import share

    if as_json:
        click.echo(json.dumps(for_json(found)))
        return
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
    if "confusion" in found and len(labels) <= MOST_CLASSES:
        click.echo()
        confusion = found["confusion"]
        counts = [
            (name, *(f"{n:,}" for n in row)) for name, row in zip(confusion["true"], confusion["counts"], strict=True)
        ]
        click.echo(table(("true, taken for", *confusion["predicted"]), counts))
