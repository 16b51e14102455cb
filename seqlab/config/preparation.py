"""Every setting of the preparation of a corpus, beside those of the experiment that it is prepared for."""

from collections.abc import Iterable
from fractions import Fraction
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, model_validator

from seqlab.config.cleaning import Cleaning, Duplicates
from seqlab.config.section import Section
from seqlab.config.text import Paths


def _texts(value: Any) -> Any:
    """A number or a single text as a list of texts."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return (f"{value}",)
    return (value,) if isinstance(value, str) else value


HeldOut = Annotated[Paths, BeforeValidator(_texts)]


class RunningDuplicates(Duplicates):
    """Which lines of a running text are left out."""

    exact: bool = False
    """Leave out a line, or a row of a table, that occurs a second time; in running text one may well come again."""


class Parts(Section):
    """What is held out."""

    validation: HeldOut = ("0.1",)
    """What to validate on: a share, a number of records, or corpora; 0 for nothing."""
    test: HeldOut = ("0",)
    """What to test with, likewise; training never reads it."""
    keep_leaks: bool = False
    """Keep records to train on that read the same as one held out; they are left out otherwise, and counted."""

    @model_validator(mode="after")
    def _numbers_or_files(self) -> Self:
        for name in ("validation", "test"):
            self.drawn(name)
        return self

    def drawn(self, name: str) -> Fraction | int | None:
        """The share or the number of what is to be drawn for a part; None where corpora are named."""
        values: tuple[str, ...] = getattr(self, name)
        numbers = [number for value in values if (number := _number(value)) is not None]
        if not numbers:
            return None if values else 0
        if len(values) > 1:
            raise ValueError(f"{name}: give one share, one number, or corpora alone, not {', '.join(values)}")
        whole = numbers[0] == int(numbers[0])
        if numbers[0] < 0 or (not whole and numbers[0] > 1):
            raise ValueError(f"{name}: {values[0]} is neither a share below 1 nor a number of records")
        return int(numbers[0]) if whole else numbers[0]

    def corpora(self, name: str) -> tuple[str, ...]:
        """The corpora that a part is read from; none where it is drawn."""
        values: tuple[str, ...] = getattr(self, name)
        return values if self.drawn(name) is None else ()


def _number(value: str) -> Fraction | None:
    try:
        return Fraction(value) if "/" not in value and "_" not in value else None
    except ValueError:
        return None


class Splits(Parts):
    """What is held out of sentences."""

    split_by: Literal["auto", "record", "document"] = "auto"
    """What is held out as a whole: a sentence with all that read the same (auto, record), or a file (document)."""


class RunningSplits(Splits):
    """What of a running text is held out."""

    split_by: Literal["auto", "record", "document"] = "auto"
    """What is held out as a whole: hundredths of the text all over it (auto), a line (record), or a file (document)."""

    @model_validator(mode="after")
    def _of_characters(self) -> Self:
        for name in ("validation", "test"):
            if self.split_by == "auto" and (n := self.drawn(name)) and n == int(n):
                raise ValueError(
                    f"{name}: of a running text a share is held out, such as 0.1; for {n} lines set split_by to record"
                )
        return self


class GroupedSplits(Parts):
    """What is held out of corpora that may have a column which says what belongs together."""

    split_by: Literal["auto", "record", "document", "group"] = "auto"
    """What is held out as a whole: a record with all that read the same (auto, record), a file (document), or the records
    that have the same value in a column (group)."""
    group_column: str | None = None
    """Column of the group, for tables: its name, or its number from 1."""

    @model_validator(mode="after")
    def _with_column(self) -> Self:
        if (self.split_by == "group") != (self.group_column is not None):
            raise ValueError("split_by: group and group_column belong together; give both, or none")
        return self


class LabelledSplits(GroupedSplits):
    """Which labelled texts are held out."""

    stratify: bool = True
    """Hold the same share of each label out; of documents and groups there is no telling."""


class Preparation(Section):
    """How a corpus is prepared."""

    cleaning: Cleaning = Cleaning()
    duplicates: Duplicates = Duplicates()
    splits: Parts = Parts()


class SentencePreparation(Preparation):
    """How sentences are prepared."""

    splits: Splits = Splits()


class TextPreparation(Preparation):
    """How a running text is prepared."""

    duplicates: RunningDuplicates = RunningDuplicates()
    splits: RunningSplits = RunningSplits()


class LabelledPreparation(Preparation):
    """How labelled texts are prepared."""

    splits: LabelledSplits = LabelledSplits()


class PairPreparation(Preparation):
    """How pairs are prepared."""

    splits: GroupedSplits = GroupedSplits()


PREPARATIONS: dict[str, type[Preparation]] = {
    "lm": TextPreparation,
    "segment": SentencePreparation,
    "tag": SentencePreparation,
    "classify": LabelledPreparation,
    "translate": PairPreparation,
}
"""The settings of the preparation for each task."""

ELSEWHERE = ("data.train", "data.validation", "data.validation_share", "data.validation_split", "data.limit",
             "data.folds")  # fmt: skip
"""Settings of an experiment that say what is read and what is held out, which are others here."""
_OF_NETWORKS = ("features.bigram_width", "features.bigram_dropout", "features.kind_width", "features.affix_width",
                "features.vectors", "features.bigram_vectors")  # fmt: skip


def fitted(task: str, paths: Iterable[str], *, elsewhere: bool = False) -> list[str]:
    """The settings of an experiment, of these dotted paths, that what is prepared depends on.

    Args:
        task: the task; the model has no say in how running text is read.
        elsewhere: with those that are settled by the preparation itself.
    """
    sections = ("data", "text", "features", "bag", *(("model",) if task != "lm" else ()))
    without = (*_OF_NETWORKS, *(("data.train",) if elsewhere else ELSEWHERE))
    return [path for path in paths if path.split(".")[0] in sections and path not in without]
