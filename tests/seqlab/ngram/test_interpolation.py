"""Weights fitted by expectation maximization, against a grid of weights."""

import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqlab.errors import DataError
from seqlab.ngram import interpolation
from seqlab.ngram.counts import count
from seqlab.ngram.interpolation import LARGEST, fitted, jelinek_mercer, mixture_weights

PAD, UNKNOWN, START, END = range(4)
GRID = np.linspace(0, 1, 201)


def log_likelihood(weights, probs):
    with np.errstate(divide="ignore"):
        return float(np.log(np.asarray(weights) @ probs).sum())


def random_probs(seed, n_models, n_tokens):
    return np.random.default_rng(seed).beta(0.5, 2, (n_models, n_tokens)) + 1e-6


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n_models", [2, 4])
def test_no_round_lowers_the_likelihood(monkeypatch, seed, n_models):
    probs, likelihoods = random_probs(seed, n_models, 60), []
    for rounds in range(30):
        monkeypatch.setattr(interpolation, "MOST_ROUNDS", rounds)
        weights = mixture_weights(probs)
        assert weights.sum() == pytest.approx(1, abs=1e-12)
        assert weights.min() >= 0
        likelihoods.append(log_likelihood(weights, probs))
    assert np.diff(likelihoods).min() > -1e-10
    assert likelihoods[-1] > likelihoods[0] + 1e-3


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.integers(1, 80))
def test_two_weights_are_those_of_a_grid(seed, n_tokens):
    """No weight on the grid is likelier, up to where the iteration ends."""
    probs = random_probs(seed, 2, n_tokens)
    best = max(log_likelihood((weight, 1 - weight), probs) for weight in GRID)
    assert log_likelihood(mixture_weights(probs), probs) > best - 1e-3


def test_a_long_text_takes_little_memory_beside_its_probabilities(monkeypatch):
    monkeypatch.setattr(interpolation, "MOST_ROUNDS", 3)
    probs = random_probs(0, 4, 1 << 18)
    tracemalloc.start()
    weights = mixture_weights(probs)
    taken = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert taken < probs.nbytes
    monkeypatch.setattr(interpolation, "AT_ONCE", probs.shape[1])
    assert mixture_weights(probs) == pytest.approx(weights, rel=1e-12)


def test_the_weights_of_a_mixture_are_found_in_what_was_drawn_from_it():
    """50,000 tokens of 0.2, 0.5, 0.3 of three distributions over 30 types."""
    rng = np.random.default_rng(4)
    distributions, wanted = rng.dirichlet(np.full(30, 0.3), 3), np.array([0.2, 0.5, 0.3])
    tokens = rng.choice(30, 50_000, p=wanted @ distributions)
    assert mixture_weights(distributions[:, tokens]) == pytest.approx(wanted, abs=0.01)


def test_two_tokens_by_hand():
    """One distribution gives 1/2 and 1/4, the other 1/4 and 1/2; by symmetry both weigh 1/2, with three tokens not:

    tokens x, x, y; maximum of 2 ln(1/4 + w/4) + ln(1/2 - w/4): 2 / (1 + w) = 1 / (2 - w), so w = 1.
    """
    assert mixture_weights(np.array([[1 / 2, 1 / 4], [1 / 4, 1 / 2]])) == pytest.approx([1 / 2, 1 / 2])
    probs = np.array([[1 / 2, 1 / 2, 1 / 4], [1 / 4, 1 / 4, 1 / 2]])
    assert mixture_weights(probs) == pytest.approx([1, 0], abs=1e-2)


def test_a_distribution_that_gives_zero_somewhere_weighs_what_it_is_right_about():
    """It gives 1 to three tokens of four and 0 to the last; the other gives 1/4 to each: w = 2/3.

    Maximum of 3 ln(1/4 + 3 w / 4) + ln(1 - w): 9 / (1 + 3 w) = 1 / (1 - w).
    """
    weights = mixture_weights(np.array([[1, 1, 1, 0], [1 / 4] * 4]))
    assert weights == pytest.approx([2 / 3, 1 / 3], abs=1e-4)


def test_a_token_that_is_impossible_under_all_is_refused():
    with pytest.raises(DataError, match="probability zero under each"):
        mixture_weights(np.array([[0.5, 0], [0.1, 0]]))


