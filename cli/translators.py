"""Translators on the command line: several as one, lines as they come, and what `seqlab evaluate` prints of them."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

Search = dict[str, float | None]
"""How translations are searched for, by the names of `Translator.translate`; None for as the settings have it."""
LINES = 128
"""Translated together: what they come to is written before the next ones are translated."""


def search_options(command: Command) -> Command:
    """A decorator that gives a command the options of `Search`."""
    of = "Of a translator: "
    for option in (
        click.option("--coverage-penalty", type=float, metavar="X", help=of + "what source tokens left out cost."),
        click.option(
            "--length-penalty", type=float, metavar="X", help=of + "0 favours short translations, 0.6 is usual."
        ),
        click.option(
            "--beam", type=int, metavar="N", help=of + "unfinished translations followed at a time; 1: greedy."
        ),
    ):
        command = option(command)
    return command


def given(search: Search) -> list[str]:
    """The options of `Search` that are given, as they are typed."""
    return [f"--{name.replace('_', '-')}" for name, value in search.items() if value is not None]


def several(runs: Sequence[Path], device: str) -> Any:
    """The predictor of a run, or one that takes the mean of several translators.

    Raises:
        ConfigError: one of several is no translator, or they have different vocabularies.
    """
    from seqlab.cli.classifiers import of_one_task
    from seqlab.tasks import families
    from seqlab.tasks.translator_ensemble import together

    return together(list(families.load_all(of_one_task(runs, "translate"), device)))


def predict(
    runs: Sequence[Path],
    blocks: Iterable[list[str]],
    device: str,
    *,
    n_best: int | None,
    search: Search,
    as_json: bool,
) -> None:
    """Write the translation of each line, or its best ones with their scores, as lines come."""
    model = several(runs, device)
    model.check(n_best=n_best, **search)  # before the first line has come
    doubts = _Doubts(model)
    for lines in _parts(blocks):
        doubts.tell(lines)
        found = model.translate(lines, n_best=n_best or 1, **search)
        click.echo("\n".join(_written(*pair, n_best, as_json) for pair in zip(lines, found, strict=True)))


def _parts(blocks: Iterable[list[str]]) -> Iterator[list[str]]:
    for block in blocks:
        lines = iter(block)
        while part := list(islice(lines, LINES)):
            yield part


def _written(line: str, found: Sequence[Any], n_best: int | None, as_json: bool) -> str:
    if as_json:
        best = [{"text": one.text, "score": one.score, "log_prob": one.log_prob} for one in found]
        return json.dumps({"source": line, "translations": best}, ensure_ascii=False)
    if n_best is None:
        text: str = found[0].text
        return text
    return "".join(f"{one.score:.4f}\t{one.text}\n" for one in found)


class _Doubts:
    """Says once where lines do not look like the sources that a translator was trained on."""

    def __init__(self, model: Any) -> None:
        self._model, self._told = model, False

    def tell(self, lines: Sequence[str]) -> None:
        """Look at some lines, and say on standard error what is odd about them."""
        doubt = None if self._told else self._model.doubt(lines)
        if doubt is not None:
            click.echo(f"seqlab: {doubt}", err=True)
            self._told = True


def evaluate(
    runs: Sequence[Path],
    corpora: Sequence[str],
    encoding: str | None,
    device: str,
    layout: Mapping[str, Any],
    *,
    search: Search,
    as_json: bool,
) -> None:
    """Score a translator, or several as one, on a corpus, and print the figures with their signatures."""
    from seqlab.cli.corpus import laid_out, reader
    from seqlab.cli.tables import for_json, table
    from seqlab.tasks import translate_report

    model = several(runs, device)
    model.check(**search)
    records = list(reader(laid_out(model.config, layout), corpora, encoding))
    if n_empty := sum(not (record.source.strip() and record.target.strip()) for record in records):
        click.echo(f"seqlab: {n_empty:,} pairs with an empty side are left out", err=True)
    _Doubts(model).tell([record.source for record in records])
    found = model.evaluate(records, **search).to_dict()
    if as_json:
        click.echo(json.dumps(for_json(found)))
        return
    rows = [(head, f"{found[name]:.2f}") for head, name in translate_report.FIGURES]
    rows += [
        (f"nats a {found['unit']}", f"{found['nats']:.4f}"),
        (f"{found['unit']}s", f"{found['n_tokens']:,}"),
        ("sentences", f"{found['n_sentences']:,}"),
        ("length ratio", f"{found['length_ratio']:.3f}"),
        ("search", translate_report.found(found)),
    ]
    click.echo(table((" + ".join(map(str, runs)), ", ".join(corpora)), rows))
    for line in translate_report.signatures(found):
        click.echo(line)
