import doctest
import json
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn

from seqlab.errors import ConfigError, DataError
from seqlab.metrics import multi_label
from seqlab.metrics.bootstrap import f1_of, interval_of
from seqlab.metrics.multi_label import MultiLabelScores


@st.composite
def cases(draw):
    """Sets of true labels, probabilities, labels, threshold; some texts have no label, and some have new ones."""
    n_labels = draw(st.integers(1, 4))
    labels = draw(st.permutations("abcd"))[:n_labels]
    true = draw(st.lists(st.sets(st.sampled_from([*labels, "y", "x"])), min_size=1, max_size=8))
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    return true, rng.beta(0.3, 0.5, size=(len(true), n_labels)), labels, draw(st.sampled_from([0.2, 0.5, 0.99]))


@settings(deadline=None)
@given(cases())
def test_the_figures_are_those_of_sklearn_and_torch(case):
    true, probabilities, labels, threshold = case
    scores = MultiLabelScores.of(true, probabilities, labels, threshold)
    names = [*labels, *sorted({label for one in true for label in one} - set(labels))]
    assert list(scores.true_labels) == names
    has = np.array([[label in one for label in names] for one in true])
    found = np.pad(probabilities >= threshold, ((0, 0), (0, len(names) - len(labels))))
    assert scores.exact_match == pytest.approx((has == found).all(axis=1).mean())
    assert scores.hamming_loss == pytest.approx((has != found).mean())
    occurs = [column for column in range(len(names)) if has[:, column].any() or found[:, column].any()]
    if len(names) > 1:  # one column is read as two classes
        rows = sklearn.precision_recall_fscore_support(has, found, zero_division=np.nan)
        ours = [(one.precision, one.recall, one.f1, one.support) for one in scores.by_class.values()]
        np.testing.assert_allclose(ours, np.stack(rows, axis=1), rtol=1e-12)
        micro = sklearn.precision_recall_fscore_support(has, found, average="micro", zero_division=np.nan)[:3]
        np.testing.assert_allclose((scores.micro.precision, scores.micro.recall, scores.micro_f1), micro, rtol=1e-12)
        assert scores.exact_match == pytest.approx(sklearn.accuracy_score(has, found))
        assert scores.hamming_loss == pytest.approx(sklearn.hamming_loss(has, found))
    if len(names) > 1 and occurs:
        macro = sklearn.precision_recall_fscore_support(has, found, labels=occurs, average="macro", zero_division=0)
        ours = (scores.macro_precision, scores.macro_recall, scores.macro_f1)
        assert ours == pytest.approx(macro[:3])
    loss = torch.nn.BCELoss(reduction="sum")(
        torch.from_numpy(probabilities), torch.from_numpy(has[:, : len(labels)].astype(np.float64))
    )
    assert scores.nats == pytest.approx(loss.item() / len(true))


@given(cases(), st.randoms())
def test_the_order_of_the_texts_and_of_the_labels_is_no_matter(case, random):
    true, probabilities, labels, threshold = case
    scores = MultiLabelScores.of(true, probabilities, labels, threshold)
    texts = random.sample(range(len(true)), len(true))
    columns = random.sample(range(len(labels)), len(labels))
    shuffled = MultiLabelScores.of(
        [true[at] for at in texts],
        probabilities[texts][:, columns],
        [labels[column] for column in columns],
        threshold,
    )
    ours, theirs = scores.to_dict(), shuffled.to_dict()
    for name, figure in ours.items():
        if isinstance(figure, float):
            assert theirs[name] == pytest.approx(figure)
        elif not isinstance(figure, dict):
            assert theirs[name] == figure
    assert theirs["by_class"] == ours["by_class"]
    assert shuffled.correct.tolist() == scores.correct[texts].tolist()


def test_figures_by_arithmetic():
    """Five labels are true and four predicted, three of them rightly; "x" is not known, "d" is neither."""
    true = [{"a", "b"}, {"b", "x"}, [], ("a",)]
    probabilities = np.array([[0.9, 0.6, 0.1, 0.1], [0.2, 0.3, 0.2, 0.1], [0.1, 0.1, 0.5, 0.1], [0.8, 0.4, 0.1, 0.3]])
    scores = MultiLabelScores.of(true, probabilities, ["a", "b", "c", "d"])
    assert scores.counts.tolist() == [[2, 2, 2], [2, 0, 0], [0, 1, 0], [1, 1, 1]]
    assert (scores.micro.precision, scores.micro.recall, scores.micro_f1) == (3 / 4, 3 / 5, 2 * 3 / 9)
    f1 = {"a": 1, "b": 2 * 1 / (2 + 1), "c": 0, "x": 0}
    assert scores.macro_f1 == pytest.approx(sum(f1.values()) / 4)
    assert scores.macro_precision == pytest.approx((1 + 1 + 0 + 0) / 4)
    assert scores.macro_recall == pytest.approx((1 + 1 / 2 + 0 + 0) / 4)
    assert scores.exact_match == 2 / 4
    assert scores.correct.tolist() == [True, False, False, True]
    assert scores.hamming_loss == 3 / (4 * 5)
    likely = [0.9, 0.6, 0.9, 0.9, 0.8, 0.3, 0.8, 0.9, 0.9, 0.9, 0.5, 0.9, 0.8, 0.6, 0.9, 0.7]
    assert scores.nats == pytest.approx(-sum(map(math.log, likely)) / 4)
    assert scores.n_unseen == 1
    assert scores.figure == 1 - scores.micro_f1
    assert scores.at_ties == scores.nats
    assert scores.brief() == "micro F1 0.6667, macro F1 0.4167"
    assert scores.interval == interval_of(scores.counts, f1_of)


