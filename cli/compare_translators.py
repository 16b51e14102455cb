"""Translators in one table, with a paired bootstrap of BLEU and chrF between the best and the others.

The test is that of Koehn 2004, "Statistical significance tests for machine translation evaluation": as many sentences as
there are are drawn with replacement, again and again, the same ones for both systems, and both figures are computed over
each draw from the counts of its sentences. How the p-value follows from these says `seqlab.metrics.bootstrap`.
"""

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from seqlab.errors import ConfigError, DataError

if TYPE_CHECKING:
    from seqlab.metrics.bootstrap import BootstrapScores
    from seqlab.metrics.translation import SentenceCounts
    from seqlab.modeldir import ModelDirectory
    from seqlab.tasks.pairs_kept import Sides

N_RESAMPLES = 2000
Row = dict[str, Any]
"""A model: `run`, `what`, `size`, and the figures of its scores by name."""
_SHOWN = ("bleu", "chrf", "ter", "brevity_penalty", "length_ratio", "n_sentences", "signatures")


class Found(NamedTuple):
    """What the translations of a model come to."""

    figures: dict[str, Any]
    counts: "SentenceCounts"


class Behind(NamedTuple):
    """How a model stands to the best one, whose figure is the first each time."""

    bleu: "BootstrapScores"
    chrf: "BootstrapScores"


def compare(
    directories: "Sequence[ModelDirectory]", corpora: Sequence[str], encoding: str | None, device: str, as_json: bool
) -> None:
    """Print the table; with corpora of what each model reaches on these, else of what it reached in training."""
    from seqlab.cli.tables import for_json

    found = list(_evaluated(directories, corpora, encoding, device)) if corpora else []
    figures = [scored.figures for scored in found] or [directory.scores for directory in directories]
    rows = [_described(*pair) for pair in zip(directories, figures, strict=True)]
    notes = list(_notes(directories, rows, bool(corpora)))
    for note in notes:
        click.echo(f"seqlab: {note}", err=True)
    reached = [row["bleu"] for row in rows]
    best = [] if notes or len(rows) < 2 else [k for k, value in enumerate(reached) if value == max(reached)]
    behind = _behind(found, best[0]) if found and best else {}
    if as_json:
        click.echo(json.dumps([for_json(_as_json(row, k, best, behind)) for k, row in enumerate(rows)]))
    else:
        _print(rows, best, behind)


def _evaluated(
    directories: "Sequence[ModelDirectory]", corpora: Sequence[str], encoding: str | None, device: str
) -> Iterator[Found]:
    """What each model makes of the same pairs, all cut for BLEU in one way.

    Raises:
        ConfigError: by its settings one of them reads other pairs than the first.
        DataError: there is no pair with two sides.
    """
    from seqlab.metrics.translation import bleu_tokenizer, corpus_scores, sentence_counts
    from seqlab.tasks import families
    from seqlab.tasks.translation_scores import tokenize

    pairs = _pairs(directories, corpora, encoding)
    sources, references = [pair.source for pair in pairs], [pair.target for pair in pairs]
    ways = {tokenize(directory.config, references) for directory in directories}  # type: ignore[arg-type]
    way = ways.pop() if len(ways) == 1 else bleu_tokenizer(references)
    for directory, model in zip(directories, families.load_all(directories, device), strict=True):
        doubt = model.doubt(sources)
        if doubt is not None:
            click.echo(f"seqlab: {directory.path}: {doubt}", err=True)
        translations = model.translate(sources)
        yield Found(
            corpus_scores(translations, references, tokenize=way).to_dict(),
            sentence_counts(translations, references, tokenize=way),
        )


def _pairs(directories: "Sequence[ModelDirectory]", corpora: Sequence[str], encoding: str | None) -> "list[Sides]":
    """The pairs with two sides that all models read in the corpora."""
    from seqlab.cli.corpus import reader
    from seqlab.tasks.pairs_kept import sides_of

    first: list[Sides] = []
    for directory in directories:
        sides = [sides_of(record) for record in reader(directory.config, corpora, encoding)]
        read = [pair for pair in sides if pair.source and pair.target]
        if not read:
            raise DataError(f"{', '.join(corpora)}: there is no pair of sentences to score; give at least one")
        first = first or read
        if read != first:
            raise ConfigError(
                f"{directory.path}: reads other pairs in {', '.join(corpora)} than {directories[0].path}, by the columns "
                "it was trained with; compare translators of the same languages, one way"
            )
    return first


