"""The fused kernel of `gru-reset-before`: the reset gate acts on what the candidate's product reads."""

from typing import Any

import numpy as np

from seqlab.recurrent.kernels import parallel
from seqlab.recurrent.kernels.arrays import empty
from seqlab.recurrent.kernels.compiled import compiled
from seqlab.recurrent.kernels.kernel import Arrays, Derivative, Product, Saved, Weights, above
from seqlab.recurrent.kernels.pointwise import sigmoid_of, tanh_of
from seqlab.recurrent.kernels.product import add_product, pack


def forward(x: Any, state: Arrays, weights: Weights) -> tuple[Arrays, Saved]:
    """As `seqlab.recurrent.kernels.kernel.Kernel` says."""
    (h,) = state
    n = h.shape[1]
    before, reset, outputs = (empty((*x.shape[:2], n), x) for _ in range(3))
    u_rz, u_n = (pack(part, transposed=True) for part in np.split(weights["weight_hh"], [2 * n]))
    parallel.run(lambda r: _forward(x[r], h[r], u_rz, u_n, before[r], reset[r], outputs[r]), parallel.shares(len(x)))
    return (outputs,), (x, before, reset)


def backward(d_states: tuple[Any, ...], state: Arrays, weights: Weights, states: Arrays, saved: Saved) -> Derivative:
    """As `seqlab.recurrent.kernels.kernel.Kernel` says."""
    (gates, before, reset), (d_outputs,) = saved, above(d_states, states)
    n = state[0].shape[1]
    d_x, d_h = empty(gates.shape, gates), np.zeros_like(state[0])
    u_rz, u_n = (pack(part) for part in np.split(weights["weight_hh"], [2 * n]))
    parallel.run(
        lambda r: _backward(d_outputs[r], d_h[r], u_rz, u_n, gates[r], before[r], d_x[r]), parallel.shares(len(gates))
    )
    products = Product(d_x, before, (slice(0, 2 * n),)), Product(d_x, reset, (slice(2 * n, 3 * n),))
    return Derivative(d_x, (d_h,), {}, {"weight_hh": products})


@compiled
def _forward(gates: Any, h: Any, u_rz: Any, u_n: Any, before: Any, reset: Any, outputs: Any) -> None:
    n_rows, n_steps, n = outputs.shape
    before[:, 0] = h
    for t in range(n_steps):
        rz, candidates = gates[:, t, : 2 * n], gates[:, t, 2 * n :]
        add_product(before[:, t], u_rz, rz, rz)
        for b in range(n_rows):
            sigmoid_of(gates[b, t, : 2 * n])
            r, old, read = gates[b, t, :n], before[b, t], reset[b, t]
            for j in range(n):
                read[j] = r[j] * old[j]
        add_product(reset[:, t], u_n, candidates, candidates)
        for b in range(n_rows):
            z, candidate, old, new = gates[b, t, n : 2 * n], gates[b, t, 2 * n :], before[b, t], outputs[b, t]
            tanh_of(candidate)
            for j in range(n):
                new[j] = candidate[j] + z[j] * (old[j] - candidate[j])
            if t + 1 < n_steps:
                before[b, t + 1] = new


@compiled
def _backward(d_outputs: Any, d_h: Any, u_rz: Any, u_n: Any, gates: Any, before: Any, d_x: Any) -> None:
    n_rows, n_steps, n = d_outputs.shape
    d_reset = np.empty((n_rows, n), gates.dtype)
    for t in range(n_steps - 1, -1, -1):
        for b in range(n_rows):
            z, candidate, old = gates[b, t, n : 2 * n], gates[b, t, 2 * n :], before[b, t]
            d_z, d_candidate = d_x[b, t, n : 2 * n], d_x[b, t, 2 * n :]
            d_new, d_above = d_h[b], d_outputs[b, t]
            for j in range(n):
                d_new[j] += d_above[j]
            for j in range(n):
                d_candidate[j] = d_new[j] * (1 - z[j]) * (1 - candidate[j] * candidate[j])
            for j in range(n):
                d_z[j] = d_new[j] * (old[j] - candidate[j]) * z[j] * (1 - z[j])
            for j in range(n):
                d_new[j] *= z[j]
        d_reset[:] = 0
        add_product(d_x[:, t, 2 * n :], u_n, d_reset, d_reset)
        for b in range(n_rows):
            r, old, d_r, d_read, d_old = gates[b, t, :n], before[b, t], d_x[b, t, :n], d_reset[b], d_h[b]
            for j in range(n):
                d_r[j] = d_read[j] * old[j] * r[j] * (1 - r[j])
            for j in range(n):
                d_old[j] += d_read[j] * r[j]
        add_product(d_x[:, t, : 2 * n], u_rz, d_h, d_h)
