"""The fused kernel of `gru`: the reset gate acts after the recurrent product."""

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
    before, within, outputs = (empty((*x.shape[:2], n), x) for _ in range(3))
    u_rz, u_n = (pack(part, transposed=True) for part in np.split(weights["weight_hh"], [2 * n]))
    bias = weights["bias_hn"]
    parallel.run(
        lambda r: _forward(x[r], h[r], u_rz, u_n, bias, before[r], within[r], outputs[r]), parallel.shares(len(x))
    )
    return (outputs,), (x, before, within)


def backward(d_states: tuple[Any, ...], state: Arrays, weights: Weights, states: Arrays, saved: Saved) -> Derivative:
    """As `seqlab.recurrent.kernels.kernel.Kernel` says."""
    (gates, before, within), (d_outputs,) = saved, above(d_states, states)
    n = state[0].shape[1]
    d_x, d_within, d_h = empty(gates.shape, gates), empty(within.shape, gates), np.zeros_like(state[0])
    u_rz, u_n = (pack(part) for part in np.split(weights["weight_hh"], [2 * n]))
    parallel.run(
        lambda r: _backward(d_outputs[r], d_h[r], u_rz, u_n, gates[r], before[r], within[r], d_x[r], d_within[r]),
        parallel.shares(len(gates)),
    )
    of_gates = Product(d_x, before, (slice(0, 2 * n),))
    of_candidate = Product(d_within, before, (slice(0, n),), "bias_hn")
    return Derivative(d_x, (d_h,), {}, {"weight_hh": (of_gates, of_candidate)})


@compiled
def _forward(gates: Any, h: Any, u_rz: Any, u_n: Any, bias: Any, before: Any, within: Any, outputs: Any) -> None:
    n_rows, n_steps, n = outputs.shape
    before[:, 0] = h
    for t in range(n_steps):
        rz = gates[:, t, : 2 * n]
        add_product(before[:, t], u_rz, rz, rz)
        for b in range(n_rows):
            within[b, t] = bias
        add_product(before[:, t], u_n, within[:, t], within[:, t])
        for b in range(n_rows):
            gate, recurrent, old, new = gates[b, t], within[b, t], before[b, t], outputs[b, t]
            r, z, candidate = gate[:n], gate[n : 2 * n], gate[2 * n :]
            sigmoid_of(gate[: 2 * n])
            for j in range(n):
                candidate[j] += r[j] * recurrent[j]
            tanh_of(candidate)
            for j in range(n):
                new[j] = candidate[j] + z[j] * (old[j] - candidate[j])
            if t + 1 < n_steps:
                before[b, t + 1] = new


@compiled
def _backward(
    d_outputs: Any, d_h: Any, u_rz: Any, u_n: Any, gates: Any, before: Any, within: Any, d_x: Any, d_within: Any
) -> None:
    n_rows, n_steps, n = d_outputs.shape
    for t in range(n_steps - 1, -1, -1):
        for b in range(n_rows):
            gate, recurrent, old, d = gates[b, t], within[b, t], before[b, t], d_x[b, t]
            r, z, candidate = gate[:n], gate[n : 2 * n], gate[2 * n :]
            d_r, d_z, d_candidate, d_recurrent = d[:n], d[n : 2 * n], d[2 * n :], d_within[b, t]
            d_new, d_above = d_h[b], d_outputs[b, t]
            for j in range(n):
                d_new[j] += d_above[j]
            for j in range(n):
                d_candidate[j] = d_new[j] * (1 - z[j]) * (1 - candidate[j] * candidate[j])
            for j in range(n):
                d_z[j] = d_new[j] * (old[j] - candidate[j]) * z[j] * (1 - z[j])
            for j in range(n):
                d_r[j] = d_candidate[j] * recurrent[j] * r[j] * (1 - r[j])
            for j in range(n):
                d_recurrent[j] = d_candidate[j] * r[j]
            for j in range(n):
                d_new[j] *= z[j]
        add_product(d_x[:, t, : 2 * n], u_rz, d_h, d_h)
        add_product(d_within[:, t], u_n, d_h, d_h)
