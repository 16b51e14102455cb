"""A list of words as features, held against a search by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqlab.errors import DataError, ModelError
from seqlab.text import lexicon as module
from seqlab.text.codepoints import codes_of
from seqlab.text.lexicon import Lexicon

FOLD = str.maketrans("ＡA", "aa")


def by_hand(words, sentences, longest):
    words = {word.translate(FOLD) for word in words if 1 < len(word) <= longest}
    flags, first = np.zeros((sum(map(len, sentences)), 11)), 0
    for sentence in sentences:
        text = sentence.translate(FOLD)
        for start in range(len(text)):
            for end in range(start + 2, len(text) + 1):
                if text[start:end] in words:
                    kind = min(end - start, 5) - 2
                    flags[first + start, kind] = flags[first + end - 1, 4 + kind] = 1
                    flags[first + start + 1 : first + end - 1, 7 + kind] = 1
        first += len(sentence)
    return flags


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.text("甲乙aAＡ", max_size=8)),
    st.lists(st.text("甲乙aAＡ", max_size=20), max_size=4),
    st.integers(2, 7),
    st.sampled_from([1, 3, 1 << 15]),
)
def test_flags_are_those_of_a_search_by_hand(words, sentences, longest, block):
    lexicon, starts = Lexicon(words, longest), np.cumsum([0, *map(len, sentences)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_BLOCK", block)
        flags = lexicon.flags(codes_of("".join(sentences)), starts)
    assert flags.dtype == np.float32
    assert flags.shape[1] == lexicon.n_flags
    np.testing.assert_array_equal(flags, by_hand(words, sentences, longest))


def test_hashes_of_many_words_are_all_different():
    words = [chr(0x4E00 + a) + chr(0x4E00 + b) for a in range(300) for b in range(300)]
    assert len(Lexicon(words + [word + "的" for word in words])) == 2 * len(words)


def test_words_in_jiebas_format(tmp_path):
    path = tmp_path / "words.txt"
    path.write_bytes("\ufeff研究 3 vn\n\n研究生 n\r\n  生命 12  \n起源\n好 1 a\n".encode())
    assert Lexicon.read(path).keys.tolist() == Lexicon(["研究", "研究生", "生命", "起源"]).keys.tolist()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("研究\n研究 生命 起源".encode(), r":2: '研究 生命 起源' is not a word"),
        ("研究 n 3".encode(), ":1: "),
        ("研究\n研究".encode("gbk"), ":1: not UTF-8 at byte 0"),
    ],
)
def test_lines_that_cannot_be_read(tmp_path, content, says):
    path = tmp_path / "words.txt"
    path.write_bytes(content)
    with pytest.raises(DataError, match=says):
        Lexicon.read(path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        Lexicon.read(tmp_path / "words.txt")
    with pytest.raises(ModelError, match="missing"):
        Lexicon.load(tmp_path / "words.npy")


def test_what_is_saved_is_read(tmp_path):
    lexicon, path = Lexicon(["研究", "研究生"]), tmp_path / "words.npy"
    path.write_bytes(lexicon.to_npy())
    read = Lexicon.load(path)
    assert len(read) == 2
    np.testing.assert_array_equal(
        read.flags(codes_of("研究生"), np.array([0, 3])), lexicon.flags(codes_of("研究生"), np.array([0, 3]))
    )
    for array in (lexicon.keys[::-1], lexicon.keys.astype(np.int64), lexicon.keys.reshape(1, 2)):
        np.save(path, array)
        with pytest.raises(ModelError, match=r"words\.npy"):
            Lexicon.load(path)


def test_jiebas_own_words(monkeypatch):
    lexicon = Lexicon.jieba(4)
    assert len(lexicon) > 300_000
    flags = lexicon.flags(codes_of("研究生命起源"), np.array([0, 6]))
    assert flags[:, 0].tolist() == [1, 0, 1, 0, 1, 0]
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(DataError, match="pip install jieba"):
        Lexicon.jieba()


def test_a_length_that_cannot_be():
    with pytest.raises(ValueError, match="2 to 31"):
        Lexicon([], 32)
