"""The model in use: whole texts, step by step, and what a state has to remember."""

import dataclasses
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqlab.ngram.model import NGramModel
from seqlab.ngram.smoothing import SMOOTHINGS

PAD, UNKNOWN, START, END = range(4)
N_TYPES = 7
ALL = pytest.mark.parametrize("smoothing", sorted(SMOOTHINGS))
WEIGHTS = [[0.3, 0.6, 0.9], *[[0.2, 0.7]] * 4]
TRAIN = st.integers(5, 40).flatmap(lambda n: st.lists(st.sampled_from([UNKNOWN, END, 4, 5]), min_size=n, max_size=n))
TEXT = st.lists(st.sampled_from([UNKNOWN, END, 4, 5, 6]), max_size=30)
ORDERS = st.integers(1, 5)
ENDS = st.sampled_from([None, END])
LEAST = st.sampled_from([(), (1, 1, 2), (1, 2, 2, 3)])


class KeepsAll(NGramModel):
    """A model whose states hold every context, whether or not it can matter."""

    def _kept(self, state):
        return state


def keeping_all(model):
    return KeepsAll(**{field.name: getattr(model, field.name) for field in dataclasses.fields(model)})


def one_by_one(model, ids):
    """(log-probability of each token, the state before each)."""
    log_probs, states = [], [model.begin()]
    for word in ids:
        log_prob, state = model.step(states[-1], word)
        log_probs.append(log_prob)
        states.append(state)
    return log_probs, states[:-1]


@ALL
@settings(deadline=None, max_examples=30)
@given(TRAIN, TEXT, ORDERS, ENDS, LEAST, st.integers(1, 40))
def test_a_text_scored_whole_in_blocks_and_step_by_step(made, smoothing, train, text, order, end, least, size):
    model = made(train, order, N_TYPES, end, smoothing, least=least, weights=WEIGHTS)
    text = train[:10] + text
    log_probs, _ = one_by_one(model, text)
    whole, blocks = model.score(np.array(text)), list(model.score_blocks(np.array(text), size))
    assert whole.log_probs.tolist() == pytest.approx(log_probs, rel=1e-6)
    assert [len(block.log_probs) for block in blocks[:-1]] == [size] * (len(blocks) - 1)
    assert np.concatenate([block.log_probs for block in blocks]).tolist() == whole.log_probs.tolist()
    assert np.concatenate([block.orders for block in blocks]).tolist() == whole.orders.tolist()
    assert not np.isnan(whole.log_probs).any()


@ALL
@settings(deadline=None, max_examples=20)
@given(TRAIN, TEXT, ORDERS, ENDS)
def test_the_distribution_after_a_state_is_that_of_its_steps(made, smoothing, train, text, order, end):
    model = made(train, order, N_TYPES, end, smoothing, weights=WEIGHTS)
    for state in one_by_one(model, train[:10] + text)[1]:
        found = model.log_probs(state)
        assert found.dtype == np.float64
        assert found.tolist() == [model.step(state, word)[0] for word in range(N_TYPES)]


@ALL
@settings(deadline=None, max_examples=20)
@given(TRAIN, TEXT, ORDERS, ENDS, LEAST)
def test_a_state_forgets_nothing_that_matters(made, smoothing, train, text, order, end, least):
    """Beside a model that remembers order - 1 words whatever they are; so equal states have equal futures."""
    model = made(train, order, N_TYPES, end, smoothing, least=least, weights=WEIGHTS)
    text = train[:10] + text
    whole = keeping_all(model)
    for state, longest in zip(one_by_one(model, text)[1], one_by_one(whole, text)[1], strict=True):
        assert hash(state) is not None
        assert len(state) <= len(longest) <= order - 1
        assert state == longest[: len(state)]
        assert model.log_probs(state).tolist() == whole.log_probs(longest).tolist()


