import gzip

import pytest

from seqlab.corpora import open_labelled
from seqlab.errors import ConfigError, DataError
from seqlab.records import Labelled


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def pairs(reader):
    return [(record.text, *record.labels) for record in reader]


def message(path, **settings):
    """The one line that a reader says; it begins with the place."""
    with pytest.raises(DataError) as caught:
        list(open_labelled(path, **settings))
    assert "\n" not in str(caught.value)
    return str(caught.value)


# --- JSON lines


def test_json_lines(tmp_path):
    rows = """\
{"id": 1, "text": "a\\r\\nb", "label": " x "}

{"text": "", "label": 1, "id": 2}
{"text": null, "label": true}
{"text": "\\ud83d\\ude00", "label": 1.5}
{"text": "e", "label": ["y", 2, false, "y"]}
{"text": "f", "label": []}
"""
    path = write(tmp_path / "a.jsonl", rows)
    reader = open_labelled(path)
    assert list(reader) == list(reader)
    assert [(record.text, record.labels) for record in reader] == [
        ("a\nb", ("x",)),
        ("", ("1",)),
        ("", ("true",)),
        ("\N{GRINNING FACE}", ("1.5",)),
        ("e", ("y", "2", "false")),
        ("f", ()),
    ]
    assert [record.source for record in reader][:2] == [f"{path}, line 1", f"{path}, line 3"]


def test_keys_of_json(tmp_path):
    path = write(tmp_path / "a.ndjson", '{"0": "zero", "Review": "r", "category": "c|d"}\n')
    assert pairs(open_labelled(path)) == [("r", "c|d")]
    assert pairs(open_labelled(path, label_separator="|")) == [("r", "c", "d")]
    assert pairs(open_labelled(path, text_column="0", label_column="Review")) == [("zero", "r")]
    assert pairs(open_labelled(write(tmp_path / "a.json", path.read_bytes()), form="jsonl")) == [("r", "c|d")]
    with pytest.raises(ConfigError, match=r"a\.ndjson is read in the form jsonl, which has no column 2: .* keys"):
        open_labelled(path, text_column=2)
    with pytest.raises(ConfigError, match="in the form jsonl, which has no header"):
        open_labelled(path, header=True)


GOOD = '{"text": "a", "label": "x"}\n\n'


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('{"text": "a", "label": NaN}', "the label is NaN, a missing value; fill it in, or leave this text out"),
        ('{"text": "a", "label": null}', "the label is null, a missing value"),
        ('{"text": "a", "label": "nan"}', "the label is nan, a missing value"),
        ('{"text": "a", "label": "x\\ty"}', "the label 'x\\ty' has a line end, a tab or another control char"),
        ('{"text": "a", "label": ["x", ""]}', "the label is empty"),
        ('{"text": "a", "label": ["x", null]}', "the label is null"),
        ('{"text": "a", "label": ["x", ["y"]]}', "the label is a list in a list; give a string, a number, or a list"),
        ('{"text": "a", "label": {"x": 1}}', "the label is an object; give a string"),
        ('{"text": 5, "label": "x"}', "the text under 'text' is not a string; put it in quotes, or name another key"),
        ('{"text": "a", "labels": "x"}', "no column 'label' to read the label from; there are text, labels"),
        ("{}", "no column 'text' to read the text from; there are no columns"),
        ('{"text": "a", "label": "x"', "no JSON (Expecting ',' delimiter, character 27); write one object a line"),
        ('["a", "x"]', "no JSON object; write one a line, as in {"),
        ('{"text": "a\\ud800", "label": "x"}', "half of a surrogate pair"),
        ('{"text": "a", "label": "\\udc00x"}', "half of a surrogate pair"),
        ('{"text": "a", "label": ' + "9" * 5000 + "}", "this JSON cannot be read ("),
        ('{"text": "a", "label": ' + "[" * 100_000 + "}", "this JSON cannot be read ("),
    ],
)
def test_faults_of_json(tmp_path, line, says):
    path = write(tmp_path / "a.jsonl", GOOD + line + "\n")
    assert message(path).startswith(f"{path}, line 3: {says}")


def test_keys_that_are_not_there(tmp_path):
    path = write(tmp_path / "a.jsonl", '{"title": "a", "text": "b"}\n')
    assert message(path) == (
        f"{path}, line 1: no column that is known to hold the label; there are title, text: name it by --label-column"
    )
    assert "no column 'stars' to read the label from; there are title, text" in message(path, label_column="stars")


# --- fastText


