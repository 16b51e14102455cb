"""Beam search against all translations that there are, and greedy search spelled out."""

import itertools
from typing import NamedTuple

import numpy as np
import pytest

from seqlab.decoding import beam as beam_module
from seqlab.decoding.beam import beam_search
from seqlab.decoding.penalties import Penalties
from seqlab.errors import ConfigError

BEGIN, END, TYPES = 2, 3, 7
TOKENS = (4, 5, 6)
SOURCES = (3, 1, 4, 2, 0)
"""Tokens of each sentence's source."""


class Prefixes(NamedTuple):
    """What has been written so far, with the sentence's number at the front: all that a table has to know."""

    rows: tuple[tuple[int, ...], ...]


class Stepped(NamedTuple):
    log_probs: np.ndarray
    attention: np.ndarray | None
    state: Prefixes

    def best(self, n, never=()):
        values = self.log_probs.copy()
        values[:, list(never)] = -np.inf
        ids = np.argsort(-values, 1, kind="stable")[:, :n]
        return np.take_along_axis(values, ids, 1), ids

    def of(self, token):
        return self.log_probs[:, token]

    def all(self):
        return self.log_probs

    def weights(self):
        return self.attention


class Table:
    """A model whose predictions are drawn anew for each prefix, and always the same ones for the same prefix."""

    def __init__(self, seed, attends=True):
        self.seed, self.attends = seed, attends
        self.n_rows, self.known = [], {}

    def begin(self, sentences):
        return Prefixes(tuple((sentence,) for sentence in sentences))

    def one(self, prefix):
        """Log-probabilities and attention after a prefix."""
        if prefix not in self.known:
            self.known[prefix] = self.drawn(prefix)
        return self.known[prefix]

    def drawn(self, prefix):
        draws = np.random.default_rng([self.seed, *prefix])
        logits = 1.5 * draws.standard_normal(TYPES)
        n = SOURCES[prefix[0]]
        weights = draws.dirichlet(np.full(n, 0.3)) if n else np.zeros(0)
        padded = np.zeros(max(SOURCES), np.float32)
        padded[:n] = weights
        return logits - np.log(np.exp(logits).sum()), padded

    def step(self, tokens, state):
        self.n_rows.append(len(tokens))
        prefixes = tuple((*row, int(token)) for row, token in zip(state.rows, tokens, strict=True))
        log_probs, attention = zip(*(self.one(prefix) for prefix in prefixes), strict=True)
        return Stepped(np.stack(log_probs), np.stack(attention) if self.attends else None, Prefixes(prefixes))

    def select(self, state, rows):
        return Prefixes(tuple(state.rows[row] for row in rows))

    def source_lengths(self, state):
        return np.array([SOURCES[row[0]] for row in state.rows])

    def translation(self, sentence, tokens):
        """Log-probability with the end, and the attention at each token."""
        prefix, log_prob, attention = (sentence, BEGIN), 0.0, []
        for token in (*tokens, END):
            log_probs, weights = self.one(prefix)
            log_prob += log_probs[token]
            attention.append(weights[: SOURCES[sentence]])
            prefix = (*prefix, token)
        return log_prob, np.array(attention[:-1]).reshape(len(tokens), SOURCES[sentence])


def search(model, sentences=(0,), longest=5, **options):
    bounds = longest if isinstance(longest, list) else [longest] * len(sentences)
    fixed = {"n": len(sentences), "begin": BEGIN, "end": END, "never": (0, 1), "longest": bounds, "beam": 4}
    return beam_search(model, model.begin(sentences), **(fixed | options))


def score(model, sentence, tokens, alpha, beta):
    """Wu et al. 2016, equation 14."""
    log_prob, attention = model.translation(sentence, tokens)
    covered = sum(np.log(min(max(total, 1e-37), 1.0)) for total in attention.sum(0))
    return log_prob / ((5 + len(tokens)) ** alpha / 6**alpha) + (beta * covered if beta else 0.0)


