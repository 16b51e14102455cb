import itertools
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqlab.ngram import lookup
from seqlab.ngram.lookup import children, find


class Trie(NamedTuple):
    words: np.ndarray
    starts: np.ndarray


def trie_of(ngrams, n_types, order):
    """(levels, for each order {n-gram: its entry}), every prefix of an n-gram put in."""
    levels, entries = [], [{(word,): word for word in range(n_types)}]
    dtype = np.uint16 if n_types <= 1 << 16 else np.uint32
    for n in range(2, order + 1):
        here = sorted({ngram[:n] for ngram in ngrams if len(ngram) >= n})
        entries.append({ngram: entry for entry, ngram in enumerate(here)})
        n_children = np.zeros(len(entries[-2]) + 1, np.uint32)
        for ngram in here:
            n_children[entries[-2][ngram[:-1]] + 1] += 1
        words = np.array([ngram[-1] for ngram in entries[-2]], dtype)
        levels.append(Trie(words, np.cumsum(n_children, dtype=np.uint32)))
    levels.append(Trie(np.array([ngram[-1] for ngram in entries[-1]], dtype), np.zeros(0, np.uint32)))
    return levels, entries


WORDS = st.integers(0, 5)
NGRAMS = st.lists(st.lists(WORDS, min_size=1, max_size=5).map(tuple), max_size=25)
SPREAD = st.sampled_from([(1, 6), (13000, 65536), (14000, 70001)])
"""How far apart the words are, and how many types there are: two bytes a word, barely two, four."""


@settings(deadline=None, max_examples=60)
@given(NGRAMS, SPREAD)
@pytest.mark.parametrize("way", [lookup._by_halving, lookup._by_merging, children])
def test_each_continuation_is_found_and_no_other(way, ngrams, spread):
    apart, n_types = spread
    ngrams = [tuple(word * apart for word in ngram) for ngram in ngrams]
    levels, entries = trie_of(ngrams, n_types, 5)
    for n, (level, above) in enumerate(itertools.pairwise(levels), start=1):
        contexts = [ngram for ngram in entries[n - 1] if n > 1 or ngram[0] % apart == 0]
        asked = [(context, word * apart) for context in contexts for word in range(6)]
        asked = asked[1::2] + asked[::-2]
        at = np.array([entries[n - 1][context] for context, _ in asked], np.int64)
        words = np.array([word for _, word in asked], above.words.dtype)
        wanted = [entries[n].get((*context, word), -1) for context, word in asked]
        assert way(level, above, at, words).tolist() == wanted


@settings(deadline=None, max_examples=60)
@given(NGRAMS, st.lists(WORDS, max_size=12))
def test_the_ngrams_that_end_at_each_place_of_a_stream(ngrams, stream):
    levels, entries = trie_of(ngrams, 6, 5)
    found = find(levels, np.array(stream, np.int64))
    assert len(found) == 5
    for n, here in enumerate(found, start=1):
        wanted = [
            entries[n - 1].get(tuple(stream[at - n + 1 : at + 1]), -1) if at >= n - 1 else -1
            for at in range(len(stream))
        ]
        assert here.tolist() == wanted


def test_few_questions_are_answered_by_halving_and_many_by_merging(monkeypatch):
    """A level of 8 n-grams: from 3 questions on one pass over it is made."""
    levels, _ = trie_of([(a, b) for a in range(2) for b in range(4)], 6, 2)
    asked = []
    for name in ("_by_halving", "_by_merging"):
        monkeypatch.setattr(lookup, name, lambda *arguments, name=name: asked.append(name))
    for n in (2, 3):
        children(*levels, np.zeros(n, np.int64), np.zeros(n, np.uint16))
    assert asked == ["_by_halving", "_by_merging"]
