"""Captured graphs give what the reference loop gives. Without a GPU plain calls stand in for the graphs, and all else is
the same: the places where tensors lie, the stretches of time, the gradients."""

import logging

import pytest
import torch
from torch.nn import functional as F

from seqlab.recurrent import CELLS, Cell, Recurrent, Weights, graph
from seqlab.recurrent.ragged import Ragged
from seqlab.recurrent.scan import Choice, choose, reference
from seqlab.recurrent.scan import run as run_layer

B, D, H = 3, 5, 4
CHUNK = 8
gpu = pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU"))
each_device = pytest.mark.parametrize("device", ["cpu", gpu])


@pytest.fixture(autouse=True)
def _nothing_kept():
    graph._PLANS.clear()
    yield
    graph._PLANS.clear()


def random_case(row, n_steps, device="cpu", dtype=torch.float64, seed=1):
    """(cell, projected inputs, state, weights) and what each state is weighted with in the loss."""
    draw = torch.Generator().manual_seed(seed)
    randn = lambda *shape: torch.randn(shape, generator=draw, dtype=torch.float64).to(device, dtype)  # noqa: E731
    weights = {name: 0.5 * randn(*shape) for name, shape in row.parameter_shapes(D, H).items()}
    x = row.project(randn(B, n_steps, D), Weights(weights))
    return (row, x, tuple(randn(B, H) for _ in row.states), weights), [randn(B, n_steps, H) for _ in row.states]


def captured(row, x, state, weights, chunk=CHUNK):
    states = graph.run(row, x, state, weights, chunk)
    assert any(plan for _, plan in graph._PLANS.values()), "the loop ran"
    return states


def leaves(case):
    row, x, state, weights = case
    fresh = lambda part: part.clone().requires_grad_()  # noqa: E731
    return row, fresh(x), tuple(map(fresh, state)), {name: fresh(weight) for name, weight in weights.items()}


def values_and_gradients(run, case, cotangents, times=1):
    row, x, state, weights = leaves(case)
    runs = [run(row, x, state, Weights(weights)) for _ in range(times)]
    loss = sum((part * by).sum() for states in runs for part, by in zip(states, cotangents, strict=True))
    wanted = [x, *state, *weights.values()]
    return runs[0], torch.autograd.grad(loss, wanted, allow_unused=True, materialize_grads=True)


def assert_equal(got, wanted, tolerances=(1e-12, 1e-10)):
    for atol, ours, theirs in zip(tolerances, got, wanted, strict=True):
        for value, expected in zip(ours, theirs, strict=True):
            torch.testing.assert_close(value, expected, rtol=0, atol=atol)


@each_device
@pytest.mark.parametrize("n_steps", [1, 3, 8, 9, 21])
@pytest.mark.parametrize("cell", CELLS)
def test_equals_the_loop(cell, n_steps, device):
    case, cotangents = random_case(CELLS[cell], n_steps, device)
    wanted = values_and_gradients(reference, case, cotangents)
    assert sum(gradient.abs().max() > 1e-3 for gradient in wanted[1]) >= 2
    assert_equal(values_and_gradients(captured, case, cotangents), wanted)


@each_device
@pytest.mark.parametrize("n_steps", [64, 65, 130])
def test_equals_the_loop_in_stretches_of_the_length_that_is_used(n_steps, device):
    case, cotangents = random_case(CELLS["peephole"], n_steps, device)
    run = lambda *case: captured(*case, chunk=graph.CHUNK)  # noqa: E731
    assert_equal(values_and_gradients(run, case, cotangents), values_and_gradients(reference, case, cotangents))


@each_device
def test_in_single_precision(device):
    """1e-5: about a hundred roundings of 1e-7 in the sums over 21 steps and 4 units."""
    case, cotangents = random_case(CELLS["peephole"], 21, device, torch.float32)
    got, wanted = (values_and_gradients(run, case, cotangents) for run in (captured, reference))
    assert_equal(got, wanted, tolerances=(1e-5, 1e-4))


@pytest.mark.parametrize(
    ("n_steps", "longest", "lengths"),
    [(0, 8, []), (1, 8, [1]), (8, 8, [8]), (23, 8, [8, 8, 4, 2, 1]), (7, 5, [4, 2, 1])],
)
def test_stretches_follow_one_another_and_have_few_lengths(n_steps, longest, lengths):
    found = list(graph._stretches(n_steps, longest))
    assert [length for _, length in found] == lengths
    assert [start for start, _ in found] == [sum(lengths[:at]) for at in range(len(lengths))]


