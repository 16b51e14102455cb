import doctest
import itertools
import re
import sys

import numpy as np
import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from seqlab.text import graphemes, sentences
from seqlab.text.sentences import Sentences, shorten, spans, split, split_words, words

ANY = st.characters(exclude_categories=())
SIGNS = list("ab1.,!?;:。！？；…，、”」』）)\"' \n\r\u3000\u2028好中文") + list(
    "\u0301\ufe0f\u200d👍🏽👩🇩🇪한하\u0600क्\ud83d"
)
TEXT = st.text(st.sampled_from(SIGNS) | ANY, max_size=60)
MARKS, ASCII_MARKS, CLOSINGS, EAST_ASIAN = "。！？；…", "!?;", "”」』）)\"'", "，、好中文한"


def inside(text):
    """The places at which a grapheme cluster goes on behind what is no white space."""
    ends = np.cumsum([0, *map(len, regex.findall(r"\X", text))]).tolist()
    return {
        place
        for place in range(len(text))
        if place not in ends and not text[place].isspace() and not text[place - 1].isspace()
    }


def plain_split(text):
    """The sentences of a text as lists of places, character by character, and the border before each of these."""
    found, current = [], []
    going_on = inside(text)

    def kind(place):
        if place in going_on:
            return "closing"
        kinds = ((MARKS, "mark"), (ASCII_MARKS, "ascii"), (CLOSINGS, "closing"))
        return next((name for signs, name in kinds if text[place] in signs), "")

    start = 0
    while start < len(text):
        end = start
        while end < len(text) and kind(end):
            end += 1
        kinds = {kind(place) for place in range(start, end)}
        if end == start:
            end += 1
        current += [place for place in range(start, end) if not text[place].isspace()]
        behind = text[end : end + 1]
        free = not behind or behind.isspace() or behind in EAST_ASIAN
        if "mark" in kinds or ("ascii" in kinds and free) or len(("a" + text[end - 1] + "a").splitlines()) > 1:
            found.append(current)
            current = []
        start = end
    found = [sentence for sentence in [*found, current] if sentence]
    borders = {}
    for place in (place for sentence in found for place in sentence):
        joined = place in going_on or (
            place and re.fullmatch(r"[A-Za-zＡ-Ｚａ-ｚ]{2}|[0-9０-９]{2}", text[place - 1 : place + 1])
        )
        borders[place] = -1 if joined else int(place > 0 and text[place - 1].isspace())
    return found, borders | {sentence[0]: 1 for sentence in found}


def pieces(found):
    return [found.places[start:end].tolist() for start, end in zip(found.starts, found.starts[1:], strict=False)]


def check(found, text):
    assert "".join(map(chr, found.codes)) == "".join(text.split())
    assert [text[place] for place in found.places] == [chr(code) for code in found.codes]
    assert found.starts[0] == 0
    assert found.starts[-1] == len(found.codes) == len(found.borders)
    assert (np.diff(found.starts) > 0).all()
    assert (found.borders[found.starts[:-1]] == 1).all()
    assert [array.dtype for array in found] == [np.uint32, np.int64, np.int64, np.int8]


def test_the_examples():
    assert doctest.testmod(sentences).failed == 0


def test_white_space_is_that_of_python():
    every = [chr(code) for code in range(sys.maxunicode + 1)]
    assert "".join(every).split() == ["".join(run) for run in "".join(every).split()]
    flags = sentences._table()
    assert np.flatnonzero(flags & sentences._SPACE).tolist() == [ord(one) for one in every if one.isspace()]
    line_ends = [ord(one) for one in every if one.isspace() and len(f"a{one}a".splitlines()) > 1]
    assert np.flatnonzero(flags & sentences._LINE_END).tolist() == line_ends


def test_no_cluster_goes_over_two_quiet_code_points():
    joining = regex.compile(r"[^\p{GCB=Other}\p{GCB=Control}\p{GCB=CR}\p{GCB=LF}\p{GCB=LV}\p{GCB=LVT}]+")
    table = graphemes._lively()
    for run in joining.finditer("".join(map(chr, range(sys.maxunicode + 1)))):
        assert table[run.start() : run.end()].all()