@pytest.mark.parametrize(("alpha", "beta"), [(0.0, 0.0), (0.6, 0.0), (1.0, 0.3), (2.5, 1.0)])
@pytest.mark.parametrize("seed", range(4))
def test_a_beam_that_is_wide_enough_finds_the_best_of_all(seed, alpha, beta):
    model, longest = Table(seed), 5
    everything = [line for length in range(longest + 1) for line in itertools.product(TOKENS, repeat=length)]
    options = {"beam": 4 * 3**longest, "n_best": 10, "length_penalty": alpha, "coverage_penalty": beta}
    for sentence in (0, 1):
        (found,) = search(model, (sentence,), longest, **options)
        scores = {line: score(model, sentence, line, alpha, beta) for line in everything}
        best = sorted(everything, key=lambda line: -scores[line])[:10]
        assert [one.tokens for one in found] == best
        for one in found:
            log_prob, attention = model.translation(sentence, one.tokens)
            assert one.score == pytest.approx(scores[one.tokens])
            assert one.log_prob == pytest.approx(log_prob)
            np.testing.assert_array_equal(one.attention, attention)


def greedy(model, sentence, longest):
    prefix, log_prob = (sentence, BEGIN), 0.0
    while True:
        log_probs = model.one(prefix)[0].copy()
        log_probs[[0, 1, BEGIN]] = -np.inf
        token = int(log_probs.argmax())
        finished, token = token == END, END if len(prefix) - 2 == longest else token
        log_prob += log_probs[token]
        if token == END:
            return prefix[2:], log_prob, finished
        prefix = (*prefix, token)


def test_one_beam_is_greedy_search():
    ended = set()
    for seed in range(20):
        model = Table(seed)
        for longest in (0, 1, 3, 12):
            for sentence, (found,) in enumerate(search(model, range(5), longest, beam=1)):
                tokens, log_prob, finished = greedy(model, sentence, longest)
                assert (found.tokens, found.finished) == (tokens, finished)
                assert found.log_prob == pytest.approx(log_prob)
                ended.add((finished, len(tokens) == longest))
    assert len(ended) == 3  # by themselves before the bound and at it, and by the bound


@pytest.mark.parametrize("beam", [1, 2, 5])
def test_sentences_side_by_side_are_translated_as_if_each_were_alone(beam):
    model, longest = Table(3), [7, 0, 12, 3, 5]
    options = {"beam": beam, "n_best": min(beam, 3), "coverage_penalty": 0.2}
    together = search(model, range(5), longest, **options)
    for sentence in range(5):
        (alone,) = search(model, (sentence,), [longest[sentence]], **options)
        for one, other in zip(alone, together[sentence], strict=True):
            assert (one.tokens, one.score, one.log_prob, one.finished) == (
                other.tokens, other.score, other.log_prob, other.finished
            )  # fmt: skip
            np.testing.assert_array_equal(one.attention, other.attention)
    order = [3, 1, 4, 0, 2]
    turned = search(model, order, [longest[sentence] for sentence in order], **options)
    assert [[one.tokens for one in turned[order.index(sentence)]] for sentence in range(5)] == [
        [one.tokens for one in found] for found in together
    ]


def test_a_sentence_that_is_over_costs_nothing_more():
    model = Table(5)
    search(model, range(4), [2, 9, 4, 0], beam=3)
    together, each = model.n_rows, []
    for sentence, longest in enumerate([2, 9, 4, 0]):
        model = Table(5)
        search(model, (sentence,), [longest], beam=3)
        each.append(model.n_rows)
        assert len(model.n_rows) <= longest + 1
    assert together == [sum(counts) for counts in itertools.zip_longest(*each, fillvalue=0)]
    assert len({*map(len, each)}) > 2


class Sure(Table):
    """One that knows a single translation, and thinks little of any other."""

    def drawn(self, prefix):
        right = (*RIGHT, END)[len(prefix) - 2] if prefix[2:] == RIGHT[: len(prefix) - 2] else END
        probs = np.where(np.arange(TYPES) == right, 0.94, 0.01)
        return np.log(probs), super().drawn(prefix)[1]


RIGHT = (4, 6, 5, 5, 4, 6, 4, 4, 5)


@pytest.mark.parametrize("beam", [1, 2, 3, 5, 40])
@pytest.mark.parametrize("alpha", [0.0, 1.0])
def test_translations_that_are_unlikely_do_not_end_the_search(beam, alpha):
    model = Sure(0)
    for (found,) in search(model, range(5), 20, beam=beam, length_penalty=alpha):
        assert found.tokens == RIGHT
        assert found.log_prob == pytest.approx(10 * np.log(0.94))
    assert len(model.n_rows) == len(RIGHT) + 1  # after which nothing that lives on can win


