"""Parquet files: labelled texts, pairs and running text."""

import pyarrow
import pyarrow.parquet
import pytest

from seqlab.corpora import open_labelled, open_parallel, open_text
from seqlab.errors import DataError


def save(path, columns, **options):
    pyarrow.parquet.write_table(pyarrow.table(columns), path, **options)
    return path


def test_rows_of_every_task(tmp_path):
    n = 700  # more than are read at a time
    path = save(
        tmp_path / "a.parquet",
        {
            "id": list(range(n)), "text": [f"text {k}\r\n" for k in range(n)], "picture": [b"\xff"] * n,
            "label": [["x"], [], ["y", "z"], ["x"]] * (n // 4), "nothing": [None] * n,
        },
    )  # fmt: skip
    rows = list(open_labelled(path))
    assert [row.text for row in rows] == [f"text {k}\n" for k in range(n)]
    assert [row.labels for row in rows[:3]] == [("x",), (), ("y", "z")]
    assert rows[699].source == f"{path}, row 700"
    assert next(iter(open_text(path))).text == "".join(f"text {k}\n" for k in range(n))
    assert next(iter(open_text(tmp_path, text_column="text"))).text.startswith("text 0\ntext 1\n")
    numbers = save(tmp_path / "n.parquet", {"text": ["a", None], "label": [1, 2]})
    assert [(row.text, row.labels) for row in open_labelled(numbers)] == [("a", ("1",)), ("", ("2",))]
    pairs = save(tmp_path / "p.parquet", {"translation": [{"en": "a", "de": "b"}, {"en": None, "de": "c"}]})
    chosen = open_parallel(pairs, source_column="en", target_column="de")
    assert [(pair.source, pair.target) for pair in chosen] == [("a", "b"), ("", "c")]
    chosen = open_parallel(pairs, source_column="de", target_column="en")
    assert [(pair.source, pair.target) for pair in chosen] == [("b", "a"), ("c", "")]
    coded = save(tmp_path / "d.parquet", {"text": pyarrow.array(["a", "b"]).dictionary_encode(), "label": ["x", "y"]})
    assert [row.text for row in open_labelled(coded)] == ["a", "b"]
    other = coded.rename(tmp_path / "d.data")
    assert [row.text for row in open_labelled(other, form="parquet")] == ["a", "b"]


def test_a_column_that_is_not_there_names_those_that_are(tmp_path):
    path = save(tmp_path / "a.parquet", {"said": ["a"], "kind": ["x"], "picture": [b"\xff"]})
    with pytest.raises(
        DataError, match=r"a\.parquet, row 1: no column 'text' to read the text from; there are said, kind$"
    ):
        list(open_labelled(path, text_column="text", label_column="kind"))
    with pytest.raises(
        DataError, match="row 1: no column that is known to hold the text; there are said, kind: name it by"
    ):
        list(open_text(path))
    with pytest.raises(DataError, match="row 1: no column that is known to hold the source; there are said, kind"):
        list(open_parallel(path))
    with pytest.raises(DataError, match=r"row 1: the text under 'kind' is not a string"):
        list(open_text(save(path, {"kind": [1]}), text_column="kind"))


def test_files_that_are_none(tmp_path):
    path = save(
        tmp_path / "a.parquet",
        {"text": ["a" * 1000] * 100, "label": ["x"] * 100},
        compression="none",
        use_dictionary=False,
        write_statistics=False,
    )
    content = path.read_bytes()
    at = content.rindex(b"a" * 1000)
    for bad in (b"", b"PAR1", content[:-20], content[:4] + b"\xff" * 30 + content[34:]):
        path.write_bytes(bad)
        with pytest.raises(
            DataError, match=r"a\.parquet: no Parquet that can be read \(.*\); make or download"
        ) as caught:
            list(open_labelled(path))
        assert "\n" not in str(caught.value)
    path.write_bytes(content[:at] + b"\xff" * 300 + content[at + 300 :])
    with pytest.raises(DataError, match=r"a\.parquet, row 1 or soon after: a string in column 'text' is not UTF-8"):
        list(open_labelled(path))
    with pytest.raises(DataError, match="empty, there is no labelled text to read"):
        list(
            open_labelled(
                save(path, {"text": pyarrow.array([], pyarrow.string()), "label": pyarrow.array([], "string")})
            )
        )
