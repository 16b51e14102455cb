"""From counts to a model: the recursion over the orders, whatever the smoothing."""

import dataclasses
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqlab.errors import ConfigError, DataError, unknown
from seqlab.ngram.counts import CountLevel, Counts, Numbers
from seqlab.ngram.model import Level, NGramModel
from seqlab.ngram.parallel import run
from seqlab.ngram.smoothing import SMOOTHINGS, Smoothing, StupidBackoff
from seqlab.ngram.smoothing.estimator import Bounds, Estimator, Floats, totals
from seqlab.ngram.thinning import thinned

SLICE = 1 << 18
"""n-grams that are estimated at once."""
HIGHEST_COUNT = 6
"""Up to which the counts of counts are told apart."""
NOTHING = 1e-12
"""A probability that is the rounding of others."""


def estimate(
    counts: Counts,
    smoothing: str | Smoothing = "modified-kneser-ney",
    *,
    unknown_id: int,
    never: Sequence[int] = (),
    min_counts: Sequence[int] = (),
    progress: Callable[[float], None] | None = None,
) -> NGramModel:
    """Make a model of counts.

    From the uniform distribution over all ids that can be predicted upwards, each order is made of the one below it:
    p(w | h) = alpha(h w) + gamma(h) p(w | h'), or as the smoothing says otherwise (`seqlab.ngram.smoothing.Use`).

    Args:
        counts: of the training text.
        smoothing: a name in `SMOOTHINGS`, or one made with its parameters.
        unknown_id: the id of the unknown word, which gets what the smoothing leaves for words that are not seen.
        never: ids that are never predicted, beside the start mark, such as padding.
        min_counts: n-grams of order n that occur less often than the n-th number are left out of the model, and what they
            would have kept goes to the lower order; the last number goes on, and single words all stay. Discounts come from
            all n-grams.
        progress: called with the share of the work that is done.

    Raises:
        ConfigError: an unknown smoothing, or minimal counts that fall from one order to the next.
        DataError: an id that is never predicted stands in the text.
    """
    way, name = _way(smoothing)
    least = _least(min_counts, counts.order)
    never = sorted({counts.start, *never})
    if outside := [id for id in (unknown_id, *never) if not 0 <= id < counts.n_types]:
        raise IndexError(f"id {outside[0]} is outside the vocabulary of {counts.n_types} ids")
    if found := [id for id in never if counts.levels[0].counts[id]]:
        raise DataError(
            f"the text holds the id {found[0]}, which is never to be predicted: leave it out of one of them"
        )
    levels: list[Level] = []
    kept: list[NDArray[np.bool_]] = []
    for n, level in enumerate(counts.levels, start=1):
        seen_as = adjusted(counts, n) if way.continuation else level.counts
        estimator = way.estimator(n, _counts_of_counts(seen_as), counts.n_types - len(never))
        kept.append(level.counts >= least[n - 1] if n > 1 else np.ones(len(level), bool))
        if n == 1:
            levels.append(_unigrams(level, seen_as, estimator, way, never, way.highest_only and counts.order > 1))
        else:
            final = _is_final(counts, n) if way.highest_only and n < counts.order else None
            levels[-1], above = _next(
                levels[-1], level, seen_as, counts.levels[n - 2].starts, estimator, way, kept[-1], final
            )
            levels.append(above)
        if progress:
            progress(n / counts.order)
    levels[-1] = dataclasses.replace(levels[-1], log_probs=levels[-1].log_probs.astype(np.float32, copy=False))
    unseen = float(np.log(StupidBackoff.factor)) if way.use == "as-is" else 0.0
    model = NGramModel(tuple(levels), counts.start, counts.end, unknown_id, name, unseen)
    return model if all(map(np.all, kept)) else thinned(model, kept)


def _way(smoothing: str | Smoothing) -> tuple[Smoothing, str]:
    if isinstance(smoothing, str):
        if smoothing not in SMOOTHINGS:
            raise ConfigError(unknown("smoothing", smoothing, SMOOTHINGS))
        if smoothing == "jelinek-mercer":
            raise ConfigError(
                "jelinek-mercer: its weights come from held-out text; make it by seqlab.ngram.interpolation"
            )
        way: Smoothing = SMOOTHINGS[smoothing]()
        return way, smoothing
    names = {kind: name for name, kind in SMOOTHINGS.items()}
    return smoothing, names.get(type(smoothing), type(smoothing).__name__)


def _least(min_counts: Sequence[int], order: int) -> list[int]:
    least = [*min_counts, *[min_counts[-1] if min_counts else 1] * order][:order]
    if any(first > second for first, second in itertools.pairwise(least)):
        raise ConfigError(
            f"min_counts {list(min_counts)}: an n-gram needs those within it, so no number may be below the one before it"
        )
    return least


def adjusted(counts: Counts, order: int) -> Numbers:
    """(M,) the counts that Kneser & Ney's smoothing sees.

    How many distinct tokens stand before an n-gram; at the highest order, and where it begins a sequence, so that nothing
    can stand before it, how often it occurs.
    """
    level = counts.levels[order - 1]
    if order == counts.order:
        return level.counts
    found = np.bincount(counts.levels[order].suffixes, minlength=len(level)).astype(np.uint32)
    begins = counts.from_start()[order - 1]
    found[begins] = level.counts[begins]
    return found


