"""A text classifier with the interface of scikit-learn: for its pipelines, cross-validation and searches."""

import inspect
from collections.abc import Iterable, Mapping, Set
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from seqlab.errors import ConfigError, DataError
from seqlab.resolve import resolve
from seqlab.tasks.classifier import Classifier
from seqlab.training.experiment import train

try:
    from sklearn.base import BaseEstimator, ClassifierMixin
except ImportError:  # an optional package; what needs it says so when it is used

    class ClassifierMixin:  # type: ignore[no-redef]
        """Stands in for scikit-learn's where that is not installed."""

    class BaseEstimator:  # type: ignore[no-redef]
        """Stands in for scikit-learn's where that is not installed."""

        def __new__(cls, *_: Any, **__: Any) -> Self:
            """Nothing can be made."""
            raise ConfigError("seqlab.TextClassifier needs scikit-learn: install it with pip install 'seqlab[sklearn]'")


SEEDS = 2**31
"""Seeds that are drawn from a generator are below this."""
DEFAULTS: Mapping[str, Any] = {"data.validation_share": 0.0, "baseline": False}
"""What differs from `seqlab.train`: all texts are trained on, since scikit-learn holds out itself; no floors are scored."""
NO_SETTINGS = frozenset(inspect.signature(train).parameters) - {"changes"}
"""The arguments of `seqlab.train` that are no settings, such as where the model is left."""


class TextClassifierError(DataError, ValueError):
    """Texts or labels are unfit; a ValueError too, as scikit-learn has it."""


class TextClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A text classifier of seqlab as an estimator of scikit-learn.

    Its probabilities are calibrated where settings hold texts out (`validation_share`). A fitted one can be pickled; what
    `seqlab.train` leaves in a model directory needs no pickle.

    Args:
        model: "rnn", "textcnn", "bag", "mlp", "softmax" or "ngram".
        settings: further ones, by the names of `seqlab.train`, such as {"epochs": 4, "lr": 0.01}.
        random_state: the seed, or a generator of numpy that one is drawn from; with None it is that of `settings`.

    Attributes:
        classes_: the labels (K,), sorted, of the type they were given in.
        classifier_: the fitted `seqlab.tasks.classifier.Classifier`, whose labels are strings; it explains predictions.

    >>> from seqlab import TextClassifier
    >>> texts, labels = ["a fine day", "a fine evening", "a foul day", "a foul night"] * 3, [1, 1, 0, 0] * 3
    >>> TextClassifier("ngram").fit(texts, labels).predict(["fine", "foul"]).tolist()
    [1, 0]
    """

    def __init__(
        self, model: str = "softmax", settings: Mapping[str, Any] | None = None, random_state: Any = None
    ) -> None:
        self.model = model
        self.settings = settings
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn is told of the estimator: it takes a list of texts, and no table of numbers."""
        tags = super().__sklearn_tags__()
        tags.input_tags.string, tags.input_tags.one_d_array, tags.input_tags.two_d_array = True, True, False
        return tags

    def fit(self, X: Iterable[str], y: Any) -> Self:  # noqa: N803
        """Train on N texts with a label each.

        Args:
            X: the texts: a list, an array or a column of strings. y: their labels, of any type that can be sorted.

        Raises:
            TextClassifierError: texts that are no strings, or labels that are none; it is a ValueError.
            ConfigError: unknown or unfitting settings.
        """
        from sklearn.utils.validation import check_consistent_length

        classes, numbers = _classes(y)
        texts = _texts(X)
        check_consistent_length(texts, numbers)
        names = [str(label) for label in classes.tolist()]
        records = [(text, names[number]) for text, number in zip(texts, numbers.tolist(), strict=True)]
        if resolve("classify", {}, self._changes()).data.multi_label:  # type: ignore[attr-defined]
            raise ConfigError(
                "settings: multi_label is not for an estimator, whose texts have one label; use seqlab.train"
            )
        try:
            self.classifier_: Classifier = train("classify", records, **self._changes())
        except DataError as error:
            raise TextClassifierError(str(error)) from None
        self.classes_ = classes
        self._columns = [names.index(label) for label in self.classifier_.labels]
        return self

    def _changes(self) -> dict[str, Any]:
        """The settings over the defaults of an estimator, with the model and the seed."""
        given = dict(self.settings or {})
        if "model" in given:
            raise ConfigError("settings: model is a parameter of its own; leave it out of them")
        if arguments := sorted(NO_SETTINGS.intersection(given)):
            raise ConfigError(f"settings: {arguments[0]} is for seqlab.train, and an estimator has none; leave it out")
        changes = {**DEFAULTS, **given, "model": self.model}
        if self.random_state is None:
            return changes
        if "seed" in given:
            raise ConfigError("settings: leave seed out of them, or random_state")
        return {**changes, "seed": _seed(self.random_state)}

    def predict_log_proba(self, X: Iterable[str]) -> NDArray[np.float64]:  # noqa: N803
        """ln p of each class (N, K), nats, in the order of `classes_`; -inf of one whose texts were all empty."""
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self)
        texts = _texts(X)
        log_probs = np.full((len(texts), len(self.classes_)), -np.inf)
        log_probs[:, self._columns] = self.classifier_.log_probs(texts)
        return log_probs

    def predict_proba(self, X: Iterable[str]) -> NDArray[np.float64]:  # noqa: N803
        """p of each class (N, K), in the order of `classes_`."""
        return np.exp(self.predict_log_proba(X))

    def predict(self, X: Iterable[str]) -> NDArray[Any]:  # noqa: N803
        """The likeliest class of each text (N,), in the type of the labels.

        Raises:
            TextClassifierError: a text is no string, or there is none. NotFittedError: `fit` comes first.
        """
        likeliest = self.predict_log_proba(X).argmax(1)
        found: NDArray[Any] = self.classes_[likeliest]
        return found


