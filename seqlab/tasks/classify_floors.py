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
from seqlab.tasks.classifier_text import ClassifierText
from seqlab.tasks.labelled_kept import Example
from seqlab.tasks.ngram_text_classifier import NgramTextClassifier


def floors(
    config: Classification,
    labels: Sequence[str],
    text: ClassifierText,
    train: Sequence[Example],
    validation: Sequence[Example],
) -> dict[str, Any]:
    """The scores of the classes at large, and of an n-gram model of each class; but not of the model itself."""
    if not config.baseline or config.data.folds:  # those of each fold have been found, on texts that were held out
        return {}
    found: dict[str, Any] = {"most frequent class": _at_large(config, labels, train, validation).to_dict()}
    if config.model != "ngram" and not config.data.multi_label:
        try:
            model = classify.count_ngrams(config, text, train)
        except DataError:  # a class has hardly a token
            return found
        counted = NgramTextClassifier(config, labels, text, model)
        found["n-gram"] = counted.evaluate(validation).to_dict()
    return found


def _at_large(
    config: Classification, labels: Sequence[str], train: Sequence[Example], validation: Sequence[Example]
) -> ClassificationScores | MultiLabelScores:
    """The scores of giving each text the shares that the labels have in training."""
    counts = Counter(label for example in train for label in example.labels)
    shares = np.array([counts[label] for label in labels]) / len(train)
    rows = np.repeat(shares[None], len(validation), 0)
    if config.data.multi_label:
        return MultiLabelScores.of([example.labels for example in validation], rows, labels)
    return ClassificationScores.of([example.labels[0] for example in validation], np.log(rows), labels)
