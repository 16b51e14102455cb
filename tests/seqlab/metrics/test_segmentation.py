import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqlab.errors import DataError
from seqlab.metrics.segmentation import SegmentationCounts, SegmentationScores
from seqlab.metrics.tags import Confusion


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
        of_sentence = counts.add(cut(text, true), cut(text, predicted))
        ends = [0, *sorted(true), len(text)]
        before = n_correct
        n_true += len(true) + 1
        n_predicted += len(predicted) + 1
        for start, end in itertools.pairwise(ends):
            correct = {start, end} <= predicted | {0, len(text)} and not any(start < at < end for at in predicted)
            n_correct += correct
            n_unknown += text[start:end] not in known
            n_unknown_correct += correct and text[start:end] not in known
        assert of_sentence == (len(true) + 1, len(predicted) + 1, n_correct - before)
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


@given(st.lists(two_segmentations(), max_size=5))
def test_confusions_go_from_common_border_to_common_border(sentences):
    counts = SegmentationCounts()
    expected = {}
    for text, true, predicted in sentences:
        counts.add(cut(text, true), cut(text, predicted))
        for start, end in itertools.pairwise([0, *sorted(true & predicted), len(text)]):
            pair = tuple(
                " ".join(cut(text[start:end], {at - start for at in cuts if start < at < end}))
                for cuts in (true, predicted)
            )
            if pair[0] != pair[1]:
                example = f"{text[max(start - 8, 0) : start]}[{text[start:end]}]{text[end : end + 8]}"
                expected.setdefault(pair, []).append(example)
    found = counts.confusions()
    assert {(true, predicted): n for true, predicted, n, _ in found} == {pair: len(at) for pair, at in expected.items()}
    for true, predicted, _, examples in found:
        assert examples == tuple(dict.fromkeys(expected[true, predicted]))[:3]
    order = [(-confusion.n, confusion.true.split(), confusion.predicted.split()) for confusion in found]
    assert order == sorted(order)


def test_confusions_by_hand():
    counts = SegmentationCounts()
    for before in ("今天", "昨天", "后天", "今天", "明天"):
        counts.add([before, "下", "了", "大雨"], [before, "下", "了", "大", "雨"])
    counts.add(["一", "条", "小河", "流", "过", "村庄"], ["一条", "小", "河流", "过", "村庄"])
    assert counts.confusions() == [
        Confusion("大雨", "大 雨", 5, ("今天下了[大雨]", "昨天下了[大雨]", "后天下了[大雨]")),
        Confusion("一 条", "一条", 1, ("[一条]小河流过村庄",)),
        Confusion("小河 流", "小 河流", 1, ("一条[小河流]过村庄",)),
    ]
    assert counts.confusions(most=1) == counts.confusions()[:1]
