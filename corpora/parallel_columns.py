"""Which columns hold the source and the target: those asked for, or those that are usually called so."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from seqlab.corpora.columns import Column, Columns, Role
from seqlab.errors import DataError
from seqlab.languages import LANGUAGE

NESTED = "translation"
"""The column of datasets and the key of JSON that holds an object with a text for each of two languages."""

_ROLES = (Role("source", ("source", "src"), LANGUAGE), Role("target", ("target", "tgt", "trg"), LANGUAGE))


class Keys(NamedTuple):
    """Where a row, of JSON or of a dataset, has its two sides."""

    nested: bool
    """Whether they stand in the object under `NESTED`."""
    source: str
    target: str


def pair_columns(source: Column, target: Column, header: bool | None = None) -> Columns:
    """Give the columns of pairs; a header may also have the names or codes of two languages."""
    return Columns(_ROLES, (source, target), header)


def pair_keys(columns: Columns, row: Mapping[str, Any], languages: Any, place: str) -> Keys:
    """Find the keys of both sides in a row, or in the object under `NESTED`, whose keys are `languages`.

    The object is looked into where there is one, unless the row itself has what is asked for, or with nothing asked for
    both usual names. Raises DataError, with the place and the keys there are, where one is not there.
    """
    if languages is not None:
        asked = [column for column in columns.asked if column is not None]
        if not (all(column in row for column in asked) if asked else _has_usual(row)):
            return Keys(True, *columns.keys(languages, f"{place}, under '{NESTED}'"))
    return Keys(False, *columns.keys(row, place))


def _has_usual(row: Mapping[str, Any]) -> bool:
    try:
        pair_columns(None, None).keys(row, "")
    except DataError:
        return False
    return True