def _described(directory: "ModelDirectory", figures: dict[str, Any]) -> Row:
    from seqlab import modeldir
    from seqlab.tasks import families

    config = directory.config
    with modeldir.figures_read(directory.path):
        what, size = families.of(config).brief(config, directory.manifest["training"])
        kept = {name: figures[name] for name in _SHOWN}
        for name in _SHOWN[:-1]:
            if not isinstance(kept[name], float | int):
                raise TypeError(f"{name} is no number")
        return {"run": str(directory.path), "what": what, "size": size} | kept


def _notes(directories: "Sequence[ModelDirectory]", rows: list[Row], on_one_corpus: bool) -> Iterator[str]:
    """Why the figures are not comparable, a sentence each."""
    if on_one_corpus:
        return
    parts = [directory.manifest["training"].get("data", {}) for directory in directories]
    for directory, data in zip(directories, parts, strict=True):
        if "validation.jsonl" not in data:
            yield (
                f"{directory.path}: its figures are of the very pairs it was trained on, since nothing was held out; give "
                "--on and a corpus"
            )
    if len({data.get("validation.jsonl", data.get("train.jsonl")) for data in parts}) > 1:
        yield "these figures are not comparable, since they are of different pairs; give --on and a corpus"
    elif len({str(row["signatures"]) for row in rows}) > 1:
        yield "these figures are not comparable, since their signatures differ; give --on and a corpus"


def _behind(found: Sequence[Found], best: int) -> dict[int, Behind]:
    """How each of the others stands to the best model, by the number of the other."""
    from seqlab.metrics.bootstrap import paired_bootstrap
    from seqlab.metrics.translation import bleu_of, chrf_of

    first = found[best].counts
    return {
        number: Behind(
            paired_bootstrap(first.bleu, scored.counts.bleu, bleu_of, n_resamples=N_RESAMPLES),
            paired_bootstrap(first.chrf, scored.counts.chrf, chrf_of, n_resamples=N_RESAMPLES),
        )
        for number, scored in enumerate(found)
        if number != best
    }


def _as_json(row: Row, number: int, best: list[int], behind: dict[int, Behind]) -> dict[str, Any]:
    own = behind.get(number)
    return row | {
        "best": number in best,
        "behind_best": None if own is None else {"bleu": own.bleu.to_dict(), "chrf": own.chrf.to_dict()},
    }


def _print(rows: list[Row], best: list[int], behind: dict[int, Behind]) -> None:
    from seqlab.cli.tables import emphasized
    from seqlab.tasks import translate_report

    heads = ["run", "model", "size", *(head for head, _ in translate_report.FIGURES), "sentences"]
    heads += ["BLEU behind", "95 % interval", "p", "chrF2 behind", "95 % interval", "p"] * bool(behind)
    lines = []
    for number, row in enumerate(rows):
        figures = [f"{row[name]:.2f}" for _, name in translate_report.FIGURES]
        cells = [row["run"], row["what"], row["size"], *figures, f"{row['n_sentences']:,}"]
        if behind:
            cells += [cell for own in behind[number] for cell in _compared(own)] if number in behind else ["-"] * 6
        lines.append(cells)
    click.echo(emphasized(heads, lines, best, texts=3))
    for line in dict.fromkeys(line for row in rows for line in translate_report.signatures(row)):
        click.echo(line)
    if behind:
        click.echo(
            f"paired bootstrap over sentences, {N_RESAMPLES:,} resamples; p: how likely chance alone does as much"
        )


def _compared(behind: "BootstrapScores") -> list[str]:
    """How far behind, the interval of that, and how likely chance does as much."""
    p = f"{behind.p:.3f}" if behind.p else f"< {1 / behind.n_resamples:.4f}"
    return [f"{behind.difference:.2f}", f"{behind.low:.2f} to {behind.high:.2f}", p]
