"""The estimator: with the rest of scikit-learn, its labels, its seeds, and what it refuses."""

import pickle
import subprocess
import sys

import numpy as np
import pytest

import seqlab
from seqlab.errors import ConfigError, DataError, SeqlabError
from seqlab.estimator import TextClassifier, TextClassifierError

pytest.importorskip("sklearn")

from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

FINE = ["a fine day", "so fine a meal", "fine shoes", "the finest tea", "a fine evening", "fine, thank you"]
FOUL = ["a foul day", "so foul a meal", "foul shoes", "the foulest tea", "a foul evening", "foul, no thanks"]
TEXTS, LABELS = FINE + FOUL, [1] * 6 + [0] * 6
COUNTED = {"order": 3, "smoothing": "witten-bell"}
LEARNED = {"feature_min_count": 1, "epochs": 3, "lr": 0.05, "device": "cpu"}
SETTINGS = {"ngram": COUNTED, "softmax": LEARNED}


@pytest.fixture(scope="module")
def fitted():
    return TextClassifier("ngram").fit(TEXTS, LABELS)


# --- with the rest of scikit-learn


def test_cross_validation_a_search_and_a_pipeline():
    estimator = TextClassifier("ngram", COUNTED)
    scores = cross_val_score(estimator, TEXTS, LABELS, cv=3)
    assert scores.shape == (3,)
    assert scores.mean() > 0.9
    found = cross_val_predict(estimator, np.array(TEXTS), LABELS, cv=3, method="predict_proba")
    assert found.shape == (12, 2)
    search = GridSearchCV(estimator, {"settings": [COUNTED, COUNTED | {"order": 1}]}, cv=2).fit(TEXTS, LABELS)
    assert search.best_params_["settings"]["order"] == 3
    assert search.predict(["fine"]).tolist() == [1]
    searched = GridSearchCV(estimator, {"model": ["ngram"]}, cv=2, scoring="roc_auc").fit(TEXTS, LABELS)
    assert searched.best_score_ > 0.9
    upper = FunctionTransformer(lambda texts: [text.upper() for text in texts])
    assert make_pipeline(upper, estimator).fit(TEXTS, LABELS).score(TEXTS, LABELS) == 1.0


@pytest.mark.slow
def test_two_processes():
    assert cross_val_score(TextClassifier("ngram"), TEXTS, LABELS, cv=2, n_jobs=2, error_score="raise").mean() > 0.9


@pytest.mark.parametrize("model", SETTINGS)
def test_pickled_it_gives_the_same(model):
    estimator = TextClassifier(model, SETTINGS[model], random_state=3).fit(TEXTS, LABELS)
    again = pickle.loads(pickle.dumps(estimator))
    assert np.array_equal(again.predict_proba(TEXTS), estimator.predict_proba(TEXTS))
    assert again.get_params() == estimator.get_params()


def test_parameters():
    estimator = TextClassifier("ngram", {"order": 2}, 5)
    assert estimator.get_params() == {"model": "ngram", "settings": {"order": 2}, "random_state": 5}
    copy = clone(estimator)
    assert copy.get_params() == estimator.get_params()
    assert copy.set_params(model="bag", settings=None).get_params() == {
        "model": "bag", "settings": None, "random_state": 5,
    }  # fmt: skip
    assert repr(estimator) == "TextClassifier(model='ngram', random_state=5, settings={'order': 2})"
    assert seqlab.TextClassifier is TextClassifier


# --- labels


@pytest.mark.parametrize(
    "kinds",
    [(0, 1), (2, 10), (-1.0, 1.0), ("no", "yes"), (False, True), ("负", "正"), ("", "x")],
    ids=repr,
)
def test_labels_come_back_in_their_type(kinds):
    labels = [kinds[label] for label in LABELS]
    estimator = TextClassifier("ngram", COUNTED)
    if "" in kinds:
        with pytest.raises(ValueError, match="no label"):
            estimator.fit(TEXTS, labels)
        return
    found = estimator.fit(TEXTS, labels).predict(TEXTS)
    assert found.dtype == np.array(labels).dtype
    assert found.tolist() == labels
    assert estimator.classes_.tolist() == sorted(kinds)
    assert estimator.score(TEXTS, labels) == accuracy_score(labels, found) == 1.0


