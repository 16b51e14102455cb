"""h_t = a_t * h_{t-1} + b_t for all time steps at once, in log2(T) doublings instead of T steps."""

from typing import Any

import torch
from torch import Tensor


def linear_scan(a: Tensor, b: Tensor, initial: Tensor) -> Tensor:
    """All states of a linear recurrence. Nothing is divided, so |a| <= 1 can neither overflow nor lose what is small.

    Args:
        a: (B, T, n), what is kept at each step.
        b: (B, T, n), what is added at each step.
        initial: (B, n), the state before the first step.

    Returns:
        h (B, T, n), the state after each step; it can be differentiated any number of times.
    """
    states: Tensor = _LinearScan.apply(a, b, initial)  # type: ignore[no-untyped-call]
    return states


def _doubled(a: Tensor, b: Tensor, initial: Tensor) -> Tensor:
    """The scan of Hillis & Steele 1986: after the round of width s, step t holds what its last 2s steps do to a state.

    One step is the map h -> a h + b; first (a1, b1), then (a2, b2), is (a1 a2, a2 b1 + b2).
    """
    a, h = a.clone(), b.clone()
    h[:, 0] += a[:, 0] * initial
    width = 1
    while width < a.shape[1]:
        h[:, width:] += a[:, width:] * h[:, :-width]
        a[:, width:] *= a[:, :-width].clone()
        width *= 2
    return h


class _LinearScan(torch.autograd.Function):
    """Backward is the same recurrence from the end, so only a and the states are kept, not those of every doubling."""

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor, initial: Tensor) -> Tensor:
        """The states after every step."""
        states = _doubled(a, b, initial)
        ctx.save_for_backward(a, initial, states)
        return states

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """With e_t the gradient of h_t by every way: e_t = gradient_t + a_{t+1} e_{t+1}."""
        (gradient,) = gradients
        a, initial, states = ctx.saved_tensors
        after = torch.cat((a[:, 1:], torch.zeros_like(a[:, :1])), 1)
        every = linear_scan(after.flip(1), gradient.flip(1), torch.zeros_like(initial)).flip(1)
        before = torch.cat((initial.unsqueeze(1), states[:, :-1]), 1)
        return every * before, every, a[:, 0] * every[:, 0]
