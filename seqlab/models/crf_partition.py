"""The sum over all sequences of tags that a linear chain can produce, and its derivative: forward-backward (Rabiner 1989).

    Z = sum over y_1 .. y_T of exp(start(y_1) + e_1(y_1) + sum over t > 1 of (A(y_{t-1}, y_t) + e_t(y_t)) + end(y_T))

Everything is computed in float64, whatever the inputs are. The derivative of ln Z with respect to the emissions is the
probability of each tag at each step, that with respect to A the expected number of times that two tags follow each other.
"""

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from seqlab.recurrent.ragged import Ragged, backwards

LEAST = 1e-100
"""Down to here exponentials and their sums are trusted: the product of three is still above float64's least, 2e-308."""
STRIDE = 4
"""Steps between two divisions that keep the numbers near 1; each takes as long as a step."""


class Weights(NamedTuple):
    """The parameters of a chain over K tags, in nats; -inf for what may not be."""

    transitions: Tensor
    """(K, K) from the tag of the row to that of the column."""
    start: Tensor
    """(K,) of the first tag."""
    end: Tensor
    """(K,) of the last tag."""


def log_partition(emissions: Tensor, weights: Weights, rows: Ragged) -> Tensor:
    """ln Z of each row, (B,) in float64 and in nats; 0 for a row without steps, -inf where nothing is possible.

    Args:
        emissions: (B, T, K) of each tag at each step; padding may hold anything.
        weights: of the chain.
        rows: which steps are a row's own.
    """
    if not emissions.numel():
        return emissions.sum((1, 2), dtype=torch.float64)
    total: Tensor = _LogPartition.apply(emissions, *weights, rows)  # type: ignore[no-untyped-call]
    return by_logarithms(emissions, weights, rows) if bool(total.isnan().any()) else total


def by_logarithms(emissions: Tensor, weights: Weights, rows: Ragged) -> Tensor:
    """The same by the equation as it stands, for numbers of any size and derivatives of any order, but slower:

    alpha_1 = start + e_1,   alpha_t(j) = e_t(j) + ln sum over i of exp(alpha_{t-1}(i) + A(i, j))
    ln Z = ln sum over i of exp(alpha_T(i) + end(i))
    """
    seen, (transitions, start, end) = rows.zeroed(emissions.double()), (part.double() for part in weights)
    alpha = start + seen[:, 0]
    for now, inside in zip(seen.unbind(1)[1:], rows.inside.unbind(1)[1:], strict=True):
        after = now + _log_sum(alpha.unsqueeze(2) + transitions)
        alpha = torch.where(inside.unsqueeze(1), after, alpha)
    return _log_sum(alpha + end).masked_fill(rows.lengths == 0, 0.0)


def _log_sum(values: Tensor) -> Tensor:
    """ln of the sum of exponentials along dimension 1; of nothing but -inf it is -inf, with a derivative of 0, not NaN."""
    highest = values.detach().amax(1, keepdim=True)
    highest = torch.where(highest == -math.inf, 0.0, highest)
    total = (values - highest).exp().sum(1)
    nothing = total == 0
    return (total.masked_fill(nothing, 1.0).log() + highest.squeeze(1)).masked_fill(nothing, -math.inf)


