"""What a fused kernel is, for those who write one and for `seqlab.recurrent.fused`, which runs it."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Arrays = tuple[Array, ...]
Weights = Mapping[str, Array]
Saved = tuple[Array, ...]


class Product(NamedTuple):
    """Where (B, T, m) numbers came from: a recurrent matrix (m, n) times what it reads."""

    d: Array
    """(B, T, M), with respect to what came out, beside other things."""
    read: Array
    """(B, T, n), what the matrix read."""
    columns: tuple[slice, ...]
    """Where in the M columns of `d` the m of this product stand."""
    bias: str | None = None
    """The name of a bias as wide as `d` that was added there."""


class Derivative(NamedTuple):
    """What a kernel's way back gives."""

    x: Array
    """(B, T, gates * n), with respect to the projected inputs."""
    state: Arrays
    """With respect to the state before the first step."""
    vectors: dict[str, Array]
    """With respect to those parameters inside the recurrence that are vectors."""
    products: Mapping[str, tuple[Product, ...]]
    """For each recurrent matrix the products of its rows, from the first to the last."""


class Kernel(NamedTuple):
    """The recurrence of a cell over all time steps and its derivative; all numbers of one type, float32 or float64."""

    forward: Callable[[Array, Arrays, Weights], tuple[Arrays, Saved]]
    """(x, state, weights) -> the states after every step, and what `backward` needs of the way there.

    x: (B, T, gates * n), the projected inputs, which may be overwritten; state: before the first step, each (B, n);
    weights: the parameters inside the recurrence. The states after every step: each (B, T, n)."""
    backward: Callable[[tuple[Array | None, ...], Arrays, Weights, Arrays, Saved], Derivative]
    """(d_states, state, weights, states, saved) -> the derivative with respect to x, state and weights.

    d_states: the derivative with respect to each of the states after every step, (B, T, n), None where it is zero; the
    rest is what `forward` took and gave."""


def above(d_states: tuple[Array | None, ...], states: Arrays) -> tuple[Array, ...]:
    """What comes from above: the first in full; of the others those that are zero as arrays without steps."""
    first, *others = d_states
    outputs, *rest = states
    empty = [np.empty((len(part), 0, part.shape[2]), part.dtype) for part in rest]
    given = [none if part is None else part for part, none in zip(others, empty, strict=True)]
    return np.zeros_like(outputs) if first is None else first, *given
