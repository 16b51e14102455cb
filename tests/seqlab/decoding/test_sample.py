import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqlab.decoding.sample import NOTHING, Choice, sample
from seqlab.errors import ConfigError

V = 8
TEMPERATURES = st.floats(0.1, 5)


def log_softmax(logits):
    logits = np.asarray(logits, float)
    return logits - np.log(np.exp(logits).sum(-1, keepdims=True))


def softmax(logits):
    return np.exp(log_softmax(logits))


def rows_of(values):
    """Rows of log-probabilities over V tokens."""
    return st.lists(st.lists(values, min_size=V, max_size=V), min_size=1, max_size=4).map(log_softmax)


DISTINCT = st.integers(0, 10_000).map(lambda seed: log_softmax(2 * np.random.default_rng(seed).normal(size=(3, V))))
WITH_TIES = rows_of(st.integers(-3, 3).map(float))


def by_hand(log_probs, temperature, top_k, top_p):
    """The probabilities of one row, token by token, from the definition."""
    ordered = sorted(range(V), key=lambda token: -log_probs[token])[:top_k]
    weights = {token: math.exp(log_probs[token] / temperature) for token in ordered}
    total = math.fsum(weights.values())
    kept, mass = {}, 0.0
    for token in ordered:
        if top_p is not None and mass >= top_p:
            break
        kept[token] = weights[token] / total
        mass += kept[token]
    return [kept.get(token, 0.0) / math.fsum(kept.values()) for token in range(V)]


@settings(deadline=None)
@given(DISTINCT, TEMPERATURES, st.none() | st.integers(1, V + 2), st.none() | st.floats(0.05, 0.95))
def test_probabilities_equal_the_definition(log_probs, temperature, top_k, top_p):
    found = Choice(temperature, top_k, top_p).probabilities(log_probs)
    wanted = [by_hand(row, temperature, top_k, top_p) for row in log_probs]
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-12)


@settings(deadline=None)
@given(WITH_TIES, TEMPERATURES, st.none() | st.integers(1, V + 2), st.none() | st.floats(0.05, 1.0))
def test_what_is_kept_with_ties(log_probs, temperature, top_k, top_p):
    """Which one of equals is kept is open; how many are kept, and with which mass, is not."""
    found = Choice(temperature, top_k, top_p).probabilities(log_probs)
    np.testing.assert_allclose(found.sum(1), 1, rtol=0, atol=1e-12)
    before = Choice(temperature, top_k).probabilities(log_probs)
    for row, row_before, row_log_probs in zip(found, before, log_probs, strict=True):
        assert (row_before > 0).sum() == min(top_k or V, V)
        assert row_log_probs[row_before > 0].min() >= row_log_probs[row_before == 0].max(initial=-np.inf)
        if top_p is None:
            continue
        kept = row > 0
        assert row_before[kept].min() >= row_before[~kept].max(initial=0.0)
        mass, least = row_before[kept].sum(), row_before[kept].min()
        assert mass >= top_p - 1e-12
        assert mass - least < top_p + 1e-12, "one token fewer had sufficed"
        np.testing.assert_allclose(row[kept], row_before[kept] / mass, rtol=1e-12)


@settings(deadline=None)
@given(DISTINCT | WITH_TIES)
def test_choices_that_leave_the_distribution_as_it_is(log_probs):
    for choice in (Choice(), Choice(top_k=V), Choice(top_k=V + 100), Choice(top_p=1.0), Choice(1.0, V, 1.0)):
        np.testing.assert_allclose(choice.probabilities(log_probs), np.exp(log_probs), rtol=0, atol=1e-12)


@settings(deadline=None)
@given(DISTINCT | WITH_TIES)
def test_temperature_zero_takes_the_first_of_the_likeliest(log_probs):
    found = Choice(0.0).probabilities(log_probs)
    assert found.tolist() == [[float(token == row.argmax()) for token in range(V)] for row in log_probs]
    assert (Choice(0.0, 3, 0.5).probabilities(log_probs) == found).all()


@settings(deadline=None)
@given(DISTINCT)
def test_one_token_remains_with_top_k_of_one_and_with_a_tiny_top_p(log_probs):
    for choice in (Choice(top_k=1), Choice(top_p=1e-9), Choice(1e-3)):
        found = choice.probabilities(log_probs)
        assert (found.argmax(1) == log_probs.argmax(1)).all()
    assert (Choice(top_k=1).probabilities(log_probs) == Choice(0.0).probabilities(log_probs)).all()
    assert (Choice(top_p=1e-9).probabilities(log_probs) == Choice(0.0).probabilities(log_probs)).all()


