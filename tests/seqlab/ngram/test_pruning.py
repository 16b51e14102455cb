"""Entropy pruning against the relative entropy of two models, word by word."""

import dataclasses
import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqlab.errors import ConfigError
from seqlab.ngram.pruning import pruned
from seqlab.ngram.smoothing import SMOOTHINGS
from seqlab.ngram.thinning import thinned

PAD, UNKNOWN, START, END = range(4)
N_TYPES = 8
NAMES = sorted(set(SMOOTHINGS) - {"stupid-backoff", "jelinek-mercer"})
WAYS = pytest.mark.parametrize("smoothing", NAMES)
ENDS = pytest.mark.parametrize("end", [None, END])
IDS = np.random.default_rng(3).choice([END, 4, 5, 6], 90, p=[0.2, 0.4, 0.3, 0.1]).tolist()


def up_to(model, order):
    """The model without its higher orders."""
    top = model.levels[order - 1]
    none = np.zeros(0, np.float32)
    top = dataclasses.replace(top, backoffs=none, starts=np.zeros(0, np.uint32))
    return dataclasses.replace(model, levels=(*model.levels[: order - 1], top))


def probs_after(model, tables, context):
    """(V,) after some words."""
    state = tuple(tables[n - 1].get(context[-n:], -1) for n in range(1, len(context) + 1))
    return np.exp(model.log_probs(state))


def joint(model, tables, ngram):
    """p of some words one after another, the mark as frequent as ends are; 0 where there are no ends."""
    first = ngram[0] if ngram[0] != START else model.end
    total = 0.0 if first is None else math.exp(model.levels[0].log_probs[first])
    for n in range(1, len(ngram)):
        total *= probs_after(model, tables, ngram[:n])[ngram[n]]
    return total


def losses(model, table, order):
    """{n-gram: relative entropy between the model of that order with and without it}: only its own context changes."""
    lower = up_to(model, order)
    tables, found = table(lower.levels), {}
    for ngram, entry in tables[-1].items():
        kept = [np.ones(len(level), bool) for level in lower.levels]
        kept[-1][entry] = False
        without = thinned(lower, kept)
        before = probs_after(lower, tables, ngram[:-1])
        after = probs_after(without, tables_without := table(without.levels), ngram[:-1])
        listed = np.array([(*ngram[:-1], word) in tables_without[-1] for word in range(len(after))])
        after[~listed] *= (1 - after[listed].sum()) / after[~listed].sum()
        words = np.flatnonzero(before)
        divergence = float(before[words] @ np.log(before[words] / after[words]))
        found[ngram] = joint(model, tables, ngram[:-1]) * divergence
    return found


def brute_force(model, table, threshold):
    """The n-grams of each order that stay, the highest order first."""
    kept = [set(ngrams) for ngrams in table(model.levels)]
    for n in range(model.order, 1, -1):
        within = {part for ngram in kept[n] for part in (ngram[:-1], ngram[1:])} if n < model.order else set()
        rises = {ngram: math.expm1(loss) for ngram, loss in losses(model, table, n).items()}
        kept[n - 1] = {ngram for ngram, rise in rises.items() if ngram in within or rise >= threshold}
    return kept


@pytest.mark.parametrize("smoothing", sorted({*NAMES} - {"maximum-likelihood"}))
@ENDS
@pytest.mark.parametrize("order", [2, 3])
def test_what_goes_is_what_changes_the_distribution_least(made, table, smoothing, end, order):
    """The thresholds stand in the widest gaps between the losses, which rounding does not bridge."""
    model = made(IDS, order, N_TYPES, end, smoothing)
    rises = sorted(math.expm1(loss) for n in range(2, order + 1) for loss in losses(model, table, n).values())
    rises = [rise for rise in rises if rise > 1e-7]
    gaps = sorted(range(1, len(rises)), key=lambda at: rises[at - 1] / rises[at])[:3]
    for at in gaps:
        threshold = math.sqrt(rises[at - 1] * rises[at])
        found = [set(ngrams) for ngrams in table(pruned(model, threshold).levels)]
        assert found == brute_force(model, table, threshold)


def test_one_loss_by_hand(made, table):
    """Absolute discounting of A B A B C and a unknown word never seen, D = 3/5 for pairs: see test_smoothing.

    p(A) = p(B) = 39/100, p(C) = 19/100. After A only B is listed, p(B | A) = 817/1000; without it the distribution after A
    is that of single words. Both models share the rest, 183/1000 and 61/100, in proportion to single words:

        D = p(A) (817/1000 ln((817/1000) / (39/100)) + 183/1000 ln((183/1000) / (61/100)))
    """
    model = made([4, 5, 4, 5, 6], 2, 7, None, "absolute-discounting", never=(PAD, END))
    wanted = 0.39 * (0.817 * math.log(0.817 / 0.39) + 0.183 * math.log(0.183 / 0.61))
    assert losses(model, table, 2)[4, 5] == pytest.approx(wanted, rel=1e-5)
    for share, stays in ((0.999, True), (1.001, False)):
        assert ((4, 5) in table(pruned(model, math.expm1(wanted) * share).levels)[1]) == stays


