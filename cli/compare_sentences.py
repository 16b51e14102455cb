"""Segmenters and taggers in one table, with a paired bootstrap between the best and the others."""

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from seqlab.errors import ConfigError

if TYPE_CHECKING:
    from seqlab.metrics.bootstrap import BootstrapScores
    from seqlab.modeldir import ModelDirectory
    from seqlab.tasks.evaluation import Evaluation

N_RESAMPLES = 2000
Scored = dict[str, Any]
"""A model: `run`, `what`, `size`, and the figures of its scores by name."""


def compare(
    directories: "Sequence[ModelDirectory]", corpora: Sequence[str], encoding: str, device: str, as_json: bool
) -> None:
    """Print the table; with corpora of what each model reaches on these, else of what it reached in training."""
    from seqlab.cli.tables import for_json

    found = list(_evaluated(directories, corpora, encoding, device)) if corpora else []
    figures = [scores.to_dict() for scores in found] or [directory.scores for directory in directories]
    rows = [_described(*pair) for pair in zip(directories, figures, strict=True)]
    if len({row["of"] for row in rows}) > 1:
        raise ConfigError("some of these models find spans and the others tags; compare models with the same --scheme")
    comparable = bool(corpora) or len({_validation(directory) for directory in directories}) == 1
    if not comparable:
        click.echo(
            "seqlab: these figures are not comparable, since they are of different sentences; give --on and a corpus",
            err=True,
        )
    name = "accuracy" if "f1" not in rows[0] else "f1"
    reached = [row[name] or 0.0 for row in rows]
    best = (
        [number for number, value in enumerate(reached) if value == max(reached)]
        if comparable and len(rows) > 1
        else []
    )
    differences = _differences(found, best[0]) if found and best else {}
    if as_json:
        click.echo(json.dumps([for_json(_as_json(row, k, best, differences)) for k, row in enumerate(rows)]))
    else:
        _print(rows, best, differences)


def _evaluated(
    directories: "Sequence[ModelDirectory]", corpora: Sequence[str], encoding: str, device: str
) -> "Iterator[Evaluation]":
    from seqlab.cli.corpus import reader
    from seqlab.tasks import families

    for directory, model in zip(directories, families.load_all(directories, device), strict=True):
        yield model.evaluate(reader(directory.config, corpora, encoding))


def _described(directory: "ModelDirectory", figures: dict[str, Any]) -> Scored:
    from seqlab import modeldir
    from seqlab.tasks import families

    config = directory.config
    with modeldir.figures_read(directory.path):
        what, size = families.of(config).brief(config, directory.manifest["training"])
        kept = {name: value for name, value in figures.items() if name not in ("floors", "confusions", "by_type")}
        return {"run": str(directory.path), "what": what, "size": size, "of": kept["of"]} | kept


def _validation(directory: "ModelDirectory") -> str | None:
    """The fingerprint of the sentences that a model was scored on after training."""
    data = directory.manifest["training"].get("data", {})
    found: str | None = data.get("validation.jsonl", data.get("train.jsonl"))
    return found


def _differences(found: "Sequence[Evaluation]", best: int) -> "dict[int, BootstrapScores]":
    """The bootstrap between the best model and each of the others, by the number of the other."""
    from seqlab.metrics.bootstrap import accuracy_of, f1_of, paired_bootstrap

    tags = found[best].of == "tags"
    counts = [scores.counts[:, [0, 2]] if tags else scores.counts for scores in found]
    figure = accuracy_of if tags else f1_of
    return {
        number: paired_bootstrap(counts[best], own, figure, n_resamples=N_RESAMPLES)
        for number, own in enumerate(counts)
        if number != best
    }


def _as_json(row: Scored, number: int, best: list[int], differences: "dict[int, BootstrapScores]") -> dict[str, Any]:
    behind = differences.get(number)
    return row | {"best": number in best, "behind_best": None if behind is None else behind.to_dict()}


def _print(rows: list[Scored], best: list[int], differences: "dict[int, BootstrapScores]") -> None:
    from seqlab.cli.tables import emphasized
    from seqlab.tasks.sentence_report import figures, share

    shown = figures(rows[0])
    heads = ["run", "model", "size", *(head for head, _ in shown), rows[0]["of"]]
    heads += ["behind the best", "95 % interval", "p"] * bool(differences)
    lines = []
    for number, row in enumerate(rows):
        cells = [
            row["run"],
            row["what"],
            row["size"],
            *(share(row.get(name)) for _, name in shown),
            f"{row['n_true']:,}",
        ]
        if number in differences:
            behind = differences[number]
            p = f"{behind.p:.3f}" if behind.p else f"< {1 / behind.n_resamples:.4f}"
            cells += [f"{behind.difference:.4f}", f"{behind.low:.4f} to {behind.high:.4f}", p]
        elif differences:
            cells += ["-", "-", "-"]
        lines.append(cells)
    click.echo(emphasized(heads, lines, best, texts=3))
    if differences:
        click.echo(
            f"paired bootstrap over sentences, {N_RESAMPLES:,} resamples; p: how likely chance alone does as much"
        )
