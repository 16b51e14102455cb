"""Several text classifiers as one: the mean of their probabilities."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from seqlab.errors import ConfigError, DataError
from seqlab.metrics.classification import ClassificationScores
from seqlab.metrics.multi_label import MultiLabelScores
from seqlab.records import Labelled
from seqlab.tasks.classifier import Classifier, Floats
from seqlab.tasks.labelled_kept import examples_of


class ClassifierEnsemble:
    """Classifiers of the same labels that have an equal say; calibrated each by itself.

    Attributes:
        labels: those they can give, in the order of the first one's numbers.

    Raises:
        ConfigError: there is none, or they are of different labels.
    """

    def __init__(self, classifiers: Sequence[Classifier]) -> None:
        if not classifiers:
            raise ConfigError("there is no classifier to ask; give at least one")
        self.classifiers, self.labels = tuple(classifiers), classifiers[0].labels
        self.config, self.multi_label = classifiers[0].config, classifiers[0].multi_label
        for other in classifiers[1:]:
            if set(other.labels) != set(self.labels) or other.multi_label != self.multi_label:
                raise ConfigError(
                    f"these classifiers have different labels ({', '.join(self.labels)}; {', '.join(other.labels)}); take "
                    "some that were trained on the same ones"
                )

    def predict_proba(self, texts: Iterable[str]) -> Floats:
        """p of each label (N, K), in the order of `labels`: the mean over the classifiers."""
        texts = texts if isinstance(texts, str) else list(texts)
        found = np.zeros((0 if isinstance(texts, str) else len(texts), len(self.labels)))
        for classifier in self.classifiers:
            columns = [classifier.labels.index(label) for label in self.labels]
            found = found + classifier.predict_proba(texts)[:, columns]
        mean: Floats = found / len(self.classifiers)
        return mean

    def predict(self, texts: Iterable[str]) -> list[Any]:
        """The label of each text, or a tuple of labels; see `Classifier.predict`."""
        return self.classifiers[0].chosen(self.predict_proba(texts))

    def chosen(self, probabilities: Floats) -> list[Any]:
        """What `predict` gives for probabilities (N, K)."""
        return self.classifiers[0].chosen(probabilities)

    def evaluate(self, records: Iterable[Labelled | Sequence[object]]) -> ClassificationScores | MultiLabelScores:
        """Score predictions on texts with labels; see `Classifier.evaluate`."""
        examples = examples_of(records, multi_label=self.multi_label)
        if not examples:
            raise DataError("there is no text to score: give at least one")
        with np.errstate(divide="ignore"):
            log_probs = np.log(self.predict_proba([example.text for example in examples]))
        return self.classifiers[0].score_of(examples, log_probs)
