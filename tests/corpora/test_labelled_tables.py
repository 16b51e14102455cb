import bz2
import csv
import gzip
import io
import lzma
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqlab.corpora import LabelledText, open_labelled
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


# --- tables


def test_tabs(tmp_path):
    path = write(tmp_path / "a.tsv", ' good, "very"\t pos \n\n \r\nbad\tneg\r\n\tneg\n')
    reader = open_labelled(path)
    assert isinstance(reader, LabelledText)
    expected = [
        Labelled(' good, "very"', ("pos",), f"{path}, line 1"),
        Labelled("bad", ("neg",), f"{path}, line 4"),
        Labelled("", ("neg",), f"{path}, line 5"),
    ]
    assert list(reader) == list(reader) == expected
    assert list(open_labelled(path, form="tsv")) == expected
    assert repr(reader) == f"LabelledText(['{path}'])"


def test_csv(tmp_path):
    text = 'text,label\r\n"one, ""two""\r\nthree",pos\r\n"" , "neg"\n\nfive "5" six,"a\n"\n'
    path = write(tmp_path / "a.CSV", text)
    reader = open_labelled(path)
    expected = [
        Labelled('one, "two"\nthree', ("pos",), f"{path}, line 2"),
        Labelled("", ("neg",), f"{path}, line 4"),
        Labelled('five "5" six', ("a",), f"{path}, line 6"),
    ]
    assert list(reader) == list(reader) == expected
    assert next(iter(open_labelled(write(tmp_path / "a.data", text), form="csv"))).text == expected[0].text


CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12) | st.text('",\n\r x')
ROWS = st.lists(st.tuples(CELL, st.text("ab, ", min_size=1).map(lambda label: "x" + label.strip()), CELL), min_size=1)


@settings(deadline=None)
@given(ROWS, st.sampled_from([(csv.QUOTE_MINIMAL, "\r\n"), (csv.QUOTE_ALL, "\r\n"), (csv.QUOTE_ALL, "\n")]))
def test_what_another_writer_writes_comes_back(tmp_path_factory, rows, how):
    quoting, line_end = how
    written = io.StringIO(newline="")
    writer = csv.writer(written, quoting=quoting, lineterminator=line_end)
    writer.writerows([("review", "class", "note"), *rows])
    content = written.getvalue()
    path = tmp_path_factory.getbasetemp() / "another.csv"
    path.write_bytes(b"\xef\xbb\xbf" + content.encode())
    if sum(content.count(control) for control in map(chr, [*range(1, 9), *range(14, 27), *range(28, 32), 127])) < 16:
        expected = [(text.replace("\r\n", "\n").replace("\r", "\n"), label) for text, label, _ in rows]
        assert pairs(open_labelled(path)) == expected


