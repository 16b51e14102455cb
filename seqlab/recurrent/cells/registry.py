"""Cells by name: those of the package, and one's own."""

import re

import torch

from seqlab import cell_names
from seqlab.errors import ConfigError
from seqlab.recurrent.cells.cell import Cell, State, Weights
from seqlab.recurrent.cells.gru import gru, gru_reset_before
from seqlab.recurrent.cells.lstm import (
    fc_lstm,
    lstm,
    lstm_coupled,
    lstm_layer_norm,
    peephole,
    peephole_cell,
    peephole_cell_x,
    project_layer_norm,
)
from seqlab.recurrent.cells.minimal import min_gru, min_gru_parallel, min_lstm, min_lstm_parallel
from seqlab.recurrent.cells.simple import elman, elman_relu, jordan

_H, _HC = ("h",), ("h", "c")

CELLS: dict[str, Cell] = {
    "elman": Cell(elman, 1, _H, {"weight_hh": (1, 1)}, torch_kernel="rnn_tanh", fused_kernel="elman"),
    "elman-relu": Cell(elman_relu, 1, _H, {"weight_hh": (1, 1)}, torch_kernel="rnn_relu", fused_kernel="elman-relu"),
    "jordan": Cell(
        jordan, 1, ("y",), {"weight_yh": (1, 1), "weight_hy": (1, 1), "bias_y": (1,)}, fused_kernel="jordan"
    ),
    "lstm": Cell(lstm, 4, _HC, {"weight_hh": (4, 1)}, forget_gate=1, torch_kernel="lstm", fused_kernel="lstm"),
    "peephole": Cell(
        peephole, 4, _HC, {"weight_hh": (4, 1), "weight_ch": (3,)}, forget_gate=1, fused_kernel="peephole"
    ),
    "peephole-cell": Cell(
        peephole_cell, 4, _HC, {"weight_hh": (1, 1), "weight_ch": (3, 1)}, forget_gate=1, fused_kernel="peephole-cell"
    ),
    "peephole-cell-x": Cell(
        peephole_cell_x, 4, _HC, {"weight_ch": (3, 1)}, forget_gate=1, fused_kernel="peephole-cell-x"
    ),
    "fc-lstm": Cell(
        fc_lstm, 4, _HC, {"weight_hh": (4, 1), "weight_ch": (3, 1)}, forget_gate=1, fused_kernel="fc-lstm"
    ),
    "lstm-layer-norm": Cell(
        lstm_layer_norm, 4, _HC,
        {"weight_hh": (4, 1), "gain_ih": (4,), "gain_hh": (4,), "gain_c": (1,), "bias_c": (1,)},
        project=project_layer_norm, forget_gate=1, fused_kernel="lstm-layer-norm",
    ),
    "lstm-coupled": Cell(lstm_coupled, 3, _HC, {"weight_hh": (3, 1)}, fused_kernel="lstm-coupled"),
    "gru": Cell(gru, 3, _H, {"weight_hh": (3, 1), "bias_hn": (1,)}, torch_kernel="gru", fused_kernel="gru"),
    "gru-reset-before": Cell(gru_reset_before, 3, _H, {"weight_hh": (3, 1)}, fused_kernel="gru-reset-before"),
    "min-gru": Cell(min_gru, 2, _H, parallel=min_gru_parallel),
    "min-lstm": Cell(min_lstm, 3, _H, forget_gate=0, parallel=min_lstm_parallel),
}  # fmt: skip
"""Every cell by its name, the registered ones too."""


def register(name: str, cell: Cell) -> None:
    """Make a cell of one's own known by a name: to `Recurrent`, to `seqlab.train`, and to `seqlab.load`.

    The cell is tried before: on three random rows it has to return as many states as it names, each (B, n).

    Args:
        name: lower-case letters, digits and hyphens, beginning with a letter; not that of another cell.
        cell: its equation and its parameters.

    Raises:
        ConfigError: the name is taken or malformed, the parts of the cell do not fit one another, or a step fails.
    """
    if not re.fullmatch(r"[a-z][a-z0-9-]*", name):
        raise ConfigError(f"cell {name!r}: a name is lower-case letters, digits and hyphens, and begins with a letter")
    if name in cell_names.BUILT_IN:
        raise ConfigError(f"cell '{name}': a cell of the package has this name; choose another")
    if name in CELLS:
        raise ConfigError(f"cell '{name}': registered already; unregister it first, or choose another name")
    if fault := _fault(cell) or _fault_in_a_trial(cell):
        raise ConfigError(f"cell '{name}': {fault}")
    CELLS[name] = cell
    cell_names.KNOWN.append(name)