def test_temperature_by_arithmetic():
    """p ** (1 / T), normalised: the squares of 0.5, 0.3, 0.2 sum to 0.38; their roots at T = 2."""
    log_probs = np.log([[0.5, 0.3, 0.2]])
    np.testing.assert_allclose(Choice(0.5).probabilities(log_probs), [[0.25 / 0.38, 0.09 / 0.38, 0.04 / 0.38]])
    roots = [math.sqrt(p) for p in (0.5, 0.3, 0.2)]
    np.testing.assert_allclose(Choice(2.0).probabilities(log_probs), [[root / sum(roots) for root in roots]])


@pytest.mark.parametrize(("top_p", "n_kept"), [(0.25, 1), (0.26, 2), (0.5, 2), (0.75, 3), (0.76, 4), (1.0, 4)])
def test_top_p_stops_as_soon_as_the_sum_is_reached(top_p, n_kept):
    """Quarters are exact in floating point, so equality counts as reached."""
    found = Choice(top_p=top_p).probabilities(np.log([[0.25, 0.25, 0.25, 0.25]]))
    np.testing.assert_allclose(found, [[1 / n_kept] * n_kept + [0] * (4 - n_kept)])


def test_order_of_the_three_choices_by_arithmetic():
    """0.4, 0.3, 0.2, 0.1: top_k 3 leaves 4/9, 3/9, 2/9; top_p 0.7 of these takes two (7/9); without top_k it takes two
    as well (0.7), but top_p 0.75 tells them apart: 7/9 suffices, 0.7 does not."""
    log_probs = np.log([[0.1, 0.4, 0.2, 0.3]])
    np.testing.assert_allclose(Choice(top_k=3, top_p=0.75).probabilities(log_probs), [[0, 4 / 7, 0, 3 / 7]])
    np.testing.assert_allclose(Choice(top_p=0.75).probabilities(log_probs), [[0, 4 / 9, 2 / 9, 3 / 9]])


def test_probabilities_take_float32_and_impossible_tokens_and_leave_the_input_alone():
    log_probs = np.array([[0.0, -np.inf, -1.0, -np.inf]], np.float32)
    kept = log_probs.copy()
    for choice in (Choice(), Choice(0.7), Choice(top_k=3), Choice(top_p=0.9), Choice(0.0)):
        found = choice.probabilities(log_probs)
        assert found.dtype == np.float64
        assert found[0, 1] == found[0, 3] == 0
        np.testing.assert_allclose(found.sum(1), 1, rtol=0, atol=1e-12)
    assert (log_probs == kept).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"temperature": -0.1}, r"^temperature -0\.1: "),
        ({"temperature": math.inf}, "^temperature inf: "),
        ({"temperature": math.nan}, "^temperature nan: "),
        ({"top_k": 0}, "^top-k 0: "),
        ({"top_k": -1}, "^top-k -1: "),
        ({"top_p": 0.0}, r"^top-p 0\.0: "),
        ({"top_p": 1.0001}, r"^top-p 1\.0001: "),
        ({"top_p": math.nan}, "^top-p nan: "),
    ],
)
def test_numbers_out_of_range(options, message):
    with pytest.raises(ConfigError, match=message) as caught:
        Choice(**options)
    assert "\n" not in str(caught.value)


TABLE = log_softmax(1.5 * np.random.default_rng(4).normal(size=(V, V)))


def bigram(ids, state):
    """The next token depends on the last one."""
    return TABLE[ids], state


def drawn(n, ids, choice=None, step=bigram, **options):
    """(n, B) tokens."""
    options = {"seed": 1} | options
    return np.array(list(itertools.islice(sample(step, np.array(ids), None, choice or Choice(), **options), n)))


def chi_square(counts, probs):
    expected = counts.sum() * probs
    return ((counts - expected) ** 2 / expected).sum()


@pytest.mark.parametrize("choice", [Choice(), Choice(0.5), Choice(2.0, top_k=5), Choice(top_p=0.7)])
def test_frequencies_of_draws_match_the_distribution(choice):
    """After token v, the counts of the next token follow row v. Pearson's sum over the k tokens possible then has mean
    k - 1 and variance 2 (k - 1); five standard deviations above the mean are allowed, in each of V rows. The seed is
    fixed, so this either always passes or never."""
    tokens = drawn(400, [0] * 100, choice)
    pairs = np.zeros((V, V))
    np.add.at(pairs, (tokens[:-1].flatten(), tokens[1:].flatten()), 1)
    assert (pairs.sum(1) > 300).sum() >= 5
    for counts, probs in zip(pairs, choice.probabilities(TABLE), strict=True):
        possible = probs > 0
        assert counts[~possible].sum() == 0
        if counts.sum() > 300 and possible.sum() > 1:
            k = possible.sum()
            assert chi_square(counts[possible], probs[possible]) < k - 1 + 5 * math.sqrt(2 * (k - 1))


