"""N-gram features against a dictionary of tuples; what they cover; files that are missing or altered."""

import json
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqlab.errors import ConfigError, DataError, ModelError
from seqlab.text.hashed_keys import HashedKeys, bucket, continued, mixed
from seqlab.text.keys import find
from seqlab.text.ngram_features import NgramFeatures
from seqlab.text.vocab import BOS, EOS

V = 9
texts = st.lists(st.lists(st.sampled_from([1, 4, 5, 6, 7, 8]), max_size=7), max_size=6)
FITTED = [[4, 5, 4, 5], [], [6], [5, 4, 8, 4], [4, 5]]


def flat(rows, dtype=np.int32):
    starts = np.cumsum([0, *map(len, rows)])
    return np.array([token for row in rows for token in row], dtype), starts


def spelled_out(row, max_order):
    """(n-gram, first token covered, how many tokens covered) by order, then from left to right."""
    padded, found = [BOS, *row, EOS], []
    for order in range(1, max_order + 1):
        for at in range(len(padded) - order + 1):
            gram = tuple(padded[at : at + order])
            covered = [place - 1 for place in range(at, at + order) if 0 < place <= len(row)]
            if covered and (order > 1 or gram[0] not in (BOS, EOS)):
                found.append((gram, covered[0], len(covered)))
    return found


@settings(max_examples=150, deadline=None)
@given(texts.filter(any), texts, st.integers(1, 5), st.integers(1, 3))
def test_exact_features_by_a_dictionary(training, others, max_order, min_count):
    features = NgramFeatures.fit(*flat(training), V, max_order=max_order, min_count=min_count)
    seen, documents = Counter(), Counter()
    for row in training:
        grams = [gram for gram, _, _ in spelled_out(row, max_order)]
        seen.update(grams)
        documents.update({*grams})
    known = {gram for gram, count in seen.items() if count >= min_count}
    grams = [features.of(number) for number in range(features.n_features)]
    assert {*grams} == known
    assert len(grams) == len(known)
    assert grams == sorted(grams, key=lambda gram: (len(gram), gram))
    assert features.document_counts.tolist() == [documents[gram] for gram in grams]
    weights = [math.log((1 + len(training)) / (1 + documents[gram])) + 1 for gram in grams]
    np.testing.assert_allclose(features.idf, weights)
    for rows in (training, others):
        numbers, offsets = features.features(*flat(rows))
        found = features.occurrences(*flat(rows))
        assert numbers.dtype == np.int32
        np.testing.assert_array_equal(found.features, numbers)
        np.testing.assert_array_equal(found.offsets, offsets)
        assert len(offsets) == len(rows) + 1
        for number, row in enumerate(rows):
            own = slice(offsets[number], offsets[number + 1])
            where = zip(found.first[own].tolist(), found.length[own].tolist(), strict=True)
            ours = [(features.of(n), *place) for n, place in zip(numbers[own].tolist(), where, strict=True)]
            assert ours == [part for part in spelled_out(row, max_order) if part[0] in known]


def splitmix(number):
    """The mix in whole numbers without an end."""
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB), (31, 1)):
        number = (number ^ (number >> shift)) * factor % 2**64
    return number


def hashed(gram):
    value = splitmix(gram[0])
    for token in gram[1:]:
        value = splitmix((value * 0x9E3779B97F4A7C15 + token) % 2**64)
    return value


