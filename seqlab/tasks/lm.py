"""Language modelling: a text, held out in part, made into tokens and indexed, as every kind of model reads it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from seqlab.config import LanguageModelling
from seqlab.errors import DataError
from seqlab.records import Text
from seqlab.text.heldout import Limited, Part, ranges
from seqlab.text.indexed import open_ids
from seqlab.text.pipeline import TextPipeline

FEWEST_CHARACTERS = 10
"""From which on a share of a text can be held out."""


@dataclass(frozen=True)
class Texts:
    """The running text of records; can be iterated as often as they can.

    Raises:
        DataError: a record is no text.
    """

    records: Iterable[Text | str]

    def __iter__(self) -> Iterator[str]:
        for record in self.records:
            if not isinstance(record, str | Text):
                raise DataError(
                    f"a record is a text or seqlab.records.Text, not {type(record).__name__}: {record!r:.60}"
                )
            yield record if isinstance(record, str) else record.text


def prepare(
    config: LanguageModelling,
    records: Iterable[Text | str],
    validation: Iterable[Text | str] | None,
    folder: Path,
) -> None:
    """Fit the text pipeline on the training text and index the text, into `folder/text` and `folder/data`.

    Args:
        config: the experiment; its sections `text` and `data` are used.
        records: the training text; it is iterated several times. validation: likewise; None holds out a share.
        folder: an existing folder.

    Raises:
        DataError: no text, a text that cannot be split or is too short, a vocabulary of one.
    """
    data = config.data
    text: Iterable[str] = Texts(records)
    if data.limit is not None:
        text = Limited(text, data.limit)
    train = text
    held_out: Iterable[str] | None = None if validation is None else Texts(validation)
    if held_out is None and data.validation_share:
        n_characters = sum(map(len, text))
        if 0 < n_characters < FEWEST_CHARACTERS:
            raise DataError(
                f"the training text has {n_characters} characters, too few to hold out a share: give more text, "
                "or --validation-share 0 to hold nothing out"
            )
        where = ranges(n_characters, data.validation_share, data.validation_split, config.seed)
        whole_lines = data.validation_split == "random"
        train, held_out = (Part(text, where, inside, whole_lines) for inside in (False, True))
    (folder / "data").mkdir(exist_ok=True)
    pipeline = TextPipeline.fit(
        train, **config.text.model_dump(), seed=config.seed, index=folder / "data" / "train.npy"
    )
    (folder / "text").mkdir(exist_ok=True)
    pipeline.save(folder / "text")
    if held_out is not None:
        n_tokens = pipeline.index(held_out, folder / "data" / "validation.npy").n_tokens
        if n_tokens == 0:
            raise DataError("the validation text is empty: give more text, or --validation-share 0 to hold nothing out")


class IndexedText:
    """What `prepare` has left in a folder.

    Attributes:
        text: the pipeline.
        train, validation: the ids, memory-mapped; the same ones where nothing is held out.
        train_path: the file of the ids to train on.
        sizes: how much there is to train and to validate on, for the model card.
        notes: what one may overlook, a sentence each: what is left out of the text or not held out.

    Raises:
        DataError: a part is missing.
    """

    def __init__(self, config: LanguageModelling, folder: Path):
        self.text = TextPipeline.load(folder / "text")
        self.train_path = folder / "data" / "train.npy"
        self.train = open_ids(self.train_path)
        held_out = folder / "data" / "validation.npy"
        if (config.data.validation_share or config.data.validation) and not held_out.exists():
            raise DataError(f"{held_out}: is missing, which was held out; start anew with --overwrite")
        self.validation = open_ids(held_out) if held_out.exists() else self.train
        self.notes = []
        if config.data.limit is not None:
            self.notes.append(f"only the first {config.data.limit:,} characters are read")
        if self.validation is self.train:
            self.notes.append("nothing is held out: the training text itself is scored")
        vocabulary = len(self.text.vocab)
        self.sizes = {"train": len(self.train), "validation": len(self.validation), "vocabulary": vocabulary}

    def summary(self) -> str:
        """How much there is, in one line."""
        train, validation, vocabulary = (f"{size:,}" for size in self.sizes.values())
        unit = self.text.unit
        return f"{train} {unit}s to train on, {validation} to validate on, a vocabulary of {vocabulary}"
