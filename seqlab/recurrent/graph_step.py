"""One step of any cell, forward and backward, as functions of tensors that can be compiled and captured."""

import functools
import logging
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from seqlab.recurrent.cells import Cell, State, Weights

LOG = logging.getLogger("seqlab.recurrent")
Tensors = tuple[Tensor, ...]
Function = Callable[..., Any]


class Inside(Weights):
    """The parameters for one step. Notes what is read, and lets a gradient be asked for where a product comes out.

    Args:
        tensors: the parameters; a matrix may be of a lower precision than the states.
        seen: in place of those where a parameter is not read by a product.
        probes: zeros, added to the products in turn; none where no gradient is wanted.
    """

    def __init__(self, tensors: dict[str, Tensor], seen: dict[str, Tensor] | None = None, probes: Tensors = ()):
        super().__init__(tensors)
        self._seen, self._probes = tensors if seen is None else seen, probes
        self.looked_up: set[str] = set()
        self.products: list[tuple[str, slice]] = []
        self.read: list[Tensor] = []
        self.written: list[Tensor] = []

    def __getitem__(self, name: str) -> Tensor:
        self.looked_up.add(name)
        return self._seen[name]

    def times(self, name: str, state: Tensor, rows: slice = slice(None)) -> Tensor:
        """As `Weights.times`."""
        matrix = self._tensors[name][rows]
        read = state.to(matrix.dtype)
        written = F.linear(read, matrix)
        if self._probes:
            written = written + self._probes[len(self.products)]
        self.products.append((name, rows))
        self.read.append(read)
        self.written.append(written)
        return written.to(state.dtype)


class Step(NamedTuple):
    """One step of a cell, forward and backward, as functions of tensors."""

    cell: Cell
    names: tuple[str, ...]
    """The parameters that the step reads."""
    looked_up: tuple[str, ...]
    """Those among them whose gradient is not, or not only, that of products."""

    def forward(self, x: Tensor, state: State, weights: Tensors) -> State:
        """The states after the step, each (B, n)."""
        return self.cell.step(x, state, Inside(dict(zip(self.names, weights, strict=True))))

    def backward(
        self, x: Tensor, state: State, weights: Tensors, probes: Tensors, d_after: Tensors, totals: Tensors
    ) -> tuple[Tensor, State, Tensors, Tensors, Tensors]:
        """The gradients of one step.

        Args:
            x: (B, gates * n). state: before the step, each (B, n). weights: by `names`.
            probes: zeros in the shape of each product.
            d_after: the gradients of the states after the step, each (B, n), which may come in several parts.
            totals: the gradients so far of the parameters that are looked up.

        Returns:
            the gradients of x, of the states, the totals with this step, the gradients of the products, and what the
            products read.
        """
        given = dict(zip(self.names, weights, strict=True))
        seen = tuple(given[name] for name in self.looked_up)
        after = lambda *parts: self._after(given, *parts)  # noqa: E731 - of all functions torch.compile follows this one
        found: Any = torch.func.vjp(after, x, state, seen, probes, has_aux=True)
        _, pull, read = found
        n = len(state)
        d_states = tuple(functools.reduce(torch.add, d_after[at::n]) for at in range(n))
        d_x, d_state, d_seen, d_products = pull(d_states)
        return d_x, d_state, tuple(map(torch.add, totals, d_seen)), d_products, read

    def _after(
        self, given: dict[str, Tensor], x: Tensor, state: State, seen: Tensors, probes: Tensors
    ) -> tuple[State, Tensors]:
        inside = Inside(given, dict(zip(self.looked_up, seen, strict=True)), probes)
        return self.cell.step(x, state, inside), tuple(inside.read)


def compiled(function: Function, *example: Any) -> Function:
    """The function with what it does element by element in few kernels, by `torch.compile`; itself where that fails.

    Args:
        function: of tensors.
        example: arguments with which it is tried.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            quick = torch.compile(function, fullgraph=True)
            quick(*example)
    except Exception as error:  # no Triton, no compiler of C, a step that cannot be traced: all of them are no matter
        LOG.info("torch.compile does not compile the step: %s", " ".join(str(error).split())[:200])
        return function
    return quick
