import gzip

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqlab.corpora import SegmentedText, TextFile, open_segmented
from seqlab.errors import ConfigError, DataError
from seqlab.records import Segmented

LINES = "渡口  的  老人\n\n今年　八十\t岁  \n"


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def words_of(reader):
    return [record.words for record in reader]


def test_words_lines_and_places(tmp_path):
    path = write(tmp_path / "a.txt", LINES)
    reader = open_segmented(path)
    expected = [
        Segmented(("渡口", "的", "老人"), f"{path}, line 1"),
        Segmented(("今年", "八十", "岁"), f"{path}, line 3"),
    ]
    assert list(reader) == list(reader) == expected
    assert repr(reader) == f"SegmentedText(['{path}'])"


# Any word that white space does not split; single surrogates are not in UTF-8.
WORD = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda word: word.split() == [word])
SENTENCES = st.lists(st.lists(WORD, min_size=1, max_size=6).map(tuple), min_size=1, max_size=6)


@settings(deadline=None)
@given(SENTENCES, st.sampled_from([" ", "  ", "\u3000", "\t", " \x0c\u2003"]), st.sampled_from(["\n", "\r\n", "\n \n"]))
def test_words_come_back_whatever_they_are(tmp_path_factory, sentences, blank, line_end):
    text = line_end.join(blank.join(words) for words in sentences)
    if text.startswith("\ufeff") or sum(character < " " or character == "\x7f" for character in text) >= 10:
        return  # a byte order mark, which is dropped, or what looks like a binary file, which is refused
    path = write(tmp_path_factory.mktemp("words") / "a.txt", text)
    assert words_of(SegmentedText(path)) == sentences


def test_lines_are_whole_at_the_ends_of_blocks(tmp_path):
    words = ["渡口" * 7, "a", "\U0001f600" * 3] * 40_000
    sentences = [tuple(words[start : start + 9]) for start in range(0, len(words), 9)]
    path = write(tmp_path / "a.txt", "\r\n".join("  ".join(sentence) for sentence in sentences))
    assert path.stat().st_size > 2 << 20
    records = list(SegmentedText(path))
    assert [record.words for record in records] == sentences
    assert records[-1].source.endswith(f"a.txt, line {len(sentences)}")


def test_widths_are_folded_on_demand(tmp_path):
    path = write(tmp_path / "a.txt", "１２　ｋｍ ，“远”\n")
    assert words_of(open_segmented(path)) == [("１２", "ｋｍ", "，“远”")]
    assert words_of(open_segmented(path, fold_widths=True)) == [("12", "km", ",“远”")]


def test_files_folders_and_encodings(tmp_path):
    write(tmp_path / "b.utf8", "b 一\n")
    write(tmp_path / "a.seg.gz", gzip.compress(b"a\n"))
    write(tmp_path / "c.json", "no\n")
    assert words_of(open_segmented(tmp_path)) == [("a",), ("b", "一")]
    other = write(tmp_path / "d.txt", "一 二\n".encode("gb18030"))
    assert words_of(open_segmented(other, "gb18030")) == [("一", "二")]
    assert words_of(SegmentedText([tmp_path / "b.utf8", TextFile(other, "gb18030")])) == [("b", "一"), ("一", "二")]
    # A file without a line end is a line end before the next.
    assert words_of(open_segmented([write(tmp_path / "e", "x"), write(tmp_path / "f", "y z")])) == [("x",), ("y", "z")]


def test_errors(tmp_path):
    with pytest.raises(DataError, match=r"none\.txt: no such file"):
        open_segmented(tmp_path / "none.txt")
    with pytest.raises(ConfigError, match="unknown sample 'nothing'"):
        open_segmented("sample:nothing")
    path = write(tmp_path / "a.txt", b"a b\nc \xff\n")
    with pytest.raises(DataError, match=r"a\.txt, line 2: byte 6 .* is not utf-8"):
        list(open_segmented(path))
    with pytest.raises(ConfigError, match="unknown encoding"):
        open_segmented(path, "utf-88")
    with pytest.raises(DataError, match=r"blank\.txt: empty, there is no word to read"):
        list(open_segmented(write(tmp_path / "blank.txt", " \n\n\u3000\n")))
