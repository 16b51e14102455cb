import sys

import pytest

from seqlab.config import Cleaning
from seqlab.corpora.cleaning import Cleaner
from seqlab.corpora.cleaning.addresses import MAIL, URL, replace_mails, replace_urls
from seqlab.corpora.cleaning.controls import remove_controls
from seqlab.corpora.cleaning.conversion import converter
from seqlab.corpora.cleaning.entities import decode_entities
from seqlab.corpora.cleaning.scripts import script_shares
from seqlab.corpora.cleaning.sentences import split_sentences
from seqlab.corpora.cleaning.tags import remove_tags
from seqlab.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<p>one</p><p>two</p>", " one  two "),
        ("one<BR/>two<bR >three", "one two three"),
        ("<b>bo</b>ld <I>i</I>", "bold i"),
        ("<a href='x.html' target=_blank title=\"a > b\">link</a>", "link"),
        ('<input type="checkbox" checked disabled/>', " "),
        ("a<!-- <b> -->b<script>if (a<b) {}</script >c<STYLE type='x'>p {}</style>d", "a b c d"),
        ("<!DOCTYPE html>x", " x"),
        ("<!-- never closed <b>x</b>", "<!-- never closed x"),
        ("<script>one\n</script>two", " one\n two"),
    ],
)
def test_tags_are_removed(text, expected):
    assert remove_tags(text) == expected


@pytest.mark.parametrize(
    "text",
    ["a < b", "a<b and c>d", "<unk> <url> <s1>", "1<2>0", "<bold>x</bold>", "< b>", "<b", "<>", "<a b c>", "<br\n/>"],
)
def test_what_is_no_tag_stays(text):
    assert remove_tags(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("&amp;&lt;&gt;&quot;&#39;&#x27;", "&<>\"''"),
        ("&eacute;&hellip;&nbsp;&#20013;", "é…\xa0中"),
        ("&amp;amp;lt;&amp;#38;", "<&"),
        ("a&#10;b&#x2028;c&NewLine;d", "a b c d"),
        ("&#128;&#xd800;", "€\ufffd"),
        ("R&D; &unknown; &amp &; &#; AT&T", "R&D; &unknown; &amp &; &#; AT&T"),
        ("&notit; &ampere;", "&notit; &ampere;"),
    ],
)
def test_entities_are_decoded(text, expected):
    assert decode_entities(text) == expected


def test_controls_and_what_nobody_sees_go():
    text = "a\0b\x1bc\x7fd\xade\u200bf\u200eg\ufeffh\ufffei\ud800j"
    assert remove_controls(text) == "abcdefghij"
    assert remove_controls("a\rb\x0bc\x85d\u2028e\x1ff") == "a b c d e f"
    stays = "a\tb\nc\u200cd\u200de\ufe0ff\u3000g\xa0h\ufffdi\ue000"
    assert remove_controls(stays) == stays


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see https://a.org/b_(c)?d=1&e=%20#f.", "see <url>."),
        ("(HTTP://A.ORG), www.a-b.org/x; ftp://a/b", "(<url>), <url>; <url>"),
        ("网址http://a.cn/x，还有www.b.cn。", "网址<url>，还有<url>。"),
        ("awww.no www. www.x http:// the www", "awww.no www. www.x http:// the www"),
    ],
)
def test_urls_are_masked(text, expected):
    assert replace_urls(text, URL) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("to ann.b+c@d-e.co.uk, bob@f.org.", "to <mail>, <mail>."),
        ("写信到a@b.cn吧", "写信到<mail>吧"),
        ("@user a@b a@ @ a@b.1 a @b.org", "@user a@b a@ @ a@b.1 a @b.org"),
        ("a@b.org@c.org x@@y.org", "<mail>@c.org x@@y.org"),
    ],
)
def test_mail_addresses_are_masked(text, expected):
    assert replace_mails(text, MAIL) == expected


def test_addresses_are_removed():
    assert Cleaner(Cleaning(urls="remove", mails="remove")).clean("a http://b.org c d@e.org f") == "a c f"


@pytest.mark.parametrize(
    "sentences",
    [
        ["One.", "Two!", "Three?", "Four"],
        ["“What?” he said.", "(It was so.)", "«Et alors ?»", "¿Qué?", "Übung."],
        ["Dr. A. B. Smith paid $3.50 on the 3. of May, etc. and so on.", "Then he left."],
        ["Am 3. Mai kam Hr. Meier z.B. nicht.", "1998 war es so."],
        ["Wait ... what?!", "Yes…", "No."],
    ],
)
def test_european_sentences(sentences):
    assert split_sentences(" ".join(sentences)) == sentences


@pytest.mark.parametrize(
    "sentences",
    [
        ["他说：“走吧！”", "好。", "3.5元？！", "（是的。）", "真的"],
        ["你好!", "他来了?", "是。", "Yes.", "No。", "行"],
        ["我……我不知道。", "好吧。"],
    ],
)
def test_chinese_sentences(sentences):
    whole = "".join(sentences[:-1]).replace("Yes.", "Yes. ") + sentences[-1]
    assert split_sentences(whole) == sentences


def test_shares_of_scripts():
    assert script_shares(["漢字ab", "abc漢", "ж!?"], "Han").tolist() == [0.5, 0.25, 0.0]
    assert script_shares(["ｱア漢", "", "12"], "Katakana")[0] == pytest.approx(2 / 3)


def test_chinese_is_converted_once():
    pytest.importorskip("opencc")
    cleaner = Cleaner(Cleaning(chinese="traditional"))
    assert cleaner.clean_all(["汉字", "乾隆皇帝", "abc", "汉\n字&lt;\ud800"]) == ["漢字", "乾隆皇帝", "abc", "漢\n字<"]
    assert cleaner.counts["Chinese converted"] == 2
    assert Cleaner(Cleaning(chinese="simplified")).clean_lines("漢字\n干燥\n") == "汉字\n干燥\n"
    assert converter("simplified")("\ud800漢") == "\ud800汉"


def test_without_opencc_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "opencc", None)
    with pytest.raises(
        ConfigError, match=r"chinese = simplified: OpenCC is not installed; pip install 'seqlab\[chinese\]'"
    ):
        Cleaner(Cleaning(chinese="simplified"))


@pytest.mark.parametrize(
    "text",
    [
        *(
            "&" * 10**5,
            "&amp;" * 10**4,
            "<" * 10**5,
            '<a href="' * 10**4,
            "<!--" * 10**4,
            "<script>" * 10**4,
            "<b " * 10**4,
        ),
        *("x@" * 10**4, "a" * 10**5 + "@", "www." * 10**4, "." * 10**5, "。" * 10**5, '"' * 10**5, " " * 10**5),
    ],
    ids=lambda text: text[:8],
)
def test_no_text_takes_long(text):  # what takes quadratic time would take minutes
    settings = Cleaning(urls="mask", mails="mask", unicode_form="NFKC", letter_case="lower", split_sentences=True)
    Cleaner(settings).clean_lines(text)
