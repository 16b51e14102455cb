import doctest
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn

from seqlab.errors import DataError
from seqlab.metrics import classification
from seqlab.metrics.bootstrap import accuracy_of, interval_of
from seqlab.metrics.classification import ClassificationScores

FIGURES = ("accuracy", "macro_f1", "weighted_f1", "nats", "squared_error", "ece", "majority_share")


def log_probs_of(rng, n_texts, n_labels):
    """Random ones, some near to certain and some not."""
    return np.log(rng.dirichlet(np.full(n_labels, 0.4), size=n_texts) * (1 - 1e-9) + 1e-9 / n_labels)


@st.composite
def cases(draw):
    """True labels, log-probabilities and labels; some labels are of no text, and some texts have a new one."""
    n_labels = draw(st.integers(1, 5))
    labels = draw(st.permutations("abcde"))[:n_labels]
    true = draw(st.lists(st.sampled_from([*labels[: draw(st.integers(1, n_labels))], "y", "x"]), min_size=1))
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    return true, log_probs_of(rng, len(true), n_labels), labels


@settings(deadline=None)
@given(cases())
def test_the_figures_are_those_of_sklearn(case):
    true, log_probs, labels = case
    scores = ClassificationScores.of(true, log_probs, labels)
    predicted = [labels[column] for column in log_probs.argmax(axis=1)]
    assert scores.accuracy == pytest.approx(sklearn.accuracy_score(true, predicted))
    matrix = sklearn.confusion_matrix(true, predicted, labels=[*scores.true_labels, "of nothing"])  # it warns of one
    assert scores.confusion.tolist() == matrix[:-1, : len(labels)].tolist()
    assert not matrix[:, len(labels) :].any()
    for average in ("macro", "micro", "weighted"):
        theirs = sklearn.f1_score(true, predicted, average=average, zero_division=0)
        assert getattr(scores, f"{average}_f1") == pytest.approx(theirs)
    rows = sklearn.precision_recall_fscore_support(
        true, predicted, labels=list(scores.true_labels), zero_division=np.nan
    )
    ours = [(one.precision, one.recall, one.f1, one.support) for one in scores.by_class.values()]
    np.testing.assert_allclose(ours, np.stack(rows, axis=1), rtol=1e-12)


@settings(deadline=None)
@given(cases())
def test_the_losses_are_those_of_sklearn(case):
    true, log_probs, labels = case
    scores = ClassificationScores.of(true, log_probs, labels)
    order = sorted(range(len(labels)), key=labels.__getitem__)  # sklearn wants them in the order of the alphabet
    known = [at for at, label in enumerate(true) if label in labels]
    assert scores.n_unseen == len(true) - len(known)
    if not known:
        assert math.isnan(scores.nats)
    elif len(labels) > 1:
        probabilities = np.exp(log_probs[known][:, order])
        names = sorted(labels)
        theirs = sklearn.log_loss([true[at] for at in known], probabilities, labels=names)
        assert scores.nats == pytest.approx(theirs)
    one_more = np.exp(np.pad(log_probs[:, order], ((0, 0), (0, 2)), constant_values=-np.inf))
    theirs = sklearn.brier_score_loss(true, one_more, labels=[*sorted(labels), "x", "y"], scale_by_half=False)
    assert scores.squared_error == pytest.approx(theirs)


@given(cases(), st.randoms())
def test_the_order_of_the_texts_and_of_the_labels_is_no_matter(case, random):
    true, log_probs, labels = case
    scores = ClassificationScores.of(true, log_probs, labels)
    texts = random.sample(range(len(true)), len(true))
    columns = random.sample(range(len(labels)), len(labels))
    shuffled = ClassificationScores.of(
        [true[at] for at in texts], log_probs[texts][:, columns], [labels[column] for column in columns]
    )
    for name in FIGURES:
        assert getattr(shuffled, name) == pytest.approx(getattr(scores, name), nan_ok=True, abs=1e-12)
    assert shuffled.interval == scores.interval
    assert shuffled.correct.tolist() == scores.correct[texts].tolist()
    assert shuffled.by_class.keys() == scores.by_class.keys()
    assert str([shuffled.by_class[label] for label in scores.true_labels]) == str([*scores.by_class.values()])