@settings(max_examples=80, deadline=None)
@given(texts.filter(any), texts, st.integers(2, 4), st.integers(1, 2), st.sampled_from([1, 7, 1 << 20]))
def test_hashed_features_by_whole_numbers(training, others, max_order, min_count, buckets):
    features = NgramFeatures.fit(*flat(training), V, max_order=max_order, min_count=min_count, buckets=buckets)
    counts = Counter(token for row in training for token in row)
    singles = sorted(token for token, count in counts.items() if count >= min_count)
    assert features.n_features == len(singles) + buckets == len(features.idf)

    def number(gram):
        return singles.index(gram[0]) if len(gram) == 1 else len(singles) + (hashed(gram) >> 32) * buckets // 2**32

    for rows in (training, others):
        found = features.occurrences(*flat(rows))
        for at, row in enumerate(rows):
            own = slice(found.offsets[at], found.offsets[at + 1])
            known = [part for part in spelled_out(row, max_order) if len(part[0]) > 1 or part[0][0] in singles]
            assert found.features[own].tolist() == [number(gram) for gram, _, _ in known]
            assert found.first[own].tolist() == [first for _, first, _ in known]
            assert found.length[own].tolist() == [length for _, _, length in known]
    documents = np.zeros(features.n_features, np.int64)  # n-grams of several orders may share a bucket
    for row in training:
        grams = [gram for gram, _, _ in spelled_out(row, max_order)]
        documents[[*{number(gram) for gram in grams if len(gram) > 1 or gram[0] in singles}]] += 1
    np.testing.assert_array_equal(features.document_counts, documents)


def test_the_mix_is_the_published_one():
    # The first outputs of SplitMix64 from the seed 0, whose state grows by 0x9e3779b97f4a7c15: of its reference program.
    states = (np.arange(1, 4, dtype=np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
    assert [*map(hex, mixed(states).tolist())] == ["0xe220a8397b1dcdaf", "0x6e789e6aa1b965f4", "0x6c45d188009454f"]
    one = mixed(np.array([5], np.uint64))
    assert continued(one, np.array([7])).tolist() == [hashed((5, 7))]
    assert bucket(np.array([0, 2**64 - 1], np.uint64), 2**31 - 1).tolist() == [0, 2**31 - 2]


@pytest.mark.parametrize("n_keys", [0, 1, 2, 5, 1000, 30_000])
def test_many_keys_are_found_as_by_bisection(n_keys):
    generator = np.random.default_rng(n_keys)
    keys = np.unique(generator.integers(0, 3 * n_keys + 1, n_keys))
    wanted = generator.integers(0, 3 * n_keys + 9, HashedKeys.FEW)
    np.testing.assert_array_equal(HashedKeys(keys).find(wanted), find(keys, wanted))
    same = np.full(HashedKeys.FEW, keys[-1] if len(keys) else 7)
    assert HashedKeys(keys).find(same).tolist() == [len(keys) - 1] * len(same)


@pytest.mark.parametrize("buckets", [0, 1000])
def test_many_texts_at_once_are_as_one_at_a_time(buckets):
    generator = np.random.default_rng(5)
    rows = [(4 + generator.zipf(1.5, length) % 100).tolist() for length in generator.integers(0, 40, 2000)]
    features = NgramFeatures.fit(*flat(rows[:1500]), 104, buckets=buckets, min_count=2)
    numbers, offsets = features.features(*flat(rows))
    assert offsets[-1] > 2 * HashedKeys.FEW
    for at, row in enumerate(rows):
        np.testing.assert_array_equal(features.features(*flat([row]))[0], numbers[offsets[at] : offsets[at + 1]])


def test_options_act_and_a_bucket_is_no_ngram():
    made = [
        NgramFeatures.fit(*flat(FITTED), V, **options).n_features
        for options in ({}, {"max_order": 2}, {"min_count": 2}, {"buckets": 50})
    ]
    assert len({*made}) == 4
    features = NgramFeatures.fit(*flat(FITTED), V, buckets=50)
    assert features.of(0) == (4,)
    with pytest.raises(ValueError, match="bucket 0"):
        features.of(len(features.keys[0]))
    with pytest.raises(IndexError, match=str(features.n_features)):
        features.of(features.n_features)
    with pytest.raises(IndexError, match="-1"):
        features.of(-1)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.uint64])
