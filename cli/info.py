"""`seqlab info RUN`: what a model directory holds."""

import json
from pathlib import Path
from typing import Any

import click


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
    from seqlab.tasks import families

    scores, training = manifest["scores"], manifest["training"]
    rows = [
        ("written by", f"seqlab {manifest['seqlab']}, format {manifest['format']}"),
        ("tokens", f"{config.text.tokenizer}, vocabulary of {training['sizes']['vocabulary']:,}"),
        *families.of(config).rows(config, training),
    ]
    if not scores and "source" in training:
        return [*rows, ("scores", "none yet; seqlab evaluate finds them on a text")]
    unit, corpora = scores["unit"], ", ".join(config.data.train) or "records given from Python"
    scored = f"{scores['nats']:.4f} nats a {unit}, perplexity {scores['perplexity']:.4g}"
    length = f"{scores['n_tokens']:,} {unit}s, {scores['oov_rate']:.2%} out of vocabulary"
    if config.model == "mixture":
        rows += [("weights on", corpora), ("", length), ("scored there", scored)]
        return rows + [
            (f"part {k} there", f"{nats:.4f} nats a {unit}") for k, nats in enumerate(scores["parts"], start=1)
        ]
    rows += [
        ("trained on", corpora),
        ("", f"{training['sizes']['train']:,} {unit}s"),
        ("validation", scored),
        ("", length),
    ]
    return rows + [(f"{name} floor", f"{nats:.4f} nats a {unit}") for name, nats in scores["floors"].items()]