def _texts(given: Any) -> list[str]:
    """The texts of a list, array or column."""
    if hasattr(given, "__array__") and not hasattr(given, "__iter__"):
        given = np.asarray(given)
    named = isinstance(given, str | bytes | Mapping | Set) or not hasattr(given, "__iter__")
    if named or getattr(given, "ndim", 1) != 1:
        kind = f"of the shape {given.shape}" if hasattr(given, "shape") else f"of the type {type(given).__name__}"
        kind = f"a sparse matrix {kind}" if hasattr(given, "toarray") else kind
        raise TextClassifierError(f"X is a list of texts, and this is {kind}; of a table give the column of the text")
    texts = list(given)
    for number, text in enumerate(texts):
        if not isinstance(text, str):
            raise TextClassifierError(f"X is a list of texts, and its number {number} is none: {text!r:.60}")
    if not texts:
        raise TextClassifierError("X is empty: give at least one text")
    return [str(text) for text in texts]


def _classes(given: Any) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """The labels (K,) that there are, sorted, and the number (N,) of the one of each text."""
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import column_or_1d

    if given is None:
        raise TextClassifierError("fit requires y to be passed, but the target y is None; give a label for each text")
    try:
        labels: NDArray[Any] = column_or_1d(given, warn=True)
        values = given if isinstance(given, list | tuple) else labels.tolist()  # in an array NaN becomes a string
        if missing := [label for label in values if label is None or label == "" or label != label]:
            raise TextClassifierError(f"y contains NaN or no label: {missing[0]!r}; leave such texts out")
        check_classification_targets(labels)
        classes, numbers = np.unique(labels, return_inverse=True)
    except (TypeError, ValueError) as error:
        raise TextClassifierError(str(error).partition("\n")[0]) from None
    if not len(classes):
        raise TextClassifierError("y is empty: give at least one text with its label")
    if len(classes) < 2:
        raise TextClassifierError(f"y holds one class ({classes[0]!s}), and at least 2 are needed")
    return classes, numbers


def _seed(random_state: Any) -> int:
    """A seed as given, or drawn from a generator."""
    from sklearn.utils import check_random_state

    if isinstance(random_state, int | np.integer):
        return int(random_state)
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(SEEDS))
    return int(check_random_state(random_state).randint(SEEDS))