@each_device
@pytest.mark.parametrize("cell", ["peephole", "jordan", "gru-reset-before", "lstm-layer-norm"])
def test_several_calls_before_the_first_gradient(cell, device):
    """A replay overwrites what the one before has left, so nothing of it may be needed any more."""
    case, cotangents = random_case(CELLS[cell], 11, device)
    outputs = {}
    for run in (captured, reference):
        row, x, state, weights = leaves(case)
        first = run(row, x, state, Weights(weights))
        kept = [part.detach().clone() for part in first]
        second = run(row, x.flip(1), tuple(part[:, -1] for part in first), Weights(weights))
        with torch.no_grad():
            run(row, 2 * x, state, Weights(weights))
        assert all(torch.equal(part, then) for part, then in zip(first, kept, strict=True))
        loss = sum((part * by).sum() for part, by in zip((*first, *second), cotangents * 2, strict=True))
        read = [x, *state, *(weights[name] for name in row.recurrent)]
        outputs[run] = (*first, *second), torch.autograd.grad(loss, read, materialize_grads=True, allow_unused=True)
    assert_equal(outputs[captured], outputs[reference])


@each_device
def test_weights_that_change_between_calls(device):
    (row, x, state, weights), _ = random_case(CELLS["peephole"], 5, device)
    for _ in range(3):
        for got, wanted in zip(*(run(row, x, state, Weights(weights)) for run in (captured, reference)), strict=True):
            torch.testing.assert_close(got, wanted, rtol=0, atol=1e-12)
        for weight in weights.values():
            weight.mul_(-0.7)
    assert len(graph._PLANS) == 1


@each_device
@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_without_gradients_and_then_with_them(mode, device):
    case, cotangents = random_case(CELLS["lstm-coupled"], 11, device)
    wanted = values_and_gradients(reference, case, cotangents)
    with mode():
        states = captured(*case)
        assert_equal((states,), wanted[:1], tolerances=(1e-12,))
    (((_, plan)),) = graph._PLANS.values()
    assert not plan._back
    assert_equal(values_and_gradients(captured, case, cotangents, times=1), wanted)


@each_device
def test_only_what_is_asked_for_has_a_gradient(device):
    row, x, state, weights = random_case(CELLS["peephole"], 5, device)[0]
    weights["weight_ch"].requires_grad_()
    (found,) = torch.autograd.grad(captured(row, x, state, Weights(weights))[0].sum(), weights["weight_ch"])
    (wanted,) = torch.autograd.grad(reference(row, x, state, Weights(weights))[0].sum(), weights["weight_ch"])
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-10)


@pytest.mark.parametrize("cell", ["peephole", "gru-reset-before"])
def test_finite_differences_once_and_twice(cell):
    row, x, state, weights = leaves(random_case(CELLS[cell], 3)[0])
    names = tuple(row.recurrent)

    def call(x, *rest):
        inside = weights | dict(zip(names, rest[len(state) :], strict=True))
        return captured(row, x, rest[: len(state)], inside, 2)

    taken = (x, *state, *(weights[name] for name in names))
    assert torch.autograd.gradcheck(call, taken)
    assert torch.autograd.gradgradcheck(call, taken)


@pytest.mark.parametrize("cell", ["peephole", "gru"])
def test_differentiable_gradients_across_two_windows(cell):
    """The state between them depends on the same weights: each window answers for its own part of their gradient."""

    def gradients(run):
        row, x, state, weights = leaves(random_case(CELLS[cell], 3)[0])
        carried = tuple(part[:, -1] for part in run(row, x, state, Weights(weights)))
        loss = run(row, x, carried, Weights(weights))[0].square().sum()
        wanted = [x, *state, *weights.values()]
        return torch.autograd.grad(loss, wanted, create_graph=True, allow_unused=True, materialize_grads=True)

    torch.testing.assert_close(gradients(captured), gradients(reference), rtol=0, atol=1e-10)


