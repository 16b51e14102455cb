import io
import itertools
import threading
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqlab.errors import ConfigError, DataError
from seqlab.records import Segmented
from seqlab.tasks import segmenter as module
from seqlab.tasks.segmenter import Segmenter
from seqlab.text.sentences import split

SIGNS = list("ab1.,!。！，”） \n\u3000好中文") + list("\u0301\u200d👍🏽👩🇩🇪\ud83d\0")
TEXT = st.text(st.sampled_from(SIGNS) | st.characters(exclude_categories=()), max_size=80)
WORDS = ["好", "中文", "文好", "好中文", "ab", "a"]


class Counting(Segmenter):
    """A word begins by the character and its place in the sentence: what was read as one sentence shows in the words."""

    longest = 12

    def _begins(self, sentences):
        codes, _, starts, borders = sentences
        sizes = np.diff(starts)
        assert len(codes) == starts[-1] > 0
        assert sizes.min() > 0
        assert sizes.max() <= max(self.longest, 32)  # what is decided again has 32 characters
        assert (borders[starts[:-1]] == 1).all()
        at = np.arange(len(codes)) - np.repeat(starts[:-1], sizes)
        return (((codes + at) % 3 == 0) | (borders == 1)) & (borders != -1)


@pytest.fixture(scope="module")
def counting():
    return Counting({"a": 1}, WORDS, {"f1": 0.5})


def test_what_it_was_made_of(counting):
    assert counting.config == {"a": 1}
    assert counting.scores == {"f1": 0.5}
    assert counting.words == frozenset(WORDS)
    assert Counting(None, []).scores == {}


@given(texts=st.lists(TEXT, max_size=5))
def test_nothing_is_lost(counting, texts):
    kept, dropped = counting.batch(texts), counting.batch(iter(texts), whitespace="drop")
    for text, words, without in zip(texts, kept, dropped, strict=True):
        assert "".join(words) == text
        assert "".join(without) == "".join(text.split())
        assert without == [word for word in words if not word.isspace()]
        assert counting.lcut(text) == list(counting.cut(text)) == words
        assert counting.lcut(text, whitespace="drop") == list(counting.cut(text, whitespace="drop")) == without
        for whitespace, expected in (("keep", words), ("drop", without)):
            tokens = list(counting.tokenize(text, whitespace=whitespace))
            assert [word for word, _, _ in tokens] == expected
            assert all(text[start:end] == word for word, start, end in tokens)


@given(text=st.text(st.sampled_from(SIGNS), max_size=300))
@settings(deadline=None)
def test_a_long_text_is_read_in_stretches(text):
    counting = Counting(None, WORDS)
    counting.add_word("中。文")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "LONGEST", 24)
        patch.setattr(module, "STRETCH", 64)
        words = counting.lcut(text)
        assert list(counting.cut(text)) == words == counting.batch(["a", text])[1]
        assert "".join(words) == text
        assert "".join(counting.cut(text, whitespace="drop")) == "".join(text.split())
        assert not any(one.isspace() and other.isspace() for one, other in itertools.pairwise(words))
        tokens = list(counting.tokenize(text))
        assert [(token.word, text[token.start : token.end]) for token in tokens] == [(word, word) for word in words]


def test_stretches_change_no_word_of_sentences_that_are_not_too_long():
    text = "好中文a1， ab中中。”\n文好！ \u3000" * 40
    counting = Counting(None, WORDS)
    expected = counting.lcut(text)
    for stretch in (40, 77, 200):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "STRETCH", stretch)
            assert counting.lcut(text) == expected


def test_sentences_that_are_too_long(counting):
    for text in ("好" * 100_000, "中\u0301" * 3000, "a" + "\u0301" * 3000, " " * 5000, "👩\u200d" * 999, "\0" * 1000):
        words = counting.lcut(text)
        assert "".join(words) == text
        assert counting.lcut(text, whitespace="drop") == [word for word in words if not word.isspace()]
    assert counting.lcut("a" + "\u0301" * 3000) == ["a" + "\u0301" * 3000]


class Pairs(Segmenter):
    """Words of two characters, from wherever a sentence begins."""

    longest = 33

    def __init__(self):
        super().__init__(None, [])
        self.read = []

    def _begins(self, sentences):
        self.read.append(sentences)
        at = np.arange(len(sentences.codes)) - np.repeat(sentences.starts[:-1], np.diff(sentences.starts))
        return ((at % 2 == 0) & (sentences.borders == 0)) | (sentences.borders == 1)


def test_hard_cuts_are_decided_again():
    pairs = Pairs()
    words = pairs.lcut("好" * 99)
    first, again = pairs.read
    assert first.starts.tolist() == [0, 33, 66, 99]
    assert again.starts.tolist() == [0, 32, 64]
    assert again.places[again.starts[:-1]].tolist() == [17, 50]
    assert np.flatnonzero(again.borders[:32] == 0).tolist() == list(range(9, 24))  # 7 on both sides of the cut
    begins = [0, *itertools.accumulate(map(len, words))]
    assert begins == [*range(0, 25, 2), *range(27, 58, 2), *range(60, 99, 2), 99]


def test_a_word_of_the_user_over_a_hard_cut():
    counting = Counting(None, [])
    counting.add_word("中文好中文")
    text = "好" * 10 + "中文好中文" + "好" * 30
    assert "中文好中文" in counting.lcut(text)


