"""`seqlab evaluate RUN CORPUS...`: the scores of a model on a corpus."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqlab.cli import corpus, translators
from seqlab.errors import ConfigError

if TYPE_CHECKING:
    from seqlab.metrics.perplexity import LanguageScores
    from seqlab.tasks.evaluation import Evaluation

SHOWN_CONFUSIONS = 20


@click.command(name="evaluate")
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("corpora", nargs=-1, required=True, metavar="CORPUS...")
@click.option("--encoding", help="Encoding of the corpora, or auto, which finds it out.  [default: that of training]")
@corpus.layout_options
@click.option(
    "--batch-size",
    type=click.IntRange(1),
    help="Of a language model: stretches that a network reads side by side; speed only.  [default: 64]",
)
@click.option(
    "--context",
    type=click.IntRange(0),
    help="Of a language model: tokens each prediction of a network knows at least.  [default: 512]",
)
@click.option("--device", default="cpu", show_default=True, help="cpu, cuda, cuda:1, ..., or auto.")
@click.option(
    "--with",
    "others",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="RUN",
    help="Of a classifier or translator: further ones whose mean probabilities count; may be given several times.",
)
@click.option(
    "--errors", type=click.IntRange(1), metavar="N", help="Of a classifier: show its N most confident mistakes."
)
@click.option(
    "--report",
    type=click.Path(path_type=Path),
    help="Of a classifier: leave a page (HTML) with scores, curves, mistakes.",
)
@translators.search_options
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def command(
    run: Path,
    corpora: tuple[str, ...],
    encoding: str | None,
    batch_size: int | None,
    context: int | None,
    device: str,
    others: tuple[Path, ...],
    errors: int | None,
    report: Path | None,
    as_json: bool,
    **more: Any,
) -> None:
    """Score a model on a corpus of the kind it was trained on; every token is counted once.

    Segmenters, taggers, classifiers and translators read it by the settings they were trained with, such as the columns of
    tags; where texts and labels, or both sides, stand otherwise, options say so. Of a translator it is two files, or one
    that has both sides.
    """
    from seqlab.modeldir import open_directory

    config = open_directory(run).config
    task, layout = config.task, {name: more.pop(name) for name in corpus.LAYOUT}
    corpus.laid_out(config, layout)  # refuses what is for another task
    search: translators.Search = more
    options = {"batch_size": batch_size, "context": context}
    options = {name: value for name, value in options.items() if value is not None}
    if options and task != "lm":
        raise ConfigError(f"--{next(iter(options)).replace('_', '-')} is for a language model; leave it out")
    if task != "translate" and (names := translators.given(search)):
        raise ConfigError(f"{names[0]} is for a translator; leave it out")
    if task == "translate":
        if errors or report:
            raise ConfigError("--errors and --report are for a classifier; leave them out")
        translators.evaluate([run, *others], corpora, encoding, device, layout, search=search, as_json=as_json)
        return
    if task == "classify":
        from seqlab.cli.classifiers import evaluate

        evaluate([run, *others], corpora, encoding, device, layout, errors=errors, report=report, as_json=as_json)
        return
    for name, value in (("with", others), ("errors", errors), ("report", report)):
        if value:
            raise ConfigError(f"--{name} is for a classifier{' or translator' * (name == 'with')}; leave it out")
    from seqlab import load
    from seqlab.cli.corpus import reader
    from seqlab.cli.tables import for_json, table

    model = load(run, device)
    records = reader(corpus.laid_out(model.config, layout), corpora, encoding)
    scores = model.evaluate(records, **options)
    if as_json:
        click.echo(json.dumps(for_json(scores.to_dict())))
        return
    told = _of_a_text(scores) if model.config.task == "lm" else _of_sentences(scores)
    click.echo(table((str(run), ", ".join(corpora)), told))
    if model.config.task != "lm" and scores.confusions:
        click.echo()
        confusions = [
            (c.true, c.predicted, f"{c.n:,}", "  ".join(c.examples)) for c in scores.confusions[:SHOWN_CONFUSIONS]
        ]
        click.echo(table(("true", "predicted", "times", "for example"), confusions, numbers=False))


def _of_a_text(scores: "LanguageScores") -> list[tuple[str, str]]:
    unit = scores.unit
    rows = [
        (f"nats a {unit}", f"{scores.nats:.4f}"),
        (f"bits a {unit}", f"{scores.bits:.4f}"),
        (f"perplexity a {unit}", f"{scores.perplexity:.4g}"),
        (f"{unit}s", f"{scores.n_tokens:,}"),
        ("out of vocabulary", f"{scores.oov_rate:.2%}"),
    ]
    if 0 < scores.n_unknown < scores.n_tokens:
        rows.append(("perplexity without these", f"{scores.perplexity_known:.4g}"))
    return rows


def _of_sentences(scores: "Evaluation") -> list[tuple[str, str]]:
    from seqlab.tasks.sentence_report import figures, share

    found = scores.to_dict()
    rows = [(head, share(found[name])) for head, name in figures(found)]
    rows += [(f"F1 of {name}", share(f1)) for name, f1 in found.get("by_type", {}).items()]
    return [*rows, (scores.of, f"{found['n_true']:,}"), ("out of vocabulary", f"{found['oov_rate']:.2%}")]
