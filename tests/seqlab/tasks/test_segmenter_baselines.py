import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqlab.errors import ConfigError, ModelError
from seqlab.ngram.tagging import HMMTagger
from seqlab.tasks.hmm_segmenter import HmmSegmenter
from seqlab.tasks.matching_segmenter import MatchingSegmenter
from seqlab.text.bmes import tags_of_words
from seqlab.text.max_match import MaximumMatcher
from seqlab.text.sentences import Sentences, split

CUT = [
    line.split()
    for line in """
    小船 慢慢 靠 了 岸 。
    岸 上 的 人 在 等 船 。
    老人 慢慢 走 上 小船 。
    他 等 了 三 天 ， 船 上 没有 人 。
    孩子们 在 岸上 画 小船 ， 画 得 慢 。
    天气预报 说 三 天 没有 雨 。
    """.strip().splitlines()
]
WORDS = {word for words in CUT for word in words}
SIGNS = list("小船慢岸上的人等三天，。孩子们 \n") + list("x１\u0301👍🏽")
TEXT = st.text(st.sampled_from(SIGNS) | st.characters(exclude_categories=()), max_size=40)


def tagger(order=2, cut=CUT):
    return HMMTagger.fit([(list("".join(words)), list(tags_of_words(words))) for words in cut], order)


@pytest.fixture(scope="module")
def segmenters():
    directions = ("forward", "backward", "bidirectional")
    return [
        *(MatchingSegmenter(None, WORDS, direction) for direction in directions),
        HmmSegmenter(None, tagger(), WORDS),
    ]


@given(text=TEXT, rng=st.randoms(use_true_random=False))
@settings(deadline=None)
def test_any_borders_are_met(segmenters, text, rng):
    found = split([text], longest=12)
    borders = np.array([rng.choice([1, -1, 0, 0]) for _ in found.codes], np.int8)
    borders[found.starts[:-1]] = 1
    found = found._replace(borders=borders)
    for segmenter in segmenters:
        if len(found.codes):
            begins = segmenter._begins(found)
            assert begins.dtype == bool
            assert begins[borders == 1].all()
            assert not begins[borders == -1].any()
        assert "".join(segmenter.lcut(text)) == text


@given(texts=st.lists(TEXT, max_size=4))
@settings(deadline=None)
def test_many_at_once_are_as_one_by_one(segmenters, texts):
    for segmenter in segmenters:
        assert segmenter.batch(texts) == [segmenter.lcut(text) for text in texts]


@pytest.mark.parametrize("direction", ["forward", "backward", "bidirectional"])
def test_matching_is_maximum_matching(direction):
    match = getattr(MaximumMatcher(WORDS), direction)
    for words in CUT:
        text = "".join(words)
        assert MatchingSegmenter(None, WORDS, direction).lcut(text) == match(text)
    with pytest.raises(ConfigError, match="unknown direction 'forwards'"):
        MatchingSegmenter(None, WORDS, "forwards")


def test_matching_between_borders():
    segmenter = MatchingSegmenter(None, ["研究", "研究生", "生命"], "forward")
    assert segmenter.lcut("研究生命") == ["研究生", "命"]
    segmenter.add_word("生命")
    assert segmenter.lcut("研究生命") == ["研究", "生命"]
    segmenter.add_word("究生")
    assert segmenter.lcut("研究生命") == ["研", "究生", "命"]


def test_widths_are_folded_to_be_read():
    for fold, expected in ((True, ["Ａ＋", "１％"]), (False, ["Ａ", "＋", "１", "％"])):
        assert MatchingSegmenter(None, ["A+", "1%"], fold=fold).lcut("Ａ＋１％") == expected
    cut = [*CUT, ["AB", "12"], ["12", "AB"]]
    assert HmmSegmenter(None, tagger(cut=cut), WORDS, fold=True).lcut("ＡＢ１２") == ["ＡＢ", "１２"]


@pytest.mark.parametrize("order", [1, 2, 3])
def test_the_best_legal_tags_of_all(order):
    """Against every way to cut a sentence, by the probability that the tagger gives it; some words are forced."""
    model = tagger(order)
    segmenter = HmmSegmenter(None, model, WORDS)
    for text, fixed in {"慢慢慢上": {}, "岸上慢慢": {2: 1, 3: -1}, "慢慢慢慢": {1: -1}, "人岸上慢": {3: 1}}.items():
        borders = np.array([1, *(fixed.get(place, 0) for place in range(1, len(text)))], np.int8)
        codes = np.array([ord(character) for character in text], np.uint32)
        places = np.arange(len(text))
        begins = segmenter._begins(Sentences(codes, places, np.array([0, len(text)]), borders))
        best = -math.inf
        for inner in itertools.product([True, False], repeat=len(text) - 1):
            chosen = np.array([True, *inner])
            if (chosen[borders == 1]).all() and not chosen[borders == -1].any():
                best = max(best, log_prob(model, text, chosen))
        assert best > -math.inf
        assert log_prob(model, text, begins) == pytest.approx(best, abs=1e-6)


def log_prob(model, text, begins):
    cuts = [*np.flatnonzero(begins).tolist(), len(text)]
    words = [text[start:end] for start, end in itertools.pairwise(cuts)]
    return model.log_prob(list(text), list(tags_of_words(words)))


def test_tags_that_make_no_words():
    """Characters that were only seen to begin words, one after another: other tags are tried, no more than needed."""
    segmenter = HmmSegmenter(None, tagger(), WORDS)
    for text in ("孩孩", "孩孩孩孩小船", "们们", "孩"):
        assert "".join(segmenter.lcut(text)) == text
    assert segmenter.lcut("小船慢慢孩孩")[:2] == ["小船", "慢慢"]
    segmenter.add_word("孩孩")
    assert segmenter.lcut("小船慢慢孩孩") == ["小船", "慢慢", "孩孩"]


def test_few_tags():
    only_single = HmmSegmenter(None, tagger(cut=[list("小船上"), list("船上")]), [])
    assert only_single.lcut("小船上岸") == list("小船上岸")
    only_single.add_word("小船上岸")
    assert only_single.lcut("小船上岸") == ["小船上岸"]
    only_pairs = HmmSegmenter(None, tagger(cut=[["小船", "慢慢"], ["慢慢"]]), [])
    assert only_pairs.lcut("小船慢慢") == ["小船", "慢慢"]
    assert "".join(only_pairs.lcut("小船慢")) == "小船慢"
    with pytest.raises(ModelError, match="tags n, v"):
        HmmSegmenter(None, HMMTagger.fit([(["小", "船"], ["n", "v"])]), [])


def test_training_text_comes_out_as_it_was():
    scores = HmmSegmenter(None, tagger(3), WORDS, {"f1": 1}).evaluate(CUT).scores
    assert scores.f1 > 0.9
    assert scores.oov_rate == 0
