"""Changed copies of texts: what each option does to any tokens, and what it leaves alone."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqlab.text.augmentation import MASK, augmented

characters = st.text(st.characters(codec="utf-8", exclude_characters=MASK), max_size=40)
pieces = st.lists(st.sampled_from(["the", "ferry", "left", "a", "", "渡口"]), max_size=40)
texts = st.one_of(characters, pieces)
seeds = st.integers(0, 2**32 - 1)
shares = st.sampled_from([0.1, 0.3, 0.5, 0.9])


def is_part_of(part, whole):
    """Whether a sequence is what is left of another when some items are taken out."""
    left = iter(whole)
    return all(any(item == other for other in left) for item in part)


@given(texts, seeds)
def test_without_options_nothing_changes_and_nothing_is_drawn(tokens, seed):
    draw = np.random.default_rng(seed)
    assert augmented(tokens, draw) == tokens
    assert draw.integers(1 << 30) == np.random.default_rng(seed).integers(1 << 30)


@given(texts, seeds, shares, shares, shares)
def test_the_kind_stays_and_the_same_draw_gives_the_same_copy(tokens, seed, delete, swap, mask_span):
    options = {"delete": delete, "swap": swap, "mask_span": mask_span}
    before = tokens if isinstance(tokens, str) else list(tokens)
    one, other = (augmented(tokens, np.random.default_rng(seed), **options) for _ in range(2))
    assert one == other
    assert type(one) is type(tokens)
    assert tokens == before, "the text itself is left alone"
    assert bool(len(one)) == bool(len(tokens)), "one token always stays"
    assert len(one) <= len(tokens)
    assert not Counter(one) - Counter(tokens) - Counter({MASK: len(tokens)}), "no token comes from elsewhere"


@given(texts, seeds, shares)
def test_deletion_leaves_a_part_in_its_order(tokens, seed, share):
    left = augmented(tokens, np.random.default_rng(seed), delete=share)
    assert is_part_of(left, tokens)


@given(texts, seeds, shares)
def test_swapping_keeps_every_token(tokens, seed, share):
    swapped = augmented(tokens, np.random.default_rng(seed), swap=share)
    assert Counter(swapped) == Counter(tokens)


@given(texts, seeds, shares)
def test_a_span_of_the_share_is_masked_in_one_stretch(tokens, seed, share):
    masked = augmented(tokens, np.random.default_rng(seed), mask_span=share)
    places = [place for place, token in enumerate(masked) if token == MASK]
    assert len(places) == round(share * len(tokens))
    assert not places or places[-1] - places[0] == len(places) - 1
    assert [token for token in masked if token != MASK] == [
        token for place, token in enumerate(tokens) if place not in places
    ]


@pytest.mark.parametrize("share", [0.1, 0.4])
def test_shares_are_those_that_were_asked_for(share):
    draw, n = np.random.default_rng(1), 20_000
    tokens = [str(place) for place in range(n)]
    slack = 4 * (share * (1 - share) / n) ** 0.5  # standard deviations of a share of n independent draws
    assert len(augmented(tokens, draw, delete=share)) / n == pytest.approx(1 - share, abs=slack)
    swapped = augmented(tokens, draw, swap=share)
    # A token goes back by one where it changes places with the one before it, whatever happened to that one before.
    gone_back = sum(int(token) == place + 1 for place, token in enumerate(swapped))
    assert gone_back / n == pytest.approx(share, abs=slack)


def test_each_place_is_masked_as_often_as_its_distance_from_the_ends_allows():
    draw, times = np.random.default_rng(2), np.zeros(5)
    for _ in range(4000):
        times += [token == MASK for token in augmented("abcde", draw, mask_span=0.4)]
    np.testing.assert_allclose(times / 4000, [0.25, 0.5, 0.5, 0.5, 0.25], atol=0.04)  # 4 stretches of 2


def test_of_all_that_would_be_deleted_any_one_may_stay():
    draw = np.random.default_rng(3)
    stayed = Counter(augmented("abc", draw, delete=0.999) for _ in range(3000))
    assert set("abc") <= stayed.keys()
    assert min(stayed[token] for token in "abc") > 900
