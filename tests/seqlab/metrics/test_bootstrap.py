import doctest
import itertools
import math
import time
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from seqlab.errors import ConfigError, DataError
from seqlab.metrics import bootstrap
from seqlab.metrics.bootstrap import BootstrapScores, accuracy_of, f1_of, interval_of, paired_bootstrap

SENTENCE = st.integers(1, 9).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(0, n)))
SENTENCES = st.lists(SENTENCE, min_size=1, max_size=12)


def two(sentences):
    """The counts of two systems: the tokens of each sentence, and how many of them either has right."""
    counts = np.array(sentences)
    return counts[:, [0, 1]], counts[:, [0, 2]]


def advantage(sentences):
    """By how much the first is more accurate than the second, exactly."""
    return Fraction(sum(row[1] - row[2] for row in sentences), sum(row[0] for row in sentences))


@settings(max_examples=30, deadline=None)
@given(SENTENCES, st.integers(0, 99))
def test_in_plain_python_with_fractions(sentences, seed):
    n = 40
    drawn = np.random.default_rng(seed).integers(len(sentences), size=(n, len(sentences))).tolist()
    observed = advantage(sentences)
    differences = [advantage([sentences[index] for index in row]) for row in drawn]
    sign = 1 if observed >= 0 else -1
    scores = paired_bootstrap(*two(sentences), accuracy_of, n_resamples=n, seed=seed)
    assert scores.difference == pytest.approx(float(observed))
    as_far = sum(sign * one >= 2 * sign * observed for one in differences)
    assert scores.p == (as_far / n if observed else 1)
    assert (scores.low, scores.high) == pytest.approx(np.quantile([float(one) for one in differences], [0.025, 0.975]))


@settings(max_examples=30, deadline=None)
@given(SENTENCES, st.integers(0, 99))
@example([(1, 0, 1), (1, 1, 0)], 0)  # equally good, and not the same
def test_the_other_way_round_the_sign_changes(sentences, seed):
    first, second = two(sentences)
    there = paired_bootstrap(first, second, accuracy_of, n_resamples=50, seed=seed)
    back = paired_bootstrap(second, first, accuracy_of, n_resamples=50, seed=seed)
    assert (back.first, back.second, back.difference, back.p) == (there.second, there.first, -there.difference, there.p)
    assert (back.low, back.high) == pytest.approx((-there.high, -there.low))
    assert there == paired_bootstrap(first, second, accuracy_of, n_resamples=50, seed=seed)
    same = paired_bootstrap(first, first, accuracy_of, n_resamples=50)
    assert (same.difference, same.low, same.high, same.p) == (0, 0, 0, 1)


def test_the_share_is_that_of_all_ways_to_draw():
    """Four sentences can be drawn in 4 ** 4 ways."""
    sentences = [(5, 5, 3), (3, 2, 3), (6, 6, 5), (4, 4, 2)]
    observed = advantage(sentences)
    ways = [advantage(way) for way in itertools.product(sentences, repeat=4)]
    expected = sum(way >= 2 * observed for way in ways) / 4**4
    assert 0.02 < expected < 0.2
    scores = paired_bootstrap(*two(sentences), accuracy_of, n_resamples=40_000, seed=3)
    assert scores.p == pytest.approx(expected, abs=4 * math.sqrt(expected / 40_000))  # four standard deviations


def test_in_parts_it_is_the_same(monkeypatch):
    rng = np.random.default_rng(5)
    first, second = np.sort(rng.integers(1, 30, size=(2, 70, 3)))[:, :, ::-1]
    whole = paired_bootstrap(first, second, f1_of, n_resamples=100)
    monkeypatch.setattr(bootstrap, "_CELLS", 1000)  # 14 resamples at a time
    parts = paired_bootstrap(first, second, f1_of, n_resamples=100)
    assert whole == parts
    assert whole != paired_bootstrap(first, second, f1_of, n_resamples=100, seed=1)
    assert whole.low < whole.difference < whole.high


def test_a_clear_difference_and_none():
    tokens = np.full(500, 20)
    rng = np.random.default_rng(0)
    good, also_good, bad = (
        np.stack([tokens, rng.binomial(20, share, size=500)], axis=1) for share in (0.95, 0.95, 0.9)
    )
    clear = paired_bootstrap(good, bad, accuracy_of)
    assert clear.p == 0
    assert 0.03 < clear.low < clear.difference < clear.high < 0.07
    assert str(clear).endswith("p < 0.001 (1,000 resamples)")
    none = paired_bootstrap(good, also_good, accuracy_of)
    assert none.p > 0.05
    assert none.low < 0 < none.high


def test_figures():
    assert f1_of(np.array([[4, 6, 2], [4, 4, 0], [0, 0, 0]])) == pytest.approx([0.4, 0, np.nan], nan_ok=True)
    assert accuracy_of(np.array([[4, 3], [0, 0]])) == pytest.approx([0.75, np.nan], nan_ok=True)


def test_resamples_without_anything_to_count_speak_for_neither():
    """Nine sentences in ten have no spans at all, so that many draws have none."""
    first = np.zeros((10, 3), dtype=np.int64)
    first[0] = 2, 2, 2
    second = first.copy()
    second[0, 2] = 1
    scores = paired_bootstrap(first, second, f1_of)
    assert (scores.first, scores.second, scores.low, scores.high) == (1, 0.5, 0.5, 0.5)
    assert scores.p == pytest.approx(0.9**10, abs=0.06)


