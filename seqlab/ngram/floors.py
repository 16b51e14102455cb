"""The floors a network has to beat: a unigram and a bigram model of the same tokens."""

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.integer]
CHUNK = 1 << 22


def floors(train: Ids, test: Ids, first: int, n_types: int) -> dict[str, float]:
    """Mean negative log-probability in nats a token of `test` under models counted on `train`.

    Both are interpolated by Witten & Bell 1991 (method C, as in Chen & Goodman 1998, section 2.5):

        p1(w)     = (c(w) + R / V) / (N + R)           R: how many types were seen, V: how many there are
        p2(w | v) = (c(v w) + R(v) p1(w)) / (c(v) + R(v))    R(v): how many types were seen after v

    so that no token has probability zero. The first token of each text stands after `first`.

    Args:
        train, test: token ids; memory-mapped files are read in stretches.
        first: the id that stands before the text.
        n_types: V.

    Returns:
        {"unigram": nats, "bigram": nats}
    """
    counts = np.zeros(n_types, np.int64)
    for part in _stretches(train):
        counts += np.bincount(part, minlength=n_types)
    n_seen = np.count_nonzero(counts)
    unigram = (counts + n_seen / n_types) / (len(train) + n_seen)
    pairs, pair_counts = _pairs(train, first, n_types)
    contexts = pairs // n_types
    followers = np.bincount(contexts, minlength=n_types)
    total = np.bincount(contexts, weights=pair_counts, minlength=n_types)

    nats = np.zeros(2)
    before = first
    for part in _stretches(test):
        tokens = part.astype(np.int64)
        context = np.concatenate(([before], tokens[:-1]))
        before = int(tokens[-1])
        wanted = context * n_types + tokens
        place = np.minimum(np.searchsorted(pairs, wanted), max(len(pairs) - 1, 0))
        seen = np.where(pairs[place] == wanted, pair_counts[place], 0) if len(pairs) else np.zeros(len(wanted))
        lower = unigram[tokens]
        weight = np.maximum(total[context] + followers[context], 1)
        backed_off = np.where(total[context] > 0, (seen + followers[context] * lower) / weight, lower)
        nats -= np.log(lower).sum(), np.log(backed_off).sum()
    unigram_nats, bigram_nats = nats / len(test)
    return {"unigram": float(unigram_nats), "bigram": float(bigram_nats)}


def _pairs(ids: Ids, first: int, n_types: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Each pair of neighbours as context * V + token, sorted, and how often it occurs."""
    pairs, counts = np.zeros(0, np.int64), np.zeros(0, np.int64)
    before = first
    for part in _stretches(ids):
        tokens = part.astype(np.int64)
        context = np.concatenate(([before], tokens[:-1]))
        before = int(tokens[-1])
        new, new_counts = np.unique(context * n_types + tokens, return_counts=True)
        merged, where = np.unique(np.concatenate((pairs, new)), return_inverse=True)
        counts = np.bincount(where, np.concatenate((counts, new_counts)), len(merged)).astype(np.int64)
        pairs = merged
    return pairs, counts


def _stretches(ids: Ids) -> list[Ids]:
    return [ids[at : at + CHUNK] for at in range(0, len(ids), CHUNK)]
