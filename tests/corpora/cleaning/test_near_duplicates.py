from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from seqlab.config import Duplicates
from seqlab.corpora.cleaning.minhash import band_sizes, bands, signatures
from seqlab.corpora.cleaning.near_duplicates import near_duplicates
from seqlab.errors import ConfigError

datasketch = pytest.importorskip("datasketch")
NEAR = Duplicates(near=0.7, permutations=256)


def shingles(text, size=5):
    return {text[at : at + size] for at in range(max(1, len(text) - size + 1))}


def jaccard(one, other, size=5):
    one, other = shingles(one, size), shingles(other, size)
    return len(one & other) / len(one | other)


def corpus(n=60, seed=1):
    """Texts of which some are others with two characters exchanged, and some with twenty; in a random order."""
    draw = np.random.default_rng(seed)
    texts = []
    for index in range(n):
        first, size = (0x4E00, 3000) if index % 2 else (0x61, 26)
        text = [chr(first + number) for number in draw.integers(0, size, 200)]
        texts.append("".join(text))
        for n_others in (2, 20)[: index % 3]:
            copy = list(text)
            for place in draw.integers(0, 200, n_others):
                copy[place] = "x"
            texts.append("".join(copy))
    return [texts[index] for index in draw.permutation(len(texts))]


def expected(texts, threshold):
    """The texts that are not the first of their cluster, by the true similarity of all pairs."""
    cluster = list(range(len(texts)))
    for one, other in combinations(range(len(texts)), 2):
        if jaccard(texts[one], texts[other]) >= threshold:
            first, second = sorted((cluster[one], cluster[other]))
            cluster = [first if root == second else root for root in cluster]
    return [root != index for index, root in enumerate(cluster)]


def found(texts, folder, settings=NEAR, cuts=(), **how):
    folder.mkdir(parents=True, exist_ok=True)
    shards = []
    for index, rows in enumerate(np.split(signatures(texts, settings), cuts)):
        shards.append(folder / f"signatures-{index}.npy")
        np.save(shards[-1], rows)
    return near_duplicates(shards, folder / "work", settings, **how).tolist()


def test_what_is_found_is_what_comparing_all_pairs_finds(tmp_path):
    texts = corpus()
    answer = found(texts, tmp_path)
    assert answer == expected(texts, 0.7)
    assert 0 < sum(answer) < len(answer) / 2


def test_neither_shards_nor_the_size_of_parts_matter(tmp_path):
    texts = corpus()
    whole = found(texts, tmp_path / "whole")
    assert found(texts, tmp_path / "shards", cuts=(3, 3, 50), part=64) == whole
    assert sorted(path.name for path in (tmp_path / "shards" / "work").iterdir()) == ["near.npy"]


def test_what_is_gone_already_is_compared_with_none(tmp_path):
    texts = ["the same text, word for word"] * 2 + ["the same text, word for word!", "another one altogether"]
    assert found(texts, tmp_path / "all") == [False, True, True, False]
    gone = np.array([True, False, False, False])
    assert found(texts, tmp_path / "less", gone=gone) == [False, False, True, False]


def test_clusters_go_together_by_way_of_others(tmp_path):
    one, three = "abcdefghijklmnopqrstuvwxyz" * 4, "0123456789" * 3
    texts = [
        one + three[:10],
        one + three[:10] + three[:9] + "x",
        "different from all of these",
        one + three[:10] + three[:9] + "xyz",
    ]
    settings = Duplicates(near=0.8, permutations=512)
    assert found(texts, tmp_path, settings) == expected(texts, 0.8)


@pytest.mark.parametrize("size", [1, 3, 5])
def test_the_estimate_is_the_similarity(size):
    settings = Duplicates(near=0.5, shingle=size, permutations=1024)
    texts = corpus(12)
    rows = signatures(texts, settings)
    errors = [
        (rows[one] == rows[other]).mean() - jaccard(texts[one], texts[other], size)
        for one, other in combinations(range(len(texts)), 2)
    ]
    assert np.abs(errors).max() < 0.08  # five standard deviations, at most 1 / (2 sqrt 1024) each
    assert abs(np.mean(errors)) < 0.005


@effort(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=30), max_size=6), st.integers(0, 3))
def test_signatures_are_of_each_text_by_itself(texts, seed):
    settings = Duplicates(near=0.5, permutations=16, near_seed=seed)
    rows = signatures(texts, settings)
    assert rows.shape == (len(texts), 16)
    for text, row in zip(texts, rows, strict=True):
        assert (signatures([text], settings)[0] == row).all()


def test_signatures_are_the_same_everywhere():
    rows = signatures(["one and the same", "", "同一段文字"], Duplicates(near=0.5, permutations=16))
    assert rows[:, :3].tolist() == [
        [541476438, 117556009, 458987387],
        [1704103302, 4018109721, 2314200242],
        [677955752, 1442480899, 2914861672],
    ]


def test_a_long_text_takes_no_more_memory_than_a_piece_of_it():
    text = "".join(chr(0x4E00 + number) for number in np.random.default_rng(1).integers(0, 9000, 5000))
    whole, first, second = signatures([text, text[:3000], text[2996:]], Duplicates(near=0.5, permutations=16))
    assert (whole == np.minimum(first, second)).all()


def test_bands_tell_places_apart():
    settings = Duplicates(near=0.5, permutations=16)
    n_bands, width = band_sizes(0.5, 16)
    rows = np.zeros((2, 16), np.uint32)
    rows[1, width] = 1  # in the second band
    hashes = bands(rows, settings)
    assert hashes.shape == (2, n_bands)
    assert (hashes[0] == hashes[1]).tolist() == [band != 1 for band in range(n_bands)]
    assert len(set(hashes[0].tolist())) == n_bands


@pytest.mark.parametrize("change", [{"near": 0.9}, {"shingle": 2}, {"permutations": 64}, {"near_seed": 7}])
def test_every_setting_matters(change):
    settings = NEAR.model_copy(update=change)
    texts = corpus(5)
    assert not np.array_equal(bands(signatures(texts, settings), settings), bands(signatures(texts, NEAR), NEAR))


def test_the_threshold_decides(tmp_path):
    texts = corpus(20)
    n_near = [
        sum(found(texts, tmp_path / f"{near}", Duplicates(near=near, permutations=256))) for near in (0.15, 0.7, 1.0)
    ]
    assert n_near == sorted(n_near, reverse=True)
    assert n_near[0] > n_near[1] > n_near[2] == 0


def test_without_datasketch_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "datasketch", None)
    with pytest.raises(ConfigError, match=r"near: datasketch is not installed; pip install 'seqlab\[near\]'"):
        signatures(["a"], NEAR)
