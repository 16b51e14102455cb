"""The best path through a trellis: which labels are likeliest for whole sequences, exactly and many at a time."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqlab.errors import DataError

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
BATCH = 1 << 14
"""How many positions are decoded side by side; the result does not depend on it."""


@dataclass(frozen=True)
class Chain:
    """What may follow what: a machine of S states that reads labels 0 .. K-1, each at a price.

    A first-order chain has one state for each label (and one to begin with); a chain that looks further back has a
    state for each history that it tells apart, such as the pairs of labels of a trigram.

    Args:
        next_states: (S, K) the state after a label was read in a state.
        log_probs: (S, K) log-probability of that label there, in nats; -inf: it may not follow.
        finals: (S,) log-probability of ending in a state, in nats; zeros where ends are not modelled.
        begin: the state before the first label.

    Raises:
        DataError: shapes that do not fit, or a state that there is not.
    """

    next_states: Ints
    log_probs: Floats
    finals: Floats
    begin: int

    def __post_init__(self) -> None:
        shape = self.log_probs.shape
        if len(shape) != 2 or self.next_states.shape != shape or self.finals.shape != shape[:1]:
            raise DataError(
                f"a chain of states {self.next_states.shape}, log-probabilities {shape} and finals "
                f"{self.finals.shape}: they have to be (S, K), (S, K) and (S,)"
            )
        lowest, highest = min(self.begin, self.next_states.min(initial=0)), self.next_states.max(initial=self.begin)
        if lowest < 0 or highest >= shape[0]:
            raise DataError(f"a chain of {shape[0]} states names the state {lowest if lowest < 0 else highest}")


@dataclass(frozen=True)
class Candidates:
    """Which labels may stand at each of N positions, and how well each explains what is seen there.

    Those of position n are entries starts[n] .. starts[n + 1] of the two arrays; each position needs at least one.

    Args:
        starts: (N + 1,) where the candidates of each position begin.
        labels: (M,) labels.
        log_probs: (M,) log-probability of what is seen at the position, given the label, in nats.
    """

    starts: Ints
    labels: Ints
    log_probs: Floats


def best_paths(chain: Chain, candidates: Candidates, lengths: Ints) -> tuple[Ints, Floats]:
    """Find the likeliest labels of B sequences: the algorithm of Viterbi 1967, without a beam, so the path is exact.

        delta_t(s') = max over s, k with next(s, k) = s' of   delta_{t-1}(s) + ln p(k | s) + ln p(seen_t | k)

    Only states that some candidates lead to are visited. Sequences are decoded side by side, and each comes out as if it
    were alone. Of paths that are equally likely, the one through the states of lower number is taken, looked at from the
    end; where no path has a probability above 0, the path is one of those, and its log-probability is -inf.

    Args:
        chain: what may follow what.
        candidates: of all positions, sequence after sequence.
        lengths: (B,) how many positions each sequence has; 0 is allowed.

    Returns:
        labels (N,) of all positions, and log-probabilities (B,) in nats of the paths, ends included.

    Raises:
        DataError: lengths or candidates that do not fit one another, or a position without a candidate.
    """
    _check(chain, candidates, lengths)
    labels, totals = np.zeros(len(candidates.starts) - 1, np.int64), np.zeros(len(lengths))
    offsets = np.cumsum(lengths) - lengths
    for rows in _batches(lengths):
        _decode(chain, candidates, offsets[rows], lengths[rows], rows, labels, totals)
    return labels, totals


def _check(chain: Chain, candidates: Candidates, lengths: Ints) -> None:
    n_positions, sizes = len(candidates.starts) - 1, np.diff(candidates.starts)
    if n_positions != lengths.sum() or lengths.min(initial=0) < 0:
        raise DataError(f"candidates for {n_positions} positions, and sequences of {lengths.sum()} positions in all")
    if sizes.min(initial=1) < 1:
        raise DataError(f"position {int(np.argmin(sizes))} has no candidate: give each position at least one label")
    n_labels = chain.log_probs.shape[1]
    if len(candidates.labels) and not 0 <= candidates.labels.min() <= candidates.labels.max() < n_labels:
        raise DataError(f"a candidate is outside the {n_labels} labels of the chain")


def _batches(lengths: Ints) -> Iterator[Ints]:
    """Sequences of similar length together, the longest first, about BATCH positions at a time."""
    order = np.argsort(-lengths, kind="stable")
    cut = np.cumsum(lengths[order]) // BATCH
    yield from np.split(order, np.flatnonzero(np.diff(cut)) + 1)


def _decode(
    chain: Chain, candidates: Candidates, offsets: Ints, lengths: Ints, rows: Ints, labels: Ints, totals: Floats
) -> None:
    """Decode sequences in falling order of length, and write labels and totals in their places."""
    n_states, steps = len(chain.finals), int(lengths[0]) if len(lengths) else 0
    row, state, delta = np.arange(len(lengths)), np.full(len(lengths), chain.begin), np.zeros(len(lengths))
    ends = np.zeros(len(lengths), np.int64)
    history: list[tuple[Ints, Ints]] = []
    for step in range(steps + 1):
        n_active = int(np.searchsorted(-lengths, -step, side="left"))  # rows that go on: longer than `step`
        n_going = int(np.searchsorted(row, n_active))
        ending = delta[n_going:] + chain.finals[state[n_going:]]
        if len(ending):
            best = _first_best(row[n_going:], ending)
            ended = row[n_going:][best]
            ends[ended], totals[rows[ended]] = n_going + best, ending[best]
        if step == steps:
            break
        position = offsets[row[:n_going]] + step
        first, sizes = candidates.starts[position], np.diff(candidates.starts)[position]
        before = np.repeat(np.arange(n_going), sizes)  # one arc for each hypothesis and candidate
        at = np.arange(len(before)) + np.repeat(first - (np.cumsum(sizes) - sizes), sizes)
        label, source = candidates.labels[at], state[before]
        arriving = delta[before] + chain.log_probs[source, label] + candidates.log_probs[at]
        reached = row[before] * n_states + chain.next_states[source, label]
        best = _first_best(reached, arriving)
        history.append((before[best], label[best]))
        row, state, delta = *np.divmod(reached[best], n_states), arriving[best]
    for step in reversed(range(steps)):
        n_active = int(np.searchsorted(-lengths, -step, side="left"))
        before, label = history[step]
        labels[offsets[:n_active] + step] = label[ends[:n_active]]
        ends[:n_active] = before[ends[:n_active]]


def _first_best(groups: Ints, values: Floats) -> Ints:
    """Of each group the place of its highest value, of equal ones the first; groups in rising order."""
    order = np.argsort(groups, kind="stable")
    ordered, values = groups[order], values[order]
    first = np.flatnonzero(np.diff(ordered, prepend=-1))
    highest = np.repeat(np.maximum.reduceat(values, first), np.diff(first, append=len(order)))
    winners = np.flatnonzero(values == highest)
    best: Ints = order[winners[np.diff(ordered[winners], prepend=-1) != 0]]
    return best
