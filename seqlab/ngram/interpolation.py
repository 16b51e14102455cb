"""Weights of a linear interpolation of distributions, fitted on text that none of them has seen."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqlab.errors import DataError
from seqlab.ngram.counts import Counts, count
from seqlab.ngram.lookup import Entries, find
from seqlab.ngram.sequences import marked
from seqlab.ngram.smoothing.estimator import totals
from seqlab.ngram.smoothing.simple import JelinekMercer, bucket

Floats = NDArray[np.float64]
CLOSE = 1e-6
"""Change of the weights at which the iteration ends."""
MOST_ROUNDS = 1000
AT_ONCE = 1 << 16
"""Tokens whose shares stay in the cache of a processor, and beside a long text in no further memory."""
N_BUCKETS = 16
LARGEST = 0.999
"""Weight of maximum likelihood at most, so that nothing becomes impossible."""


def mixture_weights(probs: Floats) -> Floats:
    """The weights with which a mixture gives a text the highest probability, by expectation maximization.

    The likelihood has one maximum only, and no round lowers it (Jelinek & Mercer 1980; Dempster, Laird & Rubin 1977).

    Args:
        probs: (K, T) the probability that each of K distributions gives to each token.

    Returns:
        (K,) weights, which sum to 1.

    Raises:
        DataError: there is no token, or one to which all give probability zero.
    """
    if probs.shape[1] == 0:
        raise DataError("no text to fit the weights on: give one that none of the models was trained on")
    if not np.all(probs.max(0) > 0):
        raise DataError("a token of the text has probability zero under each of the models: no weights help")
    weights = np.full(len(probs), 1 / len(probs))
    for _ in range(MOST_ROUNDS):
        total = np.zeros(len(probs))
        for at in range(0, probs.shape[1], AT_ONCE):
            shares = weights[:, None] * probs[:, at : at + AT_ONCE]
            shares /= shares.sum(0)
            total += shares.sum(1)
        before, weights = weights, total / total.sum()
        if np.abs(weights - before).max() < CLOSE:
            break
    return weights


def jelinek_mercer(
    ids: NDArray[Any],
    order: int,
    n_types: int,
    start: int,
    end: int | None,
    never: Sequence[int] = (),
    most_tokens: int = 1 << 23,
) -> JelinekMercer:
    """Jelinek & Mercer's smoothing for a text, its weights fitted on the last tenth after counting the rest.

    Of a long text the end is enough for that: what stands before the last `most_tokens` is not looked at. The other
    arguments are those of `seqlab.ngram.counts.count` and `seqlab.ngram.estimation.estimate`.

    Raises:
        DataError: the text is too short to put a tenth aside.
    """
    ids = np.asarray(ids[-most_tokens:])
    cut = len(ids) - len(ids) // 10
    if end is not None:
        ends = np.flatnonzero(ids[:cut] == end)
        cut = int(ends[-1]) + 1 if len(ends) else cut
    if cut == len(ids) or cut < order:
        raise DataError(
            f"the text has {len(ids)} tokens, too few to fit the weights of jelinek-mercer; give more, or another smoothing"
        )
    counted = count(ids[:cut], order, n_types, start, end)
    return fitted(counted, ids[cut:], sorted({start, *never}))


def fitted(counts: Counts, held_out: NDArray[Any], never: Sequence[int]) -> JelinekMercer:
    """Jelinek & Mercer's smoothing of counts with weights fitted on other text, order by order from below.

    Args:
        counts: of the training text. held_out: (T,) ids that were not counted. never: ids that are never predicted.
    """
    stream, places = marked(held_out, counts.start, counts.end)
    stream = stream.astype(np.int64)
    entries = find(counts.levels, stream)
    lower = np.full(len(places), 1 / (counts.n_types - len(never)))
    weights: list[list[float]] = []
    for n, level in enumerate(counts.levels, start=1):
        seen_as, here = level.counts, entries[n - 1][places]
        if n == 1:
            total = np.full(len(places), seen_as.sum(), np.int64)
        else:
            context = entries[n - 2][places - 1]
            sums = totals(seen_as, counts.levels[n - 2].starts.astype(np.int64))
            total = _counts_of(sums, context)
        likeliest = _counts_of(seen_as, here) / np.maximum(total, 1)
        which = np.where(total > 0, bucket(total, N_BUCKETS), -1)
        weights.append(_by_bucket(likeliest, lower, which))
        weight = np.where(which >= 0, np.array(weights[-1])[which], 0.0)
        lower = weight * likeliest + (1 - weight) * lower
    return JelinekMercer(weights)


def _counts_of(counts: NDArray[Any], entries: Entries) -> NDArray[np.int64]:
    """(T,) the counts (M,) of entries; 0 for -1."""
    found, known = np.zeros(len(entries), np.int64), np.flatnonzero(entries >= 0)
    found[known] = counts[entries[known]]
    return found


def _by_bucket(likeliest: Floats, lower: Floats, which: NDArray[np.int64]) -> list[float]:
    """The weight of `likeliest` in each bucket; where nothing fell in a bucket, that of the bucket below it."""
    weights: list[float] = []
    for k in range(N_BUCKETS):
        here = which == k
        if here.any():
            found = float(mixture_weights(np.stack((likeliest[here], lower[here])))[0])
            weights.append(min(found, LARGEST))
        else:
            weights.append(weights[-1] if weights else 0.5)
    return weights
