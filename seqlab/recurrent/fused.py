"""Runs a cell over time by a fused kernel: one operation of autograd for all time steps.

The inputs of all steps are projected by one product. The recurrent product of each step and the pointwise part after it
are one compiled loop, forward and backward; there is no graph of steps. The gradients of all weights are one product
after the backward loop.
"""

import itertools
import logging
import threading
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

from seqlab.recurrent import cells
from seqlab.recurrent.cells import Cell, State, Weights

LOG = logging.getLogger("seqlab.recurrent")
DTYPES = (torch.float32, torch.float64)


@cache
def _no_numba() -> str | None:
    return None if find_spec("numba") else "numba is not installed"


def available(cell: Cell, x: Tensor) -> str | None:
    """None where a fused kernel can run the cell on tensors like x; otherwise the reason in a few words."""
    return "no fused kernel for this cell" if cell.fused_kernel is None else takes(x)


def takes(x: Tensor) -> str | None:
    """None where compiled code takes tensors like x; otherwise the reason in a few words."""
    if x.device.type != "cpu":
        return f"fused kernels run on the CPU, not on {x.device.type}"
    if x.dtype not in DTYPES:
        return f"fused kernels take float32 and float64, not {str(x.dtype).removeprefix('torch.')}"
    if _no_numba():
        return _no_numba()
    return "the processor does not multiply bfloat16" if in_half() and not _multiplies_bfloat16() else None


def in_half() -> bool:
    """Whether products are to be taken in bfloat16: inside `torch.autocast("cpu", torch.bfloat16)`."""
    return torch.is_autocast_enabled("cpu") and torch.get_autocast_dtype("cpu") == torch.bfloat16


def _multiplies_bfloat16() -> bool:
    from seqlab.recurrent.kernels.tile import HAS_BFLOAT16

    return HAS_BFLOAT16


def run(cell: Cell, inputs: Tensor, state: State, weights: Weights) -> State:
    """The states after every step, each (B, T, n), the first of them the outputs.

    Args:
        cell: a cell for which `available` gives None.
        inputs: (B, T, D) real or (B, T) integer, as `seqlab.recurrent.cells.project` takes them.
        state: before the first step, each (B, n).
        weights: the layer's parameters.
    """
    if torch.compiler.is_compiling():  # it would trace numba
        aside: Callable[..., State] = torch.compiler.disable(_run)  # type: ignore[no-untyped-call]
        return aside(cell, inputs, state, weights)
    return _run(cell, inputs, state, weights)


def _run(cell: Cell, inputs: Tensor, state: State, weights: Weights) -> State:
    names = list(cell.recurrent)
    if cell.project is cells.project and inputs.is_floating_point():
        names += ["weight_ih", "bias_ih"]
    else:
        inputs = cell.project(inputs, weights).to(state[0].dtype)
    half = in_half() and inputs.dtype == torch.float32
    _prepare(cell, half, inputs.dtype, projects="weight_ih" in names)
    states: State = _Recurrence.apply(cell, half, inputs, *state, *(weights[name] for name in names))  # type: ignore[no-untyped-call]
    return states


_PREPARED = set[tuple[str | None, bool, torch.dtype, bool]]()
PATIENCE = 3.0
"""Seconds after which a user is told what takes so long."""


def _prepare(cell: Cell, half: bool, dtype: torch.dtype, projects: bool) -> None:
    """Run a kernel on a few numbers, there and back, when it is first wanted: on a machine that has not seen it, it is
    compiled by that, and whoever waits learns why."""
    key = (cell.fused_kernel, half, dtype, projects)
    if key in _PREPARED:
        return
    message = "compiling the fused kernel of %s: once on a machine, up to half a minute"
    notice = threading.Timer(PATIENCE, LOG.warning, (message, cell.fused_kernel))
    notice.daemon = True
    notice.start()
    try:
        with torch.device("cpu"), torch.inference_mode(False), torch.enable_grad(), _kept_as_it_is():
            _run_once(cell, half, dtype, projects)
    finally:
        notice.cancel()
    _PREPARED.add(key)


