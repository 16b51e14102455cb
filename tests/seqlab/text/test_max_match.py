import doctest
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqlab.text import max_match
from seqlab.text.max_match import MaximumMatcher

WORDS = st.lists(st.text("ab\U0001f600", min_size=0, max_size=5), max_size=12)


def plain_forward(words, text):
    """The definition, letter by letter."""
    found = []
    while text:
        word = next((text[:end] for end in range(len(text), 1, -1) if text[:end] in words), text[0])
        found.append(word)
        text = text[len(word) :]
    return found


def plain_backward(words, text):
    turned = plain_forward({word[::-1] for word in words}, text[::-1])
    return [word[::-1] for word in reversed(turned)]


def test_the_example():
    outcome = doctest.testmod(max_match)
    assert outcome.attempted > 0
    assert outcome.failed == 0


@given(WORDS, st.text("ab\U0001f600", max_size=40))
def test_both_directions_are_their_definition(words, text):
    matcher = MaximumMatcher(words)
    assert matcher.forward(text) == plain_forward(set(words), text)
    assert matcher.backward(text) == plain_backward(set(words), text)
    assert len(matcher) == len({word for word in words if len(word) > 1})


@given(st.lists(st.text(st.characters(exclude_categories=()))), st.text(st.characters(exclude_categories=())))
def test_words_make_the_text(words, text):
    matcher = MaximumMatcher([*words, text])
    longer = text + "".join(words) + text[::-1]
    for cut in (matcher.forward, matcher.backward, matcher.bidirectional):
        assert "".join(cut(longer)) == longer
        assert "" not in cut(longer)
        assert cut("") == []


def test_the_better_of_two_directions():
    """Every text of up to six letters: fewer words, then fewer single letters, then backward."""
    matcher = MaximumMatcher(["ab", "bc", "abc", "ca", "bcab"])
    chosen = set()
    for length in range(7):
        for letters in itertools.product("abc", repeat=length):
            text = "".join(letters)
            forward, backward = matcher.forward(text), matcher.backward(text)
            best = matcher.bidirectional(text)
            costs = [(len(words), sum(len(word) == 1 for word in words)) for words in (forward, backward)]
            assert best == (forward if costs[0] < costs[1] else backward)
            if forward != backward:
                chosen.add(best == forward)
    assert chosen == {True, False}


@pytest.mark.parametrize("direction", ["forward", "backward", "bidirectional"])
def test_without_words_each_character_stands_alone(direction):
    assert getattr(MaximumMatcher([]), direction)("a b\n") == list("a b\n")
