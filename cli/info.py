"""`seqlab info RUN`: what a model directory holds."""

import json
from pathlib import Path
from typing import Any

import click

from seqlab.wording import counted


@click.command(name="info")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the manifest and the settings as JSON.")
def command(run: Path, as_json: bool) -> None:
    """Tell what a model directory holds: task, model, training, scores."""
    from seqlab import modeldir
    from seqlab.cli.tables import for_json, table

    directory = modeldir.open_directory(run)
    if as_json:
        click.echo(json.dumps(for_json(directory.manifest | {"config": directory.config.model_dump(mode="json")})))
        return
    with modeldir.figures_read(run):
        rows = _rows(directory.manifest, directory.config)
    click.echo(table((str(run), directory.config.task), rows, numbers=False))


def _rows(manifest: dict[str, Any], config: Any) -> list[tuple[str, str]]:
    from seqlab.tasks import TASKS, families

    scores, training = manifest["scores"], manifest["training"]
    rows = [
        ("written by", f"seqlab {manifest['seqlab']}, format {manifest['format']}"),
        *_tokens(config, training),
        *families.of(config).rows(config, training),
    ]
    if not scores and "source" in training:
        return [*rows, ("scores", "none yet; seqlab evaluate finds them on a text")]
    corpora = ", ".join(config.data.train) or "records given from Python"
    if config.model == "mixture":
        return rows + _weights(scores, corpora)
    return [
        *rows,
        ("trained on", corpora),
        ("", counted(training["sizes"]["train"], scores["unit"])),
        *TASKS[config.task].lines(scores),
    ]


def _tokens(config: Any, training: dict[str, Any]) -> list[tuple[str, str]]:
    """What a language model reads."""
    if config.task != "lm":
        return []
    return [("tokens", f"{config.text.tokenizer}, vocabulary of {training['sizes']['vocabulary']:,}")]


def _weights(scores: dict[str, Any], corpora: str) -> list[tuple[str, str]]:
    """What the weights of a mixture were fitted on."""
    unit = scores["unit"]
    rows = [
        ("weights on", corpora),
        ("", f"{scores['n_tokens']:,} {unit}s, {scores['oov_rate']:.2%} out of vocabulary"),
        ("scored there", f"{scores['nats']:.4f} nats a {unit}, perplexity {scores['perplexity']:.4g}"),
    ]
    return rows + [(f"part {k} there", f"{nats:.4f} nats a {unit}") for k, nats in enumerate(scores["parts"], start=1)]
