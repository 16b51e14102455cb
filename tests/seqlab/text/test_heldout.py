import itertools
import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqlab.text.heldout import Limited, Part, parted, ranges, stretches

TEXTS = st.text("ab天\n\r", max_size=80)


@st.composite
def any_ranges(draw, text):
    """Disjoint ascending ranges within the text, also empty and touching ones."""
    bounds = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8)))
    return tuple(zip(bounds[::2], bounds[1::2], strict=False))


@st.composite
def cut_texts(draw, at_line_ends=False):
    """(text, the same text in pieces, ranges)"""
    text = draw(TEXTS)
    places = [i for i in range(len(text) + 1) if not at_line_ends or text[i - 1 : i] == "\n"]
    cuts = sorted(draw(st.lists(st.sampled_from(places), max_size=6))) if places else []
    pieces = [text[a:b] for a, b in itertools.pairwise([0, *cuts, len(text)])]
    assert "".join(pieces) == text
    return text, pieces, draw(any_ranges(text))


def held(position, where):
    return any(start <= position < end for start, end in where)


@settings(deadline=None)
@given(cut_texts())
def test_characters_inside_and_outside_however_the_text_is_cut_in_pieces(case):
    text, pieces, where = case
    inside, outside = ("".join(Part(pieces, where, inside, whole_lines=False)) for inside in (True, False))
    assert inside == "".join(text[start:end] for start, end in where)
    assert outside == "".join(character for at, character in enumerate(text) if not held(at, where))


@settings(deadline=None)
@given(cut_texts(at_line_ends=True))
def test_whole_lines_however_the_text_is_cut_at_line_ends(case):
    """A border within a line moves to its end, where that is less than half a range away, else behind a blank that is; each
    range keeps something."""
    text, pieces, where = case
    near = min((end - start for start, end in where), default=0) // 2

    def moved(border):
        if not 0 < border < len(text):
            return border
        behind = range(border, min(border + near, len(text)) + 1)
        line_ends = [at for at in behind if text[at - 1] == "\n"]
        blanks = [at for at in behind if text[at - 1].isspace()]
        return [*line_ends, *blanks, border][0]

    bounds = [(moved(start), moved(end)) for start, end in where]
    wanted = "".join(text[start:end] for start, end in bounds)
    rest = "".join(character for at, character in enumerate(text) if not held(at, bounds))
    assert "".join(Part(pieces, where, True, whole_lines=True)) == wanted
    assert "".join(Part(pieces, where, False, whole_lines=True)) == rest
    assert all(start < end for (start, end), (first, last) in zip(bounds, where, strict=True) if first < last)


@settings(deadline=None)
@given(cut_texts(), st.booleans())
def test_every_character_is_in_exactly_one_part_in_order(case, whole_lines):
    """Each character is made distinct by its place, line ends apart, which are counted."""
    text, pieces, where = case
    distinct = "".join(character if character == "\n" else chr(0x4E00 + i) for i, character in enumerate(text))
    cuts = list(itertools.accumulate(map(len, pieces), initial=0))
    pieces = [distinct[a:b] for a, b in itertools.pairwise(cuts)]
    parts = ["".join(Part(pieces, where, inside, whole_lines)) for inside in (True, False)]
    for part in parts:
        marks = [character for character in part if character != "\n"]
        assert marks == sorted(marks)
    assert sorted("".join(parts)) == sorted(distinct)


@settings(deadline=None)
@given(cut_texts(), st.booleans(), st.booleans())
def test_a_part_can_be_read_twice_and_has_no_empty_pieces(case, whole_lines, inside):
    _, pieces, where = case
    part = Part(pieces, where, inside, whole_lines)
    first = list(part)
    assert first == list(part)
    assert all(first)


def test_a_cut_moves_to_the_end_of_its_line():
    text = "one\ntwo\nthree\nfour\nfive\n"
    for border in range(5, 9):  # within the second line, or right after its end
        assert "".join(Part([text], ((border, len(text)),), True, whole_lines=True)) == "three\nfour\nfive\n"
        assert "".join(Part([text], ((border, len(text)),), False, whole_lines=True)) == "one\ntwo\n"
    assert "".join(Part([text], ((4, 5),), True, whole_lines=True)) == "t", "the line's end is too far"


def test_no_word_is_cut_in_two_where_lines_are_long():
    text = "some words of one long line of a text that has no line end at all " * 40
    words = set(text.split())
    for seed in range(20):
        where = ranges(len(text), 0.1, "random", seed)
        for inside in (True, False):
            for piece in Part([text], where, inside, whole_lines=True):
                assert set(piece.split()) <= words


