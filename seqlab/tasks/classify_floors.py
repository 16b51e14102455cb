"""The floors that a classifier has to beat: simple models of the same texts. No torch."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from seqlab.config import Classification
from seqlab.errors import DataError
from seqlab.metrics.classification import ClassificationScores
from seqlab.metrics.multi_label import MultiLabelScores
from seqlab.tasks import classify
from seqlab.tasks.classifier import Floats
from seqlab.tasks.classifier_text import ClassifierText
from seqlab.tasks.labelled_kept import Example
from seqlab.tasks.ngram_text_classifier import NgramTextClassifier


def floors(
    config: Classification,
    labels: Sequence[str],
    text: ClassifierText,
    train: Sequence[Example],
    held_out: Sequence[Example] | None,
) -> dict[str, Any]:
    """The scores of the classes at large, and of an n-gram model of each class; but not of the model itself.

    There are none where nothing is held out: on texts that were counted they would be no floor.
    """
    if not config.baseline or held_out is None:
        return {}
    if config.data.multi_label:
        return {"most frequent labels": _labels_at_large(labels, train, held_out).to_dict()}
    found: dict[str, Any] = {"most frequent class": _class_at_large(labels, train, held_out).to_dict()}
    if config.model != "ngram":
        try:
            model = classify.count_ngrams(config, text, train)
        except DataError:  # a class has hardly a token
            return found
        counted = NgramTextClassifier(config, labels, text, model)
        found["n-gram"] = counted.evaluate(held_out).to_dict()
    return found


def _class_at_large(
    labels: Sequence[str], train: Sequence[Example], held_out: Sequence[Example]
) -> ClassificationScores:
    """The scores of giving each text the shares that the classes have in training."""
    log_probs = np.log(np.repeat(_shares(labels, train)[None], len(held_out), 0))
    return ClassificationScores.of([example.labels[0] for example in held_out], log_probs, labels)


def _labels_at_large(labels: Sequence[str], train: Sequence[Example], held_out: Sequence[Example]) -> MultiLabelScores:
    """The scores of giving each text the labels that have some share of the training texts or more.

    The share is that with the best micro F1 in training: 2 c / (k + t), where k labels a text are given, c of them rightly,
    and t are true, in the mean.
    """
    shares = _shares(labels, train)
    thresholds = np.unique(shares)
    f1 = [2 * shares[shares >= least].sum() / ((shares >= least).sum() + shares.sum()) for least in thresholds]
    rows = np.repeat(shares[None], len(held_out), 0)
    threshold = float(thresholds[np.argmax(f1)])
    return MultiLabelScores.of([example.labels for example in held_out], rows, labels, threshold)


def _shares(labels: Sequence[str], train: Sequence[Example]) -> Floats:
    """Which share (K,) of the training texts has each label."""
    counts = Counter(label for example in train for label in example.labels)
    return np.array([counts[label] for label in labels]) / len(train)
