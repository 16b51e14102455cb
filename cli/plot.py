"""`seqlab plot RUN... -o FILE`: learning curves."""

from pathlib import Path

import click


@click.command(name="plot")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RUN...")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Picture: .png, .svg or .pdf.")
def command(runs: tuple[Path, ...], output: Path) -> None:
    """Draw the training and validation loss of one or several models over the steps.

    A model that is still being trained can be drawn too, by the path it is going to have.
    """
    from seqlab.training.curves import draw

    draw(runs, output)
    click.echo(f"wrote {output}")
