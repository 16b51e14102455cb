"""`seqlab plot RUN... -o FILE`: learning curves, the confusion matrix of a classifier, the attention of a translator."""

from pathlib import Path

import click

from seqlab.errors import ConfigError


@click.command(name="plot")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RUN...")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Picture: .png, .svg or .pdf.")
@click.option(
    "--confusion", is_flag=True, help="Of one classifier: draw what was taken for what on the validation texts instead."
)
@click.option(
    "--attention",
    metavar="TEXT",
    help="Of one translator: draw what it looks at while it translates this sentence instead.",
)
def command(runs: tuple[Path, ...], output: Path, confusion: bool, attention: str | None) -> None:
    """Draw training loss and validation figure of one or several models over the steps.

    A model that is still being trained can be drawn too, by the path it is going to have.
    """
    if confusion and attention is not None:
        raise ConfigError("--confusion and --attention are two pictures; ask for one at a time")
    if confusion or attention is not None:
        if len(runs) > 1:
            flag = "confusion" if confusion else "attention"
            raise ConfigError(f"--{flag} draws the matrix of one run, not of {len(runs)}; name one")
        _tell(_draw_matrix(runs[0], output, attention))
    else:
        from seqlab.training.curves import draw

        _tell(draw(runs, output))
    click.echo(f"wrote {output}")


def _draw_matrix(run: Path, output: Path, attention: str | None) -> str:
    """Draw one of the two, and give the characters that no font has."""
    if attention is not None:
        from seqlab.training import attention_picture

        return attention_picture.draw(run, attention, output)
    from seqlab.training import confusion_picture

    return confusion_picture.draw(run, output)


def _tell(missing: str) -> None:
    if missing:
        click.echo(
            f"no font here has {missing[:20]}{'…' * (len(missing) > 20)}, which are drawn as boxes; install one, such as "
            "Noto Sans CJK (Debian: fonts-noto-cjk)",
            err=True,
        )