def test_all_figures_by_name():
    scores = MultiLabelScores.of([{"a"}, set()], np.array([[0.75, 0.25], [0.25, 0.75]]), ["a", "b"])
    assert json.loads(json.dumps(scores.to_dict(), allow_nan=False)) == {
        "unit": "text",
        "of": "labels",
        "n_texts": 2,
        "n_true": 1,
        "n_unseen": 0,
        "threshold": 0.5,
        "micro_precision": 0.5,
        "micro_recall": 1.0,
        "micro_f1": pytest.approx(2 / 3),
        "macro_precision": 0.5,
        "macro_recall": 0.5,
        "macro_f1": 0.5,
        "exact_match": 0.5,
        "hamming_loss": 0.25,
        "nats": pytest.approx(-(3 * math.log(0.75) + math.log(0.25)) / 2),
        "by_class": {
            "a": {"precision": 1.0, "recall": 1.0, "f1": 1.0, "support": 1},
            "b": {"precision": 0.0, "recall": None, "f1": 0.0, "support": 0},
        },
        "interval": [0.0, 1.0],
    }


def test_nothing_is_true_and_nothing_predicted():
    scores = MultiLabelScores.of([set()], np.array([[0.1]]), ["a"])
    assert (scores.exact_match, scores.hamming_loss, scores.figure) == (1, 0, 1)
    assert math.isnan(scores.micro_f1)
    assert math.isnan(scores.macro_f1)
    found = json.loads(json.dumps(scores.to_dict(), allow_nan=False))
    assert (found["micro_f1"], found["macro_f1"], found["interval"]) == (None, None, [None, None])


def test_the_threshold_matters_and_belongs_to_what_is_predicted():
    true, probabilities = [{"a"}, {"b"}], np.array([[0.3, 0.1], [0.2, 0.3]])
    at = {threshold: MultiLabelScores.of(true, probabilities, ["a", "b"], threshold) for threshold in (0.1, 0.3, 0.5)}
    assert [scores.micro.n_predicted for scores in at.values()] == [4, 2, 0]
    assert at[0.3].exact_match == 1


def test_certain_and_wrong_as_in_torch():
    """Probabilities of exactly 0 and 1 are what the sigmoid of a large logit is in single precision."""
    probabilities = np.array([[0.0, 1.0]], dtype=np.float32)
    loss = torch.nn.BCELoss(reduction="sum")(torch.from_numpy(probabilities), torch.tensor([[1.0, 1.0]]))
    assert MultiLabelScores.of([{"a", "b"}], probabilities, ["a", "b"]).nats == loss.item() == 100


def test_certainty_costs_nothing_and_not_less():
    scores = MultiLabelScores.of([("a",), ()], np.array([[1.0, 0.0], [0.0, 0.0]]), ["a", "b"])
    assert f"{scores.nats:.4f}" == "0.0000"  # and not -0.0000


def test_input_that_does_not_fit():
    half = np.full((2, 2), 0.5)
    for true, probabilities, labels, message in (
        ([], half[:0], ["a", "b"], "and at least one text"),
        ([{"a"}], half, ["a", "b"], "1 texts and 2 labels do not fit probabilities of the shape \\(2, 2\\)"),
        ([{"a"}, {"b"}], half, ["a"], "2 texts and 1 labels do not fit"),
        ([{"a"}, {"b"}], half[:, :0], [], "there are no labels"),
        ([{"a"}, {"b"}], half, ["a", "a"], "the label 'a' stands twice"),
        ([{"a"}, "b"], half, ["a", "b"], "the labels of a text are a string"),
        ([{"a"}, {"b"}], half * [[1], [3]], ["a", "b"], "text 2: .* the sigmoid of the logits"),
        ([{"a"}, {"b"}], half * [[np.nan], [1]], ["a", "b"], "text 1: not all are probabilities"),
    ):
        with pytest.raises(DataError, match=message):
            MultiLabelScores.of(true, probabilities, labels)
    for threshold in (-0.1, 1.5, math.nan):
        with pytest.raises(ConfigError, match="give a probability, from 0 to 1"):
            MultiLabelScores.of([{"a"}], half[:1], ["a", "b"], threshold)


def test_the_example():
    outcome = doctest.testmod(multi_label)
    assert outcome.attempted
    assert not outcome.failed
