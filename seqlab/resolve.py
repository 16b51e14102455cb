"""From a TOML file, flags or keyword arguments to one checked experiment."""

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from seqlab.config import SCHEMAS, Experiment, Section
from seqlab.errors import ConfigError, unknown


def settings(schema: type[Section], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """The dotted path and the field of each setting, in the order of the schema."""
    for name, field in schema.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            yield from settings(field.annotation, f"{name}.")
        else:
            yield prefix + name, field


def read_toml(path: str | Path) -> dict[str, Any]:
    """The tables of an experiment file.

    Raises:
        ConfigError: it is missing, unreadable or no TOML; with the file and the line.
    """
    try:
        with Path(path).open("rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; --config takes a TOML file, as in recipes/") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: no TOML: {error}") from None


def assignment(text: str) -> tuple[str, Any]:
    """The name and the value of `key=value`; the value is read as TOML, and as a plain string where it is none."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise ConfigError(f"-s {text}: write key=value, such as -s training.lr=0.01")
    try:
        return name.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return name.strip(), value.strip()


def resolve(task: str, tables: Mapping[str, Any], changes: Mapping[str, Any]) -> Experiment:
    """The experiment that `tables` describe, with `changes` over them and the defaults below them.

    Args:
        task: a name in `SCHEMAS`.
        tables: settings in nested sections, as a TOML file or a `config.json` holds them.
        changes: settings by name ("hidden") or dotted path ("network.hidden").

    Raises:
        ConfigError: an unknown name (with the dotted path and the nearest known one), a value of the wrong type or out
            of range, settings that do not fit one another.
    """
    if task not in SCHEMAS:
        raise ConfigError(unknown("task", task, SCHEMAS))
    if "task" in tables and tables["task"] != task:
        raise ConfigError(f"task: the experiment file is for '{tables['task']}', not for '{task}'")
    return checked(SCHEMAS[task], tables, changes)


Checked = TypeVar("Checked", bound=Section)


def checked(schema: type[Checked], tables: Mapping[str, Any], changes: Mapping[str, Any]) -> Checked:
    """Settings of a schema; what `resolve` does for that of a task."""
    nested = json.loads(json.dumps(tables, default=str))
    for name, value in changes.items():
        path = _path(schema, name)
        table = nested
        for part in path[:-1]:
            table = table.setdefault(part, {})
            if not isinstance(table, dict):
                raise ConfigError(f"{name}: '{part}' is a section, but has the value {table!r}")
        table[path[-1]] = list(value) if isinstance(value, tuple) else value
    try:
        return schema.model_validate(nested)
    except ValidationError as error:
        raise ConfigError(_explain(schema, error)) from None


def _path(schema: type[Section], name: str) -> tuple[str, ...]:
    """The dotted path of a setting given by its path, or by its last part alone."""
    paths = [path for path, _ in settings(schema)]
    matches = [path for path in paths if name == path or path.endswith(f".{name}")]
    if matches:
        return tuple(matches[0].split("."))
    head, _, option = name.rpartition(".")
    if option and _has(paths, head) and head.endswith("optimizer_options"):
        return (*_path(schema, head), option)
    raise ConfigError(_unknown(schema, name))


def _unknown(schema: type[Section], name: str) -> str:
    """One sentence for a name that is no setting, with the nearest one."""
    paths = [path for path, _ in settings(schema)]
    head, _, leaf = name.rpartition(".")
    sections = {path.partition(".")[0] for path in paths if "." in path}
    if name in sections:
        return f"'{name}' is a section; name a setting in it, such as {next(p for p in paths if p.startswith(name))}"
    if leaf and (elsewhere := [path for path in paths if _has([path], leaf)]):
        return f"unknown setting '{name}'; did you mean '{elsewhere[0]}'?"
    if head in sections:
        return unknown("setting", name, [path for path in paths if path.startswith(f"{head}.")])
    if head:
        return unknown("section", head, sections)
    return unknown("setting", name, [path.rpartition(".")[2] for path in paths])


def _has(paths: Sequence[str], name: str) -> bool:
    return any(name == path or path.endswith(f".{name}") for path in paths)


_WANTED = {
    "int_type": "needs a whole number",
    "float_type": "needs a number",
    "bool_type": "needs true or false",
    "string_type": "needs a text",
    "tuple_type": 'needs a list, such as ["a.txt", "b.txt"] or [1, 2]',
    "dict_type": "needs a table, such as { momentum = 0.9 }",
    "model_type": "is a section and needs settings in it",
}


def _explain(schema: type[Section], error: ValidationError) -> str:
    """The first thing that is wrong, in one line."""
    first = error.errors(include_url=False)[0]
    path = ".".join(str(part) for part in first["loc"])
    if "optimizer_options." in path:  # what follows the option's name are the types that were tried
        path = ".".join(map(str, first["loc"][:3]))
    if first["type"] == "extra_forbidden":
        return _unknown(schema, f"{path}." if isinstance(first["input"], dict) else path)
    if first["type"] == "literal_error" and isinstance(first["input"], str):
        field = next(field for known, field in settings(schema) if known == path)
        names = [name for part in (field.annotation, *get_args(field.annotation)) for name in get_args(part)]
        known_names = [name for name in names if isinstance(name, str)]  # of a setting that may be left open, too
        return f"{path}: {unknown(path.rpartition('.')[2], first['input'], known_names)}"
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "value_error" and not path:
        return message
    if first["type"] == "value_error":
        in_section = any(known.startswith(f"{path}.") for known, _ in settings(schema))
        return f"{path}{'.' if in_section else ': '}{message}"
    for found, wanted in _WANTED.items():
        if first["type"].startswith(found):
            return f"{path}: {wanted}, not {first['input']!r}"
    return f"{path}: {message[0].lower()}{message[1:]}, not {first['input']!r}"