def test_types_of_ids_and_nothing_at_all(dtype):
    features = NgramFeatures.fit(*flat(FITTED, dtype), V)
    np.testing.assert_array_equal(features.features(*flat(FITTED, dtype))[0], features.features(*flat(FITTED))[0])
    for rows in ([], [[]], [[], []]):
        numbers, offsets = features.features(*flat(rows, dtype))
        assert not len(numbers)
        assert offsets.tolist() == [0] * (len(rows) + 1)
    nothing = NgramFeatures.fit(*flat(FITTED), V, min_count=99)
    assert nothing.n_features == 0
    assert not len(nothing.features(*flat(FITTED))[0])


def test_refusals():
    ids, starts = flat(FITTED)
    for options in (
        {"max_order": 0},
        {"max_order": 21},
        {"min_count": 0},
        {"buckets": -1},
        {"buckets": 4, "max_order": 1},
    ):
        with pytest.raises(ConfigError, match=next(iter(options))):
            NgramFeatures.fit(ids, starts, V, **options)
    with pytest.raises(DataError, match="no token"):
        NgramFeatures.fit(*flat([[], []]), V)
    features = NgramFeatures.fit(ids, starts, V)
    with pytest.raises(IndexError, match="to 9 in a vocabulary of 9"):
        features.features(*flat([[4, 9]]))
    with pytest.raises(ValueError, match="marks"):
        features.features(*flat([[4, EOS]]))
    with pytest.raises(ValueError, match="starts"):
        features.features(ids, starts[:-1])
    with pytest.raises(ValueError, match="starts"):
        features.features(ids, starts[::-1])
    with pytest.raises(ValueError, match="float"):
        features.features(ids.astype(float), starts)


@pytest.mark.parametrize("options", [{}, {"max_order": 1}, {"min_count": 2, "max_order": 5}, {"buckets": 20}])
def test_saved_and_loaded(tmp_path, options):
    features = NgramFeatures.fit(*flat(FITTED), V, **options)
    features.save(tmp_path / "made")
    loaded = NgramFeatures.load(tmp_path / "made")
    for name in ("n_types", "max_order", "min_count", "buckets", "n_texts", "n_features"):
        assert getattr(loaded, name) == getattr(features, name)
    for one, other in zip(features.occurrences(*flat(FITTED)), loaded.occurrences(*flat(FITTED)), strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(features.idf, loaded.idf)


ALTERED = {
    "ngrams1.npy": [
        np.array([4, 5, 6], np.int64),
        np.array([5, 4, 6, 8]),
        np.array([4.0, 5, 6, 8]),
        np.array([4, 5, 6, 9]),
    ],
    "ngrams2.npy": [np.array([0]), np.array([[0]])],
    "ngrams3.npy": [np.arange(10_000)],
    "ngram_counts.npy": [np.zeros(3, np.int64), np.zeros(3, np.int32)],
}


@pytest.mark.parametrize("name", ["ngrams.json", *ALTERED])
def test_a_file_that_is_missing_or_altered_is_named(tmp_path, name):
    features = NgramFeatures.fit(*flat(FITTED), V)
    features.save(tmp_path)
    path = tmp_path / name
    whole = path.read_bytes()
    wrong = [None, b"", whole[:-2], b"{}", b"\xff" + whole]
    for array in ALTERED.get(name, []):
        np.save(path, array)
        wrong.append(path.read_bytes())
    if name == "ngrams.json":
        for key, value in (
            ("format", 2),
            ("n_types", 5),
            ("max_order", 4),
            ("min_count", 0),
            ("sizes", 3),
            ("n_texts", "4"),
        ):
            wrong.append(json.dumps(json.loads(whole) | {key: value}).encode())
    else:
        wrong.append(whole + b"\0")
    for content in wrong:
        path.unlink(missing_ok=True)
        if content is not None:
            path.write_bytes(content)
        # A smaller vocabulary in the settings shows in the first file of keys.
        shown = "ngrams1.npy" if name == "ngrams.json" and b'"n_types": 5' in (content or b"") else name
        with pytest.raises(ModelError, match=shown):
            NgramFeatures.load(tmp_path)
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ModelError, match="file"):
        features.save(tmp_path / "file")
