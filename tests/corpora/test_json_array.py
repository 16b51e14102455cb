"""JSON in one piece, read an object at a time."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqlab.corpora import TextFile, json_array, open_labelled, open_parallel
from seqlab.corpora.json_array import read_json
from seqlab.errors import DataError

EXAMPLE = '{"text": "...", "label": "..."}'
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text('a"\\{}[]\n天', max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('k"', max_size=2), inner, max_size=3),
    max_leaves=6,
)


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def values(path):
    return [dict(row.values) for row in read_json(TextFile(path), EXAMPLE)]


def in_blocks(monkeypatch, size):
    """Has texts come in blocks of so many characters."""
    read = json_array.read_text

    def read_text(file):
        for block in read(file):
            yield from (block[start : start + size] for start in range(0, len(block), size))

    monkeypatch.setattr(json_array, "read_text", read_text)


@given(
    st.lists(st.dictionaries(st.text('k"\\', max_size=2), VALUES, max_size=3), max_size=5),
    st.sampled_from([None, 1]),
    st.booleans(),
    st.integers(1, 7),
)
def test_arrays_and_objects_with_one(tmp_path_factory, rows, indent, inside, size):
    path = tmp_path_factory.mktemp("json") / "a.json"
    document = {"version": [1, 2], "title": 'a [{"', "rows": rows, "end": None} if inside else rows
    write(path, json.dumps(document, indent=indent, ensure_ascii=False))
    with pytest.MonkeyPatch.context() as patch:
        in_blocks(patch, size)
        assert values(path) == (rows if rows or not inside else [document])


def test_places_and_halves(tmp_path):
    path = write(tmp_path / "a.json", '[\n {"text": "a",\n  "label": "x"},\n\n {"text": "b", "label": ["y", 1]}]\n')
    rows = open_labelled(path)
    assert [(row.text, row.labels, row.source) for row in rows] == [
        ("a", ("x",), f"{path}, line 2"), ("b", ("y", "1"), f"{path}, line 5"),
    ]  # fmt: skip
    with pytest.raises(DataError, match=r"a\.json, line 1: half of a surrogate pair"):
        list(open_labelled(write(path, r'[{"text": "\ud800", "label": "x"}]')))
    with pytest.raises(DataError, match=r"line 1: no column that is known to hold the label; there are text, la: name"):
        list(open_labelled(write(path, '[{"text": "a", "la": "x"}]')))
    nested = write(path, '{"data": [{"translation": {"en": "a", "de": "b"}}]}')
    pairs = open_parallel(nested, source_column="en", target_column="de")
    assert [(pair.source, pair.target) for pair in pairs] == [("a", "b")]
    named = open_labelled(write(tmp_path / "b.txt", '[{"text": "a", "label": "x"}]'), form="json")
    assert [row.text for row in named] == ["a"]


def test_objects_a_line_and_a_single_one(tmp_path):
    lines = '{"text": "a", "label": "x", "spans": [{"b": 1}]}\n{"text": "b", "label": "y"}\n'
    assert [row.text for row in open_labelled(write(tmp_path / "a.json", lines))] == ["a", "b"]
    single = '{"text": "a",\n "label": ["x", "y"]}'
    assert [row.labels for row in open_labelled(write(tmp_path / "a.json", single))] == [("x", "y")]
    (tmp_path / "folder").mkdir()
    write(tmp_path / "folder" / "info.json", "{}")
    write(tmp_path / "folder" / "a.csv", "a,x\n")
    assert [row.text for row in open_labelled(tmp_path / "folder")] == ["a"], "a note on the others is left alone"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "a.json: empty, there is no labelled text to read"),
        ("[]", "a.json: empty"),
        ("3", "line 1: no JSON of records, neither an array of objects nor an object with one"),
        ('[\n{"text": "t", "label": "l"},\n3]', "line 3: no JSON of records, an element of the array is no object"),
        ('[{"text": "a", "label": "x"}', "where , is to stand it ends"),
        ('[{"text": "a", "label": "x"} {', "where , is to stand {"),
        ('[{"text": "a", "label": "x"},\n]', "line 2: no JSON of records, a comma stands before its end"),
        ('[{"text": "a", "label": "x"}]\n[]', "line 2: no JSON of records, there is more behind its end"),
        ('[\n{"text": "a', "line 2: no JSON of records, what begins here with { is not closed"),
        ('[{"text": "a" "label": "x"}]', "line 1: no JSON (Expecting ',' delimiter"),
        ('{"a": [{"text": "t", "label": "l"}], "b": [{}]}', 'the object has several arrays, "a" and "b"; keep one'),
        ('{"a": tru}', "line 1: no JSON (Expecting value"),
        ("{3: 4}", "line 1: no JSON of records, where : is to stand 4"),
        ('[{"a": ' + "[" * 5000 + "]" * 5000 + "}]", "this JSON cannot be read"),
    ],
)  # fmt: skip
def test_other_documents(tmp_path, content, says):
    with pytest.raises(DataError) as caught:
        list(open_labelled(write(tmp_path / "a.json", content)))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_object_beyond_measure(tmp_path, monkeypatch):
    monkeypatch.setattr(json_array, "_LONGEST", 100)
    in_blocks(monkeypatch, 50)
    with pytest.raises(DataError, match=r"line 1: no JSON of records, what begins here with \{ is not closed"):
        values(write(tmp_path / "a.json", '[{"text": "' + "a" * 500))
