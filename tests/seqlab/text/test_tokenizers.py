import itertools
import pickle
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqlab.text import TOKENIZERS, join

ANY_CHARACTER = st.characters(exclude_categories=())
TELLING = st.sampled_from("abé1.,'’-(“”\"!？，。天明がラー한👨\u200d🇨🇳\u0301\u0600 \u3000\t\r\n\n\0\x1c\ud800\udc00▁<>")
ANY_TEXT = st.text(st.one_of(TELLING, ANY_CHARACTER), max_size=40)
MODELLESS = [name for name in TOKENIZERS if name != "sentencepiece"]
WORDY = ["word", "whitespace", "jieba"]


@pytest.fixture(scope="module")
def tokenizers():
    return {name: TOKENIZERS[name]() for name in MODELLESS}


def without_blanks(text):
    return re.sub(r"[^\S\n]", "", text)


@pytest.mark.parametrize("name", MODELLESS)
@settings(deadline=None, max_examples=60)
@given(text=ANY_TEXT)
def test_tokens_are_the_pieces_in_order(tokenizers, name, text):
    tokenizer = tokenizers[name]
    tokens = tokenizer.tokenize(text)
    assert [token.text for token in tokens] == tokenizer.pieces(text)
    assert all(0 <= token.start < token.end <= len(text) for token in tokens)
    assert all(left.start <= right.start for left, right in itertools.pairwise(tokens))
    assert tokenizer.name == name
    assert tokenizer.unit in ("character", "byte", "word")


@pytest.mark.parametrize("name", WORDY)
@settings(deadline=None, max_examples=60)
@given(text=ANY_TEXT)
def test_words_cover_the_text_but_for_blanks(tokenizers, name, text):
    tokenizer = tokenizers[name]
    end = 0
    for token in tokenizer.tokenize(text):
        assert token.text == text[token.start : token.end]
        assert token.start >= end
        gap = text[end : token.start]
        assert not gap or (gap.isspace() and "\n" not in gap)
        assert token.text == "\n" or "\n" not in token.text
        end = token.end
    assert not text[end:] or text[end:].isspace()
    assert tokenizer.pieces(text).count("\n") == text.count("\n")


@pytest.mark.parametrize("name", WORDY)
@settings(deadline=None, max_examples=60)
@given(text=ANY_TEXT)
def test_joined_words_are_the_text_but_for_blanks(tokenizers, name, text):
    joined = join(tokenizers[name], tokenizers[name].pieces(text))
    assert without_blanks(joined) == without_blanks(text)
    assert "  " not in joined


@settings(deadline=None, max_examples=100)
@given(text=ANY_TEXT)
def test_characters_and_bytes_join_to_the_text(tokenizers, text):
    assert join(tokenizers["character"], tokenizers["character"].pieces(text)) == text
    replaced = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    assert join(tokenizers["byte"], tokenizers["byte"].pieces(text)) == replaced


@pytest.mark.parametrize("name", ["character", "byte"])
@settings(deadline=None, max_examples=60)
@given(text=ANY_TEXT)
def test_codes_are_the_pieces(tokenizers, name, text):
    tokenizer = tokenizers[name]
    codes = tokenizer.codes(text)
    assert codes.dtype == {"character": np.uint32, "byte": np.uint8}[name]
    assert [tokenizer.symbol(int(code)) for code in codes] == tokenizer.pieces(text)
    assert [tokenizer.code(piece) for piece in tokenizer.pieces(text)] == codes.tolist()
    assert (codes < tokenizer.n_codes).all()


