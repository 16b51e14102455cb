"""Parts of a file that are read by themselves."""

import gzip
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqlab.corpora import PlainText, SegmentedText, TaggedLines, TextFile
from seqlab.corpora.lines import read_lines
from seqlab.corpora.spans import cut, line_spans
from seqlab.errors import DataError

ENCODINGS = ("utf-8", "utf-8-sig", "gb18030", "big5", "shift_jis", "euc_jp", "latin-1", "cp1251")


def write(path, content):
    path.write_bytes(content)
    return path


def whole(reader):
    return "".join(record.text for record in reader)


@given(
    st.lists(st.sampled_from(["a", "abc", "\n", "\r\n", "\r", " ", "天", "\ufeff", "。b"]), min_size=1, max_size=40),
    st.integers(1, 12),
    st.sampled_from(ENCODINGS),
)
def test_spans_one_after_another_are_the_file(tmp_path_factory, parts, size, encoding):
    content = "".join(parts).encode(encoding, "ignore")
    path = write(tmp_path_factory.mktemp("spans") / "a.txt", content)
    spans = line_spans(path, encoding, size)
    assert b"".join(content[start:end] for start, end in spans) == content
    assert all(content[end - 1 : end] == b"\n" and end - start >= size for start, end in spans[:-1])
    assert all(b"\n" not in content[start + size - 1 : end - 1] for start, end in spans)
    file = TextFile(path, encoding)
    files = cut(file, size)
    assert [part.span for part in files] == spans
    lines = list(read_lines(file))
    assert [line for part in files for line in read_lines(part)] == lines, "with the same numbers"
    assert [line for span in spans for line in read_lines(TextFile(path, encoding, span=span))] == lines
    if any(line for _, line in lines) or len(lines) > 1:
        assert whole(PlainText(files)) == whole(PlainText([file]))
    if any(line.split() for _, line in lines):
        assert list(SegmentedText(files)) == list(SegmentedText([file]))


def test_places_are_those_of_the_whole_file(tmp_path):
    lines = [b"a/X b/Y\r\n", b"\n", b"c/Z\r", "天/N\n".encode()] * 50
    path = write(tmp_path / "a.txt", b"".join(lines))
    files = cut(TextFile(path), 100)
    assert len(files) > 5
    assert [record.source for record in TaggedLines(files)] == [record.source for record in TaggedLines([path])]
    write(path, b"".join([*lines, b"d/X\xff\n", *lines]))
    with pytest.raises(DataError) as of_whole:
        list(TaggedLines([path]))
    assert f"line 201: byte {len(b''.join(lines)) + 3} (0xff)" in str(of_whole.value)
    for files in (cut(TextFile(path), 100), [TextFile(path, span=span) for span in line_spans(path, "utf-8", 100)]):
        for read in (TaggedLines, PlainText):
            with pytest.raises(DataError) as of_parts:
                list(read(files))
            assert str(of_parts.value) == str(of_whole.value)


def test_files_that_have_to_be_read_whole(tmp_path):
    path = write(tmp_path / "a.txt", "天地\n".encode("utf-16") * 50)
    for encoding in ("utf-16", "utf-16-le", "utf-32", "utf-7", "iso2022_jp", "hz", "cp037"):
        assert line_spans(path, encoding, 10) == []
    assert line_spans(path, "auto", 10) == []
    assert cut(TextFile(path, "utf-16"), 10) == [TextFile(path, "utf-16")]
    packed = write(tmp_path / "a.txt.gz", gzip.compress(b"a\n" * 50))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.txt", "a\n" * 50)
    for other in (packed, tmp_path / "a.zip" / "a.txt"):
        assert line_spans(other, "utf-8", 10) == []
        assert cut(TextFile(other), 10) == [TextFile(other)]


def test_small_and_empty_files(tmp_path):
    path = write(tmp_path / "a.txt", b"")
    assert line_spans(path, "utf-8", 10) == [(0, 0)]
    assert line_spans(write(path, b"\n" * 10), "utf-8", 10) == [(0, 10)]
    assert line_spans(write(path, b"\n" * 11), "utf-8", 10) == [(0, 10), (10, 11)]
    assert line_spans(write(path, "天\n".encode("gb18030") * 9), "auto", 10) == [(0, 12), (12, 24), (24, 27)]
    with pytest.raises(DataError, match=r"none: cannot be read"):
        line_spans(tmp_path / "none", "utf-8", 10)