def test_a_mark_line_ends_and_compression(tmp_path):
    content = b'\xef\xbb\xbfsentence,label\r\ngut,pos\r\n"\xe5\xa5\xbd",pos'
    expected = [("gut", "pos"), ("好", "pos")]
    for suffix, compress in (("", bytes), (".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)):
        path = write(tmp_path / f"a.csv{suffix}", compress(content))
        assert pairs(open_labelled(path)) == expected
        assert next(iter(open_labelled(path))).source == f"{path}, line 2"
    gb = write(tmp_path / "b.tsv", "好\t正\n".encode("gb18030"))
    assert pairs(open_labelled(gb, "gb18030")) == [("好", "正")]


def test_a_cell_of_very_many_lines_and_quotes(tmp_path):
    path = write(tmp_path / "a.csv", '"' + '""\n' * 200_000 + '",x\n')
    ((text, label),) = pairs(open_labelled(path))
    assert (text, label) == ('"\n' * 200_000, "x")


def test_memory_does_not_grow_with_the_file(tmp_path):
    path = write(tmp_path / "a.csv", ('"' + "a, b " * 2000 + '""",x\n') * 2000)
    reader = open_labelled(path)
    tracemalloc.start()
    n = sum(1 for _ in reader)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert n == 2000
    assert peak < path.stat().st_size / 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            'text,label\n"a\nb",x\n\nc,d,x\n',
            "line 5: 3 cells, where the first row (line 1) has 2: fill missing cells, and",
        ),
        ('\na,x\n"b\n",x\nc\n', "line 5: 1 cell, where the first row (line 2) has 2"),
        ('a,x\n"b""\n\n,x\nc,x\n', "line 2: a double quote opens a cell here and is never closed; close it, or double"),
        ('a,x\n"b\nc","d\n\n', "line 3: a double quote opens a cell here and is never closed"),
        ('a,x\n"b\nc" d,x\n', "line 3: 'd,x' stands behind a closing double quote; put a comma there, or double"),
        (
            'text,label\na,"very\ngood"\n',
            "line 2: the label 'very\\ngood' has a line end, a tab or another control char",
        ),
        ("text,label\na,x\nb,NaN\n", "line 3: the label is NaN, a missing value; fill it in"),
        ('text,label\na,x\n"b\n","nan "\n', "line 3: the label is nan, a missing value; fill it in"),
    ],
)
def test_faults_of_csv(tmp_path, text, says):
    path = write(tmp_path / "a.csv", text)
    assert message(path).startswith(f"{path}, {says}")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "a\tx\nb\tc\tx\n",
            "line 2: 3 cells, where the first row (line 1) has 2: fill missing cells, and replace tabs in",
        ),
        ("text\tlabel\n\na\n", "line 3: 1 cell, where the first row (line 1) has 2"),
        ("a\tx\nb\tnan\n", "line 2: the label is nan, a missing value"),
        ("just text\n", "line 1: no column 2 to read the label from; there is just text alone: part cells by tabs"),
    ],
)
def test_faults_of_tabs(tmp_path, text, says):
    path = write(tmp_path / "a.txt", text)
    assert message(path).startswith(f"{path}, {says}")


def test_tabs_in_csv(tmp_path):
    path = write(tmp_path / "a.csv", "text\tlabel\nfine, fine\tgood\n")
    assert message(path) == f"{path}, line 1: its cells are parted by tabs, and .csv has commas; give --form tsv"
    assert pairs(open_labelled(path, form="tsv")) == [("fine, fine", "good")]


def test_rows_with_tabs_may_end_behind_text_and_label(tmp_path):
    path = write(tmp_path / "a.tsv", "text\tlabel\tnote\na\tx\nb\tx\tseen\n")
    assert pairs(open_labelled(path)) == [("a", "x"), ("b", "x")]
    path = write(tmp_path / "b.tsv", "note\ttext\tlabel\n1\ta\tx\n2\tb\n")
    assert message(path).startswith(f"{path}, line 3: 2 cells")


# --- columns


