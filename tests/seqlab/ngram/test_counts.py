import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqlab.errors import ConfigError, DataError
from seqlab.ngram import parallel
from seqlab.ngram.counts import count, ranked

START, END = 2, 3
PLACES = st.integers(8, 60).flatmap(lambda n: st.lists(st.integers(0, 4), min_size=n, max_size=n))
N_TYPES = st.sampled_from([8, 9, 300, 60_000, 70_000])
ENDS = st.sampled_from([None, END])


def ids_of(places, n_types):
    """A text over five words that are spread over the vocabulary; the first is the end of a sequence."""
    words = np.array([END, 4, n_types // 2, n_types - 2, n_types - 1])
    return words[places].astype(np.uint16 if n_types <= 1 << 16 else np.uint32)


def as_counted(counts, table):
    """For each order {n-gram: its count}, single words that do not occur left out."""
    return [
        {ngram: int(level.counts[entry]) for ngram, entry in ngrams.items() if level.counts[entry]}
        for level, ngrams in zip(counts.levels, table(counts.levels), strict=True)
    ]


@settings(deadline=None, max_examples=60)
@given(PLACES, st.integers(1, 8), N_TYPES, ENDS)
def test_the_counts_are_those_of_a_dictionary(counters, table, places, order, n_types, end):
    ids = ids_of(places, n_types)
    counts = count(ids, order, n_types, START, end)
    assert as_counted(counts, table) == counters(ids.tolist(), order, end)
    assert (counts.order, counts.n_types, counts.n_tokens) == (order, n_types, len(ids))
    assert all(len(level) == len(level.counts) for level in counts.levels)


@settings(deadline=None, max_examples=30)
@given(PLACES, st.integers(1, 8), N_TYPES, ENDS)
def test_ngrams_are_sorted_and_their_suffixes_lead_to_them_without_the_first_word(table, places, order, n_types, end):
    counts = count(ids_of(places, n_types), order, n_types, START, end)
    tables = table(counts.levels)
    for n, (level, ngrams) in enumerate(zip(counts.levels, tables, strict=True), start=1):
        assert list(ngrams) == sorted(ngrams)
        assert list(ngrams.values()) == list(range(len(level)))
        assert len(level.starts) == (len(level) + 1 if n < order else 0)
        if n > 1:
            assert level.suffixes.tolist() == [tables[n - 2][ngram[1:]] for ngram in ngrams]
        begins = counts.from_start()[n - 1]
        assert [entry for ngram, entry in ngrams.items() if ngram[0] == START] == list(range(begins.start, begins.stop))


@settings(deadline=None, max_examples=30)
@given(PLACES, st.integers(1, 6), st.randoms(use_true_random=False))
def test_the_order_of_sequences_changes_nothing(table, places, order, random):
    """No n-gram reaches over an end; all that is counted is the sequences, as a multiset."""
    parts = np.split(np.append(ids_of(places, 9), END), np.flatnonzero(np.array(places) == 0) + 1)
    moved = random.sample(parts, len(parts))
    first, second = (count(np.concatenate(p), order, 9, START, END) for p in (parts, moved))
    assert as_counted(first, table) == as_counted(second, table)


def test_sequences_shorter_than_the_order_and_one_that_does_not_end(table):
    """4, end; 4, end; 5 5: nothing is as long as five tokens, and the longest begins with the mark."""
    counts = count(np.array([4, END, 4, END, 5, 5]), 5, 6, START, END)
    assert as_counted(counts, table) == [
        {(4,): 2, (END,): 2, (5,): 2},
        {(START, 4): 2, (4, END): 2, (START, 5): 1, (5, 5): 1},
        {(START, 4, END): 2, (START, 5, 5): 1},
        {},
        {},
    ]


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64])
def test_the_type_of_the_ids_does_not_matter(table, dtype):
    ids = np.random.default_rng(3).integers(3, 7, 50)
    wanted = as_counted(count(ids.astype(np.uint16), 4, 7, START, END), table)
    assert as_counted(count(ids.astype(dtype), 4, 7, START, END), table) == wanted


