"""The sentences of a task in a training folder: held out in part, written down, read back."""

import json
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from seqlab.config import SentenceTask
from seqlab.errors import DataError, ModelError
from seqlab.modeldir import DATA

Sentence = Sequence[Any]
"""What a task keeps of a record: its words, or its tokens and its tags."""
WORDS = "words.txt"
TRAIN, VALIDATION = "train.jsonl", "validation.jsonl"
FEWEST = 10
"""From which on a share of the sentences can be held out."""


def divided(
    config: SentenceTask, records: Iterable[Sentence], validation: Iterable[Sentence] | None
) -> tuple[list[Sentence], list[Sentence] | None]:
    """The sentences to train on, and those to validate on; None where nothing is held out.

    Raises:
        DataError: there are none, or too few to hold out a share.
    """
    data = config.data
    sentences = list(islice(records, data.limit))
    if not sentences:
        raise DataError("there is no sentence to train on: give a corpus that has some")
    if validation is not None:
        held_out = list(validation)
        if not held_out:
            raise DataError("there is no sentence to validate on: give more, or --validation-share 0")
        return sentences, held_out
    if not data.validation_share:
        return sentences, None
    if len(sentences) < FEWEST:
        raise DataError(
            f"there are {len(sentences)} sentences to train on, too few to hold out a share: give more, or "
            "--validation-share 0 to hold nothing out"
        )
    n_held = min(max(1, round(data.validation_share * len(sentences))), len(sentences) - 1)
    order = np.arange(len(sentences))
    if data.validation_split == "random":
        order = np.random.default_rng([config.seed, 1]).permutation(len(sentences))
    held = set(order[len(order) - n_held :].tolist())
    return (
        [sentence for number, sentence in enumerate(sentences) if number not in held],
        [sentence for number, sentence in enumerate(sentences) if number in held],
    )


def keep(folder: Path, train: Sequence[Sentence], validation: Sequence[Sentence] | None) -> None:
    """Write the sentences of both parts into `folder/data`, one a line."""
    (folder / DATA).mkdir(exist_ok=True)
    for name, sentences in ((TRAIN, train), (VALIDATION, validation)):
        if sentences is not None:
            text = "".join(json.dumps(sentence, separators=(",", ":")) + "\n" for sentence in sentences)
            (folder / DATA / name).write_text(text, encoding="ascii", newline="")


def kept(folder: Path, made: Callable[[Any], Any] = lambda value: value) -> tuple[list[Any], list[Any] | None]:
    """What `keep` has left in `folder/data`, each value made a record.

    Raises:
        DataError: a part is missing or altered.
    """
    train = _read(folder / DATA / TRAIN, made)
    held_out = folder / DATA / VALIDATION
    return train, _read(held_out, made) if held_out.exists() else None


def _read(path: Path, made: Callable[[Any], Any]) -> list[Any]:
    try:
        with path.open(encoding="ascii", newline="") as file:
            return [made(json.loads(line)) for line in file]
    except (OSError, ValueError, TypeError) as error:
        raise DataError(f"{path}: cannot be read ({error}); start anew with --overwrite") from None


def keep_words(folder: Path, words: Iterable[str]) -> None:
    """Write the list of training words into `folder/text`, in the order of their code points."""
    (folder / "text").mkdir(exist_ok=True)
    content = "\n".join(sorted(words)).encode("utf-8", "surrogatepass")
    (folder / "text" / WORDS).write_bytes(content)


def kept_words(folder: Path) -> frozenset[str]:
    """The list of training words of a model.

    Raises:
        ModelError: it is missing or altered.
    """
    path = folder / "text" / WORDS
    try:
        return frozenset(path.read_bytes().decode("utf-8", "surrogatepass").split("\n"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: cannot be read ({error}); copy the model directory again") from None