def test_all_figures_by_name():
    scores = BootstrapScores(first=0.75, second=0.5, low=0.125, high=0.375, p=0.0125, n_resamples=2000)
    assert scores.to_dict() == {
        "first": 0.75,
        "second": 0.5,
        "difference": 0.25,
        "low": 0.125,
        "high": 0.375,
        "p": 0.0125,
        "n_resamples": 2000,
    }
    assert str(scores) == (
        "0.7500 and 0.5000, difference +0.2500, 95 % interval +0.1250 to +0.3750, p = 0.0125 (2,000 resamples)"
    )


def test_counts_that_do_not_fit():
    counts = np.ones((3, 2), dtype=np.int64)
    for other in (counts[:2], counts[:, :1], counts[0]):
        with pytest.raises(DataError, match=r"have the shapes \(3, 2\) and .*: give both for the same sentences"):
            paired_bootstrap(counts, other, accuracy_of)
    with pytest.raises(DataError, match="give both for the same sentences"):
        paired_bootstrap(counts[:0], counts[:0], accuracy_of)
    with pytest.raises(DataError, match="are nan and nan: there is nothing to compare"):
        paired_bootstrap(counts * 0, counts * 0, accuracy_of)
    with pytest.raises(ConfigError, match="0 resamples: draw at least 1"):
        paired_bootstrap(counts, counts, accuracy_of, n_resamples=0)


@settings(max_examples=30, deadline=None)
@given(SENTENCES, st.integers(0, 99))
def test_the_interval_of_one_system_does_not_depend_on_the_order(sentences, seed):
    counts, _ = two(sentences)
    low, high = interval_of(counts, accuracy_of, n_resamples=40, seed=seed)
    assert (low, high) == interval_of(counts[::-1], accuracy_of, n_resamples=40, seed=seed)
    shares = counts[:, 1] / counts[:, 0]
    assert shares.min() <= low <= high <= shares.max()


def test_the_interval_is_that_of_all_ways_to_draw():
    """Four sentences, two of them equal, can be drawn in 4 ** 4 ways."""
    sentences = [(5, 5), (3, 2), (6, 1), (3, 2)]
    ways = [sum(right for _, right in way) / sum(n for n, _ in way) for way in itertools.product(sentences, repeat=4)]
    expected = np.quantile(ways, [0.025, 0.975])
    assert interval_of(np.array(sentences), accuracy_of, n_resamples=40_000) == pytest.approx(expected)


@pytest.mark.parametrize(("n", "right"), [(40, 30), (1000, 700), (100_000, 99_900)])
def test_the_interval_of_an_accuracy_is_binomial(n, right):
    """Where 2.5 % and 97.5 % of the binomial distribution lie below, but for what 100,000 draws leave open."""
    counts = np.ones((n, 2), dtype=np.int64)
    counts[right:, 1] = 0
    p, logs = right / n, np.array([math.lgamma(k + 1) for k in range(n + 1)])
    k = np.arange(n + 1)
    below = np.exp(logs[n] - logs[k] - logs[n - k] + k * math.log(p) + (n - k) * math.log1p(-p)).cumsum()
    for end, level in zip(interval_of(counts, accuracy_of, n_resamples=100_000), (0.025, 0.975), strict=True):
        assert any(abs(end - at / n) <= 1 / n for at in np.searchsorted(below, [level - 0.002, level + 0.002]))


def test_the_interval_is_that_of_the_difference_to_a_system_with_nothing_right(monkeypatch):
    rng = np.random.default_rng(6)
    counts = np.sort(rng.integers(1, 6, size=(3, 300)), axis=0)[::-1].T
    scores = paired_bootstrap(counts, counts * [1, 1, 0], f1_of, n_resamples=20_000)
    found = interval_of(counts, f1_of, n_resamples=20_000)
    assert found == pytest.approx((scores.low, scores.high), abs=0.002)
    assert interval_of(counts, f1_of, n_resamples=20_000, seed=1) != found
    few = interval_of(counts, f1_of, n_resamples=100)
    monkeypatch.setattr(bootstrap, "_CELLS", 1000)  # in parts it is the same
    assert interval_of(counts, f1_of, n_resamples=100) == few


def test_the_interval_of_a_million_texts_takes_no_time():
    """What is drawn at a time grows with the different rows, not with the texts."""
    counts = np.ones((1_000_000, 2), dtype=np.int64)
    counts[::10, 1] = 0
    started = time.process_time()
    low, high = interval_of(counts, accuracy_of)
    assert time.process_time() - started < 2  # drawing each text takes 16 seconds
    assert 0.8993 < low < 0.9 < high < 0.9007


def test_the_interval_is_as_wide_as_that_of_a_share():
    """1.96 standard errors of a share to either side."""
    counts = np.stack([np.ones(2000, dtype=np.int64), np.arange(2000) % 10 > 0], axis=1)
    width = 1.96 * math.sqrt(0.9 * 0.1 / 2000)
    assert interval_of(counts, accuracy_of, n_resamples=10_000) == pytest.approx((0.9 - width, 0.9 + width), abs=0.001)


def test_intervals_of_little():
    assert interval_of(np.array([[1, 1]]), accuracy_of) == (1, 1)
    assert interval_of(np.array([[0, 0, 0], [0, 0, 0]]), f1_of) == pytest.approx((np.nan, np.nan), nan_ok=True)
    for counts in (np.zeros((0, 2), dtype=np.int64), np.ones(3, dtype=np.int64)):
        with pytest.raises(DataError, match="give a row for each sentence or text"):
            interval_of(counts, accuracy_of)
    with pytest.raises(ConfigError, match="0 resamples: draw at least 1"):
        interval_of(np.ones((1, 2), dtype=np.int64), accuracy_of, n_resamples=0)


def test_the_example():
    outcome = doctest.testmod(bootstrap)
    assert outcome.attempted
    assert not outcome.failed