def test_several_threads_count_as_one_does(monkeypatch, table, counters):
    ids = np.random.default_rng(4).integers(3, 9, 3000)
    monkeypatch.setattr(parallel, "SMALL", 64)
    monkeypatch.setattr(parallel, "SAMPLE", 32)
    monkeypatch.setattr(parallel, "n_threads", lambda: 3)
    assert as_counted(count(ids, 5, 9, START, END), table) == counters(ids.tolist(), 5, END)


@pytest.mark.parametrize("bits", [10, 31])
def test_pairs_are_ranked_whether_or_not_they_and_their_places_fit_in_64_bits(bits):
    rng = np.random.default_rng(5)
    contexts, words = rng.integers(0, 4, (2, 200)) * ((1 << bits) // 4)
    pairs = list(zip(contexts.tolist(), words.tolist(), strict=True))
    distinct = sorted(set(pairs))
    ranks, places, sizes = ranked(contexts, words.astype(np.uint32), np.arange(200))
    assert [distinct[rank] for rank in ranks.tolist()] == pairs
    assert [pairs[place] for place in places.tolist()] == distinct
    assert sizes.tolist() == [pairs.count(pair) for pair in distinct]


def test_progress_rises_to_one():
    shares = []
    count(np.array([4, 5, 4, 5, 4]), 4, 6, START, progress=shares.append)
    assert shares == sorted(set(shares))
    assert shares[-1] == 1


@pytest.mark.parametrize("order", [0, -1, 21])
def test_an_order_outside_one_to_twenty_is_refused(order):
    with pytest.raises(ConfigError, match=f"order {order}"):
        count(np.full(50, 4), order, 5, START)


def test_the_highest_order_that_there_is(table, counters):
    ids = np.random.default_rng(6).integers(4, 6, 60)
    assert as_counted(count(ids, 20, 6, START), table) == counters(ids.tolist(), 20)


@pytest.mark.parametrize(("n", "order", "says"), [(0, 1, "empty"), (2, 3, "2 tokens"), (19, 20, "19 tokens")])
def test_a_text_that_is_too_short_is_refused(n, order, says):
    with pytest.raises(DataError, match=says):
        count(np.full(n, 4), order, 5, START)


@pytest.mark.parametrize("ids", [[4, 5, 6], [4, -1, 4], [4, 1 << 20, 4]])
def test_ids_outside_the_vocabulary_are_refused(ids):
    with pytest.raises(IndexError, match="vocabulary of 6"):
        count(np.array(ids), 2, 6, START)


def test_a_text_that_holds_the_start_mark_is_refused(tmp_path):
    for options in ({}, {"memory": 1, "folder": tmp_path}):
        with pytest.raises(DataError, match="the text holds the start mark 2: choose an id that it does not hold"):
            count(np.array([4, 2, 5]), 2, 8, 2, **options)


def test_ids_may_be_a_list_and_must_be_whole_numbers():
    found = count([4, 5, 4, 5, 3], 2, 8, 2, 3)
    wanted = count(np.array([4, 5, 4, 5, 3]), 2, 8, 2, 3)
    assert found.levels[1].counts.tolist() == wanted.levels[1].counts.tolist()
    for ids in ([4.0, 5.5], [[4, 5]]):
        with pytest.raises(TypeError, match="ids are whole numbers, one after another"):
            count(np.array(ids), 1, 8, 2)


def test_it_is_told_apart_by_identity_and_shown_in_a_line():
    found = count([4, 5, 4, 5, 3], 2, 8, 2, 3)
    assert found != count([4, 5, 4, 5, 3], 2, 8, 2, 3)
    assert len({found, found}) == 1
    assert repr(found) == "Counts(<8, 4 n-grams of order 1 to 2, of 5 tokens>)"