def test_search(counting):
    counting = Counting(None, WORDS)
    for word in ("a好中文b", "x1y1"):
        counting.add_word(word)
    text = "a好中文b x1y1"
    expected = ["中文", "好中文", "a好中文b", " ", "x1y1"]
    assert counting.lcut_for_search(text) == list(counting.cut_for_search(text)) == expected
    tokens = list(counting.tokenize(text, mode="search", whitespace="drop"))
    assert tokens == [("中文", 2, 4), ("好中文", 1, 4), ("a好中文b", 0, 5), ("x1y1", 6, 10)]
    counting.add_word("1y")
    assert counting.lcut_for_search("x1y1") == ["1y", "x1y1"]


def test_words_of_the_user(tmp_path, counting):
    counting = Counting(None, [])
    counting.add_word("中文好中文好")
    assert counting.lcut("好中文好中文好") == ["好", "中文好中文好"]
    counting.del_word("中文好中文好")
    assert "中文好中文好" not in counting.lcut("好中文好中文好")
    path = tmp_path / "user.txt"
    path.write_text("中文好中文好 5 n\n", encoding="utf-8")
    counting.load_userdict(path)
    assert counting.lcut("好中文好中文好") == ["好", "中文好中文好"]
    with pytest.raises(DataError, match=r"line 2.*not a word"):
        counting.load_userdict(io.StringIO("文 5\n文 文 文\n"))
    assert "文" not in counting._user_words
    with pytest.raises(ConfigError, match="no user word"):
        counting.del_word("文")
    with pytest.raises(ConfigError, match="white space"):
        counting.add_word("中 文")


@given(text=TEXT, user=st.lists(st.text(SIGNS, min_size=1, max_size=4).filter(str.strip), max_size=4))
def test_borders_that_are_forced(text, user):
    counting = Counting(None, [])
    for word in user:
        if word.split() == [word]:
            counting.add_word(word)
    borders = counting._user_words.force(split([text], longest=None))
    starts = {start for _, start, _ in counting.tokenize(text)}
    for place, border in zip(borders.places.tolist(), borders.borders.tolist(), strict=True):
        assert border == 0 or (place in starts) == (border == 1)


@pytest.mark.parametrize("text", [None, b"text", 5, ["a"]])
def test_what_is_no_text(counting, text):
    for method in (counting.cut, counting.lcut, counting.tokenize, counting.cut_for_search, counting.lcut_for_search):
        with pytest.raises(DataError, match=f"not {type(text).__name__}"):
            method(text)
    with pytest.raises(DataError, match=f"not {type(text).__name__}"):
        counting.batch(["a", text])
    with pytest.raises(DataError, match="a list of texts"):
        counting.batch("text")


def test_options_that_there_are_not(counting):
    for method in (counting.cut, counting.lcut, counting.tokenize, counting.cut_for_search):
        with pytest.raises(ConfigError, match="unknown whitespace 'no'"):
            method("a", whitespace="no")
    with pytest.raises(ConfigError, match="unknown mode 'all'"):
        counting.tokenize("a", mode="all")


def test_evaluation():
    pairs = Pairs()
    pairs.words = frozenset(["中文", "好"])
    records = [Segmented(("中文", "好", "文")), ["好好", "中文"]]
    evaluation = pairs.evaluate(iter(records))
    scores = evaluation.scores
    assert (scores.n_true, scores.n_predicted, scores.n_correct) == (5, 4, 3)
    assert (scores.n_unknown, scores.n_unknown_correct) == (2, 1)
    assert evaluation.counts.tolist() == [[3, 2, 1], [2, 2, 2]]
    assert evaluation.figure == 1 - scores.f1
    assert [confused[:3] for confused in evaluation.confusions] == [("好 文", "好文", 1)]
    with pytest.raises(DataError, match="no sentence to score"):
        pairs.evaluate([])
    with pytest.raises(DataError, match=r"a\.txt, line 3: '中 文' is no word"):
        pairs.evaluate([Segmented(("中 文",), "a.txt, line 3")])


def test_evaluation_folds_widths_to_look_words_up():
    folding = Counting(None, ["ABC"], fold=True)
    assert folding.evaluate([["ＡＢＣ", "Ｄ"]]).scores.n_unknown == 1
    assert Counting(None, ["ABC"]).evaluate([["ＡＢＣ", "Ｄ"]]).scores.n_unknown == 2
    folding.add_word("xＡＢＣ")
    assert folding.lcut_for_search("xＡＢＣ") == ["ＡＢＣ", "xＡＢＣ"]


def test_threads_add_words_while_others_cut():
    counting = Counting(None, [])
    texts = ["好中文a1， ab中中。文好！ " * 3] * 5
    wrong = []

    def cut():
        for _ in range(30):
            for text, words in zip(texts, counting.batch(texts), strict=True):
                if "".join(words) != text:
                    wrong.append(words)

    def add(number):
        for count in range(100):
            counting.add_word("好中文a1， ab中中"[count % 5 : count % 5 + 3].replace(" ", "") + str(number))
            counting.add_word("中文a")
            if number == 0:
                counting.del_word("中文a")

    threads = [threading.Thread(target=cut) for _ in range(3)] + [threading.Thread(target=add, args=(0,))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    counting.add_word("中文a1")
    assert "中文a1" in counting.lcut(texts[0])


def test_a_long_text_needs_no_more_memory(counting):
    def peak(text):
        tracemalloc.start()
        n_words = sum(1 for _ in counting.cut(text))
        assert n_words > len(text) // 4
        held = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return held

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "STRETCH", 4096)
        assert peak("好中文，" * 20_000) < 1.2 * peak("好中文，" * 4_000)
