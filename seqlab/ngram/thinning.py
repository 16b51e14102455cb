"""Taking n-grams out of a model's trie."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from seqlab.ngram.model import Level, NGramModel


def thinned(model: NGramModel, kept: Sequence[NDArray[np.bool_]]) -> NGramModel:
    """The model without some of its n-grams; probabilities and back-off weights are as they were.

    Args:
        model: a model. kept: for each order (M,), True: the n-gram stays. No n-gram stays without its context.
    """
    levels = []
    for n, (level, stays) in enumerate(zip(model.levels, kept, strict=True)):
        starts = level.starts
        if n + 1 < model.order:
            n_before = np.zeros(len(kept[n + 1]) + 1, starts.dtype)
            np.cumsum(kept[n + 1], out=n_before[1:])
            n_children = np.diff(n_before[starts])[stays]
            starts = np.zeros(len(n_children) + 1, starts.dtype)
            np.cumsum(n_children, out=starts[1:])
        backoffs = level.backoffs[stays] if len(level.backoffs) else level.backoffs
        levels.append(Level(level.words[stays], level.log_probs[stays], backoffs, starts))
    return NGramModel(tuple(levels), model.start, model.end, model.unknown, model.smoothing, model.unseen_backoff)
