"""A classifier of texts: an n-gram model for each class, and how common the classes are."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqlab.errors import ConfigError, DataError, ModelError
from seqlab.ngram.binary import open_model, save
from seqlab.ngram.content import content_of
from seqlab.ngram.counts import count, smallest
from seqlab.ngram.estimation import estimate
from seqlab.ngram.model import NGramModel
from seqlab.ngram.smoothing import Smoothing

Ids = NDArray[np.integer[Any]] | Sequence[int]
"""(T,) ids of a text, the end not among them."""
Floats = NDArray[np.float64]
_FORMAT = 1
_CLASSIFIER = "classifier.json"


class NGramClassifier:
    """Finds the class under which a text is likeliest (Peng & Schuurmans 2003, "Combining naive Bayes and n-gram language
    models for text classification"):

        p(class | text)  is proportional to  p(class) times, over all i, p(token_i | the order - 1 tokens before, class)

    The end of the text is one of its tokens. With order 1 this is naive Bayes (McCallum & Nigam 1998, the multinomial
    model) with lengths.

    Beside the model of each class there is one of all texts, the background, with a small share b of each prediction:
    p(token | history, class) = (1 - b) p_class + b p_background. So no token counts for a class less than a factor of b as
    much as for texts at large, and what a class merely happens not to have shown does not decide. Tokens are not as
    independent as all this takes them, so the probabilities of long texts are nearer to 0 and 1 than they should be.
    """

    def __init__(
        self,
        labels: Sequence[str],
        models: Sequence[NGramModel],
        log_priors: Floats,
        background: NGramModel,
        background_share: float,
    ) -> None:
        """Put a classifier together; `fit` and `load` do so.

        Args:
            labels: C names of classes.
            models: one each, over the same ids, with an `end`.
            log_priors: (C,) ln p(class), nats.
            background: a model of all texts, over the same ids.
            background_share: b, its share of each prediction.
        """
        self.labels = tuple(labels)
        """The classes, in the order of the columns of `log_probs`."""
        self.models = tuple(models)
        """The model of each class."""
        self.log_priors = log_priors
        """(C,) ln p(class), nats."""
        self.background = background
        """The model of all texts."""
        self.background_share = background_share
        """Its share of each prediction."""

    @classmethod
    def fit(
        cls,
        examples: Iterable[tuple[Ids, str]],
        n_types: int,
        order: int = 3,
        smoothing: str | Smoothing = "modified-kneser-ney",
        *,
        background_share: float = 0.05,
        start: int = 2,
        end: int = 3,
        unknown: int = 1,
        never: Sequence[int] = (0, 2),
    ) -> "NGramClassifier":
        """Count the texts of each class.

        Args:
            examples: pairs of a text and the name of its class; read once.
            n_types: V, all ids are below it; the same for all classes, so that each gives every id a probability.
            order: of the n-grams.
            smoothing: as `seqlab.ngram.estimation` takes it.
            background_share: b, how much of each prediction is left to the model of all texts; 0: nothing.
            start, end: ids of the two ends of a text, which none holds.
            unknown: the id of the unknown token.
            never: ids that are never predicted.

        Raises:
            DataError: no texts, an id that is out of range or stands for an end, or a class of fewer tokens than `order`.
            ConfigError: an option out of range.
        """
        texts: dict[str, list[NDArray[Any]]] = {}
        for number, (ids, label) in enumerate(examples, start=1):
            texts.setdefault(label, []).append(_checked(ids, number, n_types, start, end))
        if not texts:
            raise DataError("there is no text to learn from: give at least one example of each class")
        if not 0 <= background_share < 1:
            raise ConfigError(f"background_share {background_share}: a share from 0 to below 1")
        labels = sorted(texts)
        groups = [_joined(texts[label], n_types, end) for label in labels]
        for label, ids in zip(labels, groups, strict=True):
            if len(ids) < order:
                raise DataError(
                    f"class {label!r} has {len(ids)} tokens, ends of texts included, fewer than the order {order}: "
                    "give more texts of it, or choose a lower order"
                )

        def model(ids: NDArray[Any]) -> NGramModel:
            n_grams = count(ids, order, n_types, start=start, end=end)
            return estimate(n_grams, smoothing, unknown_id=unknown, never=never)

        n_texts = np.array([len(texts[label]) for label in labels])
        models, background = [model(ids) for ids in groups], model(np.concatenate(groups))
        return cls(labels, models, np.log(n_texts / n_texts.sum()), background, background_share)

    def log_probs(self, batch: Sequence[Ids]) -> Floats:
        """(N, C) ln p(text, class) in nats of N texts; an empty one has its end.

        Raises:
            DataError: an id that is out of range or stands for an end.
        """
        model = self.models[0]
        if not len(batch):
            return np.zeros((0, len(self.labels)))
        end = _end(model)
        texts = [_checked(ids, number, model.n_types, model.start, end) for number, ids in enumerate(batch, start=1)]
        ids = _joined(texts, model.n_types, end)
        first = np.cumsum([0, *(len(text) + 1 for text in texts[:-1])])
        if not self.background_share:
            scored = (model.score(ids).log_probs for model in self.models)
        else:
            at_large = self.background.score(ids).log_probs + np.log(self.background_share)
            kept = np.log1p(-self.background_share)
            scored = (np.logaddexp(model.score(ids).log_probs + kept, at_large) for model in self.models)
        joint: Floats = np.stack([np.add.reduceat(log_probs, first) for log_probs in scored], 1) + self.log_priors
        return joint

    def predict_proba(self, batch: Sequence[Ids]) -> Floats:
        """(N, C) p(class | text), each row summing to 1; that of the classes at large where all are impossible.

        Raises:
            DataError: see `log_probs`.
        """
        joint = self.log_probs(batch)
        joint[np.isneginf(joint).all(1)] = self.log_priors
        probs: Floats = np.exp(joint - joint.max(1, keepdims=True))
        probs /= probs.sum(1, keepdims=True)
        return probs

    def predict(self, batch: Sequence[Ids]) -> list[str]:
        """Give the likeliest class of each text, of equally likely ones the first in `labels`.

        Raises:
            DataError: see `log_probs`.
        """
        return [self.labels[column] for column in self.predict_proba(batch).argmax(1)]

    def save(self, folder: str | Path) -> None:
        """Write into a folder, made where it is missing: `classifier.json`, and the models as `class0.safetensors`, ...

        The classes' models come in order, then the background.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        for number, model in enumerate([*self.models, self.background]):
            save(model, _model_path(folder, number))
        content = {
            "format": _FORMAT,
            "labels": self.labels,
            "log_priors": self.log_priors.tolist(),
            "background_share": self.background_share,
        }
        (folder / _CLASSIFIER).write_text(json.dumps(content, indent=0) + "\n", encoding="utf-8", newline="")

    @classmethod
    def load(cls, folder: str | Path) -> "NGramClassifier":
        """Read what `save` wrote; the models stay on the disk and are mapped into memory.

        Raises:
            ModelError: a file is missing, altered, or of another version.
        """
        folder = Path(folder)
        path = folder / _CLASSIFIER
        with content_of(path, _FORMAT, "a classifier") as content:
            labels, log_priors = content["labels"], np.array(content["log_priors"], np.float64)
            share = float(content["background_share"])
            if not labels or any(not isinstance(label, str) for label in labels) or len(set(labels)) < len(labels):
                raise ValueError("the labels are not a list of names")
            if log_priors.shape != (len(labels),) or not abs(np.exp(log_priors).sum() - 1) < 1e-6:
                raise ValueError(f"the probabilities of the {len(labels)} classes do not sum to one")
            if not 0 <= share < 1:
                raise ValueError(f"the share {share} of the background is not from 0 to below 1")
        models = [open_model(_model_path(folder, number)) for number in range(len(labels) + 1)]
        if len({(model.n_types, model.start, model.end) for model in models}) > 1 or models[0].end is None:
            raise ModelError(f"{folder}: its models are not over the same ids; copy the folder again or train anew")
        *models, background = models
        return cls(labels, models, log_priors, background, share)


def _model_path(folder: Path, number: int) -> Path:
    return folder / f"class{number}.safetensors"


def _end(model: NGramModel) -> int:
    if model.end is None:
        raise ConfigError("a model of texts needs the id that ends one")
    return model.end


def _checked(ids: Ids, number: int, n_types: int, start: int, end: int) -> NDArray[Any]:
    """Give a text as an array; DataError where it cannot be counted or scored."""
    text = np.asarray(ids) if len(ids) else np.zeros(0, np.int64)
    if text.ndim != 1 or not np.issubdtype(text.dtype, np.integer):
        raise DataError(f"text {number} is an array {text.shape} of {text.dtype}: it has to be a row of ids")
    if len(text) and not 0 <= text.min() <= text.max() < n_types:
        raise DataError(
            f"text {number} has ids from {text.min()} to {text.max()}: they have to be from 0 to {n_types - 1}"
        )
    if len(text) and ((text == start) | (text == end)).any():
        raise DataError(f"text {number} holds the id {start} or {end}, which stand for its ends: leave them out")
    return text


def _joined(texts: Sequence[NDArray[Any]], n_types: int, end: int) -> NDArray[Any]:
    """All texts in a row, each with its end."""
    ends = np.cumsum([len(text) for text in texts])
    return np.insert(np.concatenate(texts).astype(smallest(n_types)), ends, end)