@given(st.lists(st.text(st.sampled_from(SIGNS), max_size=30), max_size=4))
@settings(deadline=None)
def test_sentences_are_those_of_the_plain_rule(texts):
    found = split(texts, longest=None)
    check(found, "".join(texts))
    expected, borders, offset = [], [], 0
    for text in texts:
        own, own_borders = plain_split(text)
        expected += [[offset + place for place in sentence] for sentence in own]
        borders += [own_borders[place] for sentence in own for place in sentence]
        offset += len(text)
    assert pieces(found) == expected
    assert found.borders.tolist() == borders


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("看 https://a.org/?q=1;2!x 吧", ["看https://a.org/?q=1;2!x吧"]),
        ("涨了3.5%。真的！！”他说……", ["涨了3.5%。", "真的！！”", "他说……"]),
        ("Why? (Well!) a?b", ["Why?", "(Well!)", "a?b"]),
        ("问?答;", ["问?", "答;"]),
        ("好。\n\n\n不", ["好。", "不"]),
        ("好！\ufe0f」不", ["好！\ufe0f」", "不"]),
        ("", []),
        ("\n \u3000", []),
    ],
)
def test_where_sentences_end(text, expected):
    found = split([text])
    assert ["".join(map(chr, part)) for part in np.split(found.codes, found.starts[1:-1]) if len(part)] == expected


@given(st.lists(TEXT, max_size=4), st.integers(1, 12))
def test_long_sentences_are_cut(texts, longest):
    whole = split(texts, longest=None)
    cut, hard = shorten(whole, longest)
    check(cut, "".join(texts))
    assert (np.diff(cut.starts) <= longest).all()
    new = np.setdiff1d(cut.starts, whole.starts)
    assert set(whole.starts) <= set(cut.starts)
    assert set(hard) <= set(new)
    same = np.ones(len(whole.codes), bool)
    same[new] = False
    assert np.array_equal(cut.borders[same], whole.borders[same])
    for place in new[whole.borders[new] == -1]:  # only where nothing else was left
        assert place in hard
        assert (whole.borders[place - longest + 1 : place] == -1).all()
    assert all(np.array_equal(one, other) for one, other in zip(cut, split(texts, longest=longest), strict=True))


def test_long_sentences_are_cut_at_commas_first():
    text = "一二三四五，" + "六七，八九十百千万亿" + "々" * 10 + " yy 10,000好,好好好"
    cut, hard = shorten(split([text], longest=None), 10)
    found = ["".join(map(chr, part)) for part in np.split(cut.codes, cut.starts[1:-1])]
    assert found == ["一二三四五，六七，", "八九十百千万亿々々々", "々々々々々々々yy", "10,000好,", "好好好"]
    assert hard.tolist() == [19]


@given(st.lists(TEXT, max_size=4), st.randoms(use_true_random=False))
def test_words_come_back(texts, rng):
    found = split(texts)
    begins = np.array([rng.random() < 0.5 for _ in found.codes], bool)
    begins = (begins | (found.borders == 1)) & (found.borders != -1)
    kept, dropped = words(texts, found, begins), words(texts, found, begins, "drop")
    assert ["".join(own) for own in kept] == texts
    assert ["".join(own) for own in dropped] == ["".join(text.split()) for text in texts]
    assert [[word for word in own if not word.isspace()] for own in kept] == dropped
    for own in kept:
        assert "" not in own
        assert not any(one.isspace() and other.isspace() for one, other in itertools.pairwise(own))
    text = "".join(texts)
    for whitespace, expected in (("keep", kept), ("drop", dropped)):
        starts, ends, firsts = spans(texts, found, begins, whitespace)
        flat = [text[start:end] for start, end in zip(starts, ends, strict=True)]
        assert [flat[a:b] for a, b in itertools.pairwise(firsts)] == expected


@given(st.lists(TEXT, max_size=12))
def test_sentences_of_words(parts):
    found = split_words(parts)
    assert [word for sentence in found for word in sentence] == parts
    assert [] not in found
    offsets = np.cumsum([0, *map(len, parts)])
    whole = split(["".join(parts)], longest=None)
    possible = {int(whole.places[start]) for start in whole.starts[1:-1]} & set(offsets.tolist())
    assert len(found) == len(possible) + bool(parts)


def test_sentences_of_words_end_between_words():
    assert split_words([*"他喊：“走！”", "我", "走了", "。"]) == [[*"他喊：“走！”"], ["我", "走了", "。"]]
    assert split_words(["雅虎！日本", "好"]) == [["雅虎！日本", "好"]]
    assert split_words([]) == []


def test_an_empty_text_among_others():
    found = split(["", "a", "", "b", ""])
    assert isinstance(found, Sentences)
    assert found.starts.tolist() == [0, 1, 2]
    assert words(["", "a", "", "b", ""], found, found.borders == 1) == [[], ["a"], [], ["b"], []]


def test_no_word_begins_inside_of_a_run_of_letters_or_digits():
    borders = split(["买iPhone15，ＡＢ１２a b ñé"]).borders.tolist()
    assert borders == [1, 0, -1, -1, -1, -1, -1, 0, -1, 0, 0, -1, 0, -1, 0, 1, 1, 0]
