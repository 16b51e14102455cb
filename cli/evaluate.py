"""`seqlab evaluate RUN CORPUS...`: the scores of a model on a corpus."""

import json
from pathlib import Path

import click


@click.command(name="evaluate")
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("corpora", nargs=-1, required=True, metavar="CORPUS...")
@click.option("--encoding", default="utf-8", show_default=True, help="Encoding of the corpora.")
@click.option(
    "--batch-size",
    default=64,
    show_default=True,
    type=click.IntRange(1),
    help="Stretches that a network reads side by side: speed only.",
)
@click.option(
    "--context",
    default=512,
    show_default=True,
    type=click.IntRange(0),
    help="Tokens each prediction of a network knows at least.",
)
@click.option("--device", default="cpu", show_default=True, help="cpu, cuda, cuda:1, ..., or auto.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def command(
    run: Path, corpora: tuple[str, ...], encoding: str, batch_size: int, context: int, device: str, as_json: bool
) -> None:
    """Score a model on a corpus; every token is counted once."""
    from seqlab import load
    from seqlab.cli.tables import for_json, table
    from seqlab.corpora import open_text

    records = open_text(corpora, encoding)
    scores = load(run, device).evaluate(records, batch_size=batch_size, context=context)
    if as_json:
        click.echo(json.dumps(for_json(scores.to_dict())))
        return
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
    click.echo(table((str(run), ", ".join(corpora)), rows))