def test_figures_by_arithmetic():
    """Of five texts two are right; "c" is predicted and of no text, "d" is neither, "?" is of a text and not known."""
    true = ["a", "a", "b", "?", "b"]
    probabilities = [[0.6, 0.2, 0.1, 0.1], [0.1, 0.2, 0.6, 0.1], [0.2, 0.7, 0.05, 0.05], [0.5, 0.3, 0.1, 0.1]]
    probabilities.append([0.4, 0.3, 0.2, 0.1])
    scores = ClassificationScores.of(true, np.log(probabilities), ["a", "b", "c", "d"])
    assert scores.true_labels == ("a", "b", "c", "d", "?")
    assert scores.confusion.tolist() == [[1, 0, 1, 0], [1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0]]
    assert (scores.n_texts, scores.n_correct, scores.n_unseen, scores.accuracy) == (5, 2, 1, 2 / 5)
    assert scores.true.tolist() == [0, 0, 1, 4, 1]
    assert scores.predicted.tolist() == [0, 2, 1, 0, 0]
    assert scores.correct.tolist() == [True, False, True, False, False]
    f1 = {"a": 2 * 1 / (2 + 3), "b": 2 * 1 / (2 + 1), "c": 0, "?": 0}  # 2 correct / (true + predicted)
    assert scores.macro_f1 == pytest.approx(sum(f1.values()) / 4)
    assert scores.weighted_f1 == pytest.approx((2 * f1["a"] + 2 * f1["b"] + 1 * 0) / 5)
    assert scores.nats == pytest.approx(-math.log(0.6 * 0.1 * 0.7 * 0.3) / 4)
    squares = [
        0.4**2 + 0.2**2 + 0.1**2 + 0.1**2,
        0.9**2 + 0.2**2 + 0.6**2 + 0.1**2,
        0.2**2 + 0.3**2 + 0.05**2 + 0.05**2,
        0.5**2 + 0.3**2 + 0.1**2 + 0.1**2 + 1,
        0.4**2 + 0.7**2 + 0.2**2 + 0.1**2,
    ]
    assert scores.squared_error == pytest.approx(sum(squares) / 5)
    # In 15 bins: 0.6 twice, one of them right; 0.7, right; 0.5 and 0.4, wrong.
    assert scores.ece == pytest.approx((abs(2 * 0.6 - 1) + abs(0.7 - 1) + 0.5 + 0.4) / 5)
    assert scores.majority_share == 2 / 5
    assert scores.figure == 1 - 2 / 5
    assert scores.at_ties == scores.nats
    assert scores.brief() == "accuracy 0.4000, macro F1 0.2667"
    assert scores.interval == interval_of(scores.counts, accuracy_of)
    assert scores.interval[0] < 0.4 < scores.interval[1]


def test_all_figures_by_name():
    scores = ClassificationScores.of(["b", "z"], np.log([[0.75, 0.25], [0.75, 0.25]]), ["a", "b"])
    nothing = {"precision": None, "recall": 0.0, "f1": 0.0, "support": 1}
    assert json.loads(json.dumps(scores.to_dict(), allow_nan=False)) == {
        "unit": "text",
        "of": "texts",
        "n_texts": 2,
        "accuracy": 0.0,
        "macro_f1": 0.0,
        "weighted_f1": 0.0,
        "nats": pytest.approx(math.log(4)),
        "squared_error": pytest.approx((2 * 0.75**2 + 0.75**2 + 0.25**2 + 1) / 2),
        "ece": pytest.approx(0.75),
        "n_unseen": 1,
        "by_class": {"a": {"precision": 0.0, "recall": None, "f1": 0.0, "support": 0}, "b": nothing, "z": nothing},
        "confusion": {"true": ["a", "b", "z"], "predicted": ["a", "b"], "counts": [[0, 0], [1, 0], [1, 0]]},
        "interval": [0.0, 0.0],
    }