def test_lines_of_fasttext(tmp_path):
    path = write(
        tmp_path / "a.txt", "\n__label__x __label__y  a  b \n\n__label__x\na __label__z b\nno__label__n __label__x\n"
    )
    reader = open_labelled(path)
    expected = [
        Labelled("a  b", ("x", "y"), f"{path}, line 2"),
        Labelled("", ("x",), f"{path}, line 4"),
        Labelled("a b", ("z",), f"{path}, line 5"),
        Labelled("no__label__n", ("x",), f"{path}, line 6"),
    ]
    assert list(reader) == list(reader) == expected
    other = write(tmp_path / "b.csv", "__label__x a\n")
    assert pairs(open_labelled(other, form="fasttext")) == [("a", "x")]
    assert message(path, form="tsv").startswith(f"{path}, line 2: no column 2")


def test_faults_of_fasttext(tmp_path):
    start = "__label__x a\n"
    for line, says in (
        ("just text", "no __label__; begin each line with its label, as in __label__NAME text"),
        ("__label__ a", "the label is empty"),
        ("__label__x __label__NaN a", "the label is NaN"),
    ):
        path = write(tmp_path / "a.txt", start + line)
        assert message(path).startswith(f"{path}, line 2: {says}")
    for asked, has_no in (
        ({"text_column": 1}, "columns"),
        ({"label_column": "label"}, "columns"),
        ({"header": True}, "header"),
        ({"label_separator": ","}, "cells to separate labels in"),
    ):
        with pytest.raises(ConfigError, match=rf"a\.txt is read in the form fasttext, which has no {has_no}"):
            open_labelled(path, **asked)


# --- a folder per class


@pytest.fixture
def classes(tmp_path):
    write(tmp_path / "c" / "pos" / "b.txt", b"\xef\xbb\xbfgood\r\n\r\nvery\r\n")
    write(tmp_path / "c" / "pos" / "deep" / "a.md", "fine")
    write(tmp_path / "c" / "neg" / "a.txt.gz", gzip.compress(b"bad\n"))
    write(tmp_path / "c" / "neg" / "empty.txt", "")
    write(tmp_path / "c" / "neg" / "picture.png", "\0")
    write(tmp_path / "c" / ".hidden" / "a.txt", "no")
    return tmp_path / "c"


def test_a_folder_per_class(classes):
    reader = open_labelled(classes)
    expected = [
        Labelled("bad", ("neg",), f"{classes / 'neg' / 'a.txt.gz'}"),
        Labelled("", ("neg",), f"{classes / 'neg' / 'empty.txt'}"),
        Labelled("good\n\nvery", ("pos",), f"{classes / 'pos' / 'b.txt'}"),
        Labelled("fine", ("pos",), f"{classes / 'pos' / 'deep' / 'a.md'}"),
    ]
    assert list(reader) == list(reader) == list(open_labelled(classes, form="folders")) == expected
    other = write(classes.parent / "more.csv", "text,label\nso so,mid\n")
    assert pairs(open_labelled([other, classes]))[:2] == [("so so", "mid"), ("bad", "neg")]


def test_subfolders_of_tables_are_no_classes(tmp_path):
    write(tmp_path / "2023" / "a.csv", "a,x\n")
    write(tmp_path / "2024" / "b.tsv", "b\ty\n")
    assert pairs(open_labelled(tmp_path)) == [("a", "x"), ("b", "y")]


def test_faults_of_folders(classes):
    with pytest.raises(ConfigError, match=r"a\.txt\.gz is read in the form folders, which has no columns"):
        open_labelled(classes, text_column=1)
    urls = write(classes / "urls.txt", "x\n")
    said = message(classes)
    assert said.startswith(
        f"{classes}: it has subfolders of texts, and {urls} beside them: name the files or subfolders"
    )
    assert len(list(open_labelled(classes, form="folders"))) == 4
    urls.unlink()
    write(classes / "neg" / "a.csv", "a,x\n")
    assert "subfolders of texts, and" in message(classes)
    assert message(urls, form="folders").startswith(f"{urls}: no such file or folder")
    assert message(classes / "neg" / "a.csv", form="folders").endswith("has a subfolder for each class")
    assert message(classes / "pos" / "deep", form="folders").endswith(
        "put the texts of each class in a subfolder of its name"
    )
    write(classes / "nan" / "a.txt", "x")
    assert message(classes, form="folders").startswith(f"{classes / 'nan'}: the label is nan")


# --- what all have


