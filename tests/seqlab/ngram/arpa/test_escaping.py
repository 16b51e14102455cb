from hypothesis import given
from hypothesis import strategies as st

from seqlab.ngram.arpa.escaping import escape, unescape

SPELLINGS = ["<s>", "</s>", "<unk>", "<UNK>", "<U+0020>", "<U+>", "<U+003C>", "<U+003C>U+0020>", "<pad>", "<U+110000>"]
SPELLINGS += [
    "",
    " ",
    "\n",
    "\t",
    "\r",
    "a b",
    "\u3000",
    "\u2028",
    "\0",
    "\ud800",
    "雨",
    "naïve",
    "\\end\\",
    "ngram 1=2",
]
WORDS = st.one_of(st.sampled_from(SPELLINGS), st.text(max_size=5), st.text("<U+0123>/s\\ \t", max_size=8))


def test_words_that_are_no_words_in_a_file_are_escaped():
    assert escape("new york") == "new<U+0020>york"
    assert escape("\n") == "<U+000A>"
    assert escape("") == "<U+>"
    assert escape("</s>") == "<U+003C>/s>"
    assert escape("<U+0020>") == "<U+003C>U+0020>"
    assert escape("a<b") == "a<b"
    assert unescape("<U+0041>") == "<U+0041>", "not written by escape, so a word as it stands"


@given(WORDS)
def test_escaping_is_undone(word):
    text = escape(word)
    assert unescape(text) == word
    assert text.split() == [text]
    assert text not in ("<s>", "</s>", "<unk>", "<UNK>")
    assert text.encode().decode() == text
