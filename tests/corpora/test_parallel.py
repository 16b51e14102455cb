import bz2
import csv
import gzip
import io
import json
import lzma
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqlab.corpora import ParallelText, open_parallel
from seqlab.errors import ConfigError, DataError
from seqlab.records import Pair


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def sides(reader):
    return [(pair.source, pair.target) for pair in reader]


def message(paths, **settings):
    """The one line that a reader says."""
    with pytest.raises(DataError) as caught:
        list(open_parallel(paths, **settings))
    assert "\n" not in str(caught.value)
    return str(caught.value)


# --- two files


def test_two_files(tmp_path):
    en = write(tmp_path / "train.en", "Hello.\r\n Two  dogs \n\nNo end")
    de = write(tmp_path / "train.de", b"\xef\xbb\xbfHallo.\nZwei Hunde\n\xc3\xa4\nKein Ende\r\n")
    reader = open_parallel([en, de])
    assert isinstance(reader, ParallelText)
    expected = [
        Pair("Hello.", "Hallo.", f"{en}, line 1"),
        Pair(" Two  dogs ", "Zwei Hunde", f"{en}, line 2"),
        Pair("", "ä", f"{en}, line 3"),
        Pair("No end", "Kein Ende", f"{en}, line 4"),
    ]
    assert list(reader) == list(reader) == list(open_parallel([en, de], form="text")) == expected
    assert repr(reader) == f"ParallelText(['{en}', '{de}'])"
    assert sides(open_parallel([de, en])) == [(target, source) for source, target in sides(reader)]


def test_several_pairs_of_files_one_after_another(tmp_path):
    paths = [write(tmp_path / name, f"{name}\n") for name in ("a.en", "a.de", "b.en", "b.de")]
    assert sides(open_parallel(paths)) == [("a.en", "a.de"), ("b.en", "b.de")]
    table = write(tmp_path / "c.tsv", "c\td\n")
    assert sides(open_parallel([*paths[:2], table, *paths[2:]])) == [("a.en", "a.de"), ("c", "d"), ("b.en", "b.de")]


