"""Text classification: labelled texts, held out in part, as every kind of model reads them. No torch."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from seqlab.config import Classification
from seqlab.errors import DataError
from seqlab.metrics.calibration import fit_temperature
from seqlab.modeldir import ModelDirectory, figures_read
from seqlab.ngram.classifier import NGramClassifier
from seqlab.records import Labelled
from seqlab.tasks import gap, labelled_kept
from seqlab.tasks.classifier import Classifier, Floats
from seqlab.tasks.classifier_text import ClassifierText
from seqlab.tasks.labelled_kept import Example
from seqlab.tasks.names_kept import keep_names, kept_names
from seqlab.text.vocab import SPECIALS
from seqlab.wording import counted

LABELS = "labels.json"
NEARLY_EACH, MANY_TEXTS = 0.9, 20
"""Which share of the texts, from how many texts on, cannot have a label of its own each."""


def prepare(
    config: Classification,
    records: Iterable[Labelled | Sequence[object]],
    validation: Iterable[Labelled | Sequence[object]] | None,
    folder: Path,
) -> None:
    """Hold texts out, and fit the text parts on the others, into `folder/text` and `folder/data`.

    Args:
        config: the experiment; its sections `data`, `text`, `features` and `bag` are used.
        records: texts with labels to train on. validation: likewise; None holds out a share of each class.
        folder: an existing folder.

    Raises:
        DataError: no texts, one without a label or with several where one is wanted, fewer than two classes, or as many
            classes as texts.
    """
    train, held_out, n_empty = labelled_kept.divided(config, records, validation)
    counts = Counter(label for example in train for label in example.labels)
    _check_labels(config, train, counts)
    labelled_kept.keep(folder, train, held_out)
    (folder / "text").mkdir(exist_ok=True)
    text = ClassifierText.fit(config, [example.text for example in train])
    text.save(folder / "text")
    notes = [*_notes(config, counts, held_out or (), n_empty), *_notes_on_texts(text, train, held_out or ())]
    keep_names(folder / "text" / LABELS, "labels", sorted(counts), notes)


def _check_labels(config: Classification, train: Sequence[Example], counts: Counter[str]) -> None:
    if len(counts) < (1 if config.data.multi_label else 2):
        raise DataError(
            f"the training texts have {counted(len(counts), 'label')} ({', '.join(counts) or 'none'}), and at least 2 are "
            "needed: give texts of another class, or look at --label-column"
        )
    alone = [label for label, count in counts.items() if count == 1]
    if len(train) >= MANY_TEXTS and len(alone) > NEARLY_EACH * len(train):
        raise DataError(
            f"of {len(train):,} training texts {len(alone):,} have a label that no other has, such as {alone[0]!r:.60}: "
            "nothing can be learned of these; say which columns hold texts and labels, by --text-column and --label-column"
        )


def _notes(config: Classification, counts: Counter[str], held_out: Sequence[Example], n_empty: int) -> list[str]:
    """What one may overlook of the labels and of what is read, a sentence each."""
    notes = []
    if n_empty:
        notes.append(f"{counted(n_empty, 'empty text is', 'empty texts are')} left out of training")
    if config.data.limit is not None:
        notes.append(f"only the first {counted(config.data.limit, 'text is', 'texts are')} read")
    few = [label for label, count in sorted(counts.items()) if count == 1]
    if few:
        notes.append(f"of {listed(few)} there is one training text alone: nothing general can be learned from it")
    unseen = Counter(label for example in held_out for label in example.labels if label not in counts)
    if unseen:
        found = counted(unseen.total(), "text to validate on has", "texts to validate on have")
        notes.append(f"{found} a label that training never saw ({listed([*unseen])})")
    return notes


def _notes_on_texts(text: ClassifierText, train: Sequence[Example], held_out: Sequence[Example]) -> list[str]:
    """What one may overlook of the texts, a sentence each."""
    notes = []
    if n_cut := text.n_cut(example.text for example in train):
        cut = counted(n_cut, "text to train on is", "texts to train on are")
        notes.append(f"{cut} longer than {text.longest:,} tokens and cut there; --longest says how many are read")
    seen = {example.text.strip() for example in train}
    if n_seen := sum(example.text.strip() in seen for example in held_out):
        found = counted(n_seen, "text to validate on stands", "texts to validate on stand")
        notes.append(f"{found} among those to train on too: the figures are better than those of new texts would be")
    return notes


def listed(labels: Sequence[str]) -> str:
    """Some labels in a sentence, the first of many alone."""
    shown = ", ".join(f"'{label}'" for label in labels[:5])
    return shown if len(labels) <= 5 else f"{shown} and {len(labels) - 5} more"


def kept_labels(folder: Path) -> tuple[list[str], list[str]]:
    """The labels of a model, in the order of their numbers; and what is to be known of the data they come from.

    Raises:
        ModelError: the list is missing or altered.
    """
    return kept_names(folder / "text" / LABELS, "labels")


def count_ngrams(config: Classification, text: ClassifierText, train: Sequence[Example]) -> NGramClassifier:
    """An n-gram model of each class, of the training texts.

    Raises:
        DataError: a class has fewer tokens than the order. ConfigError: settings that do not fit.
    """
    tokens = text.tokens(example.text for example in train)
    ids, starts = text.encode(tokens)
    examples = (
        (ids[first:last], example.labels[0])
        for first, last, example in zip(starts[:-1], starts[1:], train, strict=True)
    )
    ngram = config.ngram
    return NGramClassifier.fit(
        examples, len(text.pipeline.vocab), ngram.order, ngram.smoothing, background_share=ngram.background_share
    )


def targets(examples: Sequence[Example], labels: Sequence[str]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The number of the label of each text (N,), -1 for one that is not among the labels."""
    numbers = {label: number for number, label in enumerate(labels)}
    return np.array([numbers.get(example.labels[0], -1) for example in examples], np.int64)


