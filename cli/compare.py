"""`seqlab compare RUN...`: several models in one table."""

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqlab.errors import ConfigError

if TYPE_CHECKING:
    from seqlab.config import LanguageModelling
    from seqlab.modeldir import ModelDirectory

Row = dict[str, Any]
"""What is known of a model: `run`, `what`, `size`, `probabilities`; and its scores by name, where there are any."""


@click.command(name="compare")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RUN...")
@click.option(
    "--on", "corpora", multiple=True, metavar="CORPUS", help="Text to score each model on; may be given several times."
)
@click.option("--encoding", help="Encoding of the corpora.  [default: that of the training of the first model]")
@click.option("--device", default="cpu", show_default=True, help="For networks: cpu, cuda, cuda:1, ..., or auto.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def command(runs: tuple[Path, ...], corpora: tuple[str, ...], encoding: str | None, device: str, as_json: bool) -> None:
    """Compare models of one task in one table; the best is bold, or marked by a star in a file or pipe.

    Without --on the scores are those of training, which say something of one another only where the same data were held
    out, and read as the same tokens. With --on each model is scored on that corpus; of segmenters and taggers a paired
    bootstrap over the sentences then tells how far each is behind the best one, and whether by chance. Of classifiers it
    does so over the texts, and McNemar's test looks at those that only one of both has right; of translators it does so
    for BLEU and chrF.

    Language models of different tokens, such as words and characters, cannot be compared by figures a token. With --on the
    nats of the whole text are then divided by the number of its characters too, the same for all. A model of words predicts
    no blanks, and what is out of its vocabulary (OOV) only as unknown: mind that column.
    """
    from seqlab.cli.tables import for_json
    from seqlab.modeldir import open_directory

    directories = [open_directory(run) for run in runs]
    tasks = sorted({directory.config.task for directory in directories})
    if len(tasks) > 1:
        raise ConfigError(f"these are models of different tasks, {' and '.join(tasks)}; compare those of one")
    encoding = encoding or directories[0].config.data.encoding
    if tasks == ["classify"]:
        from seqlab.cli import compare_classifiers

        compare_classifiers.compare(directories, corpora, encoding, device, as_json)
        return
    if tasks == ["translate"]:
        from seqlab.cli import compare_translators

        compare_translators.compare(directories, corpora, encoding, device, as_json)
        return
    if tasks != ["lm"]:
        from seqlab.cli.compare_sentences import compare

        compare(directories, corpora, encoding, device, as_json)
        return
    rows = [_described(directory) for directory in directories]
    if corpora:
        _score(rows, directories, corpora, encoding, device)
    notes = list(_notes(rows, directories, bool(corpora)))
    best = [] if any(stops for _, stops in notes) else _best(rows)
    for note, _ in notes:
        click.echo(f"seqlab: {note}", err=True)
    if as_json:
        click.echo(json.dumps([for_json(row | {"best": number in best}) for number, row in enumerate(rows)]))
    else:
        _print(rows, best)


def _described(directory: "ModelDirectory") -> Row:
    from seqlab import modeldir
    from seqlab.config import LanguageModelling
    from seqlab.tasks import families

    config, manifest = directory.config, directory.manifest
    with modeldir.figures_read(directory.path):
        what, size = families.of(config).brief(config, manifest["training"])
        figures = {name: manifest["scores"][name] for name in _FIGURES} if manifest["scores"] else {}
        for name in figures.keys() - {"unit"}:
            math.isnan(figures[name])  # TypeError where it is no number
    normalized = not isinstance(config, LanguageModelling) or _is_normalized(config)
    return {"run": str(directory.path), "what": what, "size": size, "probabilities": normalized} | figures


def _is_normalized(config: "LanguageModelling") -> bool:
    return config.model != "ngram" or config.ngram.smoothing != "stupid-backoff"


_FIGURES = ("nats", "bits", "perplexity", "unit", "n_tokens", "oov_rate")


def _score(
    rows: list[Row], directories: "Sequence[ModelDirectory]", corpora: Sequence[str], encoding: str, device: str
) -> None:
    """Give each row the scores on a text."""
    from seqlab.corpora import open_text
    from seqlab.tasks import families

    records = open_text(corpora, encoding)
    n_characters = sum(len(record.text) for record in records)
    for row, model in zip(rows, families.load_all(directories, device), strict=True):
        scores = model.evaluate(records)
        row |= {name: getattr(scores, name) for name in _FIGURES}
        row["nats_a_character"] = scores.nats * scores.n_tokens / n_characters


def _notes(rows: list[Row], directories: "Sequence[ModelDirectory]", on_one_text: bool) -> Iterator[tuple[str, bool]]:
    """What one has to know of the figures, a sentence each; and whether none of them is the best for that."""
    scored = [(row, directory) for row, directory in zip(rows, directories, strict=True) if "nats" in row]
    if missing := [row["run"] for row in rows if "nats" not in row]:
        yield f"{', '.join(missing)}: not scored yet; to have them scored on a text, give --on", False
    if odd := [row["run"] for row in rows if not row["probabilities"]]:
        yield (
            f"{', '.join(odd)}: the figures of stupid-backoff are no probabilities, so compare them with no other's",
            False,
        )
    if on_one_text:
        units = {row["unit"] for row, _ in scored}
        if "word" in units and len(units) > 1:
            yield (
                "nats a character: a model of words is not asked for the blanks between them, which flatters it",
                False,
            )
        if len({row["oov_rate"] for row, _ in scored}) > 1:  # by the character the two cannot be told apart
            yield (
                "the vocabularies differ, and what is out of one is scored as the unknown token: mind the OOV",
                len(units) > 1,
            )
        return
    if len({row["unit"] for row, _ in scored}) > 1:
        yield "these figures are not comparable, since they are per different tokens; give --on and a text", True
    elif len({_validation(directory) for _, directory in scored}) > 1:
        yield (
            "these figures are not comparable, since they are of different texts or vocabularies; give --on and a text",
            True,
        )
    elif len(scored) > 1 and any(directory.config.model == "mixture" for _, directory in scored):
        yield "the weights of a mixture are the best for this very text; give --on and another", False


def _validation(directory: "ModelDirectory") -> str | None:
    """The fingerprint of the ids that a model was scored on after training."""
    data = directory.manifest["training"].get("data", {})
    found: str | None = data.get("validation.npy", data.get("train.npy"))
    return found


def _best(rows: list[Row]) -> list[int]:
    """The numbers of the best rows: more than one where figures are equal, none where there is nothing to compare."""
    figure = "nats" if len({row["unit"] for row in rows if "unit" in row}) == 1 else "nats_a_character"
    finite = [
        number for number, row in enumerate(rows) if row["probabilities"] and row.get(figure, math.inf) < math.inf
    ]
    found = {number: rows[number][figure] for number in finite}
    return [number for number, nats in found.items() if nats == min(found.values())] if len(found) > 1 else []


def _print(rows: list[Row], best: list[int]) -> None:
    from seqlab.cli.tables import emphasized, figures

    units = {row["unit"] for row in rows if "unit" in row}
    unit = next(iter(units)) if len(units) == 1 else "token"
    heads = ["run", "model", "size", f"nats a {unit}", f"bits a {unit}", "perplexity", f"{unit}s", "OOV"]
    by_character = len(units) > 1 and all("nats_a_character" in row for row in rows)
    lines = []
    for row in rows:
        cells = [row["run"], row["what"], row["size"]]
        if "nats" in row:
            n_tokens = f"{row['n_tokens']:,}" + (f" {row['unit']}s" if len(units) > 1 else "")
            cells += [*figures(row["nats"]), n_tokens, f"{row['oov_rate']:.2%}"]
        else:
            cells += ["-"] * 5
        lines.append(cells + ([f"{row['nats_a_character']:.4f}"] if by_character else []))
    click.echo(emphasized(heads + ["nats a character"] * by_character, lines, best, texts=3))
