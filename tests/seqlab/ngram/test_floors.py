import math
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqlab.ngram import floors as module
from seqlab.ngram.floors import floors

FIRST = 0


def ids_of(*tokens):
    return np.array(tokens, np.uint8)


def unigram(token, train, n_types):
    return math.exp(-floors(ids_of(*train), ids_of(token), FIRST, n_types)["unigram"])


def bigram(token, train, n_types, context=FIRST):
    """p(token | context): the nats of (context, token), a sum over two tokens, less those of (context,) alone."""
    train = ids_of(*train)
    if context == FIRST:
        return math.exp(-floors(train, ids_of(token), FIRST, n_types)["bigram"])
    both = 2 * floors(train, ids_of(context, token), FIRST, n_types)["bigram"]
    return math.exp(floors(train, ids_of(context), FIRST, n_types)["bigram"] - both)


def by_hand(train, test, n_types):
    """The two formulas with dictionaries, a token at a time."""
    counts, following = Counter(train), defaultdict(Counter)
    for before, token in zip([FIRST, *train], train, strict=False):
        following[before][token] += 1
    nats = np.zeros(2)
    for before, token in zip([FIRST, *test], test, strict=False):
        lower = (counts[token] + len(counts) / n_types) / (len(train) + len(counts))
        after = following[before]
        higher = (after[token] + len(after) * lower) / (after.total() + len(after)) if after else lower
        nats -= math.log(lower), math.log(higher)
    return dict(zip(("unigram", "bigram"), nats / len(test), strict=True))


def test_by_arithmetic():
    """Train 1 2 1 1 over V = 4, after the mark 0. N = 4 tokens, R = 2 types:

        p1(1) = (3 + 2/4) / 6 = 7/12    p1(2) = (1 + 2/4) / 6 = 1/4    p1(0) = p1(3) = (2/4) / 6 = 1/12

    Pairs 01, 12, 21, 11: c(1 .) = 2 with R(1) = 2; c(0 .) = 1 with R(0) = 1; c(2 .) = 1 with R(2) = 1.
    """
    train = (1, 2, 1, 1)
    assert [unigram(token, train, 4) for token in range(4)] == pytest.approx([1 / 12, 7 / 12, 1 / 4, 1 / 12])
    assert bigram(1, train, 4) == pytest.approx((1 + 1 * 7 / 12) / (1 + 1))
    assert bigram(2, train, 4) == pytest.approx((0 + 1 * 1 / 4) / (1 + 1))
    assert bigram(2, train, 4, context=1) == pytest.approx((1 + 2 * 1 / 4) / (2 + 2))
    assert bigram(1, train, 4, context=1) == pytest.approx((1 + 2 * 7 / 12) / (2 + 2))
    assert bigram(3, train, 4, context=1) == pytest.approx((0 + 2 * 1 / 12) / (2 + 2))
    assert bigram(1, train, 4, context=2) == pytest.approx((1 + 1 * 7 / 12) / (1 + 1))
    assert bigram(2, train, 4, context=3) == pytest.approx(1 / 4), "a context never seen leaves the unigram"


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=30), st.integers(6, 9))
def test_probabilities_sum_to_one_after_every_context(train, n_types):
    """Ids of 6 and above are never seen, so neither are they as contexts."""
    assert sum(unigram(token, train, n_types) for token in range(n_types)) == pytest.approx(1, abs=1e-9)
    for context in range(n_types):
        total = sum(bigram(token, train, n_types, context) for token in range(n_types))
        assert total == pytest.approx(1, abs=1e-9), context


TOKENS = st.lists(st.integers(0, 6), min_size=1, max_size=60)


@settings(deadline=None)
@given(TOKENS, TOKENS, st.integers(1, 70))
def test_equals_the_formulas_and_does_not_depend_on_the_stretches_read(train, test, chunk):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "CHUNK", chunk)
        found = floors(ids_of(*train), ids_of(*test), FIRST, 8)
    assert found == pytest.approx(by_hand(train, test, 8), rel=1e-12)
    assert found == pytest.approx(floors(ids_of(*train), ids_of(*test), FIRST, 8), rel=1e-12)


def chain(n, n_types, seed):
    """Draws of a Markov chain with two likely successors for each token, some tokens likelier than others."""
    draw = np.random.default_rng(seed)
    tokens = [0]
    for _ in range(n):
        likely = draw.random() < 0.8
        tokens.append((tokens[-1] * 3 + draw.integers(2)) % n_types if likely else int(n_types * draw.random() ** 3))
    return np.array(tokens[1:])


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32", "int64"])
def test_more_context_is_better_on_held_out_text_of_a_chain(dtype):
    """V * V is larger than the smallest of these types can hold."""
    n_types = 200
    ids = chain(30_000, n_types, 1).astype(dtype)
    found = floors(ids[:20_000], ids[20_000:], FIRST, n_types)
    assert found == floors(ids[:20_000].astype(np.int64), ids[20_000:].astype(np.int64), FIRST, n_types)
    # the entropy of the chain is at least that of the choice "likely or not", 0.5 nats
    assert 0.5 < found["bigram"] < found["unigram"] < math.log(n_types)
    assert found["unigram"] - found["bigram"] > 0.3
    assert all(type(figure) is float for figure in found.values())


def test_no_probability_is_zero():
    found = floors(ids_of(1, 1, 1), ids_of(5, 6, 5), FIRST, 7)
    assert all(math.isfinite(figure) and figure > 0 for figure in found.values())


def test_the_first_token_stands_after_the_mark():
    """Train 1 2: with the mark 0, p2(1 | 0) > p2(2 | 0); with the mark 1 it is 2 that follows it, once beside 1."""
    train = ids_of(1, 2)
    assert floors(train, ids_of(1), 0, 4)["bigram"] < floors(train, ids_of(2), 0, 4)["bigram"]
    assert floors(train, ids_of(1), 1, 4)["bigram"] == floors(train, ids_of(2), 1, 4)["bigram"]


def test_memory_mapped_files(tmp_path):
    ids = chain(500, 50, 2).astype(np.uint8)
    np.save(tmp_path / "ids.npy", ids)
    mapped = np.load(tmp_path / "ids.npy", mmap_mode="r")
    assert floors(mapped, mapped[100:], FIRST, 50) == floors(ids, ids[100:], FIRST, 50)