def test_no_token_is_refused():
    with pytest.raises(DataError, match="no text"):
        mixture_weights(np.zeros((2, 0)))


def held_out_log_likelihood(model, held_out, end):
    """Under a model with dictionaries."""
    probs = [model.probs(context)[word] for context, word in zip(model.along(held_out, end), held_out, strict=True)]
    return math.fsum(map(math.log, probs))


@pytest.mark.parametrize("end", [None, END])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_no_other_weight_of_a_bucket_makes_the_held_out_text_likelier(by_hand, end, order):
    """Order by order from below: the weights of the lower orders stay as they were fitted."""
    rng = np.random.default_rng(9)
    chain = rng.dirichlet(np.full(7, 0.4), 7)
    ids = [3]
    for _ in range(260):
        ids.append(3 + int(rng.choice(7, p=chain[ids[-1] - 3])))
    train, held_out = ids[:200], ids[200:]
    way = fitted(count(np.array(train), order, 11, START, end), np.array(held_out), (PAD, START))
    assert len(way.weights) == order
    weights = [list(by_bucket) for by_bucket in way.weights]
    n_used = 0
    best = held_out_log_likelihood(by_hand(train, order, 11, end, "jelinek-mercer", weights=weights), held_out, end)
    for place in range(interpolation.N_BUCKETS):
        others = []
        for weight in np.linspace(0, LARGEST, 21):
            changed = [*weights[:-1], [*weights[-1][:place], weight, *weights[-1][place + 1 :]]]
            model = by_hand(train, order, 11, end, "jelinek-mercer", weights=changed)
            others.append(held_out_log_likelihood(model, held_out, end))
            if weight == 0 and others[0] == best:
                break
        n_used += len(others) > 1
        assert best > max(others) - 1e-3
    assert n_used >= min(order, 2)


def test_a_bucket_in_which_nothing_fell_has_the_weight_of_the_one_below(by_hand):
    """A stands 40 times, each time before B: the buckets above 32 have it; those below 32 that nobody knows have 1/2."""
    way = fitted(count(np.array([4, 5] * 40), 2, 7, START), np.array([4, 5, 6, 4]), (PAD, START))
    below, above = way.weights[1][1:5], way.weights[1][5:]
    assert len(set(above)) == 1
    assert set(below) == {way.weights[1][0]}


def test_what_was_seen_in_each_case_keeps_a_weight_below_one():
    """The held-out text holds nothing but what is certain; all the same no word becomes impossible."""
    way = fitted(count(np.array([4, 5] * 40), 2, 7, START), np.array([4, 5] * 20), (PAD, START))
    assert max(map(max, way.weights)) == LARGEST


@pytest.mark.parametrize("end", [None, END])
def test_the_last_tenth_is_held_out_and_from_the_begin_of_a_sequence(end):
    """Of 100 tokens 90, or the lines that end within them: 84."""
    ids = np.tile([4, 5, 6, 5, 4, 6, END], 15)[:100]
    cut = 84 if end else 90
    wanted = fitted(count(ids[:cut], 2, 8, START, end), ids[cut:], (PAD, START))
    assert jelinek_mercer(ids, 2, 8, START, end, never=(PAD,)).weights == wanted.weights


def test_sequences_of_which_none_is_as_long_as_the_order():
    ids = np.array([4, END, 5, END] * 10)
    way = jelinek_mercer(ids, 5, 6, START, END, never=(PAD,))
    assert len(way.weights) == 5


@pytest.mark.parametrize(("n", "order"), [(9, 2), (0, 1), (20, 19)])
def test_a_text_too_short_to_hold_a_tenth_out_is_refused(n, order):
    with pytest.raises(DataError, match=f"the text has {n} tokens, too few"):
        jelinek_mercer(np.full(n, 4), order, 6, START, None)


def test_only_the_end_of_a_long_text_is_looked_at():
    ids = np.random.default_rng(1).integers(3, 9, 3000)
    end = jelinek_mercer(ids[-500:], 3, 9, 2, None)
    assert jelinek_mercer(ids, 3, 9, 2, None, most_tokens=500).weights == end.weights
    assert jelinek_mercer(ids, 3, 9, 2, None).weights != end.weights
