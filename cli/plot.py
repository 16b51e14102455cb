"""`seqlab plot RUN... -o FILE`: learning curves, or the confusion matrix of a classifier."""

from pathlib import Path

import click

from seqlab.errors import ConfigError


@click.command(name="plot")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RUN...")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Picture: .png, .svg or .pdf.")
@click.option(
    "--confusion", is_flag=True, help="Of one classifier: draw what was taken for what on the validation texts instead."
)
def command(runs: tuple[Path, ...], output: Path, confusion: bool) -> None:
    """Draw training loss and validation figure of one or several models over the steps.

    A model that is still being trained can be drawn too, by the path it is going to have.
    """
    if confusion:
        if len(runs) > 1:
            raise ConfigError(f"--confusion draws the matrix of one run, not of {len(runs)}; name one")
        _draw_confusion(runs[0], output)
    else:
        from seqlab.training.curves import draw

        draw(runs, output)
    click.echo(f"wrote {output}")


def _draw_confusion(run: Path, output: Path) -> None:
    from seqlab.training.confusion_picture import draw

    missing = draw(run, output)
    if missing:
        click.echo(
            f"no font here has {missing[:20]}{'…' * (len(missing) > 20)}, which are drawn as boxes; install one, such as "
            "Noto Sans CJK (Debian: fonts-noto-cjk)",
            err=True,
        )
