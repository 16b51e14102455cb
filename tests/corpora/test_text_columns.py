"""Running text from the column of a table, of JSON or of Parquet."""

import gzip

import pytest

from seqlab.corpora import PlainText, TextColumn, TextFile, open_text
from seqlab.errors import ConfigError, DataError


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def whole(reader):
    return "".join(record.text for record in reader)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", 'id,Text\n1,"one, two"\n2,"three\nfour"\n'),
        ("a.tsv", "id\ttext\n1\tone, two\n2\tthree\n\n3\tfour\n"),
        ("a.jsonl", '{"text": "one, two"}\n{"text": null}\n{"text": "three\\r\\nfour\\n"}\n'),
        ("a.json", '[{"text": "one, two"}, {"text": "three\\nfour"}]'),
        ("a.csv.gz", gzip.compress(b'text\n"one, two"\n"three\nfour"\n')),
        ("a.txt", "one, two\nthree\nfour\n"),
    ],
)  # fmt: skip
def test_every_form_gives_the_text(tmp_path, name, content):
    path = write(tmp_path / name, content)
    reader = open_text(path)
    assert isinstance(reader, PlainText if name == "a.txt" else TextColumn)
    assert whole(reader) == whole(reader) == "one, two\nthree\nfour\n"
    assert {record.source for record in reader} == {str(path)}
    assert repr(reader) == f"{type(reader).__name__}(['{path}'])"


def test_columns_by_name_and_by_number(tmp_path):
    path = write(tmp_path / "a.csv", "said,note\na,b\nc,d\n")
    assert whole(open_text(path, text_column="note")) == "b\nd\n"
    assert whole(open_text(path, text_column="2")) == whole(open_text(path, text_column=-1)) == "note\nb\nd\n"
    assert whole(open_text(write(tmp_path / "b.csv", "note,text\na,b\n"), text_column=2)) == "b\n", (
        "a usual name is known"
    )
    assert whole(open_text(write(tmp_path / "one.csv", "a\nb\n"))) == "a\nb\n", "the only column needs no name"
    for column, says in (
        (None, "no column that is known to hold the text; there are said, note: name it by --text-column"),
        ("x", "no column 'x' to read the text from; there are said, note"),
        (3, "no column 3 to read the text from"),
    ):
        with pytest.raises(DataError, match=rf"a\.csv, line 1: {says}"):
            whole(open_text(path, text_column=column))
    with pytest.raises(ConfigError, match="there is no column 0"):
        whole(open_text(path, text_column=0))
    with pytest.raises(ConfigError, match=r"c\.txt is read as plain text, which has no columns"):
        open_text([path, write(tmp_path / "c.txt", "a")], text_column="said")
    with pytest.raises(DataError, match="line 3: the number of cells is 1, and that of the first row 2"):
        whole(open_text(write(path, "a,text\nb,c\nd\n")))
    with pytest.raises(DataError, match="line 2: a double quote opens a cell here and is never closed"):
        whole(open_text(write(path, 'text\n"a\n')))


def test_folders_and_several_files(tmp_path):
    plain, table = write(tmp_path / "p.txt", "a"), write(tmp_path / "t.csv", "text\nb\n")
    assert whole(open_text([plain, table, plain, plain])) == "a\nb\na\na"
    assert whole(open_text(tmp_path)) == "a", "of a folder the plain files are read"
    plain.unlink()
    assert whole(open_text(tmp_path)) == "b\n", "and those with columns where there are none"
    assert whole(open_text([TextFile(table)])) == "b\n"
    with pytest.raises(DataError, match=r"t\.csv: empty, there is no text to read"):
        list(open_text(write(table, "text\n")))


def test_undecodable_bytes(tmp_path):
    table, plain = write(tmp_path / "t.csv", b"text\na\xff\nb\n"), write(tmp_path / "p.txt", b"c\xff\nd\n")
    replaced, without = (open_text([table, plain], errors=errors) for errors in ("replace", "skip-line"))
    assert (whole(replaced), replaced.tally) == ("a\ufffd\nb\nc\ufffd\nd\n", {"replaced": 2})
    assert (whole(without), without.tally) == ("b\nd\n", {"skipped": 2})
    found = open_text(write(table, "text\n小船要靠岸了，他们在水边等着。\n".encode("gb18030")), "auto")
    assert (whole(found), found.encodings) == ("小船要靠岸了，他们在水边等着。\n", {str(table): "gb18030"})


def test_names_of_columns_with_line_ends_are_told_in_one_line(tmp_path):
    (tmp_path / "a.csv").write_text('"a\nb",x\nc,d\n', encoding="utf-8", newline="")
    with pytest.raises(DataError) as error:
        list(open_text(tmp_path / "a.csv"))
    assert "there are a b, x: name it by --text-column" in str(error.value)
    assert "\n" not in str(error.value)