@pytest.mark.parametrize("n", [1, 7, 30, 100, 1000, 1_115_394])
def test_the_end_is_exactly_the_last_share(n):
    """The share of the characters, the part of a character that it begins in counted as one."""
    for thousandths in range(1, 1000):
        n_held = math.ceil(Fraction(thousandths * n, 1000))
        assert ranges(n, thousandths / 1000, "end", seed=1) == ((n - n_held, n),)


@settings(deadline=None)
@given(st.integers(0, 100_000), st.floats(0, 1, exclude_max=True), st.sampled_from(["end", "random"]), st.integers(0))
def test_ranges_are_ascending_disjoint_and_within_the_text(n, share, how, seed):
    borders = [border for pair in ranges(n, share, how, seed) for border in pair]
    assert borders == sorted(borders)
    assert all(0 <= border <= n and type(border) is int for border in borders)
    assert (share == 0) == (borders == [])


@settings(deadline=None)
@given(st.integers(100, 1_000_000), st.integers(1, 99), st.integers(0))
def test_a_random_share_is_that_many_hundredths(n, percent, seed):
    """A stretch is a hundredth of the text rounded to characters, so each may be off by less than one."""
    where = ranges(n, percent / 100, "random", seed)
    assert len(where) == percent
    assert abs(sum(end - start for start, end in where) - n * percent / 100) < percent
    if n % 100 == 0:
        assert sum(end - start for start, end in where) == n * percent // 100


@pytest.mark.parametrize(("share", "n_stretches"), [(0.0001, 1), (0.9999, 99)])
def test_neither_part_of_a_random_split_is_empty(share, n_stretches):
    assert len(ranges(10_000, share, "random", seed=1)) == n_stretches


def test_the_seed_decides_which():
    def drawn(seed):
        return ranges(10_000, 0.1, "random", seed)

    assert drawn(1) == drawn(1)
    assert len({drawn(seed) for seed in range(50)}) == 50
    reached = {start for seed in range(200) for start, _ in drawn(seed)}
    assert reached == set(range(0, 10_000, 100)), "every stretch can be held out"
    assert ranges(10_000, 0.1, "end", seed=1) == ranges(10_000, 0.1, "end", seed=2)


def test_nothing_is_held_out_of_a_share_of_zero():
    for how in ("end", "random"):
        assert ranges(1000, 0.0, how, seed=1) == ()
    assert list(Part(["ab", "c"], (), False, whole_lines=True)) == ["ab", "c"]
    assert list(Part(["ab", "c"], (), True, whole_lines=True)) == []


@settings(deadline=None)
@given(cut_texts(), st.integers(1, 100))
def test_limited_to_the_first_characters(case, limit):
    text, pieces, _ = case
    limited = Limited(pieces, limit)
    assert "".join(limited) == text[:limit] == "".join(limited)


def test_limited_reads_no_further_than_it_has_to():
    read = []

    def source():
        for piece in itertools.repeat("abc"):
            read.append(piece)
            yield piece

    assert "".join(Limited(source(), 6)) == "abcabc"
    assert len(read) == 2


@pytest.mark.parametrize("seed", range(20))
def test_neither_part_is_empty_where_lines_are_long(seed: int) -> None:
    """A paragraph a line: ten lines of 3,000 characters, which are longer than a hundredth of the text."""
    text = "".join("x" * 2999 + "\n" for _ in range(10))
    where = ranges(len(text), 0.1, "random", seed)
    held, kept = ("".join(Part([text], where, inside, True)) for inside in (True, False))
    assert len(held) + len(kept) == len(text)
    assert 0.05 * len(text) < len(held) < 0.15 * len(text)


@settings(deadline=None)
@given(TEXTS, st.floats(0.01, 0.4), st.floats(0.01, 0.4), st.integers(0, 1000))
def test_several_parts_are_the_whole_and_the_first_is_that_of_one_alone(text, first, second, seed):
    one, other = stretches(len(text), [first, second], seed)
    assert one == ranges(len(text), first, "random", seed)
    assert not set(one) & set(other) or len(text) < 100, "a stretch of a short text may be empty"
    pieces = list(parted([text], {1: one, 2: other}))
    assert "".join(piece for _, piece in pieces) == text
    alone = "".join(piece for number, piece in parted([text], {1: one}) if number == 1)
    assert alone == "".join(Part([text], one, True, whole_lines=True))
