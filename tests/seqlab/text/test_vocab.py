import json
import pickle
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqlab.errors import ConfigError, ModelError
from seqlab.text import BOS, EOS, PAD, SPECIALS, UNK, Vocab

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=5)


def test_special_ids_are_out_of_reach_of_text():
    vocab = Vocab(["a", "<unk>", "<pad>"])
    assert (PAD, UNK, BOS, EOS) == (0, 1, 2, 3)
    assert [vocab.token(index) for index in range(4)] == list(SPECIALS)
    assert vocab.id("<unk>") == 5
    assert vocab.token(5) == "<unk>"
    assert vocab.id("<bos>") == UNK
    assert "<bos>" not in vocab
    assert "<pad>" in vocab
    assert len(vocab) == 7


def test_order_is_by_count_then_code_point_whatever_the_order_of_insertion():
    counts = {"b": 2, "a": 2, "天": 5, "c": 1, "\n": 2, "\U00010000": 2, "\uffff": 2}
    shuffled = list(counts.items())
    random.Random(1).shuffle(shuffled)
    expected = ("天", "\n", "a", "b", "\uffff", "\U00010000", "c")
    assert Vocab.build(counts).tokens == Vocab.build(dict(shuffled)).tokens == expected
    assert Vocab.build(counts, min_count=2).tokens == expected[:-1]
    assert Vocab.build(counts, max_size=2).tokens == expected[:2]


@given(st.lists(ANY_TEXT, unique=True, max_size=20), st.lists(ANY_TEXT, max_size=5))
def test_ids_and_tokens_are_inverse_and_json_keeps_all(tokens, others):
    vocab = Vocab(tokens)
    ids = vocab.ids(tokens)
    assert [vocab.token(index) for index in ids] == tokens
    assert [vocab.id(token) for token in tokens] == ids.tolist() == list(range(4, len(vocab)))
    assert [index == UNK for index in vocab.ids(others)] == [other not in vocab for other in others]
    text = vocab.to_json()
    assert text.isascii()
    again = Vocab.from_json(text)
    assert again == vocab
    assert hash(again) == hash(vocab)
    assert again.tokens == tuple(tokens)
    assert Vocab(vocab.tokens) == vocab == pickle.loads(pickle.dumps(vocab))


def test_ids_have_the_smallest_type():
    assert Vocab([str(n) for n in range(252)]).ids(["0"]).dtype == "uint8"
    assert Vocab([str(n) for n in range(253)]).ids(["0"]).dtype == "uint16"
    assert Vocab(["a"]).ids([]).shape == (0,)


def test_vocabularies_of_other_order_differ():
    assert Vocab(["a", "b"]) != Vocab(["b", "a"])


def test_bad_use():
    with pytest.raises(ValueError, match=r"the token '\\n' stands twice"):
        Vocab(["\n", "a", "\n"])
    for index in (-1, 5):
        with pytest.raises(IndexError, match=f"id {index} is outside the vocabulary of 5 ids"):
            Vocab(["a"]).token(index)
    for bounds in ({"min_count": 0}, {"max_size": 0}):
        with pytest.raises(ConfigError, match="min_count and max_size must be at least 1"):
            Vocab.build({"a": 1}, **bounds)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", 'list "tokens"'),
        ('{"format": 1, "tokens": "ab"}', 'list "tokens"'),
        ('{"format": 2, "tokens": []}', "has the format 2; this version reads 1"),
        ('{"format": 1, "tokens": ["a", 7]}', "entry 1 of the vocabulary is 7, not a token"),
        ('{"format": 1, "tokens": ["a", [1114112]]}', "entry 1 of the vocabulary is"),
        ('{"format": 1, "tokens": ["a", "b", "a"]}', "altered: the token 'a' stands twice"),
    ],
)
def test_bad_json(text, message):
    with pytest.raises(ModelError, match=message):
        Vocab.from_json(text)


def test_json_is_an_object_to_be_read_by_others():
    assert json.loads(Vocab(["a", "\n"]).to_json()) == {"format": 1, "tokens": ["a", "\n"]}