@WAYS
@settings(deadline=None, max_examples=15)
@given(
    st.lists(st.sampled_from([UNKNOWN, END, 4, 5]), min_size=6, max_size=50),
    st.integers(2, 5),
    st.sampled_from([None, END]),
    st.sampled_from([1e-6, 1e-3, 1e-2, 0.1, 10]),
)
def test_probabilities_sum_to_one_after_pruning(made, states, smoothing, ids, order, end, threshold):
    model = pruned(made(ids, order, N_TYPES, end, smoothing), threshold)
    for state in states(model, [*ids, 6, *ids[:3]]):
        probs = np.exp(model.log_probs(state))
        assert probs.sum() == pytest.approx(1, abs=1e-5)
        assert probs[PAD] == probs[START] == 0


@WAYS
@ENDS
def test_larger_thresholds_keep_less(made, table, smoothing, end):
    model = made(IDS, 4, N_TYPES, end, smoothing)
    before = [set(ngrams) for ngrams in table(model.levels)]
    sizes = [sum(map(len, before))]
    for threshold in (1e-5, 1e-4, 1e-3, 1e-2, 1):
        after = [set(ngrams) for ngrams in table(pruned(model, threshold).levels)]
        assert all(fewer <= more for fewer, more in zip(after, before, strict=True))
        assert after[0] == before[0]
        before = after
        sizes.append(sum(map(len, before)))
    assert sizes[0] > sizes[4]


@WAYS
@ENDS
@pytest.mark.parametrize("threshold", [3e-5, 1e-4])
def test_an_ngram_stays_where_one_that_stays_begins_or_ends_with_it(made, table, smoothing, end, threshold):
    kept = [set(ngrams) for ngrams in table(pruned(made(IDS, 4, N_TYPES, end, smoothing), threshold).levels)]
    assert kept[2]
    for shorter, ngrams in itertools.pairwise(kept):
        assert {ngram[:-1] for ngram in ngrams} | {ngram[1:] for ngram in ngrams} <= shorter


def test_what_stays_is_as_likely_as_before(made, table):
    model = made(IDS, 3, N_TYPES, END, "modified-kneser-ney")
    fewer = pruned(model, 1e-3)
    for level, old, ngrams, before in zip(
        fewer.levels, model.levels, table(fewer.levels), table(model.levels), strict=True
    ):
        assert level.log_probs.tolist() == [old.log_probs[before[ngram]] for ngram in ngrams]


def test_a_threshold_of_zero_changes_nothing(made):
    model = made(IDS, 3, N_TYPES, None, "katz")
    assert pruned(model, 0) is model


def test_single_words_all_stay(made):
    model = made(IDS, 1, N_TYPES, None, "katz")
    assert pruned(model, 1) is model


@pytest.mark.parametrize("smoothing", ["witten-bell", "modified-kneser-ney", "katz"])
def test_weights_of_contexts_that_lose_nothing_stay_as_they_were(made, table, smoothing):
    model = made(IDS, 3, N_TYPES, None, smoothing)
    fewer = pruned(model, 3e-3)
    before, after = table(model.levels), table(fewer.levels)
    unchanged = {True: 0, False: 0}
    for n in (1, 2):
        for context, entry in after[n - 1].items():
            listed = [{ngram for ngram in tables[n] if ngram[:-1] == context} for tables in (before, after)]
            weights = model.levels[n - 1].backoffs[before[n - 1][context]], fewer.levels[n - 1].backoffs[entry]
            unchanged[listed[0] == listed[1]] += 1
            assert (weights[0] == weights[1]) or listed[0] != listed[1]
    assert all(unchanged.values())


@pytest.mark.parametrize("smoothing", ["witten-bell", "katz"])
def test_what_a_full_context_leaves_is_not_lost_in_rounding(made, smoothing):
    """After a word that nearly all others have followed hardly anything is left: no difference of rounded sums tells it."""
    ids = np.random.default_rng(5).integers(3, 5, 400_000)
    ids[[1000, 2000]], ids[[1001, 2001]] = 5, (3, 4)
    model = made(ids, 3, N_TYPES, None, smoothing)
    fewer = pruned(model, 1e-9)
    assert len(fewer.levels[2]) < len(model.levels[2])
    for word in (3, 4, 5):
        state = fewer.step((), word)[1]
        assert np.exp(fewer.log_probs(state)).sum() == pytest.approx(1, abs=1e-5)
        before = model.log_probs(model.step((), word)[1])
        assert fewer.log_probs(state)[UNKNOWN] == pytest.approx(before[UNKNOWN], abs=0.05)


@pytest.mark.parametrize("threshold", [-1e-9, math.nan])
def test_a_threshold_below_zero_is_refused(made, threshold):
    with pytest.raises(ConfigError, match="a share by which the perplexity may rise"):
        pruned(made(IDS, 2, N_TYPES, None, "katz"), threshold)


def test_figures_that_are_no_probabilities_are_refused(made):
    with pytest.raises(ConfigError, match="stupid-backoff are no probabilities"):
        pruned(made(IDS, 2, N_TYPES, None, "stupid-backoff"), 1e-3)
