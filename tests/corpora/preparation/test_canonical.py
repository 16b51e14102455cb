"""What is written of a record is read again as the same record, or refused."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqlab.corpora import open_labelled, open_parallel, open_segmented, open_tagged
from seqlab.corpora.preparation.canonical import FORMS
from seqlab.records import Labelled, Pair, Segmented, Tagged

TEXTS = st.text(st.sampled_from("ab天#/|\t\n\r \u3000\u2028\x0b\"'\\,{"), max_size=8)
WORDS = st.lists(TEXTS, min_size=1, max_size=4).map(tuple)
NAMES = st.sampled_from(["good", "b/d", "a b", "|||"])

RECORDS = {
    "segment": (WORDS.map(Segmented), open_segmented, {}),
    "tag slashes": (st.lists(st.tuples(TEXTS, NAMES), min_size=1, max_size=4), open_tagged, {}),
    "tag columns": (st.lists(st.tuples(TEXTS, NAMES), min_size=1, max_size=4), open_tagged, {"columns": (1, 2)}),
    "classify": (st.builds(Labelled, TEXTS, st.lists(NAMES, min_size=1, unique=True).map(tuple)), open_labelled, {}),
    "translate": (st.builds(Pair, TEXTS, TEXTS), open_parallel, {}),
}


def without_place(record):
    return dataclasses.replace(record, **{"where" if isinstance(record, Pair) else "source": ""})


@pytest.mark.parametrize("form", RECORDS)
def test_what_is_written_is_read_again(form, tmp_path_factory):
    strategy, opened, options = RECORDS[form]
    folder = tmp_path_factory.mktemp("canonical")
    options = {"form": "jsonl"} if FORMS[form].suffix == ".jsonl" else options
    kept = 0

    @given(st.lists(strategy, min_size=1, max_size=5))
    def check(values):
        nonlocal kept
        records = [
            Tagged(*map(tuple, zip(*value, strict=True))) if isinstance(value, list) else value for value in values
        ]
        pairs = [(record, FORMS[form].written(record)) for record in records]
        written = [text for _, text in pairs if text is not None]
        if written:
            kept += 1
            path = folder / f"records{FORMS[form].suffix}"
            path.write_text("".join(written), encoding="utf-8", newline="")
            read = [without_place(record) for record in opened([path], **options)]
            wanted = [with_line_ends(record) for record, text in pairs if text is not None]
            assert read == wanted

    check()
    assert kept


def with_line_ends(record):
    """A record whose texts have one kind of line end, as those of JSON are read."""
    if isinstance(record, Labelled):
        return dataclasses.replace(record, text=unified(record.text))
    return Pair(unified(record.source), unified(record.target)) if isinstance(record, Pair) else record


def unified(text):
    return text.replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.parametrize(
    "record",
    [Tagged(("#", "#a"), ("X", "Y")), Tagged(("-DOCSTART-",), ("O",)), Tagged(("a\tb",), ("X",)), Tagged((), ())],
)
def test_what_columns_cannot_hold(record):
    assert FORMS["tag columns"].written(record) is None