def test_one_text_and_one_class():
    scores = ClassificationScores.of(["a"], np.zeros((1, 1)), ["a"])
    figures = [getattr(scores, name) for name in FIGURES]
    assert figures == [1, 1, 1, 0, 0, 0, 1]
    assert scores.interval == (1, 1)
    unknown = ClassificationScores.of(["b"], np.zeros((1, 1)), ["a"])
    assert (unknown.accuracy, unknown.macro_f1, unknown.squared_error, unknown.ece) == (0, 0, 2, 1)
    assert unknown.to_dict()["nats"] is None


def test_a_true_label_of_probability_nothing():
    with np.errstate(divide="ignore"):
        log_probs = np.log([[1.0, 0.0]])
    scores = ClassificationScores.of(["b"], log_probs, ["a", "b"])
    assert (scores.nats, scores.squared_error) == (math.inf, 2)
    json.dumps(scores.to_dict(), allow_nan=False)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_lower_precision_is_near(dtype):
    rng = np.random.default_rng(4)
    log_probs = log_probs_of(rng, 200, 30)
    labels = [str(label) for label in range(30)]
    true = rng.choice(labels, 200).tolist()
    exact, rounded = (ClassificationScores.of(true, values, labels) for values in (log_probs, log_probs.astype(dtype)))
    for name in ("nats", "squared_error", "ece"):
        assert getattr(rounded, name) == pytest.approx(getattr(exact, name), rel=0.01)


def test_a_probability_a_little_above_one():
    """As half precision rounds it."""
    scores = ClassificationScores.of(["a"], np.array([[0.004, -9.0]]), ["a", "b"])
    assert (scores.ece, scores.accuracy) == (0, 1)
    assert 0 <= scores.squared_error < 1e-4


def test_certainty_costs_nothing_and_not_less():
    scores = ClassificationScores.of(["a", "b"], np.array([[0.0, -np.inf], [-np.inf, 1e-9]]), ["a", "b"])
    assert f"{scores.nats:.4f}" == "0.0000"  # and not -0.0000


def test_among_equally_likely_labels_the_first_is_predicted():
    scores = ClassificationScores.of(["a", "b"], np.log(np.full((2, 2), 0.5)), ["b", "a"])
    assert scores.predicted.tolist() == [0, 0]


def test_input_that_does_not_fit():
    half = np.log(np.full((2, 2), 0.5))
    for true, log_probs, labels, message in (
        ([], half[:0], ["a", "b"], "and at least one text"),
        (["a"], half, ["a", "b"], "1 texts and 2 labels do not fit log-probabilities of the shape \\(2, 2\\)"),
        (["a", "b"], half, ["a"], "2 texts and 1 labels do not fit"),
        (["a", "b"], half[0], ["a", "b"], "of the shape \\(2,\\)"),
        (["a", "b"], half[:, :0], [], "there are no labels"),
        (["a", "b"], half, ["a", "a"], "the label 'a' stands twice"),
        (["a", "b"], half * [[1], [2]], ["a", "b"], "text 2: the probabilities of its labels add up to 0.5, not to 1"),
        (["a", "b"], np.array([[0.3, -2], [5, 1]]), ["a", "b"], "text 1: .* log_softmax"),
        (["a", "b"], half * [[1], [np.nan]], ["a", "b"], "text 2: .* add up to nan"),
        (["a", "b"], half * [[np.inf], [1]], ["a", "b"], "text 1: .* add up to 0"),
        (["a", "b"], np.array([[0, -50], [1e4, 0]]), ["a", "b"], "text 2: .* add up to inf"),
    ):
        with pytest.raises(DataError, match=message):
            ClassificationScores.of(true, log_probs, labels)


def test_the_example():
    outcome = doctest.testmod(classification)
    assert outcome.attempted
    assert not outcome.failed
