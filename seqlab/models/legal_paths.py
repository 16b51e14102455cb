"""The best sequence of tags that is legal, and that keeps to what is known of single tags: Viterbi 1967, for many rows.

`seqlab.models.crf_paths` finds the k best on any device; this finds one on a CPU, several times as fast for few tags.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
ILLEGAL, FORBIDDEN = -1e12, -1e6
"""What an illegal transition costs, in nats, and a tag that may not stand at a place: finite, so that a row in which both
cannot be avoided has a sequence, the one with the fewest of them."""

_BYTES = 1 << 18  # of the sums of one step, which then stay near the processor


def best_legal(
    emissions: Floats, lengths: NDArray[np.int64], start: Floats, transitions: Floats, end: Floats
) -> NDArray[np.int64]:
    """The best sequence of each row, paths (B, T), 0 in padding.

    Args:
        emissions: (B, T, K) of each tag at each step in nats, T at least 1; padding may hold anything.
        lengths: (B,) 0 to T, the steps of each row.
        start: (K,) of the first tag. transitions: (K, K) from the tag of the row. end: (K,) of the last tag.
    """
    n_rows, n_steps, n_tags = emissions.shape
    paths = np.zeros((n_rows, n_steps), np.int64)
    together = max(_BYTES // (8 * n_tags * n_tags), 8)
    for first in range(0, n_rows, together):
        rows = slice(first, first + together)
        longest = int(lengths[rows].max())
        if longest:
            _decode(emissions[rows, :longest], lengths[rows], start, transitions, end, paths[rows, :longest])
    return paths


def _decode(
    emissions: Floats,
    lengths: NDArray[np.int64],
    start: Floats,
    transitions: Floats,
    end: Floats,
    paths: NDArray[np.int64],
) -> None:
    """Write the paths of some rows, the longest of which has all steps."""
    n_rows, n_steps, n_tags = emissions.shape
    best = np.ascontiguousarray(emissions.transpose(1, 2, 0))  # (T, K, B); becomes the best sums up to each tag
    best[0] += start[:, None]
    arcs, follows = np.empty((n_tags, n_tags, n_rows)), transitions[:, :, None]
    for step in range(1, n_steps):
        np.add(best[step - 1][:, None], follows, out=arcs)
        best[step] += arcs.max(0)
    row = np.arange(n_rows)
    last = np.maximum(lengths - 1, 0)
    by_row = np.ascontiguousarray(best.transpose(0, 2, 1))  # (T, B, K)
    final = (by_row[last, row] + end).argmax(1)
    precedes = np.ascontiguousarray(transitions.T)
    tags = final
    paths[:, -1] = tags
    for step in range(n_steps - 2, -1, -1):
        tags = (by_row[step] + precedes[tags]).argmax(1)
        tags = np.where(step < last, tags, final)
        paths[:, step] = tags
    paths[np.arange(n_steps) >= lengths[:, None]] = 0
