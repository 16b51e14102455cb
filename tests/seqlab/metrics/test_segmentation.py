import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqlab.errors import DataError
from seqlab.metrics.segmentation import SegmentationCounts, SegmentationScores


@st.composite
def two_segmentations(draw):
    """A text, and two sets of places where it is cut."""
    text = draw(st.text("abc", min_size=1, max_size=20))
    cuts = st.sets(st.integers(1, len(text) - 1)) if len(text) > 1 else st.just(set())
    return text, draw(cuts), draw(cuts)


def cut(text, places):
    ends = [0, *sorted(places), len(text)]
    return [text[start:end] for start, end in itertools.pairwise(ends)]


def test_figures_by_arithmetic():
    """Of the true words 山中, 有, 老虎, 吗 the segmentation finds 有 and 吗; 老虎 and 吗 were never seen."""
    counts = SegmentationCounts(["山中", "有", "老"])
    counts.add(["山中", "有", "老虎", "吗"], ["山", "中", "有", "老", "虎", "吗"])
    scores = counts.scores()
    assert scores == SegmentationScores(n_true=4, n_predicted=6, n_correct=2, n_unknown=2, n_unknown_correct=1)
    assert scores.precision == 2 / 6
    assert scores.recall == 2 / 4
    assert scores.f1 == pytest.approx(2 * (2 / 6) * (2 / 4) / (2 / 6 + 2 / 4))
    assert (scores.oov_rate, scores.oov_recall, scores.iv_recall) == (2 / 4, 1 / 2, 1 / 2)
    counts.add(["好"], ["好"])  # sums are divided once, so sentences do not count the same
    assert counts.scores().recall == 3 / 5


@given(st.lists(two_segmentations(), max_size=5), st.sets(st.text("abc", min_size=1, max_size=3)))
def test_a_word_is_right_where_both_ends_are_cut_and_nothing_between(sentences, known):
    counts = SegmentationCounts(known)
    n_true = n_predicted = n_correct = n_unknown = n_unknown_correct = 0
    for text, true, predicted in sentences:
        counts.add(cut(text, true), cut(text, predicted))
        ends = [0, *sorted(true), len(text)]
        n_true += len(true) + 1
        n_predicted += len(predicted) + 1
        for start, end in itertools.pairwise(ends):
            correct = {start, end} <= predicted | {0, len(text)} and not any(start < at < end for at in predicted)
            n_correct += correct
            n_unknown += text[start:end] not in known
            n_unknown_correct += correct and text[start:end] not in known
    assert counts.scores() == SegmentationScores(n_true, n_predicted, n_correct, n_unknown, n_unknown_correct)


@given(two_segmentations())
def test_the_other_way_round_precision_is_recall(sentence):
    text, one, other = sentence
    there, back = SegmentationCounts(), SegmentationCounts()
    there.add(cut(text, one), cut(text, other))
    back.add(cut(text, other), cut(text, one))
    assert there.scores().precision == back.scores().recall
    assert there.scores().f1 == back.scores().f1
    same = SegmentationCounts(cut(text, one))
    same.add(cut(text, one), cut(text, one))
    assert (same.scores().f1, same.scores().oov_rate, same.scores().iv_recall) == (1, 0, 1)


def test_over_no_words_a_figure_is_not_a_number():
    scores = SegmentationCounts(["a"]).scores()
    assert all(math.isnan(scores.to_dict()[name]) for name in ("precision", "recall", "f1", "oov_rate", "iv_recall"))
    counts = SegmentationCounts(["a"])
    counts.add([], [])
    counts.add(["a"], ["a"])
    assert counts.scores().recall == 1
    assert math.isnan(counts.scores().oov_recall)


def test_all_figures_by_name():
    scores = SegmentationScores(n_true=1000, n_predicted=800, n_correct=600, n_unknown=50, n_unknown_correct=10)
    assert scores.to_dict() == {
        "n_true": 1000,
        "n_predicted": 800,
        "n_correct": 600,
        "n_unknown": 50,
        "n_unknown_correct": 10,
        "precision": 0.75,
        "recall": 0.6,
        "f1": 1200 / 1800,
        "oov_rate": 0.05,
        "oov_recall": 0.2,
        "iv_recall": 590 / 950,
    }
    assert str(scores) == (
        "F1 0.6667, precision 0.7500, recall 0.6000; out of vocabulary 5.00%, recall 0.2000 of these, "
        "0.6211 of the others (1,000 words)"
    )


@pytest.mark.parametrize(
    ("predicted", "says"),
    [
        (["好", "山"], "sentence 2: the texts differ from character 2 on, '水' is not '山'"),
        (["好"], "sentence 2: the texts differ from character 2 on, '水' is not ''"),
        (["好", "水", "。"], "sentence 2: the texts differ from character 3 on, '' is not '。'"),
    ],
)
def test_two_texts_are_refused(predicted, says):
    counts = SegmentationCounts()
    counts.add(["好"], ["好"])
    with pytest.raises(DataError) as caught:
        counts.add(["好", "水"], predicted)
    assert str(caught.value).startswith(says)
    assert counts.scores().n_true == 1