def test_two_files_of_another_encoding_and_compressed(tmp_path):
    for suffix, compress in (("", bytes), (".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)):
        zh = write(tmp_path / f"a.zh{suffix}", compress("渡船\n六点\n".encode("gb18030")))
        en = write(tmp_path / "a.en", "ferry\nsix\n")
        assert sides(open_parallel([zh, en], "gb18030")) == [("渡船", "ferry"), ("六点", "six")]


def test_only_line_feeds_end_a_line(tmp_path):
    """Tools that align know no other line ends; one of these in a sentence must not move all that follows."""
    odd = "a\rb\x0bc\x0cd\x85e\u2028f\u2029g"
    one = write(tmp_path / "a.one", f"{odd}\r\nx\r\r\ny\n")
    other = write(tmp_path / "a.other", "1\n2\n3\n")
    assert sides(open_parallel([one, other])) == [(odd, "1"), ("x\r", "2"), ("y", "3")]
    block = 1 << 20  # a return at the end of a block, with and without a line feed at the start of the next
    for start, ends in (
        ("a" * (block - 1) + "\r\n", "a"),
        ("a" * (block - 1) + "\rb\n", "b"),
        ("a" * block + "\r", "\r"),
    ):
        one.write_bytes(start.encode())
        other.write_bytes(b"1\n")
        ((source, target),) = sides(open_parallel([one, other]))
        assert (source[-1], len(source), target) == (ends, len(start.rstrip("\n")) - start.endswith("\r\n"), "1")


LINE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\x00"), max_size=12)


@settings(deadline=None)
@given(st.lists(st.tuples(LINE, LINE), min_size=1), st.sampled_from(["\n", "\r\n"]))
def test_what_was_written_comes_back(tmp_path_factory, pairs, line_end):
    pairs = [tuple(side.rstrip("\r").replace("\ufeff", "") for side in pair) for pair in pairs]
    paths = [tmp_path_factory.getbasetemp() / name for name in ("back.one", "back.other")]
    for path, lines in zip(paths, zip(*pairs, strict=True), strict=True):
        path.write_bytes("".join(line + line_end for line in lines).encode())
    n_controls = [
        sum(character < " " or character == "\x7f" for pair in pairs for character in pair[side]) for side in (0, 1)
    ]
    while pairs and pairs[-1] == ("", ""):
        pairs.pop()
    if pairs and max(n_controls) < 16:
        assert sides(open_parallel(paths, form="text")) == pairs


def test_blank_lines_in_both_files_are_nothing_at_the_end_alone(tmp_path):
    one, other = write(tmp_path / "a.en", "\na\n\n\nb\n\n\n"), write(tmp_path / "a.de", "\nc\n\nd\ne\n\n\n")
    assert sides(open_parallel([one, other])) == [("", ""), ("a", "c"), ("", ""), ("", "d"), ("b", "e")]


@pytest.mark.parametrize(("n_source", "n_target"), [(3, 1200), (1200, 3), (0, 2), (2, 0)])
def test_files_of_different_length(tmp_path, n_source, n_target):
    one, other = write(tmp_path / "a.en", "x\n" * n_source), write(tmp_path / "a.de", "y\n" * n_target)
    assert message([one, other]) == (
        f"{one} has {n_source:,} lines and {other} {n_target:,}: two files of different length; line n of the one is to "
        "be the translation of line n of the other"
    )


def test_one_file_alone(tmp_path):
    one, other = write(tmp_path / "a.en", "a\n"), write(tmp_path / "a.de", "b\n")
    table = write(tmp_path / "b.tsv", "c\td\n")
    assert message(one).startswith(
        f"{one}: one side alone; give the file of the source and behind it that of the target"
    )
    assert message([one, other, one]).startswith(f"{one}: one side alone; give")
    assert message([one, table]).startswith(
        f"{one}: one side alone, and {table} is a table; give the file of the source"
    )
    assert message([one, tmp_path]).startswith(f"{tmp_path}: a folder, where a file is needed")
    assert message(tmp_path, form="text").startswith(f"{tmp_path}: a folder, where a file is needed")


def test_what_is_no_text(tmp_path):
    good = write(tmp_path / "a.en", "a\n" * 3)
    bad = write(tmp_path / "a.de", b"a\nb\xff\nc\n")
    assert message([good, bad]).startswith(f"{bad}, line 2: byte 3 (0xff) is not utf-8; use --encoding")
    assert message([bad, good]).startswith(f"{bad}, line 2: byte 3 (0xff) is not utf-8; use --encoding")
    binary = write(tmp_path / "b.de", b"\0\1" * 50)
    assert "looks like a binary file" in message([good, binary])
    assert "looks like a binary file" in message(write(tmp_path / "b.tsv", b"\0\1" * 50))
    cut = write(tmp_path / "c.de.gz", gzip.compress(b"a\n" * 1000)[:-20])
    assert message([good, cut]).startswith(f"{cut}: the .gz file is cut short")
    assert "no such file or folder; did you mean" in message([good, tmp_path / "a.dee"])
    assert "no such file or folder; did you mean" in message([tmp_path / "a.enn", good])


def test_memory_does_not_grow_with_the_files(tmp_path):
    paths = [write(tmp_path / name, (f"{name} " * 2000 + "\n") * 2000) for name in ("a.en", "a.de")]
    reader = open_parallel(paths)
    tracemalloc.start()
    n = sum(1 for _ in reader)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert n == 2000
    assert peak < paths[0].stat().st_size


# --- tables


def test_the_form_of_tatoeba(tmp_path):
    text = 'Hi.\t嗨。\tCC-BY 2.0 #1\nIt "rains".\t下雨了。\tCC-BY 2.0 #2\r\n\nNo.\t不。\n\t空。\tx\nEmpty.\t\n'
    expected = [("Hi.", "嗨。"), ('It "rains".', "下雨了。"), ("No.", "不。"), ("", "空。"), ("Empty.", "")]
    for name in ("cmn.txt", "a.tsv", "cmn"):
        path = write(tmp_path / name, text)
        reader = open_parallel(path)
        assert sides(reader) == sides(reader) == expected
        assert [pair.where for pair in reader][2] == f"{path}, line 4"
        assert sides(open_parallel(path, form="tsv", source_column=2, target_column=1)) == [
            (target, source) for source, target in expected
        ]


@pytest.mark.parametrize(
    ("first", "asked", "expected"),
    [
        ("source,target,id", {}, [("a", "b")]),
        ("id,TGT,Src", {}, [("c", "b")]),
        ("id,en,de", {"source_column": "en", "target_column": "de"}, [("b", "c")]),
        ("id,en,de", {"source_column": "de", "target_column": "en"}, [("c", "b")]),
        ("en,zh,note", {}, [("a", "b")]),
        ("en-GB,zh_Hans,note", {}, [("a", "b")]),
        ("English,Chinese,note", {"source_column": 2, "target_column": 1}, [("b", "a")]),
        ("eng_Latn,cmn_Hans,note", {"source_column": 2, "target_column": 1}, [("b", "a")]),
        ("Hi,hello,note", {"source_column": 1, "target_column": 2}, [("Hi", "hello"), ("a", "b")]),
        ("hello,No,note", {"source_column": 2, "target_column": 1}, [("No", "hello"), ("b", "a")]),
        ("en,zh,note", {"header": False}, [("en", "zh"), ("a", "b")]),
        ("no,no,note", {}, [("no", "no"), ("a", "b")]),
        ("en,hello,note", {}, [("en", "hello"), ("a", "b")]),
        ("x,y,z", {"header": True}, [("a", "b")]),
        ("x,y,z", {"source_column": "-1", "target_column": 1}, [("z", "x"), ("c", "a")]),
        ("x,source,z", {"source_column": "x", "target_column": "z"}, [("a", "c")]),
    ],
)
def test_which_columns(tmp_path, first, asked, expected):
    path = write(tmp_path / "a.csv", f"{first}\na,b,c\n")
    assert sides(open_parallel(path, **asked)) == expected
    path = write(tmp_path / "a.tsv", f"{first}\na,b,c\n".replace(",", "\t"))
    assert sides(open_parallel(path, **asked)) == expected


@pytest.mark.parametrize(
    ("text", "asked", "says"),
    [
        ("a\tb\njust text\n", {}, "line 2: 1 cell, where the first row (line 1) has 2: fill missing cells"),
        ("a\tb\nc\td\te\n", {}, "line 2: 3 cells, where the first row (line 1) has 2: fill missing cells, and replace"),
        (
            "just text\n",
            {},
            "line 1: no column 2 to read the target from; there is just text alone: part cells by tabs",
        ),
        (
            "id\ten\tde\n1\ta\tb\n",
            {"source_column": "fr"},
            "line 1: no column 'fr' to read the source from; there are id",
        ),
        (
            "id\ten\tde\n1\ta\tb\n",
            {"source_column": "en"},
            "line 1: no column that is known to hold the target; there are id, en, de: name it by --target-column",
        ),
        (
            "id\tsource\tde\n",
            {},
            "line 1: 'source' looks like the name of a column, and there are id, source, de: name",
        ),
        ("a\tb\n", {"source_column": 3}, "line 1: no column 3 to read the source from; there are a, b"),
        ("a\tb\n", {"source_column": 2}, "line 1: source and target are both read from column 2"),
    ],
)
def test_faults_of_tables(tmp_path, text, asked, says):
    path = write(tmp_path / "a.tsv", text)
    assert message(path, **asked).startswith(f"{path}, {says}")


def test_csv(tmp_path):
    path = write(tmp_path / "a.csv", 'source,target\n"one, ""two""\nthree",drei\n,"x"\n"open')
    reader = iter(open_parallel(path))
    assert next(reader) == Pair('one, "two"\nthree', "drei", f"{path}, line 2")
    assert next(reader) == Pair("", "x", f"{path}, line 4")
    assert message(path).startswith(f"{path}, line 5: a double quote opens a cell here and is never closed")


CELL = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12) | st.text('",\n\r x')


@settings(deadline=None)
@given(st.lists(st.tuples(CELL, CELL, CELL), min_size=1))
def test_what_another_writer_writes_comes_back(tmp_path_factory, rows):
    written = io.StringIO(newline="")
    csv.writer(written, quoting=csv.QUOTE_ALL).writerows([("zh", "note", "en"), *rows])
    path = tmp_path_factory.getbasetemp() / "another.csv"
    path.write_bytes(b"\xef\xbb\xbf" + written.getvalue().encode())
    expected = [
        tuple(cell.replace("\r\n", "\n").replace("\r", "\n") for cell in (source, target)) for target, _, source in rows
    ]
    assert sides(open_parallel(path, source_column="en", target_column="zh")) == expected


def test_a_stray_tab_makes_no_table(tmp_path):
    one, other = write(tmp_path / "a.en", "a\tb\nc\nd\n"), write(tmp_path / "a.de", "1\n2\n3\n")
    assert sides(open_parallel([one, other])) == [("a\tb", "1"), ("c", "2"), ("d", "3")]
    all_tabs = write(tmp_path / "b.en", "a\tb\nc\td\nd\te\n")
    assert sides(open_parallel([all_tabs, other], form="text")) == [("a\tb", "1"), ("c\td", "2"), ("d\te", "3")]


# --- lines with both sides


def test_both_sides_in_a_line(tmp_path):
    path = write(tmp_path / "a.txt", "a b ||| c d\r\n\n|||x\ny |||\ne|f ||| | g\n")
    expected = [("a b", "c d"), ("", "x"), ("y", ""), ("e|f", "| g")]
    assert sides(open_parallel(path)) == sides(open_parallel(path, form="moses")) == expected
    assert [pair.where for pair in open_parallel(path)][1] == f"{path}, line 3"
    for line, n in (("a", 1), ("a ||| b ||| 0.5", 3)):
        path = write(tmp_path / "b.txt", f"a ||| b\n{line}\n")
        assert message(path, form="moses") == f"{path}, line 2: {n} parts; write source ||| target, a pair a line"
    with pytest.raises(ConfigError, match=r"b\.txt is read in the form moses, which has no columns"):
        open_parallel(path, form="moses", source_column=1)


# --- JSON lines


def test_json_lines(tmp_path):
    path = write(
        tmp_path / "a.jsonl",
        '{"source": "a\\r\\nb", "target": "c", "id": 1}\n\n{"target": null, "source": "\\ud83d\\ude00"}\n',
    )
    expected = [Pair("a\nb", "c", f"{path}, line 1"), Pair("\N{GRINNING FACE}", "", f"{path}, line 3")]
    assert list(open_parallel(path)) == expected
    path = write(tmp_path / "b.ndjson", '{"en": "a", "de": "b", "2": "c"}\n')
    assert sides(open_parallel(path, source_column="de", target_column="2")) == [("b", "c")]
    nested = [{"id": 1, "translation": {"en": "a", "de": "b", "cs": None}}, {"translation": {"de": "c", "en": "d"}}]
    path = write(tmp_path / "c.jsonl", "".join(json.dumps(row) + "\n" for row in nested))
    assert sides(open_parallel(path, source_column="de", target_column="en")) == [("b", "a"), ("c", "d")]
    path = write(tmp_path / "d.jsonl", '{"translation": {"en": "x", "de": "y"}, "source": "a", "target": "b"}\n')
    assert sides(open_parallel(path)) == [("a", "b")]
    assert sides(open_parallel(path, source_column="en", target_column="de")) == [("x", "y")]
    path = write(tmp_path / "e.jsonl", '{"translation": "b", "source": "a"}\n')
    assert sides(open_parallel(path, target_column="translation")) == [("a", "b")]


@settings(deadline=None)
@given(st.lists(st.tuples(CELL, CELL), min_size=1), st.booleans(), st.booleans())
def test_json_of_another_writer_comes_back(tmp_path_factory, pairs, nested, ascii_only):
    path = tmp_path_factory.getbasetemp() / "another.jsonl"
    rows = [{"zh": target, "en": source} for source, target in pairs]
    lines = [json.dumps({"translation": row} if nested else row, ensure_ascii=ascii_only) for row in rows]
    path.write_bytes("\n".join(lines).encode())
    expected = [tuple(side.replace("\r\n", "\n").replace("\r", "\n") for side in pair) for pair in pairs]
    assert sides(open_parallel(path, source_column="en", target_column="zh")) == expected


@pytest.mark.parametrize(
    ("line", "asked", "says"),
    [
        (
            '{"en": "a", "de": "b"}',
            {},
            "no column that is known to hold the source; there are en, de: name it by --source-column",
        ),
        ('{"en": "a", "de": "b"}', {"source_column": "fr"}, "no column 'fr' to read the source from; there are en, de"),
        (
            '{"translation": {"en": "a", "de": "b"}}',
            {},
            ", under 'translation': no column that is known to hold the source; there are en, de: name it by --source",
        ),
        (
            '{"translation": {"en": "a", "de": "b"}}',
            {"source_column": "en", "target_column": "fr"},
            ", under 'translation': no column 'fr' to read the target from; there are en, de",
        ),
        (
            '{"translation": {"en": "a", "de": 5}}',
            {"source_column": "en", "target_column": "de"},
            ", under 'translation': the target under 'de' is not a string; put it in quotes",
        ),
        ('{"source": ["a"], "target": "b"}', {}, "the source under 'source' is not a string; put it in quotes"),
        ('{"source": "\\ud800", "target": "b"}', {}, "half of a surrogate pair"),
        (
            '{"source": "a", "target": "b"',
            {},
            "no JSON (Expecting ',' delimiter, character 30); write one object a line",
        ),
        ("[1]", {}, 'no JSON object; write one a line, as in {"source": "...", "target": "..."}'),
    ],
)
def test_faults_of_json(tmp_path, line, asked, says):
    path = write(tmp_path / "a.jsonl", line + "\n")
    assert message(path, **asked).startswith(f"{path}, line 1{'' if says.startswith(',') else ': '}{says}")


def test_later_lines_without_the_keys(tmp_path):
    path = write(tmp_path / "a.jsonl", '{"source": "a", "target": "b"}\n{"source": "a"}\n')
    assert message(path) == f"{path}, line 2: no column 'target' to read the target from; there is source alone"
    path = write(tmp_path / "b.jsonl", '{"translation": {"en": "a", "de": "b"}}\n{"en": "a", "de": "b"}\n')
    said = message(path, source_column="en", target_column="de")
    assert said.startswith(f"{path}, line 2: no object under 'translation'; write")


# --- what all have


def test_a_folder_stands_for_its_tables(tmp_path):
    write(tmp_path / "f" / "a.tsv", "a\tb\n")
    write(tmp_path / "f" / "b.jsonl.gz", gzip.compress(b'{"source": "c", "target": "d"}\n'))
    write(tmp_path / "f" / "c.csv", "e,f\n")
    write(tmp_path / "f" / "d.txt", "no\n")
    assert sides(open_parallel(tmp_path / "f")) == [("a", "b"), ("c", "d"), ("e", "f")]
    (tmp_path / "g").mkdir()
    assert "taken are .tsv, .csv, .jsonl, .ndjson" in message(tmp_path / "g")


def test_nothing_to_read(tmp_path):
    for name, content in (("a.tsv", ""), ("b.csv", "\n \n"), ("c.csv", "source,target\n"), ("d.jsonl", "\n")):
        path = write(tmp_path / name, content)
        assert message(path) == f"{path}: empty, there is no pair of sentences to read"
    one, other = write(tmp_path / "a.en", "\n\n"), write(tmp_path / "a.de", "\n\n")
    assert message([one, other]) == f"{one}, {other}: empty, there is no pair of sentences to read"
    assert message([]).startswith("no corpus given")


def test_settings_that_make_no_sense(tmp_path):
    path, other = write(tmp_path / "a.tsv", "a\tx\n"), write(tmp_path / "a.jsonl", '{"source": "a", "target": "b"}\n')
    en, de = write(tmp_path / "a.en", "a\n"), write(tmp_path / "a.de", "b\n")
    for paths, asked, says in (
        (path, {"form": "tvs"}, "unknown form of parallel text 'tvs'; did you mean 'tsv'?"),
        (path, {"source_column": 0}, "there is no column 0: columns count from 1"),
        (path, {"source_column": 2, "target_column": 2}, "source and target are both read from column 2: give two"),
        (path, {"source_column": "en", "header": False}, "column 'en' is a name, and without a header there are none"),
        (other, {"source_column": 1}, "in the form jsonl, which has no column 1: its columns are keys, such as source"),
        (other, {"header": True}, "in the form jsonl, which has no header"),
        ([en, de], {"source_column": 1}, "a.en is read in the form text, which has no columns"),
        ([en, de], {"header": True}, "a.en is read in the form text, which has no header"),
    ):
        with pytest.raises(ConfigError) as caught:
            open_parallel(paths, **asked)
        assert says in str(caught.value)
    with pytest.raises(ConfigError, match="unknown encoding 'utf-9'"):
        open_parallel(path, "utf-9")


def test_the_sample_both_ways_and_beside_files(tmp_path):
    forward, backward = (
        sides(open_parallel("sample:phrases")),
        open_parallel("sample:phrases", source_column="zh", target_column="en"),
    )
    assert sides(backward) == [(target, source) for source, target in forward]
    path = write(tmp_path / "mine.tsv", "en\tzh\nI.\t我。\n".encode("gb18030"))
    assert sides(open_parallel([path, "sample:phrases"], "gb18030")) == [("I.", "我。"), *forward]
    with pytest.raises(ConfigError, match="sample:tales: its form is text, and parallel is wanted"):
        open_parallel("sample:tales")
