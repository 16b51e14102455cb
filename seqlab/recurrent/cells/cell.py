"""What a cell is: its equation for one step, and the parameters that it needs."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from torch import Tensor
from torch.nn import functional as F

State = tuple[Tensor, ...]


class Weights(Mapping[str, Tensor]):
    """One layer's parameters by their names without the layer's number.

    Args:
        tensors: the parameters.
        mask: (B, n), the dropout of the recurrence: 0 where a unit is dropped, 1 / (1 - p) elsewhere, the same at every
            time step. None drops nothing.
    """

    def __init__(self, tensors: Mapping[str, Tensor], mask: Tensor | None = None):
        self._tensors, self._mask = tensors, mask

    def __getitem__(self, name: str) -> Tensor:
        return self._tensors[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tensors)

    def __len__(self) -> int:
        return len(self._tensors)

    def times(self, name: str, state: Tensor, rows: slice = slice(None)) -> Tensor:
        """The recurrent matrix `name` times the state of each row of the batch.

        Dropout acts here and only here: what a matrix reads is masked, what is used element by element (z * h of a GRU)
        is not, so that a cell can still remember (Gal & Ghahramani 2016, section 4.2; Keras does the same).

        Args:
            name: a matrix of k rows and n columns.
            state: (B, n).
            rows: the part of the matrix that is meant, where it is not the whole.

        Returns:
            (B, k)
        """
        if self._mask is not None:
            state = state * self._mask
        return F.linear(state, self._tensors[name][rows])


def product(inputs: Tensor, weights: Mapping[str, Tensor]) -> Tensor:
    """The inputs of all time steps times `weight_ih`, as one product.

    Args:
        inputs: (B, T, D) real, or (B, T) integer: one-hot rows, given by the index of their one. Those are looked up,
            never spelled out.
        weights: the layer's parameters.

    Returns:
        (B, T, gates * n)
    """
    if inputs.is_floating_point():
        return F.linear(inputs, weights["weight_ih"])
    return F.embedding(inputs, weights["weight_ih"].T)


def project(inputs: Tensor, weights: Mapping[str, Tensor]) -> Tensor:
    """The inputs of all time steps times `weight_ih`, plus `bias_ih`: what the equations call x.

    Args:
        inputs: (B, T, D) real, or (B, T) integer, as `product` takes them.
        weights: the layer's parameters.

    Returns:
        (B, T, gates * n)
    """
    if inputs.is_floating_point():
        return F.linear(inputs, weights["weight_ih"], weights["bias_ih"])
    return product(inputs, weights) + weights["bias_ih"]


@dataclass(frozen=True)
class Cell:
    """A row of `CELLS`."""

    step: Callable[[Tensor, State, Weights], State]
    """(x, state, weights) -> state after one step; x: (B, gates * n), each state: (B, n), the first one the output."""
    gates: int
    """How many blocks of n rows `weight_ih` and `bias_ih` have."""
    states: tuple[str, ...]
    """The names of the states, the output first."""
    recurrent: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """The parameters inside the recurrence in blocks of n: (4, 1) is a matrix (4n, n), (3,) a vector (3n,)."""
    project: Callable[[Tensor, Weights], Tensor] = project
    """(inputs of all time steps, weights) -> x of all time steps, (B, T, gates * n)."""
    forget_gate: int | None = None
    """Which block of `bias_ih` is a forget gate, whose bias starts at 1 (Gers et al. 2000; Jozefowicz et al. 2015)."""
    torch_kernel: str | None = None
    """The kernel of torch that computes the same: lstm, gru, rnn_tanh or rnn_relu."""
    fused_kernel: str | None = None
    """The kernel of this package that computes the same, with the pointwise part of each step in one pass."""
    parallel: Callable[[Tensor, State, Weights], State] | None = None
    """Where the recurrence is linear in the state, all steps at once: x (B, T, gates * n), the state before the first
    step -> the states after every step, each (B, T, n)."""

    def parameter_shapes(self, d: int, n: int) -> dict[str, tuple[int, ...]]:
        """The shape of each parameter of a layer with d inputs and n units, in one direction."""
        shapes: dict[str, tuple[int, ...]] = {"weight_ih": (self.gates * n, d), "bias_ih": (self.gates * n,)}
        return shapes | {name: tuple(n * size for size in blocks) for name, blocks in self.recurrent.items()}

    def n_parameters(self, d: int, n: int) -> int:
        """How many numbers a layer with d inputs and n units learns, in one direction."""
        return sum(math.prod(shape) for shape in self.parameter_shapes(d, n).values())
