import pickle
from typing import get_args

import pytest
import regex
from hypothesis import example, given
from hypothesis import settings as effort
from hypothesis import strategies as st
from pydantic import ValidationError

from seqlab.config import Cleaning, Duplicates
from seqlab.corpora.cleaning import Cleaner
from seqlab.corpora.cleaning.cleaner import ROUNDS

# Pieces of what cleaning looks at, so that random texts are full of it.
PIECES = [
    "&amp;", "&lt;", "&gt;", "&", "amp;", ";", "#39;", "&#10;", "&#x200b;", "&nbsp;", "&shy;", "<", ">", "<b>", "</b>",
    "<br/>", "<!--", "-->", "<script>", "</script>", "b", "p", "/", '<a href="', '">', " ", "  ", "\t", "\u3000", "\u2028",
    "\r", "\x00", "\u200b", "\ufeff", "\xad", "\ud800", "e", "\u0301", "\u037e", "＜", "＆", "ｂ", "A", "Σ", "İ", "ß", "ﬁ",
    "http://", "www.", "a.b", "@", "co.uk", "见", "。", "！", "”", "“", ". ", "! ", "Mr", "3", "漢", "汉", "字", "…",
    "é", "Ж",
]  # fmt: skip
LINE = st.lists(st.sampled_from(PIECES) | st.characters(exclude_characters="\n"), max_size=14).map("".join)
SETTINGS = st.builds(
    Cleaning,
    controls=st.booleans(),
    html=st.booleans(),
    unicode_form=st.sampled_from(["none", "NFC", "NFKC"]),
    character_width=st.sampled_from(["keep", "half", "full"]),
    letter_case=st.sampled_from(["keep", "lower"]),
    urls=st.sampled_from(["keep", "mask", "remove"]),
    mails=st.sampled_from(["keep", "mask", "remove"]),
    blanks=st.sampled_from(["keep", "collapse"]),
    split_sentences=st.booleans(),
    min_length=st.integers(0, 3),
    max_length=st.sampled_from([0, 8, 20]),
    script=st.sampled_from(["any", "Han", "Latin"]),
)


def clean(text, **settings):
    return Cleaner(Cleaning(**settings)).clean(text)


@effort(max_examples=400, deadline=None)
@given(LINE, SETTINGS)
@example("&amp;lt;b&amp;gt;", Cleaning())
@example("<<b>b>&#x26;amp;", Cleaning())
@example("&ＡＭＰ;lt;", Cleaning(character_width="half", letter_case="lower"))
def test_what_is_clean_stays_as_it_is(text, settings):
    once = Cleaner(settings).clean(text)
    if once is not None:
        again = Cleaner(settings)
        assert again.clean(once) == once
        assert not any(name.startswith("dropped") for name in again.counts)


@effort(max_examples=300, deadline=None)
@given(st.lists(LINE, max_size=6), st.booleans(), SETTINGS)
def test_a_block_is_its_lines(lines, ended, settings):
    if ended or not lines:
        block = "".join(f"{line}\n" for line in lines)
    else:
        lines = [*lines[:-1], lines[-1].rstrip() + "x"]
        block = "\n".join(lines)
    by_block, by_line = Cleaner(settings), Cleaner(settings)
    cleaned = [(by_line.clean(line), index) for index, line in enumerate(lines)]
    expected = "".join(
        text + ("\n" if ended or index < len(lines) - 1 else "") for text, index in cleaned if text is not None
    )
    assert by_block.clean_lines(block) == expected
    assert +by_block.counts == +by_line.counts


@effort(max_examples=200, deadline=None)
@given(st.lists(st.lists(LINE, min_size=1, max_size=3).map("\n".join), max_size=5), SETTINGS)
def test_many_at_once_are_each_by_itself(texts, settings):
    at_once, one_by_one = Cleaner(settings), Cleaner(settings)
    assert at_once.clean_all(texts) == [one_by_one.clean(text) for text in texts]
    assert +at_once.counts == +one_by_one.counts


@effort(deadline=None)
@given(st.lists(LINE, max_size=5), SETTINGS)
def test_every_text_is_kept_or_dropped_by_a_rule(texts, settings):
    if settings.split_sentences:
        settings = settings.model_copy(update={"split_sentences": False})
    cleaner = Cleaner(settings)
    kept = [text for text in cleaner.clean_all(texts) if text is not None]
    dropped = sum(n for name, n in cleaner.counts.items() if name.startswith("dropped: "))
    assert cleaner.counts["read"] == len(texts)
    assert cleaner.counts["kept"] == len(kept) == len(texts) - dropped


