import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqlab.ngram.sequences import marked

START, END = 2, 3
TEXTS = st.lists(st.integers(3, 6), max_size=30)


@settings(deadline=None)
@given(TEXTS, st.sampled_from([None, END]), st.booleans())
def test_the_mark_stands_before_each_sequence_and_nothing_else_changes(ids, end, fresh):
    wanted, places = [], []
    for word in ids:
        if fresh:
            wanted.append(START)
        places.append(len(wanted))
        wanted.append(word)
        fresh = word == end
    fresh = bool(ids) and wanted[0] == START
    stream, found = marked(np.array(ids, np.uint16), START, end, fresh=fresh)
    assert stream.tolist() == wanted
    assert found.tolist() == places
    assert stream.dtype == np.uint16


@settings(deadline=None)
@given(TEXTS, st.sampled_from([None, END]), st.integers(0, 30))
def test_two_parts_give_the_stream_of_the_whole(ids, end, cut):
    """The second part begins a sequence where the first one ended one, or is the whole."""
    ids = np.array(ids, np.uint16)
    head, tail = ids[:cut], ids[cut:]
    fresh = len(head) == 0 or (end is not None and head[-1] == end)
    parts = marked(head, START, end)[0], marked(tail, START, end, fresh=bool(fresh))[0]
    assert np.concatenate(parts).tolist() == marked(ids, START, end)[0].tolist()


def test_no_mark_stands_behind_the_last_end():
    assert marked(np.array([4, END, 5, END]), START, END)[0].tolist() == [START, 4, END, START, 5, END]


@pytest.mark.parametrize("fresh", [True, False])
def test_an_empty_text_has_no_sequence(fresh):
    stream, places = marked(np.zeros(0, np.uint16), START, END, fresh=fresh)
    assert len(stream) == len(places) == 0
