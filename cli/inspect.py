"""`seqlab inspect CORPUS...`: what a file is, and what in it is not as it should be."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from seqlab.errors import ConfigError, DataError

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}


@click.command(name="inspect")
@click.argument("corpora", nargs=-1, required=True, metavar="CORPUS...")
@click.option("--run", type=click.Path(path_type=Path), metavar="RUN", help="Also count what this model does not know.")
@click.option(
    "--sample",
    default="64M",
    show_default=True,
    metavar="BYTES",
    help="How much is read of a larger corpus: 500k, 1G, ...",
)
@click.option("--encoding", metavar="NAME", help="Encoding of the files.  [default: found out]")
@click.option("--seed", type=int, default=1, show_default=True, help="Where a larger corpus is sampled.")
@click.option("--json", "as_json", is_flag=True, help="Print all of it as JSON.")
def command(
    corpora: tuple[str, ...], run: Path | None, sample: str, encoding: str | None, seed: int, as_json: bool
) -> None:
    """Tell what files are: encoding, lines, characters, words, form, what trains on them, and what looks wrong.

    A CORPUS is a file, a folder, a pattern, - for standard input, sample:NAME or hf:NAME. Files may be
    compressed.
    """
    from seqlab.cli.inspect_page import page
    from seqlab.cli.inspect_unknown import unknown_to
    from seqlab.cli.tables import for_json
    from seqlab.corpora.inspection import as_json as jsonable
    from seqlab.corpora.inspection import inspect

    files = [file for corpus in corpora for file in _found(corpus, encoding or "utf-8")]
    budget = _bytes(sample)
    findings = inspect(files, budget=budget, encoding=encoding, seed=seed)
    forms = [facts.form for facts in findings.files if facts.form is not None]
    unknown = unknown_to(run, corpora, encoding or "auto", forms) if run is not None and forms else None
    if as_json:
        found: dict[str, Any] = jsonable(findings)
        if unknown is not None:
            found["unknown"] = [jsonable(part) for part in unknown]
        click.echo(json.dumps(for_json(found), ensure_ascii=True, indent=2))
        return
    click.echo("\n".join(page(findings, unknown)))


def _found(corpus: str, encoding: str) -> Sequence[Any]:
    """What a name stands for: files of any suffix, a sample, or a dataset."""
    from seqlab.corpora import SAMPLES, TextFile
    from seqlab.corpora.files import find_files
    from seqlab.corpora.hub import PREFIX, open_dataset
    from seqlab.errors import unknown

    if corpus.startswith(PREFIX):
        return [open_dataset(corpus)]
    if not corpus.startswith("sample:"):
        if Path(corpus).is_dir() and not any(path.is_file() for path in Path(corpus).rglob("[!.]*")):
            raise DataError(f"{corpus}: no file below this folder; name one that has some")
        return find_files([corpus], encoding, ("",))
    name = corpus.removeprefix("sample:")
    if name not in SAMPLES:
        raise ConfigError(unknown("sample", name, SAMPLES))
    return [TextFile(SAMPLES[name].path, given=corpus)]


def _bytes(given: str) -> int:
    match = re.fullmatch(r"(\d{1,15})\s*([kmg]?)i?b?", given.lower())
    if match is None or not int(match[1]):
        raise ConfigError(f"--sample {given}: is no number of bytes; write it as 1000000, 500k, 64M or 1G")
    return int(match[1]) * _UNITS[match[2]]