def test_counts_name_what_was_done():
    cleaner = Cleaner(Cleaning(min_length=2, max_length=12, script="Latin", urls="mask"))
    assert cleaner.clean_all(
        ["<b>one</b>", "<i>&amp;lt;</i> two", "a", "much, much too long", "вот так", "see www.a.org", "<br>", "fine"]
    ) == ["one", "< two", None, None, None, "see <url>", None, "fine"]
    assert cleaner.counts == {
        "read": 8, "kept": 4, "HTML tags removed": 3, "HTML entities decoded": 1, "URLs replaced": 1, "blanks collapsed": 1,
        "dropped: too short": 1, "dropped: too long": 1, "dropped: another script": 1, "dropped: nothing left": 1,
    }  # fmt: skip


CHANGED = {
    "controls": (False, "a\u200bb\x07"),
    "html": (False, "<p>a &amp; b</p>"),
    "unicode_form": ("none", "e\u0301"),
    "character_width": ("half", "ａ"),
    "letter_case": ("lower", "A"),
    "chinese": ("simplified", "漢字"),
    "urls": ("mask", "http://a.org"),
    "mails": ("remove", "to a@b.org"),
    "blanks": ("keep", " a  b "),
    "split_sentences": (True, "One. Two."),
    "min_length": (3, "ab"),
    "max_length": (1, "ab"),
    "script": ("Han", "ab"),
}


@pytest.mark.parametrize("name", CHANGED)
def test_every_setting_matters(name):
    if name == "chinese":
        pytest.importorskip("opencc")
    value, text = CHANGED[name]
    assert clean(text, **{name: value}) != clean(text)


def test_texts_without_letters_are_of_any_script():
    assert Cleaner(Cleaning(script="Thai")).clean_all(["12", "", "ab", "ก"]) == ["12", "", None, "ก"]


def test_the_share_matters_and_every_setting_is_shown_to_matter():
    assert clean("ab漢", script="Han", min_script_share=0.3) == "ab漢"
    assert clean("ab漢", script="Han") is None
    assert set(Cleaning.model_fields) == {*CHANGED, "min_script_share"}


def test_every_choice_of_the_schema_can_be_made():
    for script in get_args(Cleaning.model_fields["script"].annotation)[1:]:
        assert regex.compile(rf"\p{{Script={script}}}")
    assert clean("ab12", character_width="full", letter_case="lower") == "ａｂ１２"
    assert (
        clean(" a  b ", character_width="full") == clean("a b", character_width="full", unicode_form="NFKC") == "ａ　ｂ"
    )
    assert clean(" a  b ", character_width="full", blanks="keep") == "　ａ　　ｂ　"
    assert clean("ﬁ", unicode_form="NFKC") == "fi"


def test_nothing_is_lost_that_only_looks_like_html():
    for text in (
        "a < b",
        "if a<b and c>d: x",
        "3 <5> 4",
        "<unk> and <s",
        "R&D; AT&T &c.",
        "x <= y => z",
        "<- ->",
        "I <3 u",
    ):
        assert clean(text) == text


def test_blank_lines_of_running_text_stay_and_emptied_ones_go():
    cleaner = Cleaner(Cleaning())
    assert cleaner.clean_lines("one\n\n  \n<hr>\n\u200b\ntwo") == "one\n\n\ntwo"
    assert cleaner.counts["dropped: nothing left"] == 2


def test_white_space_at_the_end_of_a_cut_line_stays_one_space():
    assert Cleaner(Cleaning()).clean_lines("one \n two  ") == "one\ntwo "


def test_a_text_that_never_settles_goes():
    cleaner = Cleaner(Cleaning())
    assert cleaner.clean("x" + "<" * (ROUNDS - 1) + "b>" * (ROUNDS - 1)) == "x"
    assert cleaner.clean("x" + "<" * 1000 + "b>" * 1000) is None
    assert cleaner.counts["dropped: never settles"] == 1


def test_what_cannot_be_is_refused():
    with pytest.raises(ValidationError, match="max_length: no text has at least 5 and at most 4 characters"):
        Cleaning(min_length=5, max_length=4)
    with pytest.raises(ValidationError, match="min_script_share: no script is named"):
        Cleaning(min_script_share=0.7)
    with pytest.raises(ValidationError, match="shingle: near duplicates are not looked for"):
        Duplicates(shingle=3)


def test_settings_travel_to_other_processes():
    settings = Cleaning(urls="mask", script="Han")
    assert pickle.loads(pickle.dumps(settings)) == settings