@each_device
def test_under_autocast_products_are_in_half_precision_and_states_are_not(device):
    """The same roundings of what is multiplied; bfloat16 has steps of 2**-8."""
    case, cotangents = random_case(CELLS["peephole"], 11, device, torch.float32)
    with torch.autocast(device, torch.bfloat16):
        got, wanted = (values_and_gradients(run, case, cotangents) for run in (captured, reference))
    exact = values_and_gradients(reference, case, cotangents)
    assert got[0][0].dtype == torch.float32
    assert (got[0][0] - exact[0][0]).abs().max() > 1e-4
    assert_equal((got[0],), (wanted[0],), tolerances=(1e-5,))
    for ours, theirs in zip(got[1], wanted[1], strict=True):
        assert (ours - theirs).norm() <= 0.02 * theirs.norm()


@each_device
def test_the_layer_runs_by_it_with_ragged_rows(device):
    row, lengths = CELLS["peephole"], [6, 0, 2]
    (_, _, state, weights), _ = random_case(row, 6, device)
    inputs = torch.randn(B, 6, D, dtype=torch.float64, generator=torch.Generator().manual_seed(3)).to(device)
    rows = Ragged.of(lengths, inputs)
    got, wanted = (
        run_layer(row, Choice(runner), rows.zeroed(inputs), state, Weights(weights), rows)
        for runner in ("captured graph", "reference loop")
    )
    torch.testing.assert_close(rows.zeroed(got[0]), rows.zeroed(wanted[0]), rtol=0, atol=1e-12)
    assert_equal((got[1],), (wanted[1],), tolerances=(1e-12,))


# --- cells of one's own


def both_ways(x, state, w):
    """Reads its matrix in a product and by itself, a vector twice, and a constant through a product."""
    (h,) = state
    constant = w.times("weight_hh", torch.ones_like(h), slice(0, h.shape[-1]))
    mixed = h @ w["weight_hh"][h.shape[-1] :].T * w["gain"]
    return (torch.tanh(x + w.times("weight_hh", h)[:, : h.shape[-1]] + constant + mixed + w["gain"]),)


def drawing(x, state, w):
    return (torch.tanh(x + F.dropout(w.times("weight_hh", state[0]), 0.5)),)


def looking(x, state, w):
    h = w.times("weight_hh", state[0])
    if torch._C._functorch.is_gradtrackingtensor(h):
        raise RuntimeError("looks at values")
    return (torch.tanh(x + h),)


@each_device
def test_a_matrix_that_is_read_in_two_ways(device):
    row = Cell(both_ways, 1, ("h",), {"weight_hh": (2, 1), "gain": (1,)})
    case, cotangents = random_case(row, 11, device)
    got, wanted = (values_and_gradients(run, case, cotangents) for run in (captured, reference))
    assert_equal(got, wanted)


@each_device
@pytest.mark.parametrize(("step", "says"), [(drawing, "draws random numbers"), (looking, "looks at values")])
def test_a_step_that_cannot_be_captured_runs_in_the_loop_and_is_told_once(step, says, device, caplog):
    row = Cell(step, 1, ("h",), {"weight_hh": (1, 1)})
    case, cotangents = random_case(row, 5, device)
    found = []
    with caplog.at_level(logging.WARNING, "seqlab.recurrent"):
        for run in (graph.run, graph.run, reference):
            torch.manual_seed(3)
            found.append(values_and_gradients(run, case, cotangents))
    assert_equal(found[1], found[2], tolerances=(0, 0))
    (record,) = caplog.records
    assert says in record.getMessage()


def test_graphs_of_few_shapes_are_kept_and_a_pending_gradient_keeps_its_own():
    case, cotangents = random_case(CELLS["peephole"], 5)
    wanted = values_and_gradients(reference, case, cotangents)
    row, x, state, weights = leaves(case)
    states = captured(row, x, state, weights)
    for n_rows in range(1, graph.KEPT + 2):
        with torch.no_grad():
            graph.run(row, x[:1].repeat(n_rows, 1, 1), tuple(part[:1].repeat(n_rows, 1) for part in state), weights)
    assert len(graph._PLANS) == graph.KEPT
    assert not any(plan.differentiated for _, plan in graph._PLANS.values())
    loss = sum((part * by).sum() for part, by in zip(states, cotangents, strict=True))
    found = torch.autograd.grad(loss, [x, *state, *weights.values()], allow_unused=True, materialize_grads=True)
    assert_equal((states, found), wanted)


