"""An n-gram model over a few labels as a machine of states, which the Viterbi algorithm can run over."""

import numpy as np
from numpy.typing import NDArray

from seqlab.decoding.viterbi import Chain
from seqlab.ngram.lookup import children
from seqlab.ngram.model import NGramModel

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
BEFORE = -2
"""Stands, in a history, for what would lie before the beginning of the sequence."""


def chain(model: NGramModel, n_labels: int, first: int) -> Chain:
    """Find all histories that a model of labels tells apart, and what each label costs after each.

    A history is what the model keeps of a sequence (`seqlab.ngram.model.State`): for the last label, the last two labels,
    ... the entry in the model. So there are at most as many states as the model has n-grams below its highest order, not
    K ** (order - 1), and the machine gives exactly the probabilities of the model.

    Args:
        model: over label k with the id first + k; it has an `end`.
        n_labels: K. first: the id of the first label.
    """
    assert model.end is not None
    words = np.append(np.arange(first, first + n_labels), model.end)
    width = max(model.order - 1, 1)  # a model of single labels is run as one of pairs
    begin = np.full((1, width), BEFORE, np.int64)
    begin[0, 0] = model.start
    states, places = begin, {begin.tobytes(): 0}
    next_states: list[Ints] = []
    log_probs: list[Floats] = []
    at = 0
    while at < len(states):
        costs, reached = _read(model, states[at:], words)
        at = len(states)
        log_probs.append(costs)
        reached = reached[:, :n_labels].reshape(-1, width)
        unique, which = np.unique(reached, axis=0, return_inverse=True)
        numbers = np.array([places.setdefault(row.tobytes(), len(places)) for row in unique], np.int64)
        states = np.concatenate((states, unique[numbers >= at]))
        next_states.append(numbers[which.reshape(-1, n_labels)])
    costs = np.concatenate(log_probs)
    return Chain(np.concatenate(next_states), costs[:, :n_labels].copy(), costs[:, n_labels].copy(), begin=0)


def _read(model: NGramModel, states: Ints, words: Ints) -> tuple[Floats, Ints]:
    """Read every word in every state.

    Args:
        states: (S, H) histories. words: (W,) ids.

    Returns:
        ((S, W) log-probabilities in nats, (S, W, H) the histories after it)
    """
    shape = len(states), len(words)
    word = np.broadcast_to(words, shape).ravel()
    log_probs = model.levels[0].log_probs[word].astype(np.float64)
    after = [word]
    for n, (level, above) in enumerate(zip(model.levels, model.levels[1:], strict=False)):
        entries = np.repeat(states[:, n], len(words))
        listed = entries >= 0
        found = np.where(listed, -1, entries)
        found[listed] = children(level, above, entries[listed], word[listed])
        weights = np.where(entries == BEFORE, 0.0, model.unseen_backoff)
        weights[listed] = level.backoffs[entries[listed]]
        hit = found >= 0
        log_probs = log_probs + weights
        log_probs[hit] = above.log_probs[found[hit]]
        after.append(found)
    return log_probs.reshape(shape), np.stack(after, 1)[:, : states.shape[1]].reshape(*shape, -1)
