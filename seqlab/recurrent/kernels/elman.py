"""The fused kernels of `elman` and `elman-relu`."""

from functools import partial
from typing import Any

import numpy as np

from seqlab.recurrent.kernels import parallel
from seqlab.recurrent.kernels.arrays import empty
from seqlab.recurrent.kernels.compiled import compiled
from seqlab.recurrent.kernels.kernel import Arrays, Derivative, Kernel, Product, Saved, Weights, above
from seqlab.recurrent.kernels.pointwise import tanh_of
from seqlab.recurrent.kernels.product import add_product, pack


def _run_forward(rectified: bool, x: Any, state: Arrays, weights: Weights) -> tuple[Arrays, Saved]:
    (h,) = state
    before, u = empty(x.shape, x), pack(weights["weight_hh"], transposed=True)
    parallel.run(lambda r: _forward(x[r], h[r], u, before[r], rectified), parallel.shares(len(x)))
    return (x,), (before,)


def _run_backward(
    rectified: bool, d_states: tuple[Any, ...], state: Arrays, weights: Weights, states: Arrays, saved: Saved
) -> Derivative:
    (before,), (outputs,), (d_outputs,) = saved, states, above(d_states, states)
    d_x, d_h = empty(outputs.shape, outputs), np.zeros_like(state[0])
    u = pack(weights["weight_hh"])
    parallel.run(
        lambda r: _backward(d_outputs[r], d_h[r], u, outputs[r], d_x[r], rectified), parallel.shares(len(outputs))
    )
    return Derivative(d_x, (d_h,), {}, {"weight_hh": (Product(d_x, before, (slice(0, d_x.shape[2]),)),)})


TANH = Kernel(partial(_run_forward, False), partial(_run_backward, False))
RECTIFIED = Kernel(partial(_run_forward, True), partial(_run_backward, True))


@compiled
def _forward(x: Any, h: Any, u: Any, before: Any, rectified: bool) -> None:
    n_rows, n_steps, n = x.shape
    zero = x.dtype.type(0)
    before[:, 0] = h
    for t in range(n_steps):
        add_product(before[:, t], u, x[:, t], x[:, t])
        for b in range(n_rows):
            new = x[b, t]
            if rectified:
                for j in range(n):
                    new[j] = zero if new[j] < zero else new[j]  # NaN stays NaN
            else:
                tanh_of(new)
            if t + 1 < n_steps:
                before[b, t + 1] = new


@compiled
def _backward(d_outputs: Any, d_h: Any, u: Any, outputs: Any, d_x: Any, rectified: bool) -> None:
    n_rows, n_steps, n = outputs.shape
    for t in range(n_steps - 1, -1, -1):
        for b in range(n_rows):
            new, d, d_above, d_new = outputs[b, t], d_x[b, t], d_outputs[b, t], d_h[b]
            if rectified:
                for j in range(n):
                    d[j] = (d_new[j] + d_above[j]) * (new[j] > 0)
            else:
                for j in range(n):
                    d[j] = (d_new[j] + d_above[j]) * (1 - new[j] * new[j])
        d_h[:] = 0
        add_product(d_x[:, t], u, d_h, d_h)
