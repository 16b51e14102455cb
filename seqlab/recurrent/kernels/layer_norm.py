"""The fused kernel of `lstm-layer-norm`."""

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
    before, outputs, cells, cells_normal = (empty((*x.shape[:2], h.shape[1]), x) for _ in range(4))
    normal, spread = empty(x.shape, x), empty((*x.shape[:2], 2), x)
    u = pack(weights["weight_hh"], transposed=True)
    gain, gain_c, bias_c = (weights[name] for name in ("gain_hh", "gain_c", "bias_c"))

    def rows(r: slice) -> None:
        kept = normal[r], cells_normal[r], spread[r], before[r], outputs[r], cells[r]
        _forward(x[r], h[r], c[r], u, gain, gain_c, bias_c, *kept)

    parallel.run(rows, parallel.shares(len(x)))
    return (outputs, cells), (x, before, normal, cells_normal, spread)


def backward(d_states: tuple[Any, ...], state: Arrays, weights: Weights, states: Arrays, saved: Saved) -> Derivative:
    """As `seqlab.recurrent.kernels.kernel.Kernel` says."""
    (gates, before, normal, cells_normal, spread), (_, cells), c = saved, states, state[1]
    d_outputs, d_cells = above(d_states, states)
    d_x, d_product, d_h, d_c = empty(gates.shape, gates), empty(gates.shape, gates), np.zeros_like(c), np.zeros_like(c)
    parts, n = parallel.shares(len(c)), c.shape[1]
    d_gain, d_of_cell = np.zeros((len(parts), 4 * n), c.dtype), np.zeros((len(parts), 2, n), c.dtype)
    u = pack(weights["weight_hh"])
    gain, gain_c, bias_c = (weights[name] for name in ("gain_hh", "gain_c", "bias_c"))

    def rows(r: slice) -> None:
        own = parts.index(r)
        kept = gates[r], normal[r], cells_normal[r], spread[r], cells[r]
        out = d_x[r], d_product[r], d_gain[own], d_of_cell[own]
        _backward(d_outputs[r], d_cells[r], d_h[r], d_c[r], c[r], u, gain, gain_c, bias_c, *kept, *out)

    parallel.run(rows, parts)
    d_gain_c, d_bias_c = d_of_cell.sum(0)
    vectors = {"gain_hh": d_gain.sum(0), "gain_c": d_gain_c, "bias_c": d_bias_c}
    return Derivative(d_x, (d_h, d_c), vectors, {"weight_hh": (Product(d_product, before, (slice(0, 4 * n),)),)})


@compiled
def _normalise(row: Any) -> Any:
    """Takes the mean from a row and divides it by its standard deviation, whose inverse is returned."""
    n = len(row)
    mean = row.dtype.type(0)
    for j in range(n):
        mean += row[j]
    mean /= row.dtype.type(n)
    square = row.dtype.type(0)
    for j in range(n):
        row[j] -= mean
        square += row[j] * row[j]
    inverse = 1 / np.sqrt(square / row.dtype.type(n) + row.dtype.type(1e-5))
    for j in range(n):
        row[j] *= inverse
    return inverse


@compiled
def _through_normalise(d: Any, normal: Any, inverse: Any) -> None:
    """The derivative with respect to a normalised row becomes that with respect to the row before."""
    n = len(d)
    mean, along = d.dtype.type(0), d.dtype.type(0)
    for j in range(n):
        mean += d[j]
        along += d[j] * normal[j]
    mean /= d.dtype.type(n)
    along /= d.dtype.type(n)
    for j in range(n):
        d[j] = inverse * (d[j] - mean - normal[j] * along)


