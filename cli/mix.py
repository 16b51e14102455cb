"""`seqlab mix RUN RUN... --on CORPUS -o RUN`: several language models as one."""

from pathlib import Path

import click


@click.command(name="mix")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RUN RUN...")
@click.option(
    "--on",
    "corpora",
    multiple=True,
    required=True,
    metavar="CORPUS",
    help="Text to fit the weights on, which no model was trained on; may be given several times.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="Model directory to leave.")
@click.option("--encoding", default="utf-8", show_default=True, help="Encoding of the corpora.")
@click.option("--overwrite", is_flag=True, help="Replace a model at the output.")
@click.option("--device", default="cpu", show_default=True, help="For networks: cpu, cuda, cuda:1, ..., or auto.")
def command(
    runs: tuple[Path, ...], corpora: tuple[str, ...], output: Path, encoding: str, overwrite: bool, device: str
) -> None:
    """Mix language models linearly, n-grams and networks alike, into one more.

    Each token's probability is the weighted mean of those under the models, with the weights that give CORPUS the highest
    probability (found by expectation maximization). The models have to read the same tokens: trained on the same corpora
    with the same settings of data and text, and the same seed. They are copied into the new model directory.
    """
    from seqlab.cli.display import Display
    from seqlab.cli.tables import figures, table
    from seqlab.config.language_modelling import TextData
    from seqlab.corpora import open_text
    from seqlab.resolve import resolve
    from seqlab.training.mixing import mix

    data = resolve("lm", {}, {"data.train": corpora, "data.encoding": encoding}).data
    assert isinstance(data, TextData)
    with Display(output) as display:
        display.told("reading", ", ".join(corpora))
        model = mix(
            runs,
            open_text(corpora, encoding),
            output=output,
            overwrite=overwrite,
            device=device,
            data=data,
            watcher=display,
        )
    scores, unit = model.scores, model.scores["unit"]
    rows = [("this mixture", "", *figures(scores["nats"]))]
    for run, weight, nats in zip(runs, model.weights, scores["parts"], strict=True):
        rows.append((str(run), f"{weight:.4f}", *figures(nats)))
    heads = (f"{scores['n_tokens']:,} {unit}s", "weight", f"nats a {unit}", f"bits a {unit}", "perplexity")
    click.echo(table(heads, rows))
    click.echo(f"{scores['oov_rate']:.2%} of the {unit}s are out of the vocabulary")
    display.noted(
        "the weights are the best for this very text, so its figures flatter the mixture; score it on another"
    )
    display.told("saved", f"{output}; now: seqlab generate {output}")
