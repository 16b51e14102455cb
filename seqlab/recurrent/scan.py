"""Runs a cell over time: by the reference loop, a fused kernel, a parallel scan, a captured graph, or a kernel of
torch; and which of them.

Runners know nothing of lengths, since padding stands at the end of each row and cannot change what came before.
"""

from typing import Literal, NamedTuple, get_args

import torch
from torch import Tensor

from seqlab.errors import ConfigError, unknown
from seqlab.recurrent import fused, graph, torch_kernel
from seqlab.recurrent.cells import Cell, State, Weights
from seqlab.recurrent.dropout import Zoneout
from seqlab.recurrent.ragged import Ragged

Backend = Literal["auto", "fused", "torch", "reference"]
BACKENDS: tuple[Backend, ...] = get_args(Backend)

TORCH_IS_FASTER_ON_CPU = frozenset({"lstm"})
"""The kernels of torch that are faster on a CPU than the fused ones of this package, or as fast, as long as every row has
all steps and products are not in half precision (benchmarks/recurrent.py); of float16 they know
nothing on some CPUs. On a GPU all of them are."""


def check_backend(name: str, cell: Cell, backend: Backend, inside: str) -> None:
    """Refuse a backend that can never run a cell.

    Args:
        name: of the cell. cell: its row in `CELLS`.
        backend: what was asked for.
        inside: as `choose` takes it.

    Raises:
        ConfigError: an unknown backend, or one that has no kernel for this.
    """
    if backend not in BACKENDS:
        raise ConfigError(unknown("backend", backend, BACKENDS))
    kernels = {"torch": cell.torch_kernel, "fused": cell.fused_kernel}
    if backend in kernels and (inside or kernels[backend] is None):
        reason = f"it knows no {inside}" if inside else f"it has no kernel for {name}"
        raise ConfigError(f"backend {backend}: {reason}; use auto")


class Choice(NamedTuple):
    """What runs a layer."""

    runner: Literal["torch kernel", "fused kernel", "parallel scan", "captured graph", "reference loop"]
    why: str = ""
    """Why the loop runs a cell that has a faster way; empty where it has none, or where the loop was asked for."""

    def __str__(self) -> str:
        return f"{self.runner} ({self.why})" if self.why else self.runner


def choose(cell: Cell, backend: Backend, x: Tensor, *, one_hot: bool, inside: str, ragged: bool = False) -> Choice:
    """What runs a cell.

    Args:
        cell: the row of `CELLS`.
        backend: a name in `BACKENDS`.
        x: any tensor with the dtype and on the device of the layer.
        one_hot: the inputs are indices, which torch's kernels do not take.
        inside: what happens inside the recurrence that no kernel knows, such as "zoneout"; empty for nothing.
        ragged: some rows end before the last step.

    Raises:
        ValueError: the backend that was asked for cannot run this.
    """
    if backend == "reference":
        return Choice("reference loop")
    no_torch = inside or torch_kernel.missing(cell, one_hot)
    no_fused = inside or fused.available(cell, x)
    if backend != "auto":
        reason = no_torch if backend == "torch" else no_fused
        if reason:
            raise ValueError(f"backend {backend} cannot run this: {reason}; use auto")
        return Choice("torch kernel" if backend == "torch" else "fused kernel")
    if cell.parallel is not None and not inside:
        return Choice("parallel scan")
    on_cpu = cell.torch_kernel in TORCH_IS_FASTER_ON_CPU and not ragged and not torch.is_autocast_enabled("cpu")
    torch_first = x.is_cuda or on_cpu
    if not no_torch and (torch_first or no_fused):
        return Choice("torch kernel")
    if not no_fused:
        return Choice("fused kernel")
    no_graph = inside or graph.available(cell, x)
    if not no_graph:
        return Choice("captured graph")
    if x.is_cuda:
        return Choice("reference loop", no_graph)
    has_faster = cell.parallel or cell.torch_kernel or cell.fused_kernel
    return Choice("reference loop", str(no_fused if cell.fused_kernel else no_torch) if has_faster else "")


def run(
    cell: Cell,
    choice: Choice,
    inputs: Tensor,
    state: State,
    weights: Weights,
    rows: Ragged | None = None,
    zoneout: Zoneout | None = None,
) -> tuple[Tensor, State]:
    """One layer in one direction.

    Args:
        cell: the row of `CELLS`.
        choice: what runs it.
        inputs: (B, T, D) real or (B, T) integer, as `seqlab.recurrent.cells.project` takes them.
        state: before the first step, each (B, n).
        weights: the layer's parameters.
        rows: how many steps of each row are its own; all where None.
        zoneout: what holds the state back; the reference loop alone knows it.

    Returns:
        outputs (B, T, n), which are anything after a row's own end; and the state of each row at its own end, each (B, n).
    """
    if choice.runner == "torch kernel":
        return torch_kernel.run(cell, inputs, state, weights, rows)
    # Under autocast products may come in half precision; the state, and what is done with it element by element, do not.
    precision = state[0].dtype
    inputs = inputs.to(precision) if inputs.is_floating_point() else inputs
    if choice.runner == "fused kernel":
        states = fused.run(cell, inputs, state, weights)
    elif choice.runner == "parallel scan":
        assert cell.parallel is not None
        states = cell.parallel(cell.project(inputs, weights).to(precision), state, weights)
    elif choice.runner == "captured graph":
        states = graph.run(cell, cell.project(inputs, weights).to(precision), state, weights)
    else:
        states = reference(cell, cell.project(inputs, weights).to(precision), state, weights, zoneout)
    return states[0], tuple(part[:, -1] for part in states) if rows is None else rows.at_ends(states, state)


def reference(cell: Cell, x: Tensor, state: State, weights: Weights, zoneout: Zoneout | None = None) -> State:
    """The equations, a step at a time. Any dtype and device; derivatives of any order.

    Args:
        cell: the row of `CELLS`.
        x: (B, T, gates * n), the projected inputs.
        state: the state before the first step, each (B, n).
        weights: the layer's parameters.
        zoneout: what holds the state back after each step; None for nothing.

    Returns:
        the states after every step, each (B, T, n); the first is the output.
    """
    steps = []
    for now in x.unbind(1):
        after = cell.step(now, state, weights)
        state = after if zoneout is None else zoneout(state, after)
        steps.append(state)
    return tuple(torch.stack(parts, 1) for parts in zip(*steps, strict=True))
