"""Text classification: labelled texts, held out in part, as every kind of model reads them. No torch."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from seqlab.config import Classification
from seqlab.errors import DataError, ModelError
from seqlab.metrics.calibration import fit_temperature
from seqlab.modeldir import ModelDirectory
from seqlab.ngram.classifier import NGramClassifier
from seqlab.records import Labelled
from seqlab.tasks import labelled_kept
from seqlab.tasks.classifier import Floats
from seqlab.tasks.classifier_text import ClassifierText
from seqlab.tasks.labelled_kept import Example
from seqlab.tasks.names_kept import keep_names, kept_names
from seqlab.tasks.ngram_text_classifier import NgramTextClassifier

LABELS = "labels.json"
NGRAM = "ngram"
"""The folder of the n-gram models in a model directory."""


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
        DataError: no texts, one without a label or with several where one is wanted, or fewer than two classes.
    """
    train, held_out, n_empty = labelled_kept.divided(config, records, validation)
    counts = Counter(label for example in train for label in example.labels)
    if len(counts) < (1 if config.data.multi_label else 2):
        raise DataError(
            f"the training texts have {len(counts)} labels ({', '.join(counts) or 'none'}), and at least 2 are needed: "
            "give texts of another class, or look at --label-column"
        )
    labelled_kept.keep(folder, train, held_out)
    (folder / "text").mkdir(exist_ok=True)
    ClassifierText.fit(config, [example.text for example in train]).save(folder / "text")
    notes = _notes(config, counts, held_out or (), n_empty)
    keep_names(folder / "text" / LABELS, "labels", sorted(counts), notes)


def _notes(config: Classification, counts: Counter[str], held_out: Sequence[Example], n_empty: int) -> list[str]:
    """What one may overlook of the data, a sentence each."""
    notes = []
    if n_empty:
        notes.append(f"{n_empty:,} empty texts are left out of training")
    if config.data.limit is not None:
        notes.append(f"only the first {config.data.limit:,} texts are read")
    few = [label for label, count in sorted(counts.items()) if count == 1]
    if few:
        notes.append(f"of {listed(few)} there is one training text alone: nothing general can be learned from it")
    unseen = Counter(label for example in held_out for label in example.labels if label not in counts)
    if unseen:
        notes.append(
            f"{unseen.total():,} texts to validate on have a label that training never saw ({listed([*unseen])})"
        )
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


def load_ngram(directory: ModelDirectory) -> NgramTextClassifier:
    """The n-gram classifier that a model directory holds."""
    config = directory.config
    assert isinstance(config, Classification)
    labels, _ = kept_labels(directory.path)
    text = ClassifierText.load(config, directory.path / "text")
    model = NGramClassifier.load(directory.path / NGRAM)
    if list(model.labels) != labels:
        raise ModelError(f"{directory.path / NGRAM}: its classes are not those of {LABELS}; copy the folder again")
    temperature = float(directory.manifest["training"].get("temperature", 1.0))
    return NgramTextClassifier(config, labels, text, model, temperature, directory.scores)


def targets(examples: Sequence[Example], labels: Sequence[str]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The number of the label of each text (N,), -1 for one that is not among the labels."""
    numbers = {label: number for number, label in enumerate(labels)}
    return np.array([numbers.get(example.labels[0], -1) for example in examples], np.int64)


def temperature(config: Classification, examples: Sequence[Example], labels: Sequence[str], log_probs: Floats) -> float:
    """What ln p (N, K) of texts with labels is best divided by; 1 where a text may have several, or no label is known."""
    if config.data.multi_label:
        return 1.0
    true = targets(examples, labels)
    known = true >= 0
    return fit_temperature(log_probs[known], true[known]) if known.any() else 1.0