def test_columns_are_those_of_the_classes():
    """10 comes before 2 among strings, as the model has them, and behind it among numbers."""
    texts, labels = [f"{word} {n}" for word in ("one", "two", "ten") for n in range(5)], [1] * 5 + [2] * 5 + [10] * 5
    estimator = TextClassifier("ngram", COUNTED).fit(texts, labels)
    assert estimator.classes_.tolist() == [1, 2, 10]
    assert estimator.classifier_.labels == ("1", "10", "2")
    probabilities = estimator.predict_proba(["one", "two", "ten"])
    assert probabilities.argmax(1).tolist() == [0, 1, 2]
    assert probabilities.sum(1) == pytest.approx(1)
    assert np.log(probabilities) == pytest.approx(estimator.predict_log_proba(["one", "two", "ten"]))


def test_a_class_of_empty_texts():
    estimator = TextClassifier("ngram", COUNTED).fit([*TEXTS, "", " "], [*LABELS, 7, 7])
    assert estimator.classes_.tolist() == [0, 1, 7]
    assert estimator.predict_proba(["fine"])[0, 2] == 0
    assert estimator.predict(["fine", ""]).tolist()[0] == 1


# --- texts


@pytest.mark.parametrize("of", [list, tuple, np.array, lambda texts: np.array(texts, object), iter], ids=range(5))
def test_texts_of_every_container(fitted, of):
    assert TextClassifier("ngram").fit(of(TEXTS), LABELS).predict(of(TEXTS)).tolist() == LABELS
    assert np.array_equal(fitted.predict_proba(of(TEXTS)), fitted.predict_proba(TEXTS))


def test_a_column_of_a_table():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"text": TEXTS, "label": LABELS}, index=range(5, 17))
    estimator = TextClassifier("ngram").fit(table["text"], table["label"])
    assert estimator.predict(table["text"]).tolist() == LABELS
    with pytest.raises(TextClassifierError, match=r"of the shape \(12, 2\); of a table give the column of the text"):
        estimator.predict(table)
    with pytest.raises(TextClassifierError, match="its number 1 is none"):
        estimator.predict(pandas.Series(["fine", None]))


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        ("a fine day", "of the type str"),
        (b"a fine day", "of the type bytes"),
        ({"a fine day": 1}, "of the type dict"),
        ({"a fine day"}, "of the type set"),
        (5, "of the type int"),
        (None, "of the type NoneType"),
        ([], "X is empty"),
        (["fine", float("nan")], "its number 1 is none: nan"),
        ([["fine"]], "its number 0 is none: ['fine']"),
        (np.zeros((2, 2)), "of the shape (2, 2)"),
        (np.array("fine"), "of the shape ()"),
    ],
)
def test_texts_that_are_none(fitted, texts, says):
    for use in (fitted.predict, fitted.predict_proba, lambda given: TextClassifier("ngram").fit(given, LABELS)):
        with pytest.raises(TextClassifierError) as error:
            use(texts)
        assert says in str(error.value)
        assert "\n" not in str(error.value)
        assert isinstance(error.value, DataError | ValueError)


# --- what is refused


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        (None, "requires y"),
        ([1] * 12, "y holds one class (1), and at least 2 are needed"),
        ([1, 0], "inconsistent numbers of samples"),
        ([*LABELS[:-1], float("nan")], "NaN"),
        ([None, *LABELS[1:]], "None"),
        (["a", "b"] * 5 + ["a", float("nan")], "y contains NaN"),
        (("a", "b", np.nan) * 4, "y contains NaN"),
        ([b"a", b"b"] * 6, "labels represented as bytes"),
        (np.array(["a", 1] * 6, object), ""),
        ([(1, 0)] * 12, "1d"),
        (np.linspace(0, 1, 12), "Unknown label type: continuous"),
    ],
    ids=range(11),
)
def test_labels_that_are_none(labels, says):
    with pytest.raises(ValueError) as error:  # noqa: PT011
        TextClassifier("ngram").fit(TEXTS, labels)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("empty", [[], (), np.zeros(0)], ids=["list", "tuple", "array"])
