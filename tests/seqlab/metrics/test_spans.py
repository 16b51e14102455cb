import math
import warnings

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from seqeval import metrics as seqeval
from seqeval.scheme import IOB2, IOBES

from seqlab.metrics.spans import SpanCounts, SpanScores
from seqlab.text.schemes import SCHEMES

ORACLES = {"BIO": IOB2, "BIOES": IOBES}
LETTERS = {"BIO": "BI", "BIOES": "BIES"}


@st.composite
def tagged_sentences(draw):
    """A scheme, and sentences with true and predicted tags; the sequences are mostly not legal."""
    name = draw(st.sampled_from(sorted(ORACLES)))
    tag = st.sampled_from(["O", *(f"{letter}-{type_}" for letter in LETTERS[name] for type_ in ("PER", "LOC"))])
    return name, draw(st.lists(st.lists(st.tuples(tag, tag), min_size=1, max_size=8), min_size=1, max_size=5))


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(tagged_sentences())
def test_the_figures_are_those_of_seqeval(drawn):
    name, sentences = drawn
    true = [[tag for tag, _ in sentence] for sentence in sentences]
    predicted = [[tag for _, tag in sentence] for sentence in sentences]
    counts = SpanCounts()
    for one, other in zip(true, predicted, strict=True):
        counts.add(SCHEMES[name].whole_spans(one), SCHEMES[name].whole_spans(other))
    if not counts.scores().n_true:
        return  # seqeval cannot tell what there is
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of types that are never predicted
        report = seqeval.classification_report(
            true, predicted, mode="strict", scheme=ORACLES[name], output_dict=True, zero_division=0
        )
    rows = {"micro avg": counts.scores()} | counts.by_type()
    for row, scores in rows.items():
        for figure, theirs in (("precision", "precision"), ("recall", "recall"), ("f1", "f1-score")):
            ours = getattr(scores, figure)
            assert (0 if math.isnan(ours) else ours) == pytest.approx(report[row][theirs])
        assert scores.n_true == report[row]["support"]
    assert counts.macro_f1() == pytest.approx(report["macro avg"]["f1-score"])


def test_figures_by_arithmetic():
    """Two names of three are found, one of them with the wrong type, and one of four is made up."""
    counts = SpanCounts()
    assert counts.add([(0, 2, "PER"), (3, 4, "LOC")], [(0, 2, "PER"), (3, 4, "PER")]) == (2, 2, 1)
    assert counts.add([(0, 2, "PER")], [(0, 1, "PER"), (2, 3, "ORG")]) == (1, 2, 0)
    scores = counts.scores()
    assert scores == SpanScores(n_true=3, n_predicted=4, n_correct=1)
    assert (scores.precision, scores.recall, scores.f1) == (1 / 4, 1 / 3, 2 / 7)
    by_type = counts.by_type()
    assert list(by_type) == ["LOC", "ORG", "PER"]
    assert by_type["PER"] == SpanScores(2, 3, 1)
    assert math.isnan(by_type["ORG"].recall)
    assert counts.macro_f1() == pytest.approx((0 + 0 + 2 / 5) / 3)
    assert str(scores) == "F1 0.2857, precision 0.2500, recall 0.3333 (3 spans, 4 predicted)"
    assert scores.to_dict() == {
        "n_true": 3,
        "n_predicted": 4,
        "n_correct": 1,
        "precision": 1 / 4,
        "recall": 1 / 3,
        "f1": 2 / 7,
    }


def test_the_same_place_in_two_sentences_is_not_the_same():
    counts = SpanCounts()
    counts.add([(0, 1, "PER")], [])
    counts.add([], [(0, 1, "PER")])
    assert counts.scores() == SpanScores(1, 1, 0)


def test_over_no_spans_a_figure_is_not_a_number():
    counts = SpanCounts()
    counts.add([], [])
    assert counts.by_type() == {}
    assert all(math.isnan(figure) for figure in (counts.scores().f1, counts.scores().precision, counts.macro_f1()))
