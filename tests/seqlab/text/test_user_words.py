import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqlab.errors import ConfigError, DataError
from seqlab.text.sentences import split, words
from seqlab.text.user_words import UserWords, read_user_words

SIGNS = "ab。好\u0301👍🏽"


def plain(words, found):
    """The borders by the definition, place by place."""
    text = "".join(map(chr, found.codes))
    borders = found.borders.tolist()
    start = 0
    while start < len(text):
        fitting = [
            word
            for word in words
            if text.startswith(word, start)
            and borders[start] != -1
            and 1 not in borders[start + 1 : start + len(word)]
            and borders[start + len(word) : start + len(word) + 1] != [-1]
        ]
        if not fitting:
            start += 1
            continue
        end = start + max(map(len, fitting))
        borders[start] = 1
        borders[start + 1 : end] = [-1] * (end - start - 1)
        if end < len(text):
            borders[end] = 1
        start = end
    return borders


@given(
    st.lists(st.text(SIGNS, min_size=1, max_size=4), max_size=8),
    st.lists(st.text(SIGNS + " ", max_size=30), max_size=3),
    st.integers(0, 3),
)
def test_the_first_of_the_longest(user, texts, n_removed):
    forced = UserWords(user)
    left = sorted(set(user))[n_removed:]
    for word in sorted(set(user))[:n_removed]:
        forced.remove(word)
    assert list(forced) == left
    found = split(texts)
    assert forced.force(found).borders.tolist() == plain(left, found)


def test_words_come_out():
    forced = UserWords(["云计算", "云", "计算机", "C++", "b。c"])
    for text, expected in {
        "云计算机和云": ["云计算", "机和", "云"],
        "云 计算机": ["云", " ", "计算机"],
        "用C++写": ["用", "C++", "写"],
        "ab。c": ["ab。", "c"],
        "云\u0301计算机": ["云\u0301", "计算机"],
    }.items():
        found = forced.force(split([text]))
        assert words([text], found, found.borders == 1) == [expected]


def test_nothing_to_find_changes_nothing():
    found = split(["一二三"])
    assert UserWords().force(found) is found
    assert UserWords(["四", "三四", "二四"]).force(found) is found
    assert np.array_equal(UserWords(["一"]).force(split([""])).codes, [])


@pytest.mark.parametrize("word", ["", " ", "云 计算", "a\u3000", "\n", 5, None])
def test_what_is_no_word(word):
    with pytest.raises(ConfigError, match="user word"):
        UserWords([word])


def test_only_what_was_added_is_removed():
    with pytest.raises(ConfigError, match="'云' is no user word"):
        UserWords(["云计算"]).remove("云")


def test_a_dictionary_as_jieba_has_them(tmp_path):
    path = tmp_path / "user.txt"
    content = "\ufeff云计算 5\r\n\r\n李小福 2 nr\n  创新办 3 i\neasy_install eng\n好用 300\n100\nC++\n".encode()
    path.write_bytes(content)
    expected = ["云计算", "李小福", "创新办", "easy_install", "好用", "100", "C++"]
    assert read_user_words(path) == read_user_words(str(path)) == expected
    with path.open(encoding="utf-8") as file:
        assert read_user_words(file) == expected
    assert read_user_words(io.BytesIO(content)) == expected


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("云 计算 平台", "line 2: '云 计算 平台' is not a word"),
        ("云 5 n x", "line 2"),
        ("云 5x", "line 2"),
        ("云 0", "frequency 0"),
    ],
)
def test_a_line_that_is_no_entry(tmp_path, line, says):
    path = tmp_path / "user.txt"
    path.write_text(f"好\n{line}\n", encoding="utf-8")
    with pytest.raises(DataError, match=says) as error:
        read_user_words(path)
    assert str(error.value).startswith(f"{path}, line 2: ")


def test_a_file_that_is_no_dictionary(tmp_path):
    path = tmp_path / "user.txt"
    path.write_bytes("好\n".encode() + "云计算".encode("gb18030"))
    with pytest.raises(DataError, match="line 2: byte 1 is not UTF-8"):
        read_user_words(path)
    with pytest.raises(DataError, match=r"missing\.txt: cannot be read"):
        read_user_words(tmp_path / "missing.txt")