def test_each_file_has_its_own_header(tmp_path):
    write(tmp_path / "a.csv", "text,label\na,x\n")
    write(tmp_path / "b.tsv", "label\ttext\ny\tb\n")
    write(tmp_path / "c.txt", "c\tz\n")
    write(tmp_path / "d.txt", "\n__label__u d\n")
    write(tmp_path / "e.jsonl.gz", gzip.compress(b'{"label": "v", "text": "e"}\n'))
    write(tmp_path / "note.pdf", "\0")
    reader = open_labelled(tmp_path)
    assert pairs(reader) == [("a", "x"), ("b", "y"), ("c", "z"), ("d", "u"), ("e", "v")]
    assert [file.path.name for file in reader.files] == ["a.csv", "b.tsv", "c.txt", "d.txt", "e.jsonl.gz"]
    assert pairs(open_labelled(tmp_path, form="csv")) == [("a", "x")]
    assert pairs(open_labelled(tmp_path, form="jsonl")) == [("e", "v")]
    assert pairs(open_labelled([tmp_path / "c.txt", tmp_path / "a.csv"])) == [("c", "z"), ("a", "x")]


def test_a_text_of_a_million_characters(tmp_path):
    text = "very, " * 200_000 + '"good"'
    escaped = text.replace('"', '""')
    for name, content in (
        ("a.tsv", f"{text}\tpos\n"),
        ("a.csv", f'"{escaped}",pos\n'),
        ("b.csv", f'text,label\n"{escaped[:600_000]}\n{escaped[600_000:]}",pos\n'),
        ("a.txt", f"__label__pos {text}\n"),
        ("pos/a.txt", text),
    ):
        path = write(tmp_path / name, content)
        (record,) = open_labelled(tmp_path, form="folders") if name == "pos/a.txt" else open_labelled(path)
        assert record.text.replace("\n", "") == text
        assert record.labels == ("pos",)


def test_an_unknown_form(tmp_path):
    path = write(tmp_path / "a.csv", "a,x\n")
    with pytest.raises(
        ConfigError, match=r"unknown form of labelled texts 'cvs'; did you mean 'csv'\? known: auto, csv"
    ):
        open_labelled(path, form="cvs")


def test_settings_that_make_no_sense(tmp_path):
    path = write(tmp_path / "a.csv", "a,x\n")
    for asked, says in (
        ({"text_column": 0}, "there is no column 0: columns count from 1"),
        ({"label_column": "0"}, "there is no column 0"),
        ({"text_column": 2, "label_column": 2}, "text and label are both read from column 2: give two different ones"),
        ({"text_column": "text", "header": False}, "column 'text' is a name, and without a header there are none"),
    ):
        with pytest.raises(ConfigError, match=says):
            open_labelled(path, **asked)
    with pytest.raises(ConfigError, match="unknown encoding 'utf-9'"):
        open_labelled(path, "utf-9")


def test_nothing_to_read(tmp_path):
    for name, content in (
        ("a.tsv", ""),
        ("b.csv", "\n \n"),
        ("c.csv", "text,label\n"),
        ("d.jsonl", "\n"),
        ("e.txt", "\r\n"),
    ):
        path = write(tmp_path / name, content)
        assert message(path) == f"{path}: empty, there is no labelled text to read"
    path = write(tmp_path / "f.txt", "\n")
    assert message(path, form="fasttext").endswith("empty, there is no labelled text to read")
    assert message([]).startswith("no corpus given")
    assert "no such file or folder; did you mean" in message(tmp_path / "a.tvs")
    (tmp_path / "g").mkdir()
    assert "taken are .txt, .text, .md, .tsv, .csv, .jsonl, .ndjson" in message(tmp_path / "g")


def test_what_is_no_text(tmp_path):
    good = ("a" * 1000 + "\tx\n") * 1500  # more than a block, so that the form is found out before
    for name in ("a.tsv", "a.csv"):
        content = good.replace("\t", "," if name == "a.csv" else "\t").encode() + b"b\xff"
        path = write(tmp_path / name, content)
        assert message(path).startswith(
            f"{path}, line 1501: byte {len(content) - 1} (0xff) is not utf-8; use --encoding"
        )
    for name in ("b.tsv", "b.csv", "b.jsonl", "pos/b.txt"):
        path = write(tmp_path / "z" / name, b"\0\1" * 50)
        whole = tmp_path / "z" if name == "pos/b.txt" else path
        assert "looks like a binary file" in message(whole, form="folders" if name == "pos/b.txt" else "auto")
    path = write(tmp_path / "c.csv.gz", gzip.compress(b"a,x\n" * 1000)[:-20])
    assert message(path).startswith(f"{path}: the .gz file is cut short")


def test_samples_and_paths_one_after_another(tmp_path):
    path = write(tmp_path / "mine.csv", "我\n".replace("\n", ",x\n").encode("gb18030"))
    read = pairs(open_labelled([path, "sample:reviews"], "gb18030"))
    assert read[0] == ("我", "x")
    assert read[1:] == pairs(open_labelled("sample:reviews"))
