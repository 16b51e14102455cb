"""The fused kernel of the cells whose gates read the whole cell state: `peephole-cell`, `peephole-cell-x`, `fc-lstm`.

They differ in which blocks read h: the candidate, none, or all four.
"""

from functools import partial
from typing import Any

import numpy as np

from seqlab.recurrent.kernels import parallel
from seqlab.recurrent.kernels.arrays import empty
from seqlab.recurrent.kernels.compiled import compiled
from seqlab.recurrent.kernels.kernel import Arrays, Derivative, Kernel, Product, Saved, Weights, above
from seqlab.recurrent.kernels.pointwise import sigmoid_of, tanh, tanh_of
from seqlab.recurrent.kernels.product import add_product, pack


def _run_forward(blocks: tuple[int, int], x: Any, state: Arrays, weights: Weights) -> tuple[Arrays, Saved]:
    h, c = state
    n = h.shape[1]
    before, outputs, cells, cells_before = (empty((*x.shape[:2], n), x) for _ in range(4))
    u, v_if, v_o = (pack(part, transposed=True) for part in _matrices(weights, n))
    first, last = (n * block for block in blocks)

    def rows(r: slice) -> None:
        _forward(x[r], h[r], c[r], u, v_if, v_o, first, last, before[r], outputs[r], cells_before[r], cells[r])

    parallel.run(rows, parallel.shares(len(x)))
    return (outputs, cells), (x, before, cells_before)


def _run_backward(
    blocks: tuple[int, int], d_states: tuple[Any, ...], state: Arrays, weights: Weights, states: Arrays, saved: Saved
) -> Derivative:
    (gates, before, cells_before), (_, cells), n = saved, states, state[0].shape[1]
    d_outputs, d_cells = above(d_states, states)
    d_x, d_h, d_c = empty(gates.shape, gates), np.zeros_like(state[0]), np.zeros_like(state[0])
    u, v_if, v_o = (pack(part) for part in _matrices(weights, n))
    first, last = (n * block for block in blocks)

    def rows(r: slice) -> None:
        kept = gates[r], cells_before[r], cells[r]
        _backward(d_outputs[r], d_cells[r], d_h[r], d_c[r], u, v_if, v_o, first, last, *kept, d_x[r])

    parallel.run(rows, parallel.shares(len(gates)))
    products = {"weight_ch": (Product(d_x, cells_before, (slice(0, 2 * n), slice(3 * n, 4 * n))),)}
    if last > first:
        products["weight_hh"] = (Product(d_x, before, (slice(first, last),)),)
    return Derivative(d_x, (d_h, d_c), {}, products)


def _matrices(weights: Weights, n: int) -> tuple[Any, Any, Any]:
    """What reads h; of what reads c the rows of input and forget gate, and those of the output gate."""
    of_cells = weights["weight_ch"]
    return weights.get("weight_hh", of_cells[:0]), of_cells[: 2 * n], of_cells[2 * n :]


PEEPHOLE_CELL = Kernel(partial(_run_forward, (2, 3)), partial(_run_backward, (2, 3)))
PEEPHOLE_CELL_X = Kernel(partial(_run_forward, (0, 0)), partial(_run_backward, (0, 0)))
FC_LSTM = Kernel(partial(_run_forward, (0, 4)), partial(_run_backward, (0, 4)))


@compiled
def _forward(
    gates: Any,
    h: Any,
    c: Any,
    u: Any,
    v_if: Any,
    v_o: Any,
    first: int,
    last: int,
    before: Any,
    outputs: Any,
    cells_before: Any,
    cells: Any,
) -> None:
    n_rows, n_steps, n = outputs.shape
    before[:, 0] = h
    cells_before[:, 0] = c
    for t in range(n_steps):
        of_h, of_if, of_o = gates[:, t, first:last], gates[:, t, : 2 * n], gates[:, t, 3 * n :]
        add_product(before[:, t], u, of_h, of_h)
        add_product(cells_before[:, t], v_if, of_if, of_if)
        add_product(cells_before[:, t], v_o, of_o, of_o)
        for b in range(n_rows):
            old, new, h_new, gate = cells_before[b, t], cells[b, t], outputs[b, t], gates[b, t]
            i, f, g, o = gate[:n], gate[n : 2 * n], gate[2 * n : 3 * n], gate[3 * n :]
            sigmoid_of(gate[: 2 * n])
            tanh_of(g)
            sigmoid_of(o)
            for j in range(n):
                new[j] = f[j] * old[j] + i[j] * g[j]
            for j in range(n):
                h_new[j] = o[j] * tanh(new[j])
            if t + 1 < n_steps:
                before[b, t + 1] = h_new
                cells_before[b, t + 1] = new


@compiled
def _backward(
    d_outputs: Any,
    d_cells: Any,
    d_h: Any,
    d_c: Any,
    u: Any,
    v_if: Any,
    v_o: Any,
    first: int,
    last: int,
    gates: Any,
    cells_before: Any,
    cells: Any,
    d_x: Any,
) -> None:
    n_rows, n_steps, n = d_outputs.shape
    for t in range(n_steps - 1, -1, -1):
        for b in range(n_rows):
            old, new, gate, d = cells_before[b, t], cells[b, t], gates[b, t], d_x[b, t]
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
                d_i[j] = d_old[j] * g[j] * i[j] * (1 - i[j])
            for j in range(n):
                d_f[j] = d_old[j] * old[j] * f[j] * (1 - f[j])
            for j in range(n):
                d_g[j] = d_old[j] * i[j] * (1 - g[j] * g[j])
            for j in range(n):
                d_old[j] *= f[j]
        d_h[:] = 0
        if last > first:
            add_product(d_x[:, t, first:last], u, d_h, d_h)
        add_product(d_x[:, t, : 2 * n], v_if, d_c, d_c)
        add_product(d_x[:, t, 3 * n :], v_o, d_c, d_c)