def test_bytes_of_a_character_share_its_offsets_and_come_out_when_complete(tokenizers):
    tokenizer = tokenizers["byte"]
    assert tokenizer.tokenize("a天")[1:] == [("<0xE5>", 1, 2), ("<0xA4>", 1, 2), ("<0xA9>", 1, 2)]
    joiner = tokenizer.joiner()
    assert [joiner.add(piece) for piece in tokenizer.pieces("a天\n")] == ["a", "", "", "天", "\n"]
    assert joiner.add("<0xE5>") == ""
    assert joiner.finish() == "\ufffd"
    assert joiner.finish() == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don't stop, it’s 3.14 o'clock.", ["Don't", "stop", ",", "it’s", "3.14", "o'clock", "."]),
        ("1,000 a.b 'x' x2_y", ["1,000", "a", ".", "b", "'", "x", "'", "x2", "_", "y"]),
        ("床前明月光，\n疑是", ["床", "前", "明", "月", "光", "，", "\n", "疑", "是"]),
        ("がラー한국어 e\u0301te\u0301", ["が", "ラ", "ー", "한국어", "e\u0301te\u0301"]),
        ("か\u3099x", ["か\u3099", "x"]),
        ("👨\u200d👩\u200d👧🇨🇳!", ["👨\u200d👩\u200d👧", "🇨🇳", "!"]),
        ("<unk>\r\n\t\u3000", ["<", "unk", ">", "\n"]),
        ("می\u200cخواهم", ["می\u200cخواهم"]),
    ],
)
def test_words_of_the_word_tokenizer(tokenizers, text, words):
    assert tokenizers["word"].pieces(text) == words


@pytest.mark.parametrize(
    "text",
    [
        'He said: "It\'s (almost) 3.14," she wrote.\n"No!" — \'tis true…'.replace(" — ", "—"),
        "他说：“你好，世界！”\n我用Python写《诗》。",
        "A well-known and/or 10% of $5; “quoted” text.",
        "At 10:40, E.S.E. of the U.S. coast: 2 boats.\nPage 3: on 9/11, 5, 7 and 12 boats.",
        "„Wo ist ‚er‘?“ fragte „sie“ (“so”) und ging.\n“Ja”",
    ],
)
def test_print_spacing_is_found_again(tokenizers, text):
    assert join(tokenizers["word"], tokenizers["word"].pieces(text)) == text


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        ("180 , 000", "180,000"),
        ("1 , 180 , 000 .", "1,180,000."),
        ("in 1990 , 200 and 3 , 4", "in 1990, 200 and 3, 4"),
        ("a : 4", "a: 4"),
        ("10 : 40 : 05", "10:40:05"),
        ("He . S . Is", "He. S. Is"),
    ],
)
def test_signs_within_numbers_and_initials(tokenizers, pieces, text):
    assert join(tokenizers["word"], pieces.split()) == text


def test_jieba_words(tokenizers):
    tokenizer = tokenizers["jieba"]
    text = "我来到北京清华大学，\r\n don't use New York 42"
    words = ["我", "来到", "北京", "清华大学", "，", "\n", "don", "'", "t", "use", "New", "York", "42"]
    assert tokenizer.pieces(text) == words
    assert join(tokenizer, words) == "我来到北京清华大学，\ndon't use New York 42"
    # The hidden Markov model is on: a word that is not in the dictionary.
    assert "杭研" in tokenizer.pieces("他来到了网易杭研大厦")
    assert pickle.loads(pickle.dumps(tokenizer)) == tokenizer == TOKENIZERS["jieba"]()


def test_jieba_serves_threads():
    tokenizer = TOKENIZERS["jieba"]()
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(tokenizer.pieces, ["我来到北京清华大学"] * 8))
    assert found == [["我", "来到", "北京", "清华大学"]] * 8


def test_jieba_is_silent_and_late():
    code = (
        "import sys, seqlab.text as text; late = {'jieba', 'sentencepiece', 'regex', 'torch'} & set(sys.modules);"
        "assert not late, late; text.TOKENIZERS['jieba']().pieces('天'); text.TOKENIZERS['word']().pieces('a');"
        "text.TOKENIZERS['sentencepiece'].train(['abc abd'] * 3, size=300)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-B", "-c", code], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