@compiled
def _forward(
    gates: Any,
    h: Any,
    c: Any,
    u: Any,
    gain: Any,
    gain_c: Any,
    bias_c: Any,
    normal: Any,
    cells_normal: Any,
    spread: Any,
    before: Any,
    outputs: Any,
    cells: Any,
) -> None:
    n_rows, n_steps, n = outputs.shape
    before[:, 0] = h
    for t in range(n_steps):
        normal[:, t] = 0
        add_product(before[:, t], u, normal[:, t], normal[:, t])
        for b in range(n_rows):
            old = c[b] if t == 0 else cells[b, t - 1]
            new, h_new, gate, of_h, of_c = cells[b, t], outputs[b, t], gates[b, t], normal[b, t], cells_normal[b, t]
            i, f, g, o = gate[:n], gate[n : 2 * n], gate[2 * n : 3 * n], gate[3 * n :]
            spread[b, t, 0] = _normalise(of_h)
            for j in range(4 * n):
                gate[j] += gain[j] * of_h[j]
            sigmoid_of(gate[: 2 * n])
            tanh_of(g)
            sigmoid_of(o)
            for j in range(n):
                new[j] = f[j] * old[j] + i[j] * g[j]
            of_c[:] = new
            spread[b, t, 1] = _normalise(of_c)
            for j in range(n):
                h_new[j] = o[j] * tanh(of_c[j] * gain_c[j] + bias_c[j])
            if t + 1 < n_steps:
                before[b, t + 1] = h_new


@compiled
def _backward(
    d_outputs: Any,
    d_cells: Any,
    d_h: Any,
    d_c: Any,
    c: Any,
    u: Any,
    gain: Any,
    gain_c: Any,
    bias_c: Any,
    gates: Any,
    normal: Any,
    cells_normal: Any,
    spread: Any,
    cells: Any,
    d_x: Any,
    d_product: Any,
    d_gain: Any,
    d_of_cell: Any,
) -> None:
    n_rows, n_steps, n = d_outputs.shape
    d_normal = np.empty(n, gates.dtype)
    d_gain_c, d_bias_c = d_of_cell[0], d_of_cell[1]
    for t in range(n_steps - 1, -1, -1):
        for b in range(n_rows):
            old = c[b] if t == 0 else cells[b, t - 1]
            gate, d, of_h, of_c, d_read = gates[b, t], d_x[b, t], normal[b, t], cells_normal[b, t], d_product[b, t]
            i, f, g, o = gate[:n], gate[n : 2 * n], gate[2 * n : 3 * n], gate[3 * n :]
            d_i, d_f, d_g, d_o = d[:n], d[n : 2 * n], d[2 * n : 3 * n], d[3 * n :]
            d_new, d_above, d_old = d_h[b], d_outputs[b, t], d_c[b]
            for j in range(n):
                d_new[j] += d_above[j]
            for j in range(n):
                squashed = tanh(of_c[j] * gain_c[j] + bias_c[j])
                d_o[j] = d_new[j] * squashed * o[j] * (1 - o[j])
                d_normal[j] = d_new[j] * o[j] * (1 - squashed * squashed)
            for j in range(n):
                d_bias_c[j] += d_normal[j]
            for j in range(n):
                d_gain_c[j] += d_normal[j] * of_c[j]
            for j in range(n):
                d_normal[j] *= gain_c[j]
            _through_normalise(d_normal, of_c, spread[b, t, 1])
            for j in range(n):
                d_old[j] += d_normal[j]
            if d_cells.shape[1]:
                d_old += d_cells[b, t]
            for j in range(n):
                d_i[j] = d_old[j] * g[j] * i[j] * (1 - i[j])
            for j in range(n):
                d_f[j] = d_old[j] * old[j] * f[j] * (1 - f[j])
            for j in range(n):
                d_g[j] = d_old[j] * i[j] * (1 - g[j] * g[j])
            for j in range(n):
                d_old[j] *= f[j]
            for j in range(4 * n):
                d_gain[j] += d[j] * of_h[j]
            for j in range(4 * n):
                d_read[j] = d[j] * gain[j]
            _through_normalise(d_read, of_h, spread[b, t, 0])
        d_h[:] = 0
        add_product(d_product[:, t], u, d_h, d_h)
