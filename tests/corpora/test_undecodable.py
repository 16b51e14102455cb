"""Bytes that are not in the encoding: refused, replaced and counted, or their lines left out and counted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqlab.corpora import PlainText, TextFile, open_labelled, open_parallel, open_segmented, open_tagged, open_text
from seqlab.corpora.lines import read_lines, read_text
from seqlab.errors import ConfigError, DataError


def write(path, content):
    path.write_bytes(content)
    return path


def whole(reader):
    return "".join(record.text for record in reader)


def test_refused_replaced_and_left_out(tmp_path):
    path = write(tmp_path / "a.txt", b"one\r\ntwo\xff\xfe!\nthree\n\xe5\xa4")
    with pytest.raises(DataError, match=r"a\.txt, line 2: byte 8 \(0xff\) is not utf-8"):
        whole(open_text(path, errors="strict"))
    replaced = open_text(path, errors="replace")
    for _ in range(2):  # counted anew each time
        assert whole(replaced) == "one\ntwo\ufffd\ufffd!\nthree\n\ufffd"
        assert replaced.tally == {"replaced": 3}
    without = open_text(path, errors="skip-line")
    for _ in range(2):
        assert whole(without) == "one\nthree\n"
        assert without.tally == {"skipped": 2}
    with pytest.raises(
        ConfigError, match="unknown way with undecodable bytes 'ignore'; known: replace, skip-line, strict"
    ):
        open_text(path, errors="ignore")


@pytest.mark.parametrize(
    ("content", "encoding", "text"),
    [
        ("天\n地".encode("gb18030") + b"\xff\n\x81", "gb18030", "天\n地\ufffd\n\ufffd"),
        ("天\n".encode("big5") + b"\xff\n\xa4", "big5", "天\n\ufffd\n\ufffd"),
        ("天\n".encode("utf-16-le") + b"\x00\xdc\n\0a", "utf-16-le", "天\n\ufffd\n\ufffd"),
        ("天\n".encode("utf-16") + b"\x00\xdc\n\0", "utf-16", "天\n\ufffd\n"),
        (b"a\x81\n", "cp1252", "a\ufffd\n"),
        (b"a\x80\n", "ascii", "a\ufffd\n"),
    ],
)
def test_in_any_encoding(tmp_path, content, encoding, text):
    path = write(tmp_path / "a.txt", content)
    reader = PlainText(path, encoding, errors="replace")
    assert whole(reader) == text
    assert reader.tally == {"replaced": text.count("\ufffd")}
    kept = "".join(line for line in text.splitlines(keepends=True) if "\ufffd" not in line)
    if kept:
        skipping = PlainText(path, encoding, errors="skip-line")
        assert whole(skipping) == kept
        assert skipping.tally == {"skipped": sum("\ufffd" in line for line in text.splitlines())}


def test_lines_keep_their_numbers(tmp_path):
    path = write(tmp_path / "a.txt", b"a b\n\xff\n\nc/\nd\n")
    reader = open_segmented(path, errors="skip-line")
    assert [record.source for record in reader] == [f"{path}, line {number}" for number in (1, 4, 5)]
    assert reader.tally == {"skipped": 1}
    write(path, b"a/X\n\xff/Y\nb/Z\n")
    assert [record.tags for record in open_tagged(path, errors="skip-line")] == [("X",), ("Z",)]
    assert [record.tokens for record in open_tagged(path, errors="replace")] == [("a",), ("\ufffd",), ("b",)]
    write(path, b"a\tX\n\xff\tY\nb\tZ\n")
    columns = open_tagged(path, columns=(1, 2), errors="skip-line")
    assert ([record.tags for record in columns], columns.tally) == ([("X", "Z")], {"skipped": 1})


@pytest.mark.parametrize(("name", "sign"), [("a.csv", ","), ("a.tsv", "\t")])
def test_rows(tmp_path, name, sign):
    path = write(tmp_path / name, f"text{sign}label\na{sign}x\nb@{sign}y\nc{sign}z\n".encode().replace(b"@", b"\xff"))
    labelled = open_labelled(path, errors="skip-line")
    assert ([(row.text, row.source[-6:]) for row in labelled]) == [("a", "line 2"), ("c", "line 4")]
    assert labelled.tally == {"skipped": 1}
    replaced = open_labelled(path, errors="replace")
    assert ([row.text for row in replaced], replaced.tally) == (["a", "b\ufffd", "c"], {"replaced": 1})


def test_objects_and_classes(tmp_path):
    path = write(tmp_path / "a.jsonl", b'{"text": "a", "label": "x"}\n{"text": "\xff", "label": "y"}\n')
    assert [row.labels for row in open_labelled(path, errors="skip-line")] == [("x",)]
    assert [row.text for row in open_labelled(path, errors="replace")] == ["a", "\ufffd"]
    (tmp_path / "classes" / "good").mkdir(parents=True)
    write(tmp_path / "classes" / "good" / "1.txt", b"a\n\xff\nb\n")
    folders = open_labelled(tmp_path / "classes", errors="skip-line")
    assert ([row.text for row in folders], folders.tally) == (["a\nb"], {"skipped": 1})
    assert [row.text for row in open_labelled(tmp_path / "classes", errors="replace")] == ["a\n\ufffd\nb"]


def test_with_a_line_goes_its_translation(tmp_path):
    source, target = (
        write(tmp_path / "a.en", b"1\n\xff\n3\n4\n"),
        write(tmp_path / "a.de", b"eins\nzwei\ndr\xff\nvier\n"),
    )
    pairs = open_parallel([source, target], errors="skip-line")
    assert [(pair.source, pair.target) for pair in pairs] == [("1", "eins"), ("4", "vier")]
    assert pairs.tally == {"skipped": 2}
    replaced = open_parallel([source, target], errors="replace")
    assert ([pair.source for pair in replaced], replaced.tally) == (["1", "\ufffd", "3", "4"], {"replaced": 2})


@given(st.lists(st.sampled_from([b"a", "天".encode(), b"\xff", b"\n", b"\r", b"\xe5", b"x" * 9]), max_size=30))
def test_the_three_ways_agree(tmp_path_factory, parts):
    path = write(tmp_path_factory.mktemp("ways") / "a.txt", b"".join(parts))
    replaced = "".join(read_text(TextFile(path, errors="replace")))
    assert replaced == b"".join(parts).decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    lines = replaced.split("\n")
    good = [(number, line) for number, line in enumerate(lines, 1) if "\ufffd" not in line]
    skipping = TextFile(path, errors="skip-line")
    assert list(read_lines(skipping)) == [pair for pair in good if pair[0] < len(lines) or pair[1]]
    assert skipping.tally.total() == sum("\ufffd" in line for line in lines)
    text = "".join(read_text(TextFile(path, errors="skip-line")))
    assert text == "".join(line for line in replaced.splitlines(keepends=True) if "\ufffd" not in line)
    try:
        assert "".join(read_text(TextFile(path))) == replaced
    except DataError:
        assert "\ufffd" in replaced


def test_a_file_full_of_them_takes_linear_time(tmp_path):
    path = write(tmp_path / "a.txt", b"stra\xdfe \xfcber\n" * 200_000)
    reader = PlainText(path, errors="replace")
    assert sum(len(record.text) for record in reader) == 12 * 200_000
    assert reader.tally == {"replaced": 400_000}