def test_contexts_that_nothing_is_known_of_are_one_state(made):
    """4 6 and 5 6 are listed, and go on with an end; but no three words are listed, so 6 alone is remembered."""
    model = made([4, 6, END, 5, 6, END], 3, N_TYPES, END, "witten-bell", least=(1, 1, 2))
    after, kept = ([one_by_one(each, [word, 6, 4])[1][2] for word in (4, 5)] for each in (model, keeping_all(model)))
    assert after == [(6,), (6,)]
    assert kept[0] != kept[1]


def test_every_sequence_begins_in_the_same_state_and_a_text_without_an_end_does_not(made):
    train = [4, 5, END, 4, 4, END]
    for end in (END, None):
        model = made(train, 3, N_TYPES, end, "witten-bell")
        assert (model.step(model.step(model.begin(), 5)[1], END)[1] == model.begin()) == (end == END)


@settings(deadline=None, max_examples=60)
@given(TRAIN, TEXT, ORDERS, ENDS, LEAST)
def test_the_order_of_a_token_is_the_length_of_the_longest_ngram_that_ends_there(
    made, table, sequences, train, text, order, end, least
):
    model = made(train, order, N_TYPES, end, "modified-kneser-ney", least=least)
    known = set().union(*table(model.levels))
    text = train[:10] + text
    wanted = []
    for sequence in sequences(text, end) if text else []:
        for at in range(1, len(sequence)):
            lengths = range(1, min(order, at + 1) + 1)
            wanted.append(max(n for n in lengths if sequence[at + 1 - n : at + 1] in known))
    assert model.score(np.array(text)).orders.tolist() == wanted


@pytest.mark.parametrize("end", [None, END])
def test_the_same_text_after_one_that_was_longer(made, end):
    """Blocks of one token know order - 1 tokens before them, and no more is known in one piece."""
    ids = np.random.default_rng(1).integers(3, N_TYPES, 300)
    model = made(ids.tolist(), 5, N_TYPES, end, "stupid-backoff")
    text = np.random.default_rng(2).integers(3, N_TYPES, 200)
    blocks = model.score_blocks(text, 1)
    assert [float(block.log_probs[0]) for block in islice(blocks, 200)] == model.score(text).log_probs.tolist()


def test_scores_do_not_depend_on_the_type_of_the_ids_nor_on_where_they_are(made, tmp_path):
    model = made([4, 5, 4, 4, 5, 6], 3, N_TYPES, None, "katz")
    wanted = model.score(np.array([4, 5, 6, 1])).log_probs.tolist()
    for dtype in (np.uint8, np.uint16, np.int32, np.uint32, np.uint64):
        text = np.memmap(tmp_path / "text", dtype, "w+", shape=4)
        text[:] = [4, 5, 6, 1]
        assert model.score(text).log_probs.tolist() == wanted


def test_a_model_of_single_words_has_one_state(made):
    model = made([4, 5, 4], 1, N_TYPES, END, "katz")
    assert model.begin() == model.step(model.begin(), 4)[1] == ()


def test_no_level_but_the_first_need_hold_anything(made):
    """No pair occurs twice, so none is left of any order."""
    model = made([4, 5, 6], 3, N_TYPES, None, "witten-bell", least=(1, 2))
    assert [len(level) for level in model.levels] == [N_TYPES, 0, 0]
    scored = model.score(np.array([4, 5, 6, 6]))
    assert scored.orders.tolist() == [1] * 4
    assert scored.log_probs.tolist() == pytest.approx(model.levels[0].log_probs[[4, 5, 6, 6]].tolist())


def test_an_empty_text_has_no_scores(made):
    model = made([4, 5, 6], 3, N_TYPES, None, "witten-bell")
    assert [len(part) for part in model.score(np.zeros(0, np.uint16))] == [0, 0]


@pytest.mark.parametrize("word", [-1, N_TYPES, 1 << 40])
def test_ids_outside_the_vocabulary_are_refused(made, word):
    model = made([4, 5, 6], 3, N_TYPES, None, "witten-bell")
    with pytest.raises(IndexError, match=f"vocabulary of {N_TYPES}"):
        model.step(model.begin(), word)
    with pytest.raises(IndexError, match=f"vocabulary of {N_TYPES}"):
        model.score(np.array([4, word, 4]))
