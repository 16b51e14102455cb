"""Text classifiers in one table, with McNemar's test and a paired bootstrap between the best and the others."""

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from seqlab.errors import ConfigError

if TYPE_CHECKING:
    from seqlab.metrics.bootstrap import BootstrapScores
    from seqlab.metrics.classification import ClassificationScores
    from seqlab.metrics.mcnemar import McNemarScores
    from seqlab.metrics.multi_label import MultiLabelScores
    from seqlab.modeldir import ModelDirectory

    Scores = ClassificationScores | MultiLabelScores

N_RESAMPLES = 2000
Row = dict[str, Any]
"""A model: `run`, `what`, `size`, and the figures of its scores by name."""
_LONG = ("floors", "folds", "confusion", "by_class", "unit")


class Behind(NamedTuple):
    """How a model stands to the best one."""

    bootstrap: "BootstrapScores"
    """The figure of the best one, first, and its own."""
    mcnemar: "McNemarScores"
    """What the best one, first, has right alone, and what it has."""


def compare(
    directories: "Sequence[ModelDirectory]", corpora: Sequence[str], encoding: str, device: str, as_json: bool
) -> None:
    """Print the table; with corpora of what each model reaches on these, else of what it reached in training."""
    from seqlab.cli.tables import for_json
    from seqlab.tasks.classify_report import UNCALIBRATED
    from seqlab.tasks.gap import figure_of

    several = {bool(getattr(directory.config.data, "multi_label", False)) for directory in directories}
    if len(several) > 1:
        raise ConfigError("some of these models give one label a text and others any number; compare those of one kind")
    if corpora:
        _refuse_other_labels(directories)
    found = list(_evaluated(directories, corpora, encoding, device)) if corpora else []
    figures = [scores.to_dict() for scores in found] or [_of_training(directory) for directory in directories]
    rows = [_described(*pair) for pair in zip(directories, figures, strict=True)]
    notes = [] if corpora else list(_notes(directories))
    for note in notes:
        click.echo(f"seqlab: {note}", err=True)
    reached = [row[figure_of(row)] or 0.0 for row in rows]
    best = [] if notes or len(rows) < 2 else [k for k, value in enumerate(reached) if value == max(reached)]
    behind = _behind(found, best[0]) if found and best else {}
    if as_json:
        click.echo(json.dumps([for_json(_as_json(row, k, best, behind)) for k, row in enumerate(rows)]))
        return
    _print(rows, best, behind)
    if not corpora and figure_of(rows[0]) == "accuracy":
        click.echo(f"{UNCALIBRATED}; with --on and a corpus, those after it")


def _refuse_other_labels(directories: "Sequence[ModelDirectory]") -> None:
    """Refuse models of different labels, before any is scored.

    Raises:
        ConfigError: one of them has other labels than the first.
    """
    from seqlab.tasks.classify import kept_labels

    first, *others = (kept_labels(directory.path)[0] for directory in directories)
    for directory, labels in zip(directories[1:], others, strict=True):
        if set(labels) != set(first):
            both = f"has other labels ({', '.join(labels)}) than {directories[0].path} ({', '.join(first)})"
            raise ConfigError(f"{directory.path}: {both}; compare models that were trained on the same ones")


def _evaluated(
    directories: "Sequence[ModelDirectory]", corpora: Sequence[str], encoding: str, device: str
) -> "Iterator[Scores]":
    """The scores of each model on the same texts.

    Raises:
        ConfigError: by its settings one of them reads other texts, or other labels, than the first.
    """
    from seqlab.cli.corpus import reader
    from seqlab.tasks import families

    read: dict[Any, list[tuple[str, tuple[str, ...]]]] = {}
    for directory, model in zip(directories, families.load_all(directories, device), strict=True):
        records = list(reader(directory.config, corpora, encoding))
        read[directory.path] = [(record.text, tuple(sorted(record.labels))) for record in records]
        first, texts = next(iter(read.items()))
        if read[directory.path] != texts:
            raise ConfigError(
                f"{directory.path}: reads other texts or labels in {', '.join(corpora)} than {first}, by the columns "
                "it was trained with; compare models of the same columns"
            )
        yield model.evaluate(records)


