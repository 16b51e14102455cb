"""The fused kernel of `jordan`."""

from typing import Any

import numpy as np

from seqlab.recurrent.kernels import parallel
from seqlab.recurrent.kernels.arrays import empty
from seqlab.recurrent.kernels.compiled import compiled
from seqlab.recurrent.kernels.kernel import Arrays, Derivative, Product, Saved, Weights, above
from seqlab.recurrent.kernels.pointwise import tanh_of
from seqlab.recurrent.kernels.product import add_product, pack


def forward(x: Any, state: Arrays, weights: Weights) -> tuple[Arrays, Saved]:
    """As `seqlab.recurrent.kernels.kernel.Kernel` says."""
    (y,) = state
    before, outputs, bias = empty(x.shape, x), empty(x.shape, x), weights["bias_y"]
    u, v = (pack(weights[name], transposed=True) for name in ("weight_yh", "weight_hy"))
    parallel.run(lambda r: _forward(x[r], y[r], u, v, bias, before[r], outputs[r]), parallel.shares(len(x)))
    return (outputs,), (x, before)


def backward(d_states: tuple[Any, ...], state: Arrays, weights: Weights, states: Arrays, saved: Saved) -> Derivative:
    """As `seqlab.recurrent.kernels.kernel.Kernel` says."""
    (hidden, before), (outputs,), (d_outputs,) = saved, states, above(d_states, states)
    d_x, d_read, d_y = empty(hidden.shape, hidden), empty(hidden.shape, hidden), np.zeros_like(state[0])
    u, v = (pack(weights[name]) for name in ("weight_yh", "weight_hy"))
    parallel.run(
        lambda r: _backward(d_outputs[r], d_y[r], u, v, hidden[r], outputs[r], d_x[r], d_read[r]),
        parallel.shares(len(hidden)),
    )
    whole = (slice(0, hidden.shape[2]),)
    products = {"weight_yh": (Product(d_x, before, whole),), "weight_hy": (Product(d_read, hidden, whole, "bias_y"),)}
    return Derivative(d_x, (d_y,), {}, products)


@compiled
def _forward(hidden: Any, y: Any, u: Any, v: Any, bias: Any, before: Any, outputs: Any) -> None:
    n_rows, n_steps, _ = outputs.shape
    before[:, 0] = y
    for t in range(n_steps):
        add_product(before[:, t], u, hidden[:, t], hidden[:, t])
        for b in range(n_rows):
            tanh_of(hidden[b, t])
            outputs[b, t] = bias
        add_product(hidden[:, t], v, outputs[:, t], outputs[:, t])
        for b in range(n_rows):
            tanh_of(outputs[b, t])
            if t + 1 < n_steps:
                before[b, t + 1] = outputs[b, t]


@compiled
def _backward(d_outputs: Any, d_y: Any, u: Any, v: Any, hidden: Any, outputs: Any, d_x: Any, d_read: Any) -> None:
    n_rows, n_steps, n = outputs.shape
    for t in range(n_steps - 1, -1, -1):
        for b in range(n_rows):
            new, d, d_above, d_new = outputs[b, t], d_read[b, t], d_outputs[b, t], d_y[b]
            for j in range(n):
                d[j] = (d_new[j] + d_above[j]) * (1 - new[j] * new[j])
        d_x[:, t] = 0
        add_product(d_read[:, t], v, d_x[:, t], d_x[:, t])
        for b in range(n_rows):
            h, d = hidden[b, t], d_x[b, t]
            for j in range(n):
                d[j] *= 1 - h[j] * h[j]
        d_y[:] = 0
        add_product(d_x[:, t], u, d_y, d_y)
