"""Entropy pruning: leaving out the n-grams that a model hardly misses (Stolcke 1998)."""

import dataclasses
import itertools

import numpy as np
from numpy.typing import NDArray

from seqlab.errors import ConfigError
from seqlab.ngram.lookup import Entries, children
from seqlab.ngram.model import NGramModel
from seqlab.ngram.thinning import thinned

Floats = NDArray[np.float64]
SMALLEST = 1e-12


def pruned(model: NGramModel, threshold: float) -> NGramModel:
    """The model without the n-grams whose loss would raise its perplexity by less than a share.

    For an n-gram h w, with b(h) the back-off weight before and b'(h) after it is left out, the loss is the relative
    entropy between the two models (equation 5 there):

        D = -p(h) { p(w | h) [ln p(w | h') + ln b'(h) - ln p(w | h)] + left(h) [ln b'(h) - ln b(h)] }

    where h' is h without its first word, and left(h) what h leaves for unlisted words. The n-gram goes if
    exp(D) - 1 < threshold. The highest order is pruned first; an n-gram stays where one that stays begins or ends with
    it (other programs count on that). The back-off weights are renewed, so that the probabilities sum to one.

    Args:
        model: with probabilities that sum to one. threshold: 1e-8 leaves out a little, 1e-6 much; 0 nothing.

    Raises:
        ConfigError: a negative threshold, or a model whose figures are no probabilities.
    """
    if not threshold >= 0:
        raise ConfigError(f"prune {threshold}: a share by which the perplexity may rise, such as 1e-8")
    if not model.normalized:
        raise ConfigError(f"prune: the figures of {model.smoothing} are no probabilities; leave it out")
    if threshold == 0 or model.order == 1:
        return model
    endings, joint, levels = _endings(model), _joint(model), list(model.levels)
    kept = [np.ones(len(level), bool) for level in model.levels]
    for n in range(model.order, 1, -1):
        context = _contexts(model, n)
        lower = _lower_log_probs(model, endings, n)
        removable = np.ones(len(context), bool)
        if n < model.order:
            within = np.concatenate((_contexts(model, n + 1)[kept[n]], endings[n][n - 1][kept[n]]))
            removable[within[within >= 0]] = False
        rise = np.expm1(joint[n - 2][context] * _loss(model, n, context, lower))
        gone = removable & (rise < threshold)
        kept[n - 1] = ~gone
        levels[n - 2] = dataclasses.replace(
            levels[n - 2], backoffs=_renewed(model, n, context, lower, gone).astype(np.float32)
        )
    return thinned(dataclasses.replace(model, levels=tuple(levels)), kept)


def _renewed(model: NGramModel, order: int, context: Entries, lower: Floats, gone: NDArray[np.bool_]) -> Floats:
    """(C,) the back-off weights of the contexts of an order, some of whose n-grams are gone.

    b'(h) = (b(h) L + sum of p(w | h) over those gone) / (L + sum of p(w | h') over those gone), L what the listed words
    of h leave of p(. | h'): so a weight where nothing is gone is as it was, to the bit.
    """
    backoffs, size = model.levels[order - 2].backoffs, len(model.levels[order - 2])
    here, lower_left = context[gone], _left(np.exp(lower), context, size)
    probs = np.exp(model.levels[order - 1].log_probs[gone], dtype=np.float64)
    left = np.exp(backoffs, dtype=np.float64) * lower_left + np.bincount(here, probs, size)
    lower_left += np.bincount(here, np.exp(lower[gone]), size)
    listed = np.bincount(context[~gone], minlength=size) > 0
    renewed, changed = backoffs.astype(np.float64), np.unique(here)
    renewed[changed] = np.where(listed[changed], np.log(left[changed] / lower_left[changed]), 0.0)
    return renewed


def _loss(model: NGramModel, order: int, context: Entries, lower: Floats) -> Floats:
    """(M,) the relative entropy D of each n-gram of an order, but for the factor p(h)."""
    below, log_probs = model.levels[order - 2], model.levels[order - 1].log_probs.astype(np.float64)
    probs, lower_probs = np.exp(log_probs), np.exp(lower)
    lower_left, before = _left(lower_probs, context, len(below))[context], below.backoffs[context].astype(np.float64)
    left = np.exp(before) * lower_left
    after = np.log((left + probs) / (lower_left + lower_probs))
    change = np.where(left > 0, after - before, 0.0)  # x ln x is 0 at 0
    loss: Floats = -(probs * (lower + after - log_probs) + left * change)
    return loss


def _contexts(model: NGramModel, order: int) -> Entries:
    """(M,) the entry of the context of each n-gram of an order."""
    starts = model.levels[order - 2].starts.astype(np.int64)
    return np.repeat(np.arange(len(starts) - 1), starts[1:] - starts[:-1])


def _left(probs: Floats, context: Entries, n_contexts: int) -> Floats:
    """(C,) what the listed words of each context leave of 1."""
    left: Floats = np.maximum(1 - np.bincount(context, probs, n_contexts), SMALLEST)
    return left


def _endings(model: NGramModel) -> list[list[Entries]]:
    """For each order the entries of the last word, the last two, ... and all words of its n-grams; -1: not listed."""
    endings = [[np.arange(model.n_types)]]
    for n in range(2, model.order + 1):
        context, words = _contexts(model, n), model.levels[n - 1].words
        found = [words.astype(np.int64)]
        for length, (below, level) in enumerate(itertools.pairwise(model.levels[: n - 1])):
            of_context = endings[-1][length][context]
            here = np.full(len(words), -1, np.int64)
            rows = np.flatnonzero(of_context >= 0)
            here[rows] = children(below, level, of_context[rows], words[rows])
            found.append(here)
        endings.append([*found, np.arange(len(words))])
    return endings


def _lower_log_probs(model: NGramModel, endings: list[list[Entries]], order: int) -> Floats:
    """(M,) ln p(w | h') for the n-grams h w of an order, h' being h without its first word."""
    context = _contexts(model, order)
    log_probs = model.levels[0].log_probs[endings[order - 1][0]].astype(np.float64)
    for length in range(2, order):
        here, of_context = endings[order - 1][length - 1], endings[order - 2][length - 2][context]
        weights = np.where(of_context >= 0, model.levels[length - 2].backoffs[of_context], 0.0)
        log_probs = np.where(here >= 0, model.levels[length - 1].log_probs[here], log_probs + weights)
    return log_probs


def _joint(model: NGramModel) -> list[Floats]:
    """For each order (M,) the probability of each n-gram as a whole; the start mark is as frequent as ends are."""
    first = np.exp(model.levels[0].log_probs, dtype=np.float64)
    if model.end is not None:
        first[model.start] = first[model.end]
    joint = [first]
    for n in range(2, model.order):
        joint.append(joint[-1][_contexts(model, n)] * np.exp(model.levels[n - 1].log_probs, dtype=np.float64))
    return joint
