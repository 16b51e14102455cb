"""`seqlab split TABLE -o FOLDER`: the files to train on, to validate on and to test with."""

from contextlib import ExitStack
from itertools import chain
from pathlib import Path

import click

from seqlab.errors import ConfigError

PARTS = ("train", "validation", "test")


@click.command(name="split")
@click.argument("table", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Folder of the files.")
@click.option("--validation", type=click.IntRange(0), default=0, metavar="N", help="Sentences to validate on.")
@click.option("--test", type=click.IntRange(0), default=0, metavar="N", help="Sentences to test with.")
@click.option(
    "--column", type=click.IntRange(1), default=1, show_default=True, metavar="N", help="Where the sentences stand."
)
@click.option("--seed", type=int, default=1, show_default=True, help="Which sentences are drawn.")
@click.option("--encoding", default="utf-8", show_default=True, help="Encoding of the table.")
def command(table: Path, output: Path, validation: int, test: int, column: int, seed: int, encoding: str) -> None:
    """Part a TABLE with tabs and without a header into train.tsv, validation.tsv and test.tsv.

    No sentence of the column is in two of them: a sentence goes with all of its rows, which stay as they are.
    """
    from seqlab.corpora.files import find_files
    from seqlab.corpora.split import REST, parted

    sizes = {name: size for name, size in (("validation", validation), ("test", test)) if size}
    if not sizes:
        raise ConfigError("nothing is to be held out; give --validation or --test, with a number of sentences")
    source = find_files([table], encoding)[0]
    if there := [path for part in PARTS if (path := output / f"{part}.tsv").exists()]:
        raise ConfigError(f"{there[0]}: is there already; give another folder")
    counts = dict.fromkeys((REST, *sizes), 0)
    rows = parted(source, column, sizes, seed)
    first = next(rows)  # what is wrong with the table shows before a file is written
    output.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        files = {
            part: stack.enter_context((output / f"{part}.tsv").open("x", encoding="utf-8", newline=""))
            for part in counts
        }
        for part, line in chain([first], rows):
            files[part].write(f"{line}\n")
            counts[part] += 1
    click.echo("\n".join(f"{output / part}.tsv: {count:,} rows" for part, count in counts.items()))
