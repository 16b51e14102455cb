import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqlab.metrics.perplexity import CrossEntropy, LanguageScores


def test_bits_and_perplexity_by_arithmetic():
    """A uniform choice among 8 is 3 bits and a perplexity of 8, whatever the base of the logarithm."""
    scores = LanguageScores(math.log(8), "character", 40, 3, math.log(4))
    assert scores.bits == pytest.approx(3, rel=1e-15)
    assert scores.perplexity == pytest.approx(8, rel=1e-15)
    assert scores.oov_rate == 3 / 40


@settings(deadline=None)
@given(st.floats(0, 600))
def test_perplexity_is_two_to_the_bits(nats):
    scores = LanguageScores(nats, "word", 1, 0, nats)
    assert scores.perplexity == pytest.approx(2**scores.bits, rel=1e-10)


def test_a_perplexity_too_large_for_a_float_is_infinite():
    assert LanguageScores(1e6, "word", 1, 0, 1e6).perplexity == math.inf
    assert LanguageScores(699.0, "word", 1, 0, 699.0).perplexity == pytest.approx(math.exp(699))


def test_all_figures_by_name():
    scores = LanguageScores(1.5, "byte", 2000, 10, 1.25)
    figures = scores.to_dict()
    assert figures == {
        "nats": 1.5,
        "unit": "byte",
        "n_tokens": 2000,
        "n_unknown": 10,
        "nats_known": 1.25,
        "bits": 1.5 / math.log(2),
        "perplexity": math.exp(1.5),
        "oov_rate": 0.005,
        "perplexity_known": math.exp(1.25),
    }
    assert json.loads(json.dumps(figures)) == figures


def test_as_a_line():
    # 1.5 / ln 2 = 2.16404, exp(1.5) = 4.48169
    assert str(LanguageScores(1.5, "byte", 2000, 10, 1.25)) == (
        "1.5000 nats, 2.1640 bits a byte; perplexity 4.482 (2,000 bytes, 0.50% out of vocabulary)"
    )


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1e4), st.integers(1, 1000)), min_size=1, max_size=20), st.integers(0, 20))
def test_the_mean_is_that_of_all_tokens_however_they_are_added(parts, cut):
    """A mean of means would weigh a short part as much as a long one."""
    nats, n_tokens = math.fsum(part[0] for part in parts), sum(part[1] for part in parts)
    one_by_one, in_two = CrossEntropy(), CrossEntropy()
    for part in parts:
        one_by_one.add(*part)
    for some in (parts[:cut], parts[cut:]):
        in_two.add(sum(part[0] for part in some), sum(part[1] for part in some))
    for total in (one_by_one, in_two):
        assert total.n_tokens == n_tokens
        assert total.mean() == pytest.approx(nats / n_tokens, rel=1e-12, abs=1e-300)


def test_nothing_added_has_no_mean():
    assert math.isnan(CrossEntropy().mean())
    total = CrossEntropy()
    total.add(0.0, 0)
    assert math.isnan(total.mean())
