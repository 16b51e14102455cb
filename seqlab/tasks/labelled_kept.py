"""Labelled texts of a task in a training folder: checked, held out in part, written down, read back."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence, Set
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from seqlab.config import Classification
from seqlab.errors import DataError
from seqlab.modeldir import DATA
from seqlab.records import Labelled, breaks_lines
from seqlab.tasks import sentences_kept
from seqlab.wording import counted

FEWEST = sentences_kept.FEWEST
"""From which on a share of the texts can be held out."""


class Example(NamedTuple):
    """A text and its labels."""

    text: str
    labels: tuple[str, ...]


def example_of(record: Labelled | Sequence[object], *, multi_label: bool) -> Example:
    """The text and the labels of a record; those of a set are sorted, since its own order is another in each process.

    Raises:
        DataError: it is no text with a label, a label has a control character, or, without `multi_label`, there are none or
            several.
    """
    source = ""
    if isinstance(record, Labelled):
        text, labels, source = record.text, record.labels, record.source
    elif isinstance(record, Sequence) and not isinstance(record, str) and len(record) == 2:
        text, given = record  # type: ignore[assignment]
        several = isinstance(given, Iterable) and not isinstance(given, str)
        labels = tuple(given) if several else (given,)  # type: ignore[arg-type, assignment]
        labels = tuple(sorted(labels, key=str)) if isinstance(given, Set) else labels
    else:
        raise DataError(f"a record is a pair of a text and its label or seqlab.records.Labelled, not {record!r:.60}")
    where = f"{source}: " if source else ""
    if not isinstance(text, str) or not all(isinstance(label, str) and label for label in labels):
        raise DataError(f"{where}a text and its labels are strings, and no label is empty, not {record!r:.60}")
    if broken := [label for label in labels if breaks_lines(label)]:
        raise DataError(
            f"{where}the label {broken[0]!r:.60} has a line end, a tab or another control character; take it out"
        )
    labels = tuple(dict.fromkeys(labels))
    if not multi_label and not labels:
        raise DataError(f"{where}a text without a label; fill it in, leave this text out, or set --multi-label")
    if not multi_label and len(labels) > 1:
        raise DataError(f"{where}a text with {len(labels)} labels; give each one, or set --multi-label")
    return Example(text, labels)


def examples_of(records: Iterable[Labelled | Sequence[object]], *, multi_label: bool) -> list[Example]:
    """The texts and labels of records; see `example_of`."""
    return [example_of(record, multi_label=multi_label) for record in records]


def divided(
    config: Classification,
    records: Iterable[Labelled | Sequence[object]],
    validation: Iterable[Labelled | Sequence[object]] | None,
) -> tuple[list[Example], list[Example] | None, int]:
    """The texts to train on, those to validate on (None where nothing is held out), and how many empty ones were left out.

    Raises:
        DataError: there are none, or too few to hold out a share; or what `example_of` raises.
    """
    data = config.data
    read = examples_of(islice(records, data.limit), multi_label=data.multi_label)
    examples = [example for example in read if example.text.strip()]
    n_empty = len(read) - len(examples)
    if not examples:
        raise DataError("there is no text to train on: give a corpus that has some")
    if validation is not None:
        held_out = examples_of(validation, multi_label=data.multi_label)
        if not held_out:
            raise DataError("there is no text to validate on: give more, or --validation-share 0")
        return examples, held_out, n_empty
    if not data.validation_share:
        return examples, None, n_empty
    if len(examples) < FEWEST:
        raise DataError(
            f"{counted(len(examples), 'text to train on is', 'texts to train on are')} too few to hold out a share: give "
            "more, or --validation-share 0 to hold nothing out"
        )
    held = set(_held(config, examples).tolist())
    return (
        [example for number, example in enumerate(examples) if number not in held],
        [example for number, example in enumerate(examples) if number in held],
        n_empty,
    )


def _held(config: Classification, examples: Sequence[Example]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Which texts are held out: the end, or a share of which each class gives its part, drawn by the seed.

    A text that alone has some label is not drawn, so that training sees each label.
    """
    share, n = config.data.validation_share, len(examples)
    if config.data.validation_split == "end":
        return np.arange(n - min(max(1, round(share * n)), n - 1), n)
    counts = Counter(label for example in examples for label in example.labels)
    drawn = np.concatenate(stratified(examples, config.seed))
    others = np.array([all(counts[label] > 1 for label in examples[number].labels) for number in drawn.tolist()])
    drawn = drawn[others] if others.any() else drawn
    n = len(drawn)
    n_held = max(1, min(round(share * n), n - 1))
    # Places as far apart as can be, from one that the seed draws: a class of m texts has m * n_held / n of them, give or
    # take less than one, and so have several classes of one text each together.
    first = np.random.default_rng([config.seed, 5]).integers(n)
    places: np.ndarray[tuple[int], np.dtype[np.int64]] = (np.arange(n_held) * n + first) // n_held
    return drawn[places]


def stratified(examples: Sequence[Example], seed: int) -> list[np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """The numbers of the texts of each class, in an order drawn by the seed; equal sets of labels are a class."""
    draw, of_class = np.random.default_rng([seed, 1]), defaultdict[tuple[str, ...], list[int]](list)
    for number, example in enumerate(examples):
        of_class[tuple(sorted(example.labels))].append(number)
    return [draw.permutation(np.array(numbers)) for _, numbers in sorted(of_class.items())]


def keep(folder: Path, train: Sequence[Example], validation: Sequence[Example] | None) -> None:
    """Write the texts of both parts into `folder/data`, one a line."""
    sentences_kept.keep(folder, train, validation)


def holds_out(folder: Path) -> bool:
    """Whether there are texts to validate on in `folder/data`."""
    return (folder / DATA / sentences_kept.VALIDATION).exists()


def n_to_train_on(folder: Path) -> int:
    """How many texts there are to train on in `folder/data`."""
    with (folder / DATA / sentences_kept.TRAIN).open("rb") as file:
        return sum(1 for _ in file)


def kept(folder: Path) -> tuple[list[Example], list[Example] | None]:
    """What `keep` has left in `folder/data`.

    Raises:
        DataError: a part is missing or altered.
    """
    return sentences_kept.kept(folder, _example)


def _example(value: Any) -> Example:
    text, labels = value
    return Example(text, tuple(labels))