# --- the compiled step


@pytest.mark.parametrize("cell", [cell for cell, row in CELLS.items() if not row.parallel])
def test_the_step_is_one_graph_for_the_compiler_and_stays_right(cell, monkeypatch):
    """The back end that runs the traced operations as they are, so that no compiler is needed."""
    torch._dynamo.reset()
    case, cotangents = random_case(CELLS[cell], 5)
    wanted = values_and_gradients(reference, case, cotangents)
    compile_it, made = torch.compile, []

    def compiled_by_the_plan(row, x, state, weights, differentiated, lengths):
        plan = graph._Plan(row, x, state, weights, differentiated)
        plan._forward, plan._backward = (
            compile_it(function, fullgraph=True, backend="aot_eager") for function in (plan._forward, plan._backward)
        )
        with graph._apart(x):
            plan.prepare(lengths)
        made.append(plan)
        return plan

    monkeypatch.setattr(graph, "_plan", compiled_by_the_plan)
    assert_equal(values_and_gradients(graph.run, case, cotangents), wanted)
    assert made


def test_a_compiled_step_that_fails_later_gives_way_to_the_plain_one():
    (row, x, state, weights), _ = random_case(CELLS["peephole"], 5)
    plan, calls = graph._Plan(row, x, state, weights, differentiated=True), []

    def fails(*parts):
        calls.append(parts)
        raise RuntimeError("compiled for other strides")

    plan._backward = fails
    with graph._apart(x):
        plan.prepare([4, 1])
    assert len(calls) == 1
    assert sorted(plan._there) == sorted(plan._back) == [1, 4]


def test_what_cannot_be_compiled_stays_as_it_is():
    looks = lambda values: values + 1 if values.sum() > 0 else values  # noqa: E731
    assert graph.compiled(looks, torch.ones(2)) is looks


# --- when


class OnGpu:
    """Stands in for a tensor on a GPU."""

    is_cuda = True


def test_it_is_for_gpus():
    assert graph.available(CELLS["peephole"], torch.empty(0)) == "graphs are captured on a GPU, not on cpu"
    assert Recurrent("peephole", D, H, backend="auto").runs_on(0) != "captured graph"


@pytest.mark.parametrize(
    ("cell", "inside", "said"),
    [
        ("jordan", "", "captured graph"),
        ("peephole", "", "captured graph"),
        ("lstm", "", "torch kernel"),
        ("min-gru", "", "parallel scan"),
        ("peephole", "zoneout", "reference loop (zoneout)"),
        ("peephole", "recurrent dropout", "reference loop (recurrent dropout)"),
    ],
)
def test_what_runs_on_a_gpu(cell, inside, said, monkeypatch):
    monkeypatch.setattr("seqlab.recurrent.fused.available", lambda row, x: "not on cuda")
    assert str(choose(CELLS[cell], "auto", OnGpu(), one_hot=False, inside=inside)) == said


def test_not_while_something_else_is_being_captured_or_compiled(monkeypatch):
    monkeypatch.setattr("seqlab.recurrent.fused.available", lambda row, x: "not on cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    for name, said in (("is_compiling", "torch.compile is at work"), ("", "another graph is being captured")):
        monkeypatch.setattr(torch.compiler, "is_compiling", lambda name=name: bool(name))
        monkeypatch.setattr(torch.cuda, "is_current_stream_capturing", lambda: True)
        choice = choose(CELLS["peephole"], "auto", OnGpu(), one_hot=False, inside="")
        assert str(choice) == f"reference loop ({said})"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_stack_of_two_directions_learns_the_same_on_a_gpu():
    torch.manual_seed(1)
    stack = Recurrent("peephole", D, H, 2, bidirectional=True).double().cuda()
    assert stack.runs_on(0) == "captured graph"
    inputs = torch.randn(B, 70, D, dtype=torch.float64, device="cuda")
    outputs, _ = stack(inputs, lengths=[70, 3, 0])
    found = torch.autograd.grad(outputs.square().sum(), [*stack.parameters()])
    stack.backend = "reference"
    expected, _ = stack(inputs, lengths=[70, 3, 0])
    wanted = torch.autograd.grad(expected.square().sum(), [*stack.parameters()])
    assert_equal(((outputs,), found), ((expected,), wanted))
