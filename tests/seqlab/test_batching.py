"""The text of these tests is n distinct ids in a row, so that an id says where it stands."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqlab.batching import SAMPLINGS, consecutive, fitting_batch_size, n_windows, random, scoring

START = 1000
FIRST = 7


class Offset:
    """A generator whose offset is chosen by the test."""

    def __init__(self, value):
        self.value = value

    def integers(self, high):
        self.n_offsets = high
        return self.value % high

    def permutation(self, n):
        return np.random.default_rng(self.value).permutation(n)


def text_of(n):
    return np.arange(START, START + n, dtype=np.uint16)


def draw(seed):
    return np.random.default_rng(seed)


@st.composite
def texts(draw_from):
    """(number of tokens, batch size that fits, window)"""
    window = draw_from(st.integers(1, 12))
    n = draw_from(st.integers(window + 1, 150))
    return n, fitting_batch_size(n, draw_from(st.integers(1, 9)), window), window


@settings(deadline=None)
@given(texts(), st.integers(0, 20), st.sampled_from(sorted(SAMPLINGS)))
def test_the_target_is_the_token_after_the_input(sizes, offset, sampling):
    n, batch_size, window = sizes
    for inputs, targets, _ in SAMPLINGS[sampling](text_of(n), batch_size, window, Offset(offset)):
        assert inputs.shape == targets.shape
        assert inputs.dtype == targets.dtype == np.int64
        assert (targets == inputs + 1).all()
        assert (inputs[:, 1:] == inputs[:, :-1] + 1).all()
        assert inputs.min() >= START
        assert targets.max() < START + n


@settings(deadline=None)
@given(texts(), st.sampled_from(sorted(SAMPLINGS)))
def test_an_epoch_has_n_windows_whatever_its_offset(sizes, sampling):
    n, batch_size, window = sizes
    wanted = n_windows(sampling, n, batch_size, window)
    for value in range(window):
        offset = Offset(value)
        assert len(list(SAMPLINGS[sampling](text_of(n), batch_size, window, offset))) == wanted
        assert 1 <= offset.n_offsets <= window


@settings(deadline=None)
@given(texts(), st.integers(0, 20))
def test_consecutive_windows_go_on_where_the_last_one_ended(sizes, offset):
    n, batch_size, window = sizes
    windows = list(consecutive(text_of(n), batch_size, window, Offset(offset)))
    assert [one.fresh for one in windows] == [True] + [False] * (len(windows) - 1)
    assert all(one.inputs.shape == (batch_size, window) for one in windows[:-1])
    assert windows[-1].inputs.shape[0] == batch_size
    assert 1 <= windows[-1].inputs.shape[1] <= window
    for before, after in itertools.pairwise(windows):
        assert (after.inputs[:, 0] == before.targets[:, -1]).all()
    streams = np.concatenate([one.inputs for one in windows], 1)
    read = streams.flatten()
    assert (read == np.arange(read[0], read[0] + len(read))).all(), "the rows are neighbouring parts of the text"
    # left over: fewer than B tokens that do not fill a column, fewer than T for the offset
    assert n - 1 - len(read) < batch_size + window - 1


@settings(deadline=None)
@given(texts(), st.integers(0, 20))
def test_random_windows_cover_the_text_once(sizes, offset):
    n, batch_size, window = sizes
    windows = list(random(text_of(n), batch_size, window, Offset(offset)))
    assert all(one.fresh for one in windows)
    assert all(one.inputs.shape == (batch_size, window) for one in windows[:-1])
    assert windows[-1].inputs.shape[1] == window
    assert 1 <= len(windows[-1].inputs) <= batch_size
    read = np.sort(np.concatenate([one.inputs.flatten() for one in windows]))
    assert (np.diff(read) == 1).all(), "no token twice, and no gap between windows"
    assert n - 1 - len(read) < 2 * window


def test_all_offsets_are_possible_where_the_text_is_long_enough():
    for sampling, batches in SAMPLINGS.items():
        firsts = {min(one.inputs.min() for one in batches(text_of(200), 4, 6, draw(seed))) for seed in range(100)}
        assert firsts == set(range(START, START + 6)), sampling


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_epochs_differ_and_a_seed_repeats_them(sampling):
    def epoch(seed):
        return [one.inputs.tolist() for one in SAMPLINGS[sampling](text_of(200), 4, 6, draw(seed))]

    assert epoch([1, 2, 0]) == epoch([1, 2, 0])
    assert len({str(epoch([1, 2, number])) for number in range(20)}) >= (20 if sampling == "random" else 4)


def test_random_windows_come_in_another_order_each_epoch():
    orders = []
    for seed in range(5):
        starts = np.concatenate([one.inputs[:, 0] for one in random(text_of(500), 4, 6, draw(seed))])
        orders.append(((starts - starts.min()) // 6).tolist())
        assert orders[-1] != sorted(orders[-1])
    assert len({str(order) for order in orders}) == len(orders)


@settings(deadline=None)
@given(st.integers(1, 12), st.integers(2, 300), st.integers(1, 50))
def test_a_fitting_batch_gives_each_row_a_full_window(window, n, wanted):
    n = max(n, window + 1)
    batch_size = fitting_batch_size(n, wanted, window)
    assert 1 <= batch_size <= wanted
    if n >= 2 * window:
        full = [one for one in consecutive(text_of(n), batch_size, window, draw(1)) if one.inputs.shape[1] == window]
        assert full
        assert n_windows("random", n, batch_size, window) >= 1
    if batch_size < wanted:
        assert n < (wanted + 1) * window, "made smaller without need"


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_the_shortest_text_is_one_window(sampling):
    (one,) = SAMPLINGS[sampling](text_of(5), 1, 4, draw(1))
    assert one.inputs.tolist() == [[START, START + 1, START + 2, START + 3]]
    assert one.fresh


def predictions(ids, **sizes):
    """The token and everything its row was given since the state was zero, for each target."""
    found, rows = [], []
    for inputs, targets, fresh in scoring(ids, FIRST, **sizes):
        assert inputs.shape == targets.shape
        assert inputs.shape[0] <= sizes["batch_size"]
        assert 1 <= inputs.shape[1] <= sizes["window"]
        rows = [[] for _ in inputs] if fresh else rows
        for read, row_inputs, row_targets in zip(rows, inputs.tolist(), targets.tolist(), strict=True):
            for token, target in zip(row_inputs, row_targets, strict=True):
                read.append(token)
                if target != -1:
                    found.append((target, tuple(read)))
    return found


SIZES = {
    "batch_size": st.integers(1, 8),
    "context": st.integers(0, 20),
    "stretch": st.integers(1, 20),
    "window": st.integers(1, 15),
}


@settings(deadline=None)
@given(st.integers(0, 80), st.fixed_dictionaries(SIZES))
def test_scoring_predicts_every_token_once_from_enough_of_its_past(n, sizes):
    ids = text_of(n)
    found = predictions(ids, **sizes)
    assert sorted(target for target, _ in found) == ids.tolist()
    whole = [FIRST, *ids.tolist()]
    for target, read in found:
        place = target - START  # so many tokens stand before it
        past = whole[: place + 1]
        assert list(read) == past[-len(read) :], "exactly the tokens before it, nothing of the future"
        assert len(read) == len(past) or len(read) >= sizes["context"] + 1
        assert len(read) <= sizes["context"] + sizes["stretch"]


@settings(deadline=None)
@given(st.integers(1, 80), st.fixed_dictionaries(SIZES), st.integers(1, 8), st.integers(1, 15))
def test_what_a_token_is_predicted_from_depends_on_context_and_stretch_alone(n, sizes, batch_size, window):
    other = sizes | {"batch_size": batch_size, "window": window}
    assert dict(predictions(text_of(n), **sizes)) == dict(predictions(text_of(n), **other))


def test_scoring_in_one_stretch_reads_the_text_as_one_sequence():
    ids = text_of(10)
    assert predictions(ids, batch_size=3, context=2, stretch=10, window=4) == [
        (START + i, (FIRST, *ids[:i].tolist())) for i in range(10)
    ]


def test_scoring_one_token_and_none():
    (one,) = scoring(text_of(1), FIRST, batch_size=4, context=3, stretch=5, window=2)
    assert (one.inputs.tolist(), one.targets.tolist(), one.fresh) == ([[FIRST]], [[START]], True)
    assert list(scoring(text_of(0), FIRST, batch_size=4, context=3, stretch=5, window=2)) == []


def test_scoring_reads_stretches_side_by_side():
    windows = list(scoring(text_of(100), FIRST, batch_size=4, context=5, stretch=10, window=15))
    assert [one.inputs.shape for one in windows] == [(4, 15), (4, 15), (2, 15)]
    assert len(windows) == math.ceil(10 / 4)