@pytest.mark.parametrize("beam", [2, 3, 6])
@pytest.mark.parametrize(("alpha", "beta"), [(0.0, 0.0), (1.0, 0.0), (1.0, 0.5), (2.0, 0.0), (2.0, 0.3)])
def test_a_search_that_stops_early_finds_what_one_to_the_end_finds(beam, alpha, beta, monkeypatch):
    options = {"beam": beam, "n_best": min(beam, 2), "length_penalty": alpha, "coverage_penalty": beta}

    def found(seed):
        model = Table(seed)
        return [[one.tokens for one in best] for best in search(model, range(5), 12, **options)], sum(model.n_rows)

    early = [found(seed) for seed in range(12)]
    monkeypatch.setattr(beam_module._Search, "_goes_on", lambda self, sentences, best: best > -np.inf)
    whole = [found(seed) for seed in range(12)]
    assert [tokens for tokens, _ in early] == [tokens for tokens, _ in whole]
    if alpha <= 1.0:
        assert sum(n_rows for _, n_rows in early) < sum(n_rows for _, n_rows in whole)


def test_penalties_act():
    lengths, covered, seen = [], [], set()
    for alpha, beta in ((0.0, 0.0), (1.0, 0.0), (3.0, 0.0), (0.0, 1.0)):
        best = [
            search(Table(seed), (2,), 6, beam=40, length_penalty=alpha, coverage_penalty=beta)[0][0]
            for seed in range(20)
        ]
        lengths.append(sum(len(one.tokens) for one in best))
        covered.append(sum(np.minimum(one.attention.sum(0), 1).sum() for one in best))
        seen.add(tuple(one.tokens for one in best))
    assert lengths[0] < lengths[1] < lengths[2]
    assert covered[3] > covered[0]
    assert len(seen) == 4


def test_what_never_comes_out():
    for seed in range(10):
        for found in search(Table(seed), range(5), 6, beam=6, n_best=6, never=(0, 1, 5)):
            assert found
            for one in found:
                assert {*one.tokens} <= {4, 6}
    free = [one for seed in range(10) for found in search(Table(seed), range(5), 6, never=(0,)) for one in found]
    assert any(1 in one.tokens for one in free)
    assert not any({0, BEGIN, END} & {*one.tokens} for one in free)


def test_a_model_without_attention_and_a_source_without_tokens():
    model = Table(1, attends=False)
    assert all(one.attention is None for found in search(model, range(5), n_best=3) for one in found)
    with pytest.raises(ConfigError, match="no attention"):
        search(model, coverage_penalty=0.1)
    ((found,),) = search(Table(1), (4,), coverage_penalty=0.1)
    assert found.attention.shape == (len(found.tokens), 0)


def test_translations_come_in_order_and_once():
    for found in search(Table(8), range(5), 8, beam=12, n_best=12):
        scores = [one.score for one in found]
        assert scores == sorted(scores, reverse=True)
        assert len({one.tokens for one in found}) == len(found)


def test_more_beams_than_there_are_continuations():
    ((only,),) = search(Table(2), longest=0, beam=9)
    assert (only.tokens, only.attention.shape) == ((), (0, 3))
    found = search(Table(2), longest=1, beam=9, n_best=9)[0]
    assert {one.tokens for one in found} == {(), (4,), (5,), (6,)}


def test_refusals():
    for options, message in (
        ({"beam": 0}, "beam 0"),
        ({"n_best": 5}, "n-best 5"),
        ({"n_best": 0}, "n-best 0"),
        ({"length_penalty": -0.1}, "length_penalty"),
        ({"coverage_penalty": float("nan")}, "coverage_penalty"),
    ):
        with pytest.raises(ConfigError, match=message):
            search(Table(0), **options)
    with pytest.raises(ValueError, match="2 sentences"):
        search(Table(0), (0, 1), [5])
    assert search(Table(0), ()) == []


def test_penalties_spelled_out():
    both = Penalties(0.5, 2.0)
    attention = np.array([[0.25, 0.75, 0.0], [0.25, 0.0, 0.75]], np.float32)
    # ((5 + 7) / 6) ** 0.5 = sqrt(2); ln 0.5 + 2 ln 0.75
    assert both.score(-3.0, 7, attention) == pytest.approx(-3 / 2**0.5 + 2.0 * (np.log(0.5) + 2 * np.log(0.75)))
    np.testing.assert_allclose(both.length(np.array([1, 7])), [1.0, 2**0.5])
    assert np.isfinite(Penalties(1.0, 1.0).score(-1.0, 1, np.array([[1.0, 0.0]])))
