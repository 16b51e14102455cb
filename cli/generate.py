"""`seqlab generate RUN`: new text from a language model."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from seqlab.errors import ConfigError, ModelError


@click.command(name="generate")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--prompt", default="", help="What the text begins with.")
@click.option("--prompts", type=click.Path(path_type=Path), help="A file of prompts, a line each (UTF-8).")
@click.option(
    "-n",
    default=1,
    show_default=True,
    type=click.IntRange(1, 10_000),
    help="Texts for each prompt, written side by side.",
)
@click.option("--length", default=200, show_default=True, type=click.IntRange(0, 10**9), help="Most tokens to write.")
@click.option(
    "--temperature", default=1.0, show_default=True, help="Below 1 the likely becomes likelier; 0 takes the likeliest."
)
@click.option("--top-k", type=int, help="Draw from the k likeliest tokens only.")
@click.option("--top-p", type=float, help="Draw from the likeliest tokens that sum to this probability only.")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="The same seed, the same texts; drawn where not given.")
@click.option("--stop", multiple=True, help="End before this text; may be given several times.")
@click.option("--device", default="cpu", show_default=True, help="cpu, cuda, cuda:1, ..., or auto.")
def command(
    run: Path, prompt: str, prompts: Path | None, n: int, seed: int | None, device: str, **options: Any
) -> None:
    """Write new text with a language model, as it is drawn.

    The prompt is written once before each text. Several texts are parted by a line of three dashes.
    """
    import itertools
    import random

    from seqlab import load
    from seqlab.modeldir import open_directory
    from seqlab.tasks import TASKS

    if prompt and prompts is not None:
        raise ConfigError("--prompt and --prompts: give one of them")
    beginnings = [prompt] if prompts is None else _lines(prompts)
    task = open_directory(run).config.task
    if task != "lm":
        better = TASKS[task].next_step.format(name=run)
        raise ModelError(f"{run}: is a model of the task {task}, which writes no new text; use: {better}")
    model = load(run, device)
    seed = random.randrange(2**32) if seed is None else seed
    texts_before, warn = 0, _once()
    for number, beginning in enumerate(beginnings):
        stream = model.stream(beginning, n=n, seed=seed + number, warn=warn, **options)
        first = list(itertools.islice(stream, 1))  # before the prompt is written, so that no warning stands in the text
        waiting = [beginning] + ["\n---\n" + beginning] * (n - 1)
        if texts_before:
            waiting[0] = "---\n" + beginning
        click.echo(waiting[0], nl=False)
        for which, piece in itertools.chain(first, stream):
            if which == 0:
                click.echo(piece, nl=False)
            else:
                waiting[which] += piece
        click.echo("".join(waiting[1:]))
        texts_before += n


def _lines(path: Path) -> list[str]:
    from seqlab.corpora import open_text

    return "".join(record.text for record in open_text([path])).removesuffix("\n").split("\n")


def _once() -> Callable[[str], None]:
    """A way to warn that says each thing once."""
    said: set[str] = set()

    def warn(message: str) -> None:
        if message not in said:
            said.add(message)
            click.echo(f"seqlab: {message}", err=True)

    return warn
