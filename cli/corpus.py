"""The reader that fits a task."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePath
from typing import Any, TypeVar

import click

from seqlab.config import Classification, Experiment, LanguageModelling, Tagging, Translation
from seqlab.corpora import SAMPLES
from seqlab.corpora.compression import without_compression
from seqlab.corpora.preparation.reading import OPENERS
from seqlab.errors import ConfigError
from seqlab.languages import is_language

Command = TypeVar("Command", bound=Callable[..., Any])
LAYOUTS = {
    "lm": ("encoding_errors", "text_column"),
    "segment": ("encoding_errors",),
    "tag": ("encoding_errors",),
    "classify": ("encoding_errors", "form", "header", "text_column", "label_column"),
    "translate": ("encoding_errors", "form", "header", "source_column", "target_column"),
}
"""What is said of how corpora of a task are read, and where its records stand in them, by the names of settings."""
LAYOUT = tuple(dict.fromkeys(name for names in LAYOUTS.values() for name in names))
"""All of these."""


def reader(config: Experiment, corpora: Sequence[str], encoding: str | None = None) -> Any:
    """The records of corpora, read as the settings of an experiment say; the encoding is another where one is given."""
    opened: Any = OPENERS[config.task]
    return opened(corpora, encoding or config.data.encoding, **how_to_read(config))


def how_to_read(config: Experiment) -> dict[str, Any]:
    """What the settings of an experiment say to the opener of its task, beside the encoding."""
    errors = {"errors": config.data.encoding_errors}
    if isinstance(config, Tagging):
        return {**errors, "columns": config.data.columns, "separator": config.data.separator}
    if isinstance(config, Classification):
        names: tuple[str, ...] = ("form", "text_column", "label_column", "header", "label_separator")
    elif isinstance(config, Translation):
        names = ("form", "source_column", "target_column", "header")
    else:
        names = ("text_column",) if isinstance(config, LanguageModelling) else ()
    return errors | {name: getattr(config.data, name) for name in names}


def layout_options(command: Command) -> Command:
    """A decorator that gives a command the options of `LAYOUTS`, for corpora laid out otherwise than those of training."""
    classifier, translator = "Of a classifier", "Of a translator"
    readers_of_text = "Of a language model or classifier"
    of = f"{classifier} or translator"
    for option in (
        click.option("--target-column", metavar="NAME", help=f"{translator}: column of the target, likewise."),
        click.option("--source-column", metavar="NAME", help=f"{translator}: column of the source, likewise."),
        click.option("--label-column", metavar="NAME", help=f"{classifier}: column of the label, likewise."),
        click.option(
            "--text-column", metavar="NAME", help=f"{readers_of_text}: column of the text, or its number from 1."
        ),
        click.option(
            "--header/--no-header", default=None, help=f"{of}: whether the first line of a table names columns."
        ),
        click.option(
            "--encoding-errors",
            metavar="WAY",
            help="What is done with bytes not in the encoding: strict, replace, skip-line.  [default: as in training]",
        ),
        click.option("--form", metavar="FORM", help=f"{of}: of the corpora, such as tsv.  [default: that of training]"),
    ):
        command = option(command)
    return command


def laid_out(config: Experiment, layout: Mapping[str, Any]) -> Experiment:
    """The settings with the options of `layout_options` that are given.

    Raises:
        ConfigError: one of them is for another task.
    """
    given = {name: value for name, value in layout.items() if value is not None}
    for name in given:
        if name not in LAYOUTS.get(config.task, ()):
            raise ConfigError(f"--{name.replace('_', '-')} is not for the task {config.task}; leave it out")
    return config.model_copy(update={"data": config.data.model_copy(update=given)}) if given else config


def with_languages(config: Translation) -> Translation:
    """The settings with the languages that the names of columns or of two files tell, where they are not given."""
    data = config.data
    ends = [without_compression(PurePath(corpus).name) for corpus in data.train]
    tells = [data.source_column or "", data.target_column or ""]
    if not any(tells) and len(ends) == 2:
        tells = [end.rpartition(".")[2] for end in ends]
    known = [tell.lower() if is_language(tell) else None for tell in tells]
    found = {
        name: language
        for name, language in zip(("source_language", "target_language"), known, strict=True)
        if getattr(data, name) is None and language is not None and known[0] != known[1]
    }
    return config.model_copy(update={"data": data.model_copy(update=found)}) if found else config


def columns_of_samples(corpora: Sequence[str]) -> dict[str, int]:
    """The settings of columns that are known of samples, where all corpora are samples in columns."""
    names = [corpus.removeprefix("sample:") for corpus in corpora if corpus.startswith("sample:")]
    in_columns = [name for name in names if name in SAMPLES and SAMPLES[name].form == "columns"]
    return {"token_column": 1, "tag_column": 2} if corpora and len(in_columns) == len(corpora) else {}