def test_rows_are_independent_of_one_another():
    """Two rows with the same start draw on their own: equal tokens at the same place are as frequent as by chance,
    sum of p ** 2, with standard deviation below 0.5 / sqrt(n)."""
    log_probs = log_softmax(np.zeros(V))
    tokens = drawn(4000, [0, 0], step=lambda ids, state: (np.stack([log_probs] * len(ids)), state))
    assert abs((tokens[:, 0] == tokens[:, 1]).mean() - 1 / V) < 5 * 0.5 / math.sqrt(4000)


@settings(deadline=None)
@given(st.lists(st.integers(0, V - 1), min_size=2, max_size=6), st.integers(0, 2**32))
def test_a_row_depends_neither_on_the_number_of_rows_nor_on_the_others(ids, seed):
    together = drawn(12, ids, seed=seed)
    for n_rows in range(1, len(ids)):
        assert (drawn(12, ids[:n_rows], seed=seed) == together[:, :n_rows]).all()
    others = [ids[0], *((token + 1) % V for token in ids[1:])]
    assert (drawn(12, others, seed=seed)[:, 0] == together[:, 0]).all()


def test_the_seed_decides():
    assert (drawn(50, [0, 1]) == drawn(50, [0, 1])).all()
    assert (drawn(50, [0, 1]) != drawn(50, [0, 1], seed=2)).any()


def test_temperature_zero_walks_the_likeliest_path():
    tokens = drawn(20, [3, 5], Choice(0.0))
    last = np.array([3, 5])
    for row in tokens:
        assert (row == TABLE[last].argmax(1)).all()
        last = row


def test_the_state_and_the_last_token_go_into_the_next_step():
    calls = []

    def step(ids, state):
        calls.append((ids.tolist(), state))
        return TABLE[ids], (state or 0) + 1

    tokens = drawn(5, [3, 5], step=step)
    assert [state for _, state in calls] == [None, 1, 2, 3, 4]
    assert [ids for ids, _ in calls] == [[3, 5], *tokens[:4].tolist()]


@pytest.mark.parametrize("choice", [Choice(), Choice(0.0), Choice(3.0), Choice(top_k=2), Choice(top_p=0.5)])
def test_what_is_never_drawn(choice):
    never = [int(TABLE[0].argmax()), 0, 7]
    assert not np.isin(drawn(200, [0] * 10, choice, never=never), never).any()
    assert np.isin(drawn(200, [0] * 10, Choice()), never).any()


def test_the_array_of_the_model_is_not_altered():
    own = TABLE.copy()
    drawn(5, range(V), Choice(0.7, 5, 0.9), step=lambda ids, state: (own, state), never=[0, 3])
    assert np.array_equal(own, TABLE)


def test_a_token_without_probability_is_not_drawn_even_at_the_ends():
    """The first and the last token have probability 0, and a draw may be 0 or next to 1."""

    class Extreme:
        def __init__(self, value):
            self.random = lambda: value

    log_probs = np.array([[-np.inf, *log_softmax(np.zeros(V - 2)), -np.inf]])
    for value, wanted in ((0.0, 1), (np.nextafter(1, 0), V - 2)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(np.random, "default_rng", lambda _, value=value: Extreme(value))
            assert drawn(1, [0], step=lambda ids, state: (log_probs, state)).tolist() == [[wanted]]


def test_from_where_on_nothing_can_be_drawn():
    """Token 1 is followed by token 2 alone, which is never drawn; the other row goes on as it does without it."""
    log_probs = np.log(np.full((V, V), 1 / V))
    log_probs[1] = -np.inf
    log_probs[1, 2] = 0.0
    rows = drawn(6, [0, 1], never=[2], step=lambda ids, state: (log_probs[np.maximum(ids, 0)], state))
    assert (rows[:, 1] == NOTHING).all()
    alone = drawn(6, [0], never=[2], step=lambda ids, state: (log_probs[np.maximum(ids, 0)], state))
    stuck = np.cumsum(rows[:, 0] == 1) - (rows[:, 0] == 1) > 0
    assert (rows[:, 0] == alone[:, 0]).all()
    assert (rows[stuck, 0] == NOTHING).all()
    assert (rows[~stuck, 0] != NOTHING).all()


def test_of_equally_likely_tokens_the_first_are_kept():
    log_probs = np.log([[0.2, 0.3, 0.2, 0.2, 0.1], [0.2, 0.2, 0.2, 0.2, 0.2]])
    kept = Choice(top_k=2).probabilities(log_probs) > 0
    assert kept.tolist() == [[True, True, False, False, False], [True, True, False, False, False]]
    greedy = Choice(temperature=0).probabilities(log_probs)
    assert np.array_equal(Choice(top_k=1).probabilities(log_probs), greedy)
