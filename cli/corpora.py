"""`seqlab corpora [NAME]`: the bundled samples."""

import click


@click.command(name="corpora")
@click.argument("name", required=False)
def command(name: str | None) -> None:
    """List the bundled samples; with a NAME, print that one."""
    from seqlab.cli.tables import table
    from seqlab.corpora import SAMPLES
    from seqlab.errors import ConfigError, unknown

    if name is not None:
        name = name.removeprefix("sample:")
        if name not in SAMPLES:
            raise ConfigError(unknown("sample", name, SAMPLES))
        click.echo(SAMPLES[name].path.read_text(encoding="utf-8"), nl=False)
        return
    rows = [
        (f"sample:{sample.name}", sample.language, f"{len(sample.path.read_text(encoding='utf-8')):,}", sample.summary)
        for sample in SAMPLES.values()
    ]
    click.echo(table(("corpus", "language", "characters", "what it is"), rows, numbers=False))