def kept_temperature(directory: ModelDirectory) -> float:
    """The temperature of a model, 1 where none was fitted.

    Raises:
        ModelError: it is no number.
    """
    with figures_read(directory.path):
        return float(directory.manifest["training"].get("temperature", 1.0))


@dataclass(frozen=True)
class Prepared:
    """What `prepare` has left in a folder, and the rules that hold whatever is trained on it."""

    config: Classification
    labels: list[str]
    notes: list[str]
    """What one may overlook, a sentence each."""
    text: ClassifierText
    train: list[Example]
    held_out: list[Example] | None
    """None where nothing is held out."""

    @classmethod
    def load(cls, config: Classification, folder: Path) -> "Prepared":
        """Read it.

        Raises:
            DataError, ModelError: a part is missing or altered.
        """
        labels, notes = kept_labels(folder)
        train, held_out = labelled_kept.kept(folder)
        if held_out is None and not config.data.folds:
            notes = ["nothing is held out: the training data themselves are scored", *notes]
        return cls(config, labels, notes, ClassifierText.load(config, folder / "text"), train, held_out)

    @property
    def scored(self) -> list[Example]:
        """The texts that a model is scored on: those held out, or where nothing is held out those of training."""
        return self.train if self.held_out is None else self.held_out

    @property
    def sizes(self) -> dict[str, int]:
        """How much there is to train and to validate on, and of what vocabulary, for the card."""
        vocabulary = len(self.text.pipeline.vocab) - len(SPECIALS)
        return {"train": len(self.train), "validation": len(self.scored), "vocabulary": vocabulary}

    def summary(self) -> str:
        """How much there is, in one line."""
        held_out = "none" if self.held_out is None else f"{len(self.held_out):,}"
        return (
            f"{counted(len(self.train), 'text')} to train on, {held_out} to validate on, "
            f"{counted(len(self.labels), 'label')}, "
            f"a vocabulary of {counted(self.sizes['vocabulary'], self.text.pipeline.unit)}"
        )

    def temperature(self, log_probs: Floats) -> float:
        """What ln p (N, K) of the N texts that are scored is best divided by; 1 where no other is known to be better.

        So it is where a text may have several labels, where no text has a label that training saw, and where nothing is
        held out: texts that a model has been trained on cannot tell how sure it may be of others.
        """
        if self.config.data.multi_label or self.held_out is None:
            return 1.0
        true = targets(self.held_out, self.labels)
        known = true >= 0
        return fit_temperature(log_probs[known], true[known], pseudo_count=1) if known.any() else 1.0

    def training_scores(self, classifier: Classifier) -> dict[str, Any]:
        """What a model reaches on texts that it was trained on; none where it is scored on these."""
        return {} if self.held_out is None else gap.training_scores(classifier, self.train, self.config.seed)