def _counts_of_counts(counts: Numbers) -> Bounds:
    return np.bincount(np.minimum(counts, HIGHEST_COUNT + 1), minlength=HIGHEST_COUNT + 2)[: HIGHEST_COUNT + 1]


def _is_final(counts: Counts, order: int) -> slice:
    """Contexts of an order that cannot be longer: those that begin a sequence."""
    return counts.from_start()[order - 2]


def _unigrams(
    level: CountLevel, seen_as: Numbers, estimator: Estimator, way: Smoothing, never: Sequence[int], passes_on: bool
) -> Level:
    """The lowest order, over the uniform distribution; or that one itself, where only the highest order is estimated.

    Where n-grams back off, its logarithms are float64, and so are those of the order above it while this is made: what seen
    n-grams leave of the lower order may be less than float32 can tell from nothing.
    """
    usable = np.ones(len(level), bool)
    usable[list(never)] = False
    uniform = usable / usable.sum()
    counts = np.where(usable, seen_as, 0)
    alpha, gamma = estimator(counts, np.array([0, len(counts)]))
    seen = counts > 0
    if passes_on:
        probs = uniform
    elif way.use == "interpolate":
        probs = alpha + gamma * uniform
    else:
        left = gamma / uniform[~seen].sum() if way.use == "back-off" and np.any(usable & ~seen) else gamma
        probs = np.where(seen, alpha, left * uniform)
        if way.use == "back-off" and not np.any(usable & ~seen):
            probs = alpha / alpha.sum()
    none = np.zeros(0, np.uint32)
    log_probs: NDArray[Any] = _log(probs).astype(np.float64 if way.use == "back-off" else np.float32)
    return Level(level.words, log_probs, np.zeros(len(level), np.float32), none)


def _next(
    below: Level,
    level: CountLevel,
    seen_as: Numbers,
    starts: Numbers,
    estimator: Estimator,
    way: Smoothing,
    kept: NDArray[np.bool_],
    final: slice | None,
) -> tuple[Level, Level]:
    """One order above `below`: (the level below with its back-off weights, the level above).

    It is made slice by slice, each of whole contexts, so that what is needed beside the levels stays small.
    """
    log_probs, backoffs = np.empty(len(level), below.log_probs.dtype), np.zeros(len(below), np.float32)

    def make(contexts: slice) -> None:
        here = slice(int(starts[contexts.start]), int(starts[contexts.stop]))
        bounds = starts[contexts.start : contexts.stop + 1].astype(np.int64) - here.start
        alpha, gamma = estimator(seen_as[here], bounds)
        if final is not None:
            shorter = np.ones(len(gamma), bool)
            shorter[max(0, final.start - contexts.start) : max(0, final.stop - contexts.start)] = False
            alpha, gamma = np.where(np.repeat(shorter, np.diff(bounds)), 0.0, alpha), np.where(shorter, 1.0, gamma)
        lower = np.exp(below.log_probs.take(level.suffixes[here]), dtype=np.float64)
        probs, weights = _combined(alpha, gamma, lower, bounds, kept[here], way)
        log_probs[here], backoffs[contexts] = _log(probs), _log(weights)

    run(make, _slices(starts))
    none = np.zeros(0, np.float32)
    above = Level(level.words, log_probs, none, np.zeros(0, np.uint32))
    return Level(below.words, below.log_probs.astype(np.float32, copy=False), backoffs, starts), above


def _combined(
    alpha: Floats, gamma: Floats, lower: Floats, bounds: Bounds, kept: NDArray[np.bool_], way: Smoothing
) -> tuple[Floats, Floats]:
    """((M,) the probabilities of the n-grams, (C,) the back-off weights of their contexts)."""
    context = np.repeat(np.arange(len(gamma)), np.diff(bounds))
    if way.use == "as-is":
        return alpha, gamma
    if not kept.all():  # what is left out passes its share on
        gamma = gamma + np.bincount(context, np.where(kept, 0.0, alpha), len(gamma))
    if way.use == "interpolate":
        return alpha + gamma[context] * lower, gamma
    seen = kept & (alpha > 0)
    missing = 1 - np.bincount(context, np.where(seen, lower, 0.0), len(gamma))
    some, all_seen = totals(seen, bounds) > 0, missing < NOTHING
    alpha = alpha / np.where(some & all_seen, 1 - gamma, 1.0)[context]  # nobody is there for what they leave
    return alpha, np.where(some & ~all_seen, gamma / np.maximum(missing, NOTHING), 1.0)


def _slices(starts: Numbers) -> list[slice]:
    """Contexts in stretches of about `SLICE` n-grams."""
    n_contexts = len(starts) - 1
    n_slices = max(1, -(-int(starts[-1]) // SLICE))
    wanted = np.linspace(0, int(starts[-1]), n_slices + 1)[1:-1]
    cuts = [0, *np.searchsorted(starts, wanted).tolist(), n_contexts]
    return [slice(first, last) for first, last in itertools.pairwise(cuts) if first < last]


def _log(probs: Floats) -> NDArray[Any]:
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.maximum(probs, 0.0)))
