"""The best sequences of tags that a linear chain can produce: Viterbi 1967, and the k best of each row, exactly."""

import math

import torch
from torch import Tensor

from seqlab.models.crf_partition import Weights
from seqlab.recurrent.ragged import Ragged


@torch.no_grad()
def best_paths(emissions: Tensor, weights: Weights, rows: Ragged, k: int) -> tuple[Tensor, Tensor]:
    """The k sequences of tags with the highest sums; all rows and tags of a step at once.

    The way there finds the best sum of what may stand before each tag, and keeps no pointers. The way back extends the k
    best ends of sequences, ranked by their best beginnings. No better sequence is lost: each end that is ranked above one
    of its ends is that of another sequence which is as good. Additions are in float64.

    Args:
        emissions: (B, T, K) of each tag at each step; padding may hold anything.
        weights: of the chain.
        rows: which steps are a row's own.
        k: how many.

    Returns:
        paths (B, k, T) in int64, the best first, 0 in padding and where there are not so many; and their sums (B, k) in
        float64 and in nats, -inf where there are not so many. A row without steps has one sequence, whose sum is 0.
    """
    n_rows, n_steps, _ = emissions.shape
    nothing = torch.full((n_rows, k), -math.inf, dtype=torch.float64, device=emissions.device)
    nothing[:, 0] = 0.0
    if not emissions.numel():
        return torch.zeros(n_rows, k, n_steps, dtype=torch.int64, device=emissions.device), nothing
    seen = emissions.double().transpose(0, 1).contiguous()  # padding stands behind what is read of a row
    weights = Weights(*(part.double() for part in weights))
    paths, sums = _back(seen, _beginnings(seen, weights), weights, rows, nothing)
    known = rows.inside.unsqueeze(1) & (sums > -math.inf).unsqueeze(2)
    return torch.where(known, paths, 0), sums


def _beginnings(seen: Tensor, weights: Weights) -> Tensor:
    """The best sum of what may stand before each tag at each step, (T, B, K), for emissions (T, B, K):

    m_1 = start,   m_t(j) = max over i of (m_{t-1}(i) + e_{t-1}(i) + A(i, j))
    """
    _, n_rows, n_tags = seen.shape
    # Rows stand side by side in memory, and no places are asked for: the maximum is ten times as fast then.
    steps = seen.transpose(1, 2).contiguous()
    best = torch.empty_like(steps)
    best[0] = weights.start.unsqueeze(1)
    arcs = seen.new_empty(n_tags, n_tags, n_rows)
    follows = weights.transitions.unsqueeze(2)
    for now, before, after in zip(steps.unbind(0), best.unbind(0), best.unbind(0)[1:], strict=False):
        torch.add((before + now).unsqueeze(1), follows, out=arcs)
        torch.amax(arcs, 0, out=after)
    return best.transpose(1, 2).contiguous()


def _back(seen: Tensor, beginnings: Tensor, weights: Weights, rows: Ragged, nothing: Tensor) -> tuple[Tensor, Tensor]:
    """Paths (B, k, T) and their sums (B, k), from each row's own end; `nothing` is what a row without steps has."""
    n_tags, k = seen.shape[2], nothing.shape[1]
    precedes = torch.cat([weights.transitions.T, weights.end.unsqueeze(0)])  # (K + 1, K): K is the end of a row
    ends, sums, tags = nothing, nothing, torch.full(nothing.shape, n_tags, device=seen.device)
    chosen: list[tuple[Tensor, Tensor]] = []
    for t in reversed(range(len(seen))):
        inside = rows.inside[:, t : t + 1]
        arcs = ends.unsqueeze(2) + precedes[tags] + seen[t].unsqueeze(1)  # (B, k, K)
        found, places = _highest((arcs + beginnings[t].unsqueeze(1)).flatten(1), k)
        ends = torch.where(inside, arcs.flatten(1).gather(1, places), ends)
        sums = torch.where(inside, found, sums)
        tags = torch.where(inside, places % n_tags, tags)
        chosen.append((tags, places // n_tags))  # and which end was extended
    if k == 1:
        return torch.stack([tags for tags, _ in reversed(chosen)], 2), sums
    which, paths = torch.arange(k, device=seen.device).expand(len(nothing), k), []
    for tags, extended in reversed(chosen):
        paths.append(tags.gather(1, which))
        which = extended.gather(1, which)
    return torch.stack(paths, 2), sums


def _highest(values: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The k highest of each row of values (B, n) in falling order, and their places."""
    return torch.max(values, 1, keepdim=True) if k == 1 else torch.topk(values, k, 1)