class _LogPartition(torch.autograd.Function):
    """ln Z by products of exponentials, forward and backward in time in one loop; NaN where numbers are too far apart.

    The forward sums a and the backward sums b differ in the direction and in nothing else, so they are one batch:

        a_1 = e_1 start,   a_t = e_t * (a_{t-1} A)          b_T = e_T end,   b_t = e_t * (A b_{t+1})

    in exponentials, each divided by a number of its own. At each step a b / e is the probability of each tag, times a
    constant, and a_{t-1}(i) A(i, j) b_t(j) that of two tags in a row. There is no graph of steps.
    """

    @staticmethod
    def forward(ctx: Any, emissions: Tensor, transitions: Tensor, start: Tensor, end: Tensor, rows: Ragged) -> Tensor:
        """(B,) ln Z in float64."""
        values, highest = _exponentials(rows.zeroed(emissions.double()), (2,))
        follows, most = _exponentials(transitions.double(), (0, 1))
        edges, most_edges = _exponentials(torch.stack([start, end]).double(), (1,))
        (before, after), log_scales = _sums(values, follows, edges, rows)
        last = (rows.lengths - 1).clamp(min=0)
        ending = before[torch.arange(len(last), device=last.device), last] @ edges[1]
        logs = torch.where(rows.inside, log_scales + highest, 0.0).sum(1) + last * most + most_edges.sum()
        total = torch.where(rows.lengths == 0, 0.0, ending.log() + logs)
        ctx.rows, ctx.dtypes = rows, [part.dtype for part in (emissions, transitions, start, end)]
        ctx.save_for_backward(before, after, values, follows)
        return torch.where(_trusted(before) & _trusted(after) & (ending > 0), total, torch.nan)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_total: Tensor) -> tuple[Tensor | None, ...]:
        """The derivatives: expected counts of each row, times the derivative with respect to it."""
        before, after, values, follows = ctx.saved_tensors
        rows = ctx.rows
        share = torch.where(rows.inside, d_total.unsqueeze(1), 0.0)
        of_tags = before * after / values.masked_fill(values == 0, 1.0)
        of_tags *= (share / of_tags.sum(2).masked_fill_(~rows.inside, 1.0)).unsqueeze(2)
        before, after = before[:, :-1], after[:, 1:]
        norms = ((before @ follows) * after).sum(2).masked_fill_(~rows.inside[:, 1:], 1.0)
        after = after * (share[:, 1:] / norms).unsqueeze(2)
        of_pairs = follows * (before.flatten(0, 1).T @ after.flatten(0, 1))
        last = of_tags[torch.arange(len(of_tags), device=of_tags.device), (rows.lengths - 1).clamp(min=0)]
        found = (of_tags, of_pairs, of_tags[:, 0].sum(0), last.sum(0))
        return *(part.to(dtype) for part, dtype in zip(found, ctx.dtypes, strict=True)), None


def _exponentials(logs: Tensor, dims: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """exp(logs - highest) and the highest along `dims`, without these; NaN for what is possible but below LEAST."""
    highest = logs.amax(dims, keepdim=True)
    below = logs - highest
    lost = (below < math.log(LEAST)) & (below > -math.inf)
    return below.exp_().masked_fill_(lost, math.nan), highest.squeeze(dims)


def _sums(values: Tensor, follows: Tensor, edges: Tensor, rows: Ragged) -> tuple[tuple[Tensor, Tensor], Tensor]:
    """Forward and backward sums, each (B, T, K), and what the forward sums were divided by, (B, T) in logarithms.

    Args:
        values: (B, T, K) exponentials of the emissions.
        follows: (K, K) of the transitions. edges: (2, K) of start and end.
    """
    sums = torch.stack([values, backwards(values, rows)]).permute(2, 0, 1, 3).contiguous()  # (T, 2, B, K)
    scales = sums.new_ones(*sums.shape[:3], 1)
    steps, either_way = sums.unbind(0), torch.stack([follows, follows.T])
    now = steps[0].mul_(edges.unsqueeze(1))
    product = torch.empty_like(now)
    for t, (step, scale) in enumerate(zip(steps, scales.unbind(0), strict=True)):
        if t:
            now = step.mul_(torch.bmm(now, either_way, out=product))
        if t % STRIDE == 0:
            now.div_(torch.sum(now, 2, keepdim=True, out=scale))
    forward, backward = sums.transpose(0, 2).unbind(1)  # each (B, T, K)
    return (forward, backwards(backward, rows)), scales[:, 0, :, 0].T.log()


def _trusted(sums: Tensor) -> Tensor:
    """(B,) True where all sums (B, T, K) of a row are 0, being impossible, or large enough that nothing was lost."""
    return sums.masked_fill(sums == 0, 1.0).amin((1, 2)) >= LEAST