def _kept_as_it_is() -> saved_tensors_hooks:
    """Hides what autograd keeps from a caller that counts or moves it, as `torch.utils.checkpoint` does."""
    return saved_tensors_hooks(lambda kept: kept, lambda kept: kept)


def _run_once(cell: Cell, half: bool, dtype: torch.dtype, projects: bool) -> None:
    shapes = cell.parameter_shapes(1, 1)
    names = [*cell.recurrent, *(("weight_ih", "bias_ih") if projects else ())]
    weights = [torch.zeros(shapes[name], dtype=dtype, requires_grad=True) for name in names]
    state = [torch.zeros(2, 1, dtype=dtype) for _ in cell.states]
    inputs = torch.zeros(2, 2, 1 if projects else cell.gates, dtype=dtype, requires_grad=True)
    states = _Recurrence.apply(cell, half, inputs, *state, *weights)  # type: ignore[no-untyped-call]
    torch.autograd.grad(sum(part.sum() for part in states), inputs)


class _Recurrence(torch.autograd.Function):
    """A layer in one direction. With `weight_ih` and `bias_ih` among the weights it projects the inputs itself."""

    @staticmethod
    def forward(ctx: Any, cell: Cell, half: bool, inputs: Tensor, *rest: Tensor) -> State:
        """The states after every step."""
        from seqlab.recurrent.kernels import KERNELS

        read, state, weights = _parts(cell, [part.detach().contiguous().numpy() for part in (inputs, *rest)])
        x = _projected(read, weights, half) if "weight_ih" in weights else read.copy()  # the kernel writes over it
        states, on_the_way = KERNELS[str(cell.fused_kernel)].forward(x, state, _as_products_read(weights, half))
        given = tuple(torch.from_numpy(part) for part in states)
        ctx.cell, ctx.half, ctx.counts = cell, half, (1 + len(rest), len(given))
        # Whoever writes into one of these is told so by torch, and they are gone once the way back is done.
        ctx.save_for_backward(inputs, *rest, *given, *(torch.from_numpy(part) for part in on_the_way))
        ctx.set_materialize_grads(False)
        return given

    @staticmethod
    def backward(ctx: Any, *d_states: Tensor | None) -> tuple[Tensor | None, ...]:
        """The derivative with respect to inputs, state and weights."""
        from seqlab.recurrent.kernels import KERNELS

        saved, (n_taken, n_states), cell = iter(ctx.saved_tensors), ctx.counts, ctx.cell
        taken, states = tuple(itertools.islice(saved, n_taken)), tuple(itertools.islice(saved, n_states))
        if torch.is_grad_enabled():  # create_graph: someone wants to differentiate once more
            return None, None, *_through_the_equations(cell, taken, d_states)
        read, state, weights = _parts(cell, [part.detach().contiguous().numpy() for part in taken])
        above = tuple(None if part is None else part.contiguous().numpy() for part in d_states)
        after = tuple(part.detach().numpy() for part in states)
        reads, on_the_way = _as_products_read(weights, ctx.half), tuple(part.numpy() for part in saved)
        d = KERNELS[str(cell.fused_kernel)].backward(above, state, reads, after, on_the_way)
        projects = "weight_ih" in weights
        d_weights = _of_weights(d, read if projects else None, ctx.half)
        d_inputs = _of_inputs(d.x, weights, ctx.half) if projects and ctx.needs_input_grad[2] else d.x
        arrays = (d_inputs, *d.state, *(d_weights.get(name) for name in weights))
        needed = zip(arrays, taken, ctx.needs_input_grad[2:], strict=True)
        return (
            None,
            None,
            *(
                torch.from_numpy(part).reshape(like.shape) if wanted and part is not None else None
                for part, like, wanted in needed
            ),
        )


def _as_products_read(weights: dict[str, Any], half: bool) -> dict[str, Any]:
    """The weights with every recurrent matrix as bfloat16, where products are taken in half precision."""
    from seqlab.recurrent.kernels.half import bits

    return {name: bits(part) if half and part.ndim == 2 else part for name, part in weights.items()}


