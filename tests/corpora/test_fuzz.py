"""Arbitrary bytes give records or an error of one line, whatever reads them."""

import gzip
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seqlab.corpora import open_labelled, open_parallel, open_segmented, open_tagged, open_text
from seqlab.errors import ConfigError, DataError
from seqlab.records import Labelled, Pair, Segmented, Tagged, Text

READERS = {
    "text": (open_text, {}, Text),
    "segmented": (open_segmented, {"fold_widths": True}, Segmented),
    "word/tag": (open_tagged, {}, Tagged),
    "columns": (open_tagged, {"columns": (1, -1), "scheme": "BIO"}, Tagged),
    "labelled": (open_labelled, {"label_separator": "|"}, Labelled),
    "parallel": (open_parallel, {}, Pair),
}  # fmt: skip
SUFFIXES = (
    ".txt", ".csv", ".tsv", ".json", ".jsonl", ".parquet", ".tmx", ".conll", ".txt.gz", ".txt.bz2", ".txt.xz", ".txt.zst",
    ".zip", ".csv.zip",
)  # fmt: skip
SEEDS = {
    ".csv": b'text,label\n"a ""b""\nc",x\n', ".tsv": b"text\tlabel\na\tx\n",
    ".json": b'[{"text": "a", "label": ["x"]}, {"b": 1}]',
    ".jsonl": b'{"text": "\\ud800", "label": "x"}\n', ".conll": b"a\tB-X\nb\tI-X\n\n# c\n3-4\tx\n",
    ".tmx": b'<tmx><body><tu><tuv xml:lang="a"><seg>b</seg></tuv><tuv xml:lang="c"><seg>d</seg></tuv></tu></body></tmx>',
    ".txt": "__label__x a/b 天/n\r\n|||\t".encode(),
}  # fmt: skip


def packed(name, suffix, content, folder):
    """Puts content in a file of this suffix, properly packed where that is one of archives and compression."""
    path = folder / f"{name}{suffix}"
    if suffix.endswith(".zip"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a.csv" if ".csv" in suffix else "a.txt", content)
    else:
        path.write_bytes(gzip.compress(content, 1) if suffix.endswith(".gz") else content)
    return path


@st.composite
def contents(draw, suffix):
    """Bytes of any kind, or a document of the form with a piece of it exchanged."""
    seed = SEEDS.get(suffix, SEEDS[".txt"]) * draw(st.integers(1, 3))
    other = draw(
        st.binary(max_size=30) | st.sampled_from([b'"', b"\n", b"\r", b"\t", b"{", b"]", b"\\", b"<", b"&a;", b"\xff"])
    )
    start = draw(st.integers(0, len(seed)))
    return draw(st.sampled_from([other * 3, seed[:start] + other + seed[start + draw(st.integers(0, 9)) :]]))


@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_records_or_an_error_of_one_line(tmp_path_factory, suffix, data):
    opened, options, kind = READERS[data.draw(st.sampled_from(sorted(READERS)))]
    encoding = data.draw(
        st.sampled_from(["utf-8", "auto", "gb18030", "big5", "utf-16", "utf-16-le", "shift_jis", "latin-1"])
    )
    errors = data.draw(st.sampled_from(["strict", "replace", "skip-line"]))
    folder = tmp_path_factory.mktemp("fuzz")
    content = data.draw(contents(suffix))
    path = packed("a", suffix, content, folder) if data.draw(st.booleans()) else folder / f"a{suffix}"
    if not path.exists():
        path.write_bytes(content)
    try:
        reader = opened(
            [path, path] if opened is open_parallel and suffix == ".txt" else path, encoding, errors=errors, **options
        )
        records = list(reader)
        assert records == list(reader)
        assert all(isinstance(record, kind) for record in records)
        assert reader.tally.keys() <= {"replaced", "skipped", "one-sided"}
        assert errors != "strict" or reader.tally.keys() <= {"one-sided"}
    except (DataError, ConfigError) as error:
        says = str(error)
    else:
        return
    assert "\n" not in says
    assert str(folder) in says
