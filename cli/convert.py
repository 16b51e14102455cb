"""`seqlab convert SOURCE TARGET`: n-gram models to ARPA files, and back."""

from pathlib import Path

import click

from seqlab.errors import ConfigError, DataError


@click.command(name="convert")
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("target", type=click.Path(path_type=Path))
@click.option(
    "--tokenizer",
    type=click.Choice(["whitespace", "character", "word", "jieba"]),
    help="What cuts text into the words of an ARPA file that is read.  [whitespace]",
)
@click.option("--overwrite", is_flag=True, help="Replace what is at TARGET.")
def command(source: Path, target: Path, tokenizer: str | None, overwrite: bool) -> None:
    """Turn an n-gram model into an ARPA file, which KenLM, SRILM and others read, or such a file into a model.

    SOURCE is a model directory and TARGET a name that ends in .arpa or .arpa.gz; or SOURCE is an ARPA file, plain or
    compressed by gzip, and TARGET a model directory. Where lines are predicted each by itself, </s> is the line end. A
    blank that is a token is written as <U+0020>, a line end that is one as <U+000A>; <s> is then the beginning of the whole
    text, and what is scored here begins as after a line end.

    A model that is read takes its vocabulary from the file, and text as it is (lower case or folded widths are not in the
    file), cut by white space; --tokenizer names another way, the one that the model was trained with. It has no scores
    until it is evaluated.
    """
    from seqlab.cli.display import Display
    from seqlab.training.converting import SUFFIXES, from_arpa, to_arpa

    if source.is_dir() or not (source.exists() or source.name.endswith(SUFFIXES)):
        if tokenizer is not None:
            raise ConfigError("--tokenizer is for an ARPA file that is read; leave it out")
        notes = to_arpa(source, target, overwrite=overwrite)
        click.echo(f"wrote {target}")
        for note in notes:
            click.echo(f"seqlab: {note}", err=True)
        return
    if target.name.endswith(SUFFIXES):
        raise ConfigError(f"{source} and {target}: one of the two has to be a model directory; give its path")
    if not source.is_file():
        reason = "is no file" if source.exists() else "no such file"
        raise DataError(f"{source}: {reason}; give the path of an ARPA file")
    with Display(target) as display:
        display.told("reading", str(source))
        from_arpa(source, target, tokenizer=tokenizer or "whitespace", overwrite=overwrite, watcher=display)
        display.told("saved", f"{target}; now: seqlab evaluate {target} FILE")
