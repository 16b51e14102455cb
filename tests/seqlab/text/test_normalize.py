import itertools
import re
import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqlab.errors import ConfigError
from seqlab.text import Normalizer
from seqlab.text.forms import INERT, in_form

ALL = [
    Normalizer(unicode=unicode, width=width, case=case, whitespace=whitespace)
    for unicode in ("none", "NFC", "NFKC")
    for width in ("keep", "half", "full")
    for case in ("keep", "lower")
    for whitespace in ("keep", "collapse")
]

# Any code point, surrogates and NUL included, with those on which normalization turns drawn often.
TELLING = "aAeHİıΣσςﬁ㈱ガｶﾞＡｚ！　 \t\r\n\n\x1c\x85\u00a0\u2028\u0301\u0307\u0331\u0345;\u037eK;가"
TELLING += "ᄀ\u1161\u11a8ÅÅ㎆ℌ´\0\ud800\udc00'"
ANY_TEXT = st.text(st.one_of(st.sampled_from(TELLING), st.characters(exclude_categories=())), max_size=30)
NORMALIZERS = st.sampled_from(ALL)


@settings(deadline=None, max_examples=400)
@given(NORMALIZERS, ANY_TEXT)
def test_normalized_text_is_a_fixed_point_and_offsets_lead_back(normalizer, text):
    normalized = normalizer(text)
    assert normalizer(normalized) == normalized
    aligned, offsets = normalizer.align(text)
    assert aligned == normalized
    assert offsets.dtype == "int64"
    assert len(offsets) == len(normalized) + 1
    assert offsets[-1] == len(text)
    assert (offsets[1:] >= offsets[:-1]).all()
    assert (offsets[:-1] < max(len(text), 1)).all()
    assert (offsets >= 0).all()


@settings(deadline=None, max_examples=400)
@given(NORMALIZERS, st.lists(ANY_TEXT.map(lambda text: text + "\n"), max_size=4), ANY_TEXT)
def test_pieces_cut_after_line_ends_give_the_whole(normalizer, lines, rest):
    pieces = [*lines, rest]
    assert normalizer("".join(pieces)) == "".join(map(normalizer, pieces))


@settings(deadline=None, max_examples=200)
@given(NORMALIZERS, ANY_TEXT, ANY_TEXT)
def test_words_found_in_normalized_text_are_cut_from_the_original(normalizer, before, after):
    text = f"{before}\n日月 qx \n{after}"
    normalized, offsets = normalizer.align(text)
    start = normalized.index("日月", len(normalizer(before + "\n")))
    assert text[offsets[start] : offsets[start + 2]] == "日月"


def test_every_code_point_is_stable_alone_and_after_an_initial():
    marks = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)).startswith(("M", "L"))]
    text = "\n".join(f"{mark}\nH{mark}" for mark in marks)
    for normalizer in (Normalizer("NFKC", "half", "lower", "collapse"), Normalizer("NFC", "full", "lower", "keep")):
        normalized = normalizer(text)
        assert normalizer(normalized) == normalized


@pytest.mark.parametrize("form", ["NFC", "NFKC"])
def test_characters_that_are_held_to_be_inert_are(form):
    inert = re.compile(f"[{INERT[form]}]")
    # Any character that ends a composition is a mark, a letter of hangul, or one of a few other letters.
    endings = {
        unicodedata.normalize("NFD", chr(code))[-1]
        for code in range(sys.maxunicode + 1)
        if unicodedata.decomposition(chr(code))
    }
    for character in filter(inert.match, map(chr, range(sys.maxunicode + 1))):
        assert unicodedata.normalize(form, character) == character
        assert unicodedata.combining(unicodedata.normalize("NFD", character)[0]) == 0
        assert not unicodedata.category(character).startswith("M")
        assert not "\u1100" <= character <= "\u11ff"
        if character in endings:  # singletons and decompositions to more than a pair: it never joins what is before
            assert all(len(unicodedata.normalize("NFC", first + character)) == 2 for first in "aAか가ᄀ天")


@settings(deadline=None, max_examples=400)
@given(st.sampled_from(["NFC", "NFKC"]), ANY_TEXT)
def test_forms_are_those_of_the_standard(form, text):
    for longer in (text, "x" * 400 + text + "天" * 400 + text):  # by stretches, where they are few
        assert in_form(longer, form) == unicodedata.normalize(form, longer)


def test_defaults_compose_and_change_nothing_else():
    assert Normalizer()("e\u0301 ＡＢ　 X\t\ufb01\n") == "é ＡＢ　 X\tﬁ\n"
    assert Normalizer(unicode="none")("e\u0301") == "e\u0301"
    assert Normalizer(unicode="NFKC")("ﬁ㈱ｶﾞ") == "fi(株)ガ"


def test_width():
    assert Normalizer(width="half")("Ｈｉ！　ｶﾞ，〜") == "Hi! ｶﾞ,〜"
    assert Normalizer(width="full")("Hi! ~\n\té") == "Ｈｉ！　～\n\té"
    # Half width first, so that what was full-width is composed too.
    assert Normalizer(width="half")("ｅ\u0301") == "é"


def test_lower_case():
    lower = Normalizer(case="lower")
    assert lower("ΟΔΥΣΣΕΥΣ ΑΣ") == "οδυσσευς ας"
    assert lower("İ") == "i\u0307"
    assert lower("H\u0331") == "\u1e96"  # composed in lower case only
    assert lower.align("xİy")[1].tolist() == [0, 1, 1, 2, 3]


def test_collapse():
    collapse = Normalizer(whitespace="collapse")
    assert collapse("  a \t b\u3000c\u00a0\n\n \n\td \r\ne  ") == "a b c\n\n\nd\ne "
    clean = "a b\n\nc 天 "
    assert collapse(clean) == clean


def test_offsets_of_expansions_compositions_and_blanks():
    def starts(text, **how):
        normalized, offsets = Normalizer(**how).align(text)
        return list(zip(normalized, offsets.tolist(), strict=False))

    assert starts("xﬁy", unicode="NFKC") == [("x", 0), ("f", 1), ("i", 1), ("y", 2)]
    assert starts("ae\u0301b") == [("a", 0), ("é", 1), ("b", 3)]
    assert starts("ᄀ\u1161\u11a8x") == [("각", 0), ("x", 3)]
    assert starts(" a  b \n c", whitespace="collapse") == [("a", 1), (" ", 2), ("b", 4), ("\n", 5), ("c", 8)]
    # What is not changed keeps its own offset beside what is.
    assert starts("x\u0323ye\u0301") == [("x", 0), ("\u0323", 1), ("y", 2), ("é", 3)]


@pytest.mark.parametrize(
    ("field", "value"), [("unicode", "NFD"), ("width", "wide"), ("case", "upper"), ("whitespace", 1)]
)
def test_unknown_value(field, value):
    with pytest.raises(ConfigError, match=f"unknown {field} '{value}'.*known: "):
        Normalizer(**{field: value})


def test_each_option_changes_something():
    text = "Ａ  A\u0301 ﬁ"
    assert len({Normalizer(**how)(text) for how in ({}, {"unicode": "none"}, {"unicode": "NFKC"})}) == 3
    for field, values in {
        "width": ("keep", "half", "full"),
        "case": ("keep", "lower"),
        "whitespace": ("keep", "collapse"),
    }.items():
        outcomes = [Normalizer(**{field: value})(text) for value in values]
        assert all(left != right for left, right in itertools.combinations(outcomes, 2))