def _of_training(directory: "ModelDirectory") -> dict[str, Any]:
    """The figures that a model reached in training: of a cross-validated one those of the folds, all texts together."""
    from seqlab import modeldir

    with modeldir.figures_read(directory.path):
        scores = directory.scores
        return dict(scores["folds"]["pooled"]) if "folds" in scores else scores


def _described(directory: "ModelDirectory", figures: dict[str, Any]) -> Row:
    from seqlab import modeldir
    from seqlab.tasks import families

    config = directory.config
    with modeldir.figures_read(directory.path):
        what, size = families.of(config).brief(config, directory.manifest["training"])
        _check(figures)
        return {"run": str(directory.path), "what": what, "size": size} | {
            name: value for name, value in figures.items() if name not in _LONG
        }


def _check(figures: dict[str, Any]) -> None:
    """Raise KeyError or TypeError for figures that are missing or no numbers."""
    from seqlab.tasks.classify_report import figures as shown

    for name in (*(name for _, name in shown(figures)), "n_texts"):
        if figures[name] is not None and not isinstance(figures[name], float | int):
            raise TypeError(f"{name} is no number")


def _notes(directories: "Sequence[ModelDirectory]") -> Iterator[str]:
    """Why the figures of training are not comparable, a sentence each."""
    from seqlab.tasks.scored_on import SEEN

    of = [_scored_on(directory) for directory in directories]
    for directory, (how, _) in zip(directories, of, strict=True):
        if how == SEEN:
            yield (
                f"{directory.path}: its figures are of the very texts it was trained on, since nothing was held out; give "
                "--on and a corpus"
            )
    if len(set(of)) > 1:
        yield "these figures are not comparable, since they are of different texts; give --on and a corpus"


def _scored_on(directory: "ModelDirectory") -> tuple[str, str | None]:
    """How a model was scored in training, and the fingerprint of the texts."""
    from seqlab.tasks.scored_on import scored_on

    data = directory.manifest["training"].get("data", {})
    return scored_on(directory.scores), data.get("validation.jsonl", data.get("train.jsonl"))


def _behind(found: "Sequence[Scores]", best: int) -> dict[int, Behind]:
    """How each of the others stands to the best model, by the number of the other."""
    from seqlab.metrics.bootstrap import accuracy_of, f1_of, paired_bootstrap
    from seqlab.metrics.classification import ClassificationScores
    from seqlab.metrics.mcnemar import mcnemar

    figure = accuracy_of if isinstance(found[best], ClassificationScores) else f1_of
    return {
        number: Behind(
            paired_bootstrap(found[best].counts, scores.counts, figure, n_resamples=N_RESAMPLES),
            mcnemar(found[best].correct, scores.correct),
        )
        for number, scores in enumerate(found)
        if number != best
    }


def _as_json(row: Row, number: int, best: list[int], behind: dict[int, Behind]) -> dict[str, Any]:
    own = behind.get(number)
    return row | {
        "best": number in best,
        "behind_best": None if own is None else own.bootstrap.to_dict(),
        "mcnemar": None if own is None else own.mcnemar.to_dict(),
    }


def _print(rows: list[Row], best: list[int], behind: dict[int, Behind]) -> None:
    from seqlab.cli.tables import emphasized
    from seqlab.tasks.classify_report import figures
    from seqlab.tasks.sentence_report import share

    shown = figures(rows[0])
    heads = ["run", "model", "size", *(head for head, _ in shown), "texts"]
    heads += ["behind the best", "95 % interval", "only the best right", "only this right", "p"] * bool(behind)
    lines = []
    for number, row in enumerate(rows):
        cells = [row["run"], row["what"], row["size"], *(share(row[name]) for _, name in shown), f"{row['n_texts']:,}"]
        if number in behind:
            bootstrap, test = behind[number]
            interval = f"{bootstrap.low:.4f} to {bootstrap.high:.4f}"
            right = [f"{test.n_first_only:,}", f"{test.n_second_only:,}"]
            cells += [f"{bootstrap.difference:.4f}", interval, *right, f"{test.p:.3g}" if test.p else "< 1e-300"]
        elif behind:
            cells += ["-"] * 5
        lines.append(cells)
    click.echo(emphasized(heads, lines, best, texts=3))
    if behind:
        click.echo(
            f"interval: paired bootstrap over texts, {N_RESAMPLES:,} resamples; p: how likely chance alone divides the "
            "texts that only one has right as unevenly (McNemar's exact test)"
        )
