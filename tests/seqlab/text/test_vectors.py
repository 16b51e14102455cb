"""Vectors of words in the text formats of word2vec and GloVe."""

import gzip
import struct

import numpy as np
import pytest

from seqlab.errors import DataError
from seqlab.text.vectors import read_vectors

ROWS = "the 0.5 -1 2e-1\n研究 1 2 3\n. . . 4 5 6\n12 7 8 9\nthe 0 0 0\n"
VECTORS = {"the": [0.5, -1, 0.2], "研究": [1, 2, 3], ". . .": [4, 5, 6], "12": [7, 8, 9]}


def written(tmp_path, content):
    path = tmp_path / "vectors.txt"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("header", ["", "5 3\n"], ids=["GloVe", "word2vec"])
@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("wanted", [None, {"12", "the", "absent"}, set()])
@pytest.mark.parametrize("end", ["\n", " \r\n"])
def test_vectors_of_wanted_words(tmp_path, header, compressed, wanted, end):
    content = (header + ROWS).replace("\n", end).encode()
    words, vectors = read_vectors(written(tmp_path, gzip.compress(content) if compressed else content), wanted)
    assert words == [word for word in VECTORS if wanted is None or word in wanted]
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(words), 3)
    np.testing.assert_allclose(vectors, np.array([VECTORS[word] for word in words]).reshape(-1, 3))


def test_long_rows(tmp_path):
    numbers = np.arange(3000) / 7
    row = " ".join(map(str, numbers.tolist()))
    words, vectors = read_vectors(written(tmp_path, f"a {row}\nb {row}"))
    assert words == ["a", "b"]
    np.testing.assert_allclose(vectors, [numbers, numbers], rtol=1e-6)
    assert read_vectors(written(tmp_path, f"1 3000\na {row}"))[1].shape == (1, 3000)


def test_a_word_that_is_not_utf_8_is_passed_over(tmp_path):
    assert read_vectors(written(tmp_path, b"a 1 2\n\xb2\xe2 3 4\nb 5 6"))[0] == ["a", "b"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", ":1: has no vector"),
        ("a 1 2\nb 1\n", ":2: a row of 1 numbers, and the others have 2"),
        ("a 1 2\nb 1 2 3\n", ":2: a row of 3 numbers"),
        ("a 1 2\nb 1  2\n", None),
        ("a 1 2\nb  2\n", ":2: a row of 1 numbers"),
        ("a 1 2\n\nb 1 2\n", ":2: a blank line"),
        ("2 2\na 1 2\nb 1 x\n", ":3: 'x' is no number"),
        ("a 1 nan\n", ":1: 'nan' is no number"),
        ("a 1 1e39\n", ":1: '1e39' is no number"),
        ("3 2\na 1 2\nb 1 2\n", "says 3 words, and it has 2"),
        ("3 2\n", "says 3 words"),
        (b"2 50\nthe " + struct.pack("<50f", *np.arange(50) / 7 - 3), "binary format"),
        (struct.pack("<6i", 793712314, 12, 100, 5, 5, 1), "binary format"),
        (gzip.compress(ROWS.encode(), mtime=0)[:-12], "cannot be read"),
    ],
)
def test_files_that_cannot_be_read(tmp_path, content, says):
    path = written(tmp_path, content)
    if says is None:
        assert read_vectors(path)[0] == ["a", "b"]
        return
    with pytest.raises(DataError, match=says) as refusal:
        read_vectors(path)
    assert str(path) in str(refusal.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match="No such file"):
        read_vectors(tmp_path / "vectors.txt")
