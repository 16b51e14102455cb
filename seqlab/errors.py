"""The errors a user can cause. Each message says what is wrong, where, and what to do, in one line."""

import difflib
from collections.abc import Iterable


class SeqlabError(Exception):
    """The base of every error below; the command line prints it as one line and ends with `exit_code`."""

    exit_code = 1


class ConfigError(SeqlabError):
    """A setting is unknown, of the wrong type, out of range, or does not fit another setting."""

    exit_code = 2


class DataError(SeqlabError):
    """A corpus cannot be read, or does not hold what the work needs."""


class ModelError(SeqlabError):
    """A model directory is missing, incomplete, altered, of another format, or cannot be written."""


class TrainingError(SeqlabError):
    """Training cannot go on: the loss is not finite, or a checkpoint does not fit."""


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """One sentence for a name that is not in a table: the nearest name first, then all of them."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"; did you mean '{near[0]}'?" if near else ";"
    return f"unknown {kind} '{name}'{hint} known: {', '.join(names)}"
