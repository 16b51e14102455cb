import itertools

import numpy as np
import pytest

from seqlab.decoding import viterbi
from seqlab.decoding.viterbi import Candidates, Chain, best_paths
from seqlab.errors import DataError


def random_chain(rng, n_states, n_labels):
    """A machine of random moves, some of them impossible."""
    log_probs = np.log(rng.dirichlet(np.ones(n_labels + 1), n_states))
    log_probs[rng.random(log_probs.shape) < 0.2] = -np.inf
    next_states = rng.integers(n_states, size=(n_states, n_labels))
    return Chain(next_states, log_probs[:, :-1].copy(), log_probs[:, -1].copy(), int(rng.integers(n_states)))


def random_candidates(rng, n_positions, n_labels):
    kept = rng.random((n_positions, n_labels)) < 0.7
    kept[np.arange(n_positions), rng.integers(n_labels, size=n_positions)] = True
    starts = np.concatenate(([0], np.cumsum(kept.sum(1))))
    return Candidates(starts, np.nonzero(kept)[1], np.log(rng.random(kept.sum())))


def walk(chain, candidates, first, path):
    """The log-probability of a path, one label after another."""
    total, state = 0.0, chain.begin
    for position, label in enumerate(path, start=first):
        here = slice(candidates.starts[position], candidates.starts[position + 1])
        own = candidates.labels[here] == label
        if not own.any():
            return -np.inf
        total += chain.log_probs[state, label] + candidates.log_probs[here][own][0]
        state = chain.next_states[state, label]
    return total + chain.finals[state]


@pytest.mark.parametrize("seed", range(20))
def test_the_best_path_of_all(seed):
    rng = np.random.default_rng(seed)
    n_states, n_labels = rng.integers(1, 7), rng.integers(1, 4)
    chain, lengths = random_chain(rng, n_states, n_labels), rng.integers(0, 6, 7)
    candidates = random_candidates(rng, lengths.sum(), n_labels)
    labels, totals = best_paths(chain, candidates, lengths)
    for end, length, total in zip(np.cumsum(lengths), lengths, totals, strict=True):
        paths = itertools.product(range(n_labels), repeat=length)
        best = max(walk(chain, candidates, end - length, path) for path in paths)
        assert total == pytest.approx(best, abs=1e-12)
        if best > -np.inf:
            assert walk(chain, candidates, end - length, labels[end - length : end]) == pytest.approx(best, abs=1e-12)


def test_two_steps_by_hand():
    """Rain follows rain; a step dearer at first is cheaper in the end."""
    chain = Chain(
        np.array([[0, 1], [0, 1], [0, 1]]), np.log([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]]), np.zeros(3), begin=2
    )
    seen = Candidates(np.array([0, 2, 4]), np.array([0, 1, 0, 1]), np.log([0.6, 0.4, 0.1, 0.9]))
    labels, totals = best_paths(chain, seen, np.array([2]))
    # 00: .5 .6 .9 .1 = .027; 01: .5 .6 .1 .9 = .027; 10: .5 .4 .2 .1 = .004; 11: .5 .4 .8 .9 = .144
    assert labels.tolist() == [1, 1]
    assert np.exp(totals) == pytest.approx([0.144])


def test_neighbours_and_the_size_of_a_batch_change_nothing(monkeypatch):
    rng = np.random.default_rng(3)
    chain, lengths = random_chain(rng, 9, 4), rng.integers(0, 12, 40)
    candidates = random_candidates(rng, lengths.sum(), 4)
    labels, totals = best_paths(chain, candidates, lengths)
    monkeypatch.setattr(viterbi, "BATCH", 1)
    alone, alone_totals = best_paths(chain, candidates, lengths)
    assert np.array_equal(labels, alone)
    assert np.array_equal(totals, alone_totals)


def test_ties_go_to_the_lower_state():
    chain = Chain(np.array([[0, 1], [0, 1]]), np.full((2, 2), np.log(0.5)), np.zeros(2), begin=0)
    candidates = Candidates(np.arange(0, 9, 2), np.tile([1, 0], 4), np.zeros(8))
    assert best_paths(chain, candidates, np.array([3, 1]))[0].tolist() == [0, 0, 0, 0]


def test_an_impossible_sequence_has_a_path_of_probability_zero():
    chain = Chain(np.array([[0]]), np.array([[-np.inf]]), np.zeros(1), begin=0)
    labels, totals = best_paths(chain, Candidates(np.array([0, 1]), np.array([0]), np.zeros(1)), np.array([1, 0]))
    assert labels.tolist() == [0]
    assert totals.tolist() == [-np.inf, 0.0]


def test_no_sequences():
    chain = Chain(np.array([[0]]), np.zeros((1, 1)), np.zeros(1), begin=0)
    empty = np.zeros(0, np.int64)
    labels, totals = best_paths(chain, Candidates(np.zeros(1, np.int64), empty, np.zeros(0)), empty)
    assert labels.shape == totals.shape == (0,)


def test_what_does_not_fit_is_refused():
    chain = Chain(np.array([[0, 0]]), np.zeros((1, 2)), np.zeros(1), begin=0)
    two = Candidates(np.array([0, 1, 2]), np.array([0, 1]), np.zeros(2))
    with pytest.raises(DataError, match="2 positions, and sequences of 3"):
        best_paths(chain, two, np.array([3]))
    with pytest.raises(DataError, match="position 1 has no candidate"):
        best_paths(chain, Candidates(np.array([0, 1, 1]), np.array([0]), np.zeros(1)), np.array([2]))
    with pytest.raises(DataError, match="outside the 2 labels"):
        best_paths(chain, Candidates(np.array([0, 1]), np.array([2]), np.zeros(1)), np.array([1]))
    with pytest.raises(DataError, match=r"\(S, K\)"):
        Chain(np.zeros((1, 2), np.int64), np.zeros((1, 2)), np.zeros(2), begin=0)
    with pytest.raises(DataError, match="names the state 4"):
        Chain(np.array([[0, 4]]), np.zeros((1, 2)), np.zeros(1), begin=0)