def unregister(name: str) -> None:
    """Forget a cell of one's own, so that the name is free again, as in a notebook that is run twice.

    Raises:
        ConfigError: no cell has been registered by that name.
    """
    if name in cell_names.BUILT_IN or name not in CELLS:
        raise ConfigError(f"cell '{name}': it has not been registered")
    del CELLS[name]
    cell_names.KNOWN.remove(name)


def _fault(cell: Cell) -> str | None:
    """What does not fit in the row itself."""
    if not isinstance(cell, Cell):
        return (
            f"a {type(cell).__name__} is no Cell; wrap the equation: Cell(step, gates=..., states=..., recurrent=...)"
        )
    if cell.gates < 1:
        return f"gates is {cell.gates}; it takes at least one block of weight_ih"
    if not cell.states or len(set(cell.states)) < len(cell.states):
        return f"states are {cell.states}; name each once, the output first"
    if cell.forget_gate is not None and not 0 <= cell.forget_gate < cell.gates:
        return f"forget_gate is {cell.forget_gate}, but the blocks of bias_ih are 0 to {cell.gates - 1}"
    for name, blocks in cell.recurrent.items():
        if not name.isidentifier() or name in ("weight_ih", "bias_ih"):
            return f"recurrent parameter '{name}': choose a Python name other than weight_ih and bias_ih"
        if not blocks or blocks[0] < 1 or blocks[1:] not in ((), (1,)):
            return (
                f"recurrent parameter '{name}' is {blocks}; write (4, 1) for a matrix (4n, n), (3,) for a vector (3n,)"
            )
    # A kernel that computes something else would be run in place of the step without a word.
    for kernel in ("torch_kernel", "fused_kernel"):
        if getattr(cell, kernel) is not None and not any(
            (row.step, row.recurrent) == (cell.step, cell.recurrent)
            and getattr(row, kernel) == getattr(cell, kernel)
            and (kernel == "fused_kernel" or row.project is cell.project)
            for row in CELLS.values()
        ):
            return f"{kernel} '{getattr(cell, kernel)}' computes another cell; leave it out"
    return None


@torch.no_grad()
def _fault_in_a_trial(cell: Cell) -> str | None:
    """What is wrong with the results for random rows."""
    batch, steps, d, n = 3, 4, 5, 2
    draw = torch.Generator().manual_seed(1)
    shapes = cell.parameter_shapes(d, n)
    weights = Weights({name: torch.randn(shape, generator=draw) for name, shape in shapes.items()})
    before = tuple(torch.randn(batch, n, generator=draw) for _ in cell.states)
    state, doing = before, "project"
    states: list[State] = []
    try:
        x = cell.project(torch.randn(batch, steps, d, generator=draw), weights)
        if x.shape != (wanted := (batch, steps, cell.gates * n)):
            return f"project returns {tuple(x.shape)}, not (B, T, gates * n), here {wanted}"
        doing = "the step"
        for now in x.unbind(1):
            given = now, *state
            kept = [part.clone() for part in given]
            state = cell.step(now, state, weights)
            if fault := _wrong_states(doing, state, cell, (batch, n)):
                return fault
            if not all(torch.equal(part, copy) for part, copy in zip(given, kept, strict=True)):
                return "the step writes into x or the state that it is given; return new tensors"
            states.append(state)
        masked = cell.step(x[:, 0], before, Weights(weights, mask=torch.zeros(batch, n)))
        if any(weight.dim() == 2 for name, weight in weights.items() if name != "weight_ih") and all(
            torch.equal(part, other) for part, other in zip(masked, states[0], strict=True)
        ):
            return (
                "the step multiplies a state without Weights.times, so that dropout of the recurrence would do nothing"
            )
        if cell.parallel is None:
            return None
        doing = "parallel"
        every = cell.parallel(x, before, weights)
        if fault := _wrong_states(doing, every, cell, (batch, steps, n)):
            return fault
        pairs = zip(every, zip(*states, strict=True), strict=True)
        if not all(torch.allclose(part, torch.stack(one, 1), rtol=1e-4, atol=1e-4) for part, one in pairs):
            return "parallel gives other states than the step"
    except Exception as error:  # the caller's own code: whatever it raises is told in one line
        return f"{doing} fails with {batch} rows and {n} units: {type(error).__name__}: {' '.join(str(error).split())}"
    return None


def _wrong_states(doing: str, states: State, cell: Cell, shape: tuple[int, ...]) -> str | None:
    wanted = f"the states {', '.join(cell.states)} as a tuple, each {shape} in float32"
    if not isinstance(states, tuple) or not all(isinstance(part, torch.Tensor) for part in states):
        return f"{doing} returns {type(states).__name__}, not {wanted}"
    found = [(tuple(part.shape), str(part.dtype).removeprefix("torch.")) for part in states]
    if found != [(shape, "float32")] * len(cell.states):
        return f"{doing} returns {', '.join(f'{size} {dtype}' for size, dtype in found) or 'nothing'}, not {wanted}"
    return None
