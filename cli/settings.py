"""Command-line options made from the schema of an experiment: one flag a setting, its docstring the help."""

import types
from collections.abc import Iterator
from typing import Any, Literal, Union, get_args, get_origin

import click
from pydantic.fields import FieldInfo

from seqlab.config import Section
from seqlab.resolve import settings

SECTIONS = {
    "data": "Data",
    "text": "Text",
    "features": "Features",
    "batches": "Batches",
    "network": "Network",
    "training": "Training",
    "ngram": "N-grams",
    "convolution": "Convolutions",
    "bag": "Bags of n-grams",
    "objective": "Loss",
    "decoding": "Search for translations",
    "augmentation": "Augmentation",
    "hmm": "Hidden Markov model",
    "matching": "Maximum matching",
    "cleaning": "Cleaning",
    "duplicates": "Duplicates",
    "splits": "What is held out",
}

FLAGS = {"from_run": "from"}
"""Flags that have not the name of their setting, which could not be a name in Python."""


class SchemaCommand(click.Command):
    """A command whose help shows the options under the sections they belong to."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options of the command first, then those of each section."""
        rows: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                rows.setdefault(getattr(parameter, "section", "Options"), []).append(record)
        for section in ["Options", "Experiment", *SECTIONS.values()]:
            if section in rows:
                with formatter.section(section):
                    formatter.write_dl(rows[section])


class SettingOption(click.Option):
    """An option that sets one setting of the schema; absent, it leaves the setting as it is."""

    def __init__(self, section: str, name: str, declaration: str, **attributes: Any):
        super().__init__([name, declaration], default=None, **attributes)
        self.section = section


class NameInTable(click.Choice[str]):
    """A choice whose names the help shows, and the schema checks, so that a wrong one is explained as in a file."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The name as it stands."""
        return value


def given(values: dict[str, Any], schema: type[Section]) -> dict[str, Any]:
    """The settings that stand on the command line, by dotted path."""
    by_name = {path.rpartition(".")[2]: path for path, _ in settings(schema)}
    return {by_name[name]: value for name, value in values.items() if name in by_name and value not in (None, ())}


def all_options(schema: type[Section], *, without: tuple[str, ...]) -> Iterator[SettingOption]:
    """An option for each setting but those in `without` (dotted paths)."""
    for path, field in settings(schema):
        head, _, name = path.rpartition(".")
        kind = _without_none(field.annotation)
        if path in without or get_origin(kind) is dict:
            continue
        flag = f"--{FLAGS.get(name, name).replace('_', '-')}"
        section = SECTIONS.get(head, "Experiment")
        text = _help(field)
        if kind is bool:
            yield SettingOption(section, name, f"{flag}/--no-{flag[2:]}", help=text)
        elif get_origin(kind) is tuple:
            item = get_args(kind)[0]
            of_numbers = int in (item, *get_args(item))
            metavar, value = (
                ("NUMBER", int) if of_numbers else ("CORPUS" if head in ("data", "splits") else "LIST", str)
            )
            yield SettingOption(section, name, flag, help=text, multiple=True, type=value, metavar=metavar)
        elif get_origin(kind) is Literal:
            yield SettingOption(section, name, flag, help=text, type=NameInTable(get_args(kind)))
        elif field.examples:  # a table that one can add to
            yield SettingOption(section, name, flag, help=text, type=NameInTable(field.examples))
        else:
            yield SettingOption(section, name, flag, help=text, type=kind)


def _without_none(annotation: Any) -> Any:
    """int of `int | None`, the type itself otherwise."""
    if get_origin(annotation) in (Union, types.UnionType):
        return next(part for part in get_args(annotation) if part is not type(None))
    return annotation


def _help(field: FieldInfo) -> str:
    default = field.default
    if default is None or default == ():
        return field.description or ""
    shown = {True: "on", False: "off"}[default] if isinstance(default, bool) else f"{default}"
    return f"{field.description}  [{shown}]"