def _projected(read: Any, weights: dict[str, Any], half: bool) -> Any:
    """(B, T, gates * n) from inputs (B, T, D)."""
    from seqlab.recurrent.kernels import half as in_bfloat16
    from seqlab.recurrent.kernels.product import pack, product

    weight, bias = weights["weight_ih"], weights["bias_ih"]
    if half:
        x = in_bfloat16.product(_flat(read), weight.T, bias)
    else:
        x = product(_flat(read), pack(weight, transposed=True), bias)
    return x.reshape(*read.shape[:2], -1)


def _of_inputs(d_x: Any, weights: dict[str, Any], half: bool) -> Any:
    """The derivative with respect to the inputs, (B * T, D)."""
    from seqlab.recurrent.kernels import half as in_bfloat16
    from seqlab.recurrent.kernels.product import pack, product

    weight = weights["weight_ih"]
    if half:
        return in_bfloat16.product(_flat(d_x), weight)
    return product(_flat(d_x), pack(weight), np.zeros(weight.shape[1], weight.dtype))


def _parts(cell: Cell, taken: Any) -> tuple[Any, Any, Any]:
    """(inputs, state, weights by name) from the arguments in a row."""
    n_states, names = len(cell.states), [*cell.recurrent, "weight_ih", "bias_ih"]
    inside = taken[1 + n_states :]
    return taken[0], tuple(taken[1 : 1 + n_states]), dict(zip(names, inside, strict=False))


def _of_weights(derivative: Any, inputs: Any, half: bool) -> dict[str, Any]:
    """The gradients of the weights by name; `inputs` (B, T, D) are what `weight_ih` read, None where it is not ours.

    Products that came out at the same place share one pass over it.
    """
    from seqlab.recurrent.kernels import half as in_bfloat16
    from seqlab.recurrent.kernels import product as in_full
    from seqlab.recurrent.kernels.kernel import Product

    found, wanted = dict(derivative.vectors), dict(derivative.products)
    if inputs is not None:
        wanted["weight_ih"] = (Product(derivative.x, inputs, (slice(0, derivative.x.shape[2]),), "bias_ih"),)
    by_place: dict[int, list[Any]] = {}
    for part in itertools.chain.from_iterable(wanted.values()):
        by_place.setdefault(id(part.d), []).append(part)
    of_product: dict[int, Any] = {}
    for products in by_place.values():
        out = products[0].d
        of_each, total = (in_bfloat16 if half else in_full).gradients(
            _flat(out), [(_flat(product.read), product.columns) for product in products]
        )
        of_product.update(zip(map(id, products), of_each, strict=True))
        found.update({product.bias: total for product in products if product.bias})
    for name, products in wanted.items():
        parts = [of_product[id(product)] for product in products]
        found[name] = parts[0] if len(parts) == 1 else np.concatenate(parts)
    return found


def _flat(array: Any) -> Any:
    """(B, T, n) as (B * T, n)."""
    return array.reshape(-1, array.shape[-1])


def _through_the_equations(cell: Cell, taken: tuple[Tensor, ...], d_states: tuple[Tensor | None, ...]) -> Any:
    from seqlab.recurrent.scan import reference

    if all(part is None for part in d_states):  # what stands above has no derivative
        return (None for _ in taken)
    # Views, since what is taken may depend on one another, as a carried state does on the same weights: the derivative
    # with respect to a view is that of its own part alone.
    taken = tuple(part.view_as(part) for part in taken)
    inputs, state, weights = _parts(cell, taken)
    x = cells.project(inputs, weights) if "weight_ih" in weights else inputs
    states = reference(cell, x, state, Weights(weights))
    reached = [(part, d) for part, d in zip(states, d_states, strict=True) if d is not None]
    outputs, d_outputs = zip(*reached, strict=True)
    wanted = [part for part in taken if part.requires_grad]
    found = iter(torch.autograd.grad(outputs, wanted, d_outputs, create_graph=True, allow_unused=True))
    return tuple(next(found) if part.requires_grad else None for part in taken)