def test_nothing_at_all(empty):
    with pytest.raises(TextClassifierError, match="y is empty: give at least one text with its label"):
        TextClassifier("ngram").fit([], empty)


def test_texts_without_a_token():
    with pytest.raises(TextClassifierError, match="no text to train on"):
        TextClassifier("ngram").fit([" "] * 12, LABELS)


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"model": "svm"}, "unknown model 'svm'"),
        ({"settings": {"orders": 3}}, "unknown setting 'orders'; did you mean"),
        ({"settings": {"output": "here"}}, "output is for seqlab.train, and an estimator has none"),
        ({"settings": {"task": "lm"}}, "task is for seqlab.train"),
        ({"settings": {"model": "bag"}}, "model is a parameter of its own"),
        ({"settings": {"multi_label": True}, "model": "softmax"}, "multi_label is not for an estimator"),
        ({"settings": {"seed": 3}, "random_state": 3}, "leave seed out"),
        ({"settings": {"epochs": 3}}, "the model is ngram, which has no such setting"),
        ({"settings": {"validation": [("fine", "1")]}}, "validation is for seqlab.train"),
        ({"settings": {"data.validation": ["a.tsv"]}}, "a.tsv is read by the command line only"),
    ],
)
def test_settings_that_do_not_fit_are_refused_when_it_is_fitted(parameters, says):
    estimator = TextClassifier(**{"model": "ngram"} | parameters)
    with pytest.raises(ConfigError) as error:
        estimator.fit(TEXTS, LABELS)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_not_fitted():
    for use in ("predict", "predict_proba", "predict_log_proba"):
        with pytest.raises(NotFittedError):
            getattr(TextClassifier(), use)(TEXTS)


# --- settings


def test_it_is_what_train_makes():
    options = {"validation_share": 0.25, "baseline": True, **LEARNED}
    estimator = TextClassifier("softmax", options, random_state=4).fit(TEXTS, LABELS)
    model = seqlab.train("classify", [*zip(TEXTS, map(str, LABELS), strict=True)], model="softmax", seed=4, **options)
    assert np.array_equal(estimator.predict_proba(TEXTS), model.predict_proba(TEXTS))
    assert estimator.classifier_.scores == model.scores
    assert "floors" in estimator.classifier_.scores
    assert estimator.classifier_.explain("a fine day").label in ("0", "1")


def test_seeds():
    def weights(random_state, **settings):
        estimator = TextClassifier("bag", LEARNED | {"epochs": 1} | settings, random_state)
        return estimator.fit(TEXTS, LABELS).predict_proba(TEXTS)

    assert np.array_equal(weights(3), weights(3))
    assert np.array_equal(weights(3), weights(None, seed=3))
    assert np.array_equal(weights(None), weights(None))
    assert not np.array_equal(weights(3), weights(4))
    for made in (np.random.RandomState, np.random.default_rng):
        assert np.array_equal(weights(made(3)), weights(made(3)))
        drawn = made(3)
        assert not np.array_equal(weights(drawn), weights(drawn))


def test_without_scikit_learn():
    code = """
import sys
sys.modules["sklearn"] = None
from seqlab import *
try:
    TextClassifier("ngram")
except Exception as error:
    print(type(error).__name__, error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == (
        "ConfigError seqlab.TextClassifier needs scikit-learn: install it with pip install 'seqlab[sklearn]'\n"
    )
    assert issubclass(ConfigError, SeqlabError)
