"""The fused kernel of `lstm` and `peephole`: an LSTM is one whose peepholes are zero."""

from typing import Any

import numpy as np

from seqlab.recurrent.kernels import parallel
from seqlab.recurrent.kernels.arrays import empty
from seqlab.recurrent.kernels.compiled import compiled
from seqlab.recurrent.kernels.kernel import Arrays, Derivative, Product, Saved, Weights, above
from seqlab.recurrent.kernels.pointwise import sigmoid_of, tanh, tanh_of
from seqlab.recurrent.kernels.product import add_product, pack


def forward(x: Any, state: Arrays, weights: Weights) -> tuple[Arrays, Saved]:
    """As `seqlab.recurrent.kernels.kernel.Kernel` says."""
    h, c = state
    before, outputs, cells = (empty((*x.shape[:2], h.shape[1]), x) for _ in range(3))
    u, p = pack(weights["weight_hh"], transposed=True), _peepholes(weights, h)

    def rows(r: slice) -> None:
        _forward(x[r], h[r], c[r], u, p, before[r], outputs[r], cells[r])

    parallel.run(rows, parallel.shares(len(x)))
    return (outputs, cells), (x, before)


def backward(d_states: tuple[Any, ...], state: Arrays, weights: Weights, states: Arrays, saved: Saved) -> Derivative:
    """As `seqlab.recurrent.kernels.kernel.Kernel` says."""
    (gates, before), (_, cells), c = saved, states, state[1]
    d_outputs, d_cells = above(d_states, states)
    d_x, d_h, d_c = empty(gates.shape, gates), np.zeros_like(c), np.zeros_like(c)
    parts = parallel.shares(len(c))
    d_p = np.zeros((len(parts), 3, c.shape[1]), c.dtype)
    u, p = pack(weights["weight_hh"]), _peepholes(weights, c)

    def rows(r: slice) -> None:
        own = d_p[parts.index(r)]
        _backward(d_outputs[r], d_cells[r], d_h[r], d_c[r], c[r], u, p, gates[r], cells[r], d_x[r], own)

    parallel.run(rows, parts)
    return Derivative(
        d_x, (d_h, d_c), {"weight_ch": d_p.sum(0)}, {"weight_hh": (Product(d_x, before, (slice(0, d_x.shape[2]),)),)}
    )


def _peepholes(weights: Weights, state: Any) -> Any:
    zeros = np.zeros(3 * state.shape[1], state.dtype)
    return weights.get("weight_ch", zeros).reshape(3, -1)


@compiled
def _forward(gates: Any, h: Any, c: Any, u: Any, p: Any, before: Any, outputs: Any, cells: Any) -> None:
    n_rows, n_steps, n = outputs.shape
    before[:, 0] = h
    for t in range(n_steps):
        add_product(before[:, t], u, gates[:, t], gates[:, t])
        for b in range(n_rows):
            old = c[b] if t == 0 else cells[b, t - 1]
            new, h_new = cells[b, t], outputs[b, t]
            gate = gates[b, t]
            i, f, g, o = gate[:n], gate[n : 2 * n], gate[2 * n : 3 * n], gate[3 * n :]
            for j in range(n):
                i[j] += p[0, j] * old[j]
            for j in range(n):
                f[j] += p[1, j] * old[j]
            sigmoid_of(gate[: 2 * n])
            tanh_of(g)
            for j in range(n):
                new[j] = f[j] * old[j] + i[j] * g[j]
            for j in range(n):
                o[j] += p[2, j] * new[j]
            sigmoid_of(o)
            for j in range(n):
                h_new[j] = o[j] * tanh(new[j])
            if t + 1 < n_steps:
                before[b, t + 1] = h_new


@compiled
def _backward(
    d_outputs: Any, d_cells: Any, d_h: Any, d_c: Any, c: Any, u: Any, p: Any, gates: Any, cells: Any, d_x: Any, d_p: Any
) -> None:
    n_rows, n_steps, n = d_outputs.shape
    for t in range(n_steps - 1, -1, -1):
        for b in range(n_rows):
            old, new = c[b] if t == 0 else cells[b, t - 1], cells[b, t]
            gate, d = gates[b, t], d_x[b, t]
            i, f, g, o = gate[:n], gate[n : 2 * n], gate[2 * n : 3 * n], gate[3 * n :]
            d_i, d_f, d_g, d_o = d[:n], d[n : 2 * n], d[2 * n : 3 * n], d[3 * n :]
            d_new, d_above, d_old = d_h[b], d_outputs[b, t], d_c[b]
            if d_cells.shape[1]:
                d_old += d_cells[b, t]
            for j in range(n):
                d_new[j] += d_above[j]
            for j in range(n):
                squashed = tanh(new[j])
                d_o[j] = d_new[j] * squashed * o[j] * (1 - o[j])
                d_old[j] += d_new[j] * o[j] * (1 - squashed * squashed)
            for j in range(n):
                d_old[j] += d_o[j] * p[2, j]
            for j in range(n):
                d_i[j] = d_old[j] * g[j] * i[j] * (1 - i[j])
            for j in range(n):
                d_f[j] = d_old[j] * old[j] * f[j] * (1 - f[j])
            for j in range(n):
                d_g[j] = d_old[j] * i[j] * (1 - g[j] * g[j])
            for j in range(n):
                d_old[j] = d_old[j] * f[j] + d_i[j] * p[0, j] + d_f[j] * p[1, j]
            for j in range(n):
                d_p[0, j] += d_i[j] * old[j]
            for j in range(n):
                d_p[1, j] += d_f[j] * old[j]
            for j in range(n):
                d_p[2, j] += d_o[j] * new[j]
        d_h[:] = 0
        add_product(d_x[:, t], u, d_h, d_h)
