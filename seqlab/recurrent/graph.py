"""Runs any cell on a GPU by captured graphs: many time steps for one launch, forward and backward.

A loop over the equations launches dozens of small kernels a step, and the GPU waits for Python between them. Here the
steps of a stretch of time are captured once as a CUDA graph and then replayed, stretch after stretch. The whole sequence
is one operation of autograd. It keeps the states after every step, which are its outputs, and nothing else: from the
state before it each step is computed once more in the backward pass and differentiated there. The gradients of the
recurrent matrices are one product a stretch.

A graph reads and writes the same memory each time. What goes in is copied there, and what comes out is copied from there
before the next replay, so that layers, directions and calls may share a graph in any order.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor

from seqlab.recurrent.cells import Cell, State, Weights
from seqlab.recurrent.graph_step import Inside, Step, Tensors, compiled

LOG = logging.getLogger("seqlab.recurrent")

CHUNK = 64
"""Time steps of the longest graph. What is left over is run by graphs of 32, 16, 8, 4, 2 and 1."""
KEPT = 8
"""For how many combinations of cell, shapes, type and stream graphs are kept; the one not used for longest goes first."""

Work = Callable[[], Tensors]
"""Reads tensors that stay where they are; returns new ones."""


def available(cell: Cell, x: Tensor) -> str | None:
    """None where a captured graph can run the cell on tensors like x; otherwise the reason in a few words."""
    if not x.is_cuda:
        return f"graphs are captured on a GPU, not on {x.device.type}"
    if torch.compiler.is_compiling():
        return "torch.compile is at work"
    if torch.cuda.is_available() and torch.cuda.is_current_stream_capturing():
        return "another graph is being captured"
    return None


def run(cell: Cell, x: Tensor, state: State, weights: Weights, chunk: int = CHUNK) -> State:
    """The states after every step, each (B, T, n), the first of them the outputs.

    A cell whose step cannot be captured, since it draws random numbers or looks at values, runs in the reference loop,
    and a line in the log says so. On a CPU the same is done with plain calls in place of graphs, which is of use to
    tests alone.

    Args:
        cell: its step has to compute each row of the batch the same way at every time step.
        x: (B, T, gates * n), the projected inputs.
        state: before the first step, each (B, n).
        weights: the layer's parameters, without a mask.
        chunk: time steps of the longest graph.
    """
    given = dict(weights)
    if torch.is_autocast_enabled(x.device.type):
        # As autocast does it, but once for all steps: products read half precision.
        half = torch.get_autocast_dtype(x.device.type)
        halved = (name for name, weight in given.items() if weight.dim() == 2 and weight.dtype == torch.float32)
        given |= {name: given[name].to(half) for name in halved}
    differentiated = torch.is_grad_enabled() and any(part.requires_grad for part in (x, *state, *given.values()))
    with _LOCK:
        plan = _plan(cell, x, state, given, differentiated, [length for _, length in _stretches(x.shape[1], chunk)])
    if plan is None:
        from seqlab.recurrent.scan import reference

        return reference(cell, x, state, weights)
    taken = (x, *state, *(given[name] for name in plan.names))
    states: State = _Sequence.apply(plan, chunk, *taken)  # type: ignore[no-untyped-call]
    return states


# --- what is captured


class _Captured(NamedTuple):
    """A function whose arguments and results always lie in the same place."""

    inputs: Tensors
    replay: Callable[[], None]
    outputs: Tensors

    def __call__(self, *values: Tensor) -> Tensors:
        """The results, which the next call overwrites."""
        for place, value in zip(self.inputs, values, strict=True):
            place.copy_(value)
        self.replay()
        return self.outputs


class _Plan:
    """The graphs of one cell for one shape of its tensors. Time comes first inside of them.

    Args:
        cell: the row of `CELLS`.
        x: (B, T, gates * n) with any T.
        state: before the first step, each (B, n).
        weights: the parameters.
        differentiated: gradients will be asked for.

    Raises:
        ValueError: the step draws random numbers.
    """

    def __init__(self, cell: Cell, x: Tensor, state: State, weights: dict[str, Tensor], differentiated: bool):
        self.cell, self.differentiated = cell, differentiated
        drawn, inside = _random_state(x), Inside(weights)
        cell.step(x[:, 0], state, inside)
        if not torch.equal(drawn, _random_state(x)):
            raise ValueError("its step draws random numbers")
        read = inside.looked_up | {name for name, _ in inside.products}
        self.names = tuple(name for name in weights if name in read)
        self.products = tuple(inside.products)
        step = Step(cell, self.names, tuple(name for name in self.names if name in inside.looked_up))
        self._plain, self._looked_up = step, step.looked_up
        self._x, self._state = _place(x[:, 0]), tuple(map(_place, state))
        self._weights = tuple(_place(weights[name]) for name in self.names)
        self._probes = tuple(torch.zeros_like(part) for part in inside.written)
        self._forward, self._backward = step.forward, step.backward
        if differentiated and x.is_cuda:  # compiling takes seconds, which pay in training alone
            example, totals = (
                (self._x, self._state, self._weights),
                tuple(_place(weights[name]) for name in self._looked_up),
            )
            self._forward = compiled(step.forward, *example)
            self._backward = compiled(step.backward, *example, self._probes, (*self._state, *self._state), totals)
        self._there: dict[int, _Captured] = {}
        self._back: dict[int, _Captured] = {}

    def prepare(self, lengths: Sequence[int]) -> None:
        """Capture what is missing. All is captured before the first replay; the backward pass only replays."""
        for length in dict.fromkeys(lengths):
            try:
                self._capture(length)
            except Exception:
                if self._forward == self._plain.forward and self._backward == self._plain.backward:
                    raise
                # Compiled for one step, but not for the next one, whose states may lie otherwise in memory.
                self._forward, self._backward = self._plain.forward, self._plain.backward
                self._capture(length)

    def _capture(self, length: int) -> None:
        if length not in self._there:
            self._there[length] = self._capture_forward(length)
        if self.differentiated and length not in self._back:
            self._back[length] = self._capture_backward(length)

    def _capture_forward(self, length: int) -> _Captured:
        x, before = _place(self._x, length), tuple(map(_place, self._state))

        def work() -> Tensors:
            state, steps = before, []
            for now in x.unbind():
                state = self._forward(now, state, self._weights)
                steps.append(state)
            return tuple(torch.stack(parts) for parts in zip(*steps, strict=True))

        return _captured((x, *before), work)

    def _capture_backward(self, length: int) -> _Captured:
        x = _place(self._x, length)
        before, d_states = (tuple(_place(part, length) for part in self._state) for _ in range(2))
        d_end = tuple(map(_place, self._state))

        def work() -> Tensors:
            of = dict(zip(self.names, map(torch.zeros_like, self._weights), strict=True))
            totals, d_after, steps = tuple(of[name] for name in self._looked_up), d_end, []
            for at in reversed(range(length)):
                now, state, d_own = x[at], tuple(part[at] for part in before), tuple(part[at] for part in d_states)
                d_x, d_after, totals, d_products, read = self._backward(
                    now, state, self._weights, self._probes, (*d_own, *d_after), totals
                )
                steps.append((d_x, d_products, read))
            of |= zip(self._looked_up, totals, strict=True)
            every_d_x, every_d_product, every_read = zip(*steps, strict=True)
            for at, (name, rows) in enumerate(self.products):
                d_product = torch.cat([step[at] for step in every_d_product])
                of[name][rows] += d_product.T @ torch.cat([step[at] for step in every_read])
            return torch.stack(every_d_x[::-1]), *d_after, *(of[name] for name in self.names)

        return _captured((x, *before, *d_states, *d_end), work)

    def forward(self, x: Tensor, state: State, weights: Tensors, chunk: int) -> State:
        """The states after every step, each (B, T, n)."""
        self._load(weights)
        states = tuple(part.new_empty(*x.shape[:2], part.shape[1]) for part in state)
        for start, length in _stretches(x.shape[1], chunk):
            parts = self._there[length](_stretch(x, start, length), *state)
            for every, part in zip(states, parts, strict=True):
                _stretch(every, start, length).copy_(part)
            state = tuple(part[-1] for part in parts)
        return states

    def backward(
        self, x: Tensor, state: State, weights: Tensors, states: State, d_states: Tensors, chunk: int
    ) -> Tensors:
        """The gradients of x, of the states before the first step, and of the weights."""
        self._load(weights)
        n = len(state)
        before = tuple(
            torch.cat((first.unsqueeze(1), every[:, :-1]), 1) for first, every in zip(state, states, strict=True)
        )
        d_x, d_weights = torch.empty_like(x), tuple(map(torch.zeros_like, weights))
        d_state = tuple(map(torch.zeros_like, state))
        for start, length in reversed([*_stretches(x.shape[1], chunk)]):
            parts = (_stretch(part, start, length) for part in (x, *before, *d_states))
            d_some, *rest = self._back[length](*parts, *d_state)
            _stretch(d_x, start, length).copy_(d_some)
            d_state = tuple(part.clone() for part in rest[:n])
            for total, part in zip(d_weights, rest[n:], strict=True):
                total.add_(part)
        return d_x, *d_state, *d_weights

    def _load(self, weights: Tensors) -> None:
        for place, weight in zip(self._weights, weights, strict=True):
            place.copy_(weight)


class _Sequence(torch.autograd.Function):
    """A layer in one direction."""

    @staticmethod
    def forward(ctx: Any, plan: _Plan, chunk: int, x: Tensor, *rest: Tensor) -> State:
        """The states after every step."""
        n = len(plan.cell.states)
        with _LOCK, _apart(x):
            states = plan.forward(x, rest[:n], rest[n:], chunk)
        ctx.plan, ctx.chunk = plan, chunk
        ctx.save_for_backward(x, *rest, *states)
        return states

    @staticmethod
    def backward(ctx: Any, *d_states: Tensor) -> tuple[Tensor | None, ...]:
        """The gradients of x, of the states before the first step and of the parameters that the step reads."""
        plan, n = ctx.plan, len(ctx.plan.cell.states)
        x, *others = ctx.saved_tensors
        state, weights, states = tuple(others[:n]), tuple(others[n:-n]), tuple(others[-n:])
        if torch.is_grad_enabled():  # create_graph: someone wants to differentiate once more
            return None, None, *_through_the_equations(plan, (x, *state, *weights), d_states)
        with _LOCK, _apart(x):
            return None, None, *plan.backward(x, state, weights, states, d_states, ctx.chunk)


def _through_the_equations(plan: _Plan, taken: Tensors, d_states: Tensors) -> Iterator[Tensor | None]:
    from seqlab.recurrent.scan import reference

    # Views, since what is taken may depend on one another, as a carried state does on the same weights: the derivative
    # with respect to a view is that of its own part alone.
    taken = tuple(part.view_as(part) for part in taken)
    x, n = taken[0], len(plan.cell.states)
    inside = Inside(dict(zip(plan.names, taken[1 + n :], strict=True)))
    states = reference(plan.cell, x, taken[1 : 1 + n], inside)
    wanted = [part for part in taken if part.requires_grad]
    found = iter(torch.autograd.grad(states, wanted, d_states, create_graph=True, allow_unused=True))
    return (next(found) if part.requires_grad else None for part in taken)


@contextmanager
def _apart(x: Tensor) -> Iterator[None]:
    """Leaves the modes of the caller, which the memory of a graph outlives."""
    with torch.inference_mode(False), torch.no_grad(), torch.autocast(x.device.type, enabled=False):
        yield


def _captured(inputs: Tensors, work: Work) -> _Captured:
    """What replays `work`, which reads `inputs`."""
    if not inputs[0].is_cuda:
        outputs = tuple(part.clone() for part in work())

        def again() -> None:
            for place, value in zip(outputs, work(), strict=True):
                place.copy_(value)

        return _Captured(inputs, again, outputs)
    here, aside = torch.cuda.current_stream(), torch.cuda.Stream()  # type: ignore[no-untyped-call]
    aside.wait_stream(here)
    graph = torch.cuda.CUDAGraph()
    # The stream is set here and not only by torch.cuda.graph, which leaves its own behind where a capture fails.
    with torch.cuda.stream(aside):
        work()  # libraries set themselves up in their first call, which must not be captured
        # Other threads, as one that pins memory for a loader, may go on meanwhile.
        with torch.cuda.graph(graph, stream=aside, capture_error_mode="thread_local"):
            outputs = work()
    here.wait_stream(aside)
    return _Captured(inputs, graph.replay, outputs)


def _place(like: Tensor, *longer: int) -> Tensor:
    """Zeros of the shape of `like`, and an axis before it where it is told how long."""
    return like.new_zeros((*longer, *like.shape))


def _stretch(values: Tensor, start: int, length: int) -> Tensor:
    """A view of (B, T, n) with time first, (length, B, n)."""
    return values[:, start : start + length].transpose(0, 1)


def _stretches(n_steps: int, longest: int) -> Iterator[tuple[int, int]]:
    """Cuts time into few different lengths: (start, length) of each stretch."""
    start = 0
    while start < n_steps:
        length = min(longest, 1 << ((n_steps - start).bit_length() - 1))
        yield start, length
        start += length


def _random_state(like: Tensor) -> Tensor:
    return torch.cuda.get_rng_state(like.device) if like.is_cuda else torch.get_rng_state()


# --- which of them there are

_PLANS: OrderedDict[tuple[Any, ...], tuple[Cell, _Plan | None]] = OrderedDict()
"""None: cannot be captured. The cell is kept too, so that no other gets its id."""
_LOCK = threading.RLock()
"""Held while the memory of a graph is in use; calls of several threads take turns."""


def _plan(
    cell: Cell, x: Tensor, state: State, weights: dict[str, Tensor], differentiated: bool, lengths: Sequence[int]
) -> _Plan | None:
    """The graphs for this, with all lengths captured; None where the step cannot be captured."""
    # The order of two streams is not known, so each has graphs of its own.
    stream = torch.cuda.current_stream(x.device).cuda_stream if x.is_cuda else 0
    shapes = tuple((name, tuple(weight.shape), weight.dtype) for name, weight in weights.items())
    sizes = tuple((tuple(part.shape), part.dtype) for part in (x[:, 0], *state))
    key = (id(cell), x.device, stream, sizes, shapes, differentiated)
    known = _PLANS.get(key)
    plan = known[1] if known else None
    if known and plan is None:
        return None
    try:
        with _apart(x), torch.cuda.device(x.device if x.is_cuda else -1):
            if plan is None:
                while len(_PLANS) >= KEPT:
                    _PLANS.popitem(last=False)
                plan = _Plan(cell, x, state, weights, differentiated)
            plan.prepare(lengths)
    except Exception as error:  # a cell of one's own may do anything; if it is wrong, the loop raises the same
        reason = " ".join(str(error).split())[:200]
        LOG.warning("the step of a cell is not captured and runs in the reference loop, which is slow: %s", reason)
        plan = None
    _PLANS[key] = (cell, plan)
    _PLANS.move_to_end(key)
    return plan
