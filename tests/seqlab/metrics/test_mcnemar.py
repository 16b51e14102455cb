import doctest
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from seqlab.errors import DataError
from seqlab.metrics import mcnemar as module
from seqlab.metrics.mcnemar import McNemarScores, mcnemar


def two(first_only, second_only, both=1, neither=0):
    """What two systems have right, from how often it is so."""
    sizes = [first_only, second_only, both, neither]
    return np.repeat([True, False, True, False], sizes), np.repeat([False, True, True, False], sizes)


def test_all_small_tables_with_fractions():
    for n in range(14):
        for one in range(n + 1):
            tail = sum(Fraction(math.comb(n, i), 2**n) for i in range(min(one, n - one) + 1))
            scores = mcnemar(*two(one, n - one))
            assert (scores.n_first_only, scores.n_second_only) == (one, n - one)
            assert scores.p == pytest.approx(float(min(1, 2 * tail)), rel=1e-12)


@given(st.integers(0, 500), st.integers(0, 500), st.integers(0, 9), st.integers(1, 9))
def test_it_is_the_binomial_test_of_scipy(first_only, second_only, both, neither):
    scores = mcnemar(*two(first_only, second_only, both, neither))
    n = first_only + second_only
    assert scores.p == pytest.approx(binomtest(first_only, n).pvalue if n else 1, rel=1e-9)
    back = mcnemar(*two(second_only, first_only, both, neither))
    assert back == McNemarScores(second_only, first_only, scores.p)


@pytest.mark.parametrize("n_ahead", [0, 100, 2_000, 5_000, 100_000])
def test_many_texts(n_ahead):
    one, other = 500_000 + n_ahead, 500_000
    scores = mcnemar(*two(one, other))
    assert scores.p == pytest.approx(binomtest(one, one + other).pvalue, rel=1e-7, abs=1e-300)
    if n_ahead == 2_000:  # with so many, nearly the chi-squared of the paper, corrected for continuity
        root = (n_ahead - 1) / math.sqrt(one + other)
        assert scores.p == pytest.approx(math.erfc(root / math.sqrt(2)), rel=0.001)


def test_the_order_of_the_texts_is_no_matter():
    rng = np.random.default_rng(2)
    first, second = rng.random((2, 300)) < np.array([[0.8], [0.7]])
    order = rng.permutation(300)
    assert mcnemar(first, second) == mcnemar(first[order], second[order])
    assert mcnemar(first, first) == McNemarScores(0, 0, 1.0)


def test_under_the_hypothesis_p_is_as_small_as_it_says():
    """Two equally good systems: at most one comparison in 20 has a p up to 0.05."""
    rng = np.random.default_rng(0)
    found = [mcnemar(*(rng.random((2, 200)) < 0.8)).p for _ in range(2000)]
    assert 0.02 < np.mean(np.array(found) <= 0.05) < 0.06


def test_all_figures_by_name():
    scores = mcnemar(*two(0, 5))
    assert scores.to_dict() == {"n_first_only": 0, "n_second_only": 5, "p": pytest.approx(2 / 32)}
    assert (
        str(mcnemar(*two(5000, 0))) == "right alone: the first 5,000 texts, the second 0; p < 1e-300 (McNemar, exact)"
    )


def test_input_that_does_not_fit():
    right = np.array([True, False])
    for first, second in ((right, right[:1]), (right[:0], right[:0]), (right[None], right[None])):
        with pytest.raises(DataError, match="give both for the same texts"):
            mcnemar(first, second)
    with pytest.raises(DataError, match="int64 and bool do not say what is right"):
        mcnemar(np.array([3, 1]), right)


def test_the_example():
    outcome = doctest.testmod(module)
    assert outcome.attempted
    assert not outcome.failed
