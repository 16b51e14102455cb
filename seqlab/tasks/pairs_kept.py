"""Pairs of sentences of a task in a training folder: checked, held out in part, written down, read back. No torch."""

from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from seqlab.config import Translation
from seqlab.errors import DataError
from seqlab.records import Pair
from seqlab.tasks import sentences_kept

FEWEST = sentences_kept.FEWEST
"""From which on a share of the source sentences can be held out."""


class Sides(NamedTuple):
    """A source and its target, with one space for each run of blanks."""

    source: str
    target: str


class Divided(NamedTuple):
    """The pairs of both parts."""

    train: list[Sides]
    validation: list[Sides] | None
    """None where nothing is held out."""
    n_empty: int
    """Pairs with an empty side, which are left out."""


def sides_of(record: Pair | Sequence[object]) -> Sides:
    """The two sides of a record.

    Raises:
        DataError: it is no pair of texts.
    """
    if isinstance(record, Pair):
        source, target, where = record.source, record.target, f"{record.where}: " * bool(record.where)
    elif isinstance(record, Sequence) and not isinstance(record, str) and len(record) == 2:
        (source, target), where = record, ""  # type: ignore[assignment]
    else:
        raise DataError(f"a record is a pair of a source and a target or seqlab.records.Pair, not {record!r:.60}")
    if not isinstance(source, str) or not isinstance(target, str):
        raise DataError(f"{where}source and target are strings, not {record!r:.60}")
    return Sides(one_spaced(source), one_spaced(target))


def one_spaced(text: str) -> str:
    """A text with one space for each run of blanks and line ends, and none at its ends."""
    return " ".join(text.split())


def divided(
    config: Translation,
    records: Iterable[Pair | Sequence[object]],
    validation: Iterable[Pair | Sequence[object]] | None,
) -> Divided:
    """The pairs to train on and those to validate on, so that no source sentence of the ones is one of the others.

    Raises:
        DataError: there are none, or too few to hold out a share; or what `sides_of` raises.
    """
    data = config.data
    read = [sides_of(record) for record in islice(records, data.limit)]
    pairs = _with_both_sides(read)
    n_empty = len(read) - len(pairs)
    if not pairs:
        raise DataError("there is no pair of sentences to train on: give a corpus that has some")
    if validation is not None:
        given = [sides_of(record) for record in validation]
        held_out = _with_both_sides(given)
        if not held_out:
            raise DataError("there is no pair of sentences to validate on: give more, or --validation-share 0")
        return Divided(pairs, held_out, n_empty + len(given) - len(held_out))
    if not data.validation_share:
        return Divided(pairs, None, n_empty)
    held = _held_sources(config, pairs)
    return Divided(
        [pair for pair in pairs if pair.source not in held],
        [pair for pair in pairs if pair.source in held],
        n_empty,
    )


def _with_both_sides(pairs: Sequence[Sides]) -> list[Sides]:
    return [pair for pair in pairs if pair.source and pair.target]


def _held_sources(config: Translation, pairs: Sequence[Sides]) -> set[str]:
    """Which source sentences are held out, with all of their translations: drawn by the seed, or the last ones."""
    sources = list(dict.fromkeys(pair.source for pair in pairs))
    if len(sources) < FEWEST:
        raise DataError(
            f"there are {len(sources)} source sentences to train on, too few to hold out a share: give more, or "
            "--validation-share 0 to hold nothing out"
        )
    n_held = min(max(1, round(config.data.validation_share * len(sources))), len(sources) - 1)
    order = np.arange(len(sources))
    if config.data.validation_split == "random":
        order = np.random.default_rng([config.seed, 1]).permutation(len(sources))
    return {sources[number] for number in order[len(sources) - n_held :].tolist()}


def keep(folder: Path, train: Sequence[Sides], validation: Sequence[Sides] | None) -> None:
    """Write the pairs of both parts into `folder/data`, one a line."""
    sentences_kept.keep(folder, train, validation)


def kept(folder: Path) -> tuple[list[Sides], list[Sides] | None]:
    """What `keep` has left in `folder/data`.

    Raises:
        DataError: a part is missing or altered.
    """
    return sentences_kept.kept(folder, _sides)


def _sides(value: Any) -> Sides:
    source, target = value
    return Sides(source, target)
