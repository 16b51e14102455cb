import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqlab.tasks.continuation import Continuation


class Pieces:
    """A joiner whose id i stands for the i-th piece, and which keeps a rest to the end."""

    def __init__(self, pieces, rest=""):
        self.pieces, self.rest = pieces, rest

    def add(self, id):
        return self.pieces[id]

    def finish(self):
        return self.rest


def before_first_stop(text, stops):
    """The text up to the stop text that is complete first as one reads on; where two end together, up to the longer."""
    for end in range(len(text) + 1):
        found = [stop for stop in stops if stop and text[:end].endswith(stop)]
        if found:
            return text[: end - max(map(len, found))], True
    return text, False


def written(pieces, rest, stops):
    """What each piece and the end release."""
    continuation = Continuation(Pieces(pieces, rest), stops)
    released = [continuation.add(i) for i in range(len(pieces))]
    ended = continuation.ended
    return [*released, continuation.finish()], ended, continuation


PIECES = st.lists(st.text("ab", max_size=4), max_size=10)
STOPS = st.lists(st.text("ab", max_size=5), max_size=3)


@settings(deadline=None)
@given(PIECES, st.text("ab", max_size=3), STOPS)
def test_the_text_up_to_the_first_stop_text_however_it_comes(pieces, rest, stops):
    released, ended, continuation = written(pieces, rest, stops)
    wanted, _ = before_first_stop("".join(pieces) + rest, stops)
    assert "".join(released) == wanted
    assert ended == before_first_stop("".join(pieces), stops)[1]
    assert not any(stop and stop in "".join(released) for stop in stops)
    assert continuation.ended
    assert continuation.add(0) == continuation.finish() == "", "nothing comes after the end"


@settings(deadline=None)
@given(st.text("ab", max_size=20), st.lists(st.integers(0, 20), max_size=6), STOPS)
def test_the_split_into_pieces_makes_no_difference(text, cuts, stops):
    cuts = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    split = [text[a:b] for a, b in itertools.pairwise(cuts)]
    results = ["".join(written(pieces, "", stops)[0]) for pieces in (split, [text], list(text))]
    assert results[0] == results[1] == results[2]


@settings(deadline=None)
@given(PIECES, STOPS)
def test_no_more_is_held_back_than_may_become_a_stop_text(pieces, stops):
    released, ended, _ = written(pieces, "", stops)
    if ended:
        return
    so_far = shown = ""
    for piece, part in zip(pieces, released, strict=False):
        so_far, shown = so_far + piece, shown + part
        beginnings = [stop[:k] for stop in stops for k in range(1, len(stop))]
        possible = max((len(start) for start in beginnings if so_far.endswith(start)), default=0)
        assert shown == so_far[: len(so_far) - possible]


@settings(deadline=None)
@given(PIECES, st.text("ab", max_size=3), st.sampled_from([(), ("",), ("c",)]))
def test_without_a_stop_text_everything_is_written_at_once(pieces, rest, stops):
    assert written(pieces, rest, stops)[0] == [*pieces, rest]


@pytest.mark.parametrize(
    ("pieces", "stops", "wanted"),
    [
        (["one\n", "\ntwo"], ["\n\n"], ["one", "", ""]),
        (["one\n", "two"], ["\n\n"], ["one", "\ntwo", ""]),
        (["one", "\n"], ["\n\n"], ["one", "", "\n"]),
        (["aab"], ["ab"], ["a", ""]),
        (["a", "a", "b"], ["aab"], ["", "", "", ""]),
        (["a", "a", "a", "b"], ["aab"], ["", "", "a", "", ""]),
        (["abab"], ["b", "abab"], ["a", ""]),
    ],
)
def test_piece_by_piece(pieces, stops, wanted):
    assert written(pieces, "", stops)[0] == wanted