@pytest.mark.parametrize(
    ("first", "asked", "expected"),
    [
        ("id,Text,LABEL", {}, [("b", "c")]),
        ("labels,headline,id", {}, [("b", "a")]),
        ("sentence,text,label", {}, [("b", "c")]),
        ("id,text,stars", {"label_column": "stars"}, [("b", "c")]),
        ("id, what ,stars", {"text_column": "what", "label_column": "stars"}, [("b", "c")]),
        ("id,review,stars", {"text_column": "stars", "label_column": "id"}, [("c", "a")]),
        ("id,what,stars", {"text_column": 3, "label_column": "2"}, [("stars", "what"), ("c", "b")]),
        ("id,what,stars", {"text_column": "-1", "label_column": -2}, [("stars", "what"), ("c", "b")]),
        ("id,what,stars", {"text_column": 3, "label_column": 2, "header": True}, [("c", "b")]),
        ("id,what,stars", {"header": True}, [("a", "b")]),
        ("id,what,stars", {}, [("id", "what"), ("a", "b")]),
        ("class,note,text", {"text_column": 3, "label_column": 1}, [("c", "a")]),
        ("class,note,text", {"text_column": -1}, [("c", "a")]),
        ("class,note,text", {"text_column": "note", "label_column": 1}, [("b", "a")]),
        ("text,label,note", {"text_column": 3, "label_column": 2, "header": False}, [("note", "label"), ("c", "b")]),
        ("text,label,note", {"header": False}, [("text", "label"), ("a", "b")]),
    ],
)
def test_which_columns(tmp_path, first, asked, expected):
    path = write(tmp_path / "a.csv", f"{first}\na,b,c\n")
    assert pairs(open_labelled(path, **asked)) == expected
    path = write(tmp_path / "a.tsv", f"{first}\na,b,c\n".replace(",", "\t"))
    assert pairs(open_labelled(path, **asked)) == expected


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"text_column": "what"}, "no column 'what' to read the text from; there are id, headline, stars"),
        ({"label_column": "What"}, "no column 'What' to read the label from; there are id, headline, stars"),
        ({"label_column": 4, "header": True}, "no column 4 to read the label from; there are id, headline, stars"),
        ({"text_column": -4, "label_column": 1}, "no column -4 to read the text from; there are id"),
        (
            {"header": True},
            "no column that is known to hold the label; there are id, headline, stars: name it by --label-column",
        ),
        ({}, "'headline' looks like the name of a column, and there are id, headline, stars: name those of text and"),
        ({"text_column": 2, "label_column": 3}, "'headline' looks like the name of a column"),
        (
            {"text_column": 2, "label_column": -2, "header": True},
            "text and label are both read from column 2: name both",
        ),
        ({"text_column": 2, "header": False}, "text and label are both read from column 2: name both"),
    ],
)
def test_columns_that_are_not_there(tmp_path, asked, says):
    path = write(tmp_path / "a.csv", "id,headline,stars\n1,a,x\n")
    assert message(path, **asked).startswith(f"{path}, line 1: {says}")


def test_columns_in_messages_are_shortened(tmp_path):
    path = write(tmp_path / "a.csv", ",".join(f"{number}" * 60 for number in range(20)) + "\n")
    said = message(path, text_column="text")
    assert len(said) < len(str(path)) + 600
    assert said.endswith(" and 8 more")


def test_a_name_that_two_columns_have(tmp_path):
    path = write(tmp_path / "a.csv", "a,a,b\nx,y,z\n")
    assert "2 columns are called 'a': give the number of the one" in message(path, text_column="a", label_column="b")
    assert pairs(open_labelled(path, text_column=2, label_column="b")) == [("y", "z")]


# --- several labels


def test_an_empty_cell_is_a_text_without_labels(tmp_path):
    expected = [("a", ("x",)), ("b", ()), ("c", ("x",))]
    for name, text in (("a.csv", 'a,x\nb,\nc," x"\n'), ("b.tsv", "a\tx\nb\t \nc\tx\n")):
        path = write(tmp_path / name, text)
        for separator in (None, ";"):
            found = open_labelled(path, label_separator=separator)
            assert [(record.text, record.labels) for record in found] == expected


def test_several_labels_in_a_cell(tmp_path):
    path = write(tmp_path / "a.tsv", "a\tx ; y;x\nb\ty\n")
    assert [record.labels for record in open_labelled(path, label_separator=";")] == [("x", "y"), ("y",)]
    assert [record.labels for record in open_labelled(path)] == [("x ; y;x",), ("y",)]
    path = write(tmp_path / "a.csv", 'a,"x,y"\nb,y\n')
    assert [record.labels for record in open_labelled(path, label_separator=",")] == [("x", "y"), ("y",)]
    path = write(tmp_path / "b.csv", "a,x;y\nb,x;;y\n")
    assert (
        message(path, label_separator=";") == f"{path}, line 2: the label is empty; fill it in, or leave this text out"
    )
    path = write(tmp_path / "c.csv", "a,x;NaN\n")
    assert message(path, label_separator=";").startswith(f"{path}, line 1: the label is NaN")
    with pytest.raises(ConfigError, match="the separator of labels is empty"):
        open_labelled(path, label_separator="")
