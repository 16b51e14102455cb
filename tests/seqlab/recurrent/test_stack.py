"""Layers over time: what is cut, carried, permuted and read in both directions; and what runs them."""

import itertools
import logging
from dataclasses import replace

import pytest
import torch

from seqlab.recurrent import CELLS, Recurrent, fused, scan

B, T, D, H = 3, 8, 5, 4
RUNNERS = {"torch": "torch kernel", "fused": "fused kernel", "reference": "reference loop"}


def backends(cell):
    """Those that can run it: auto, the loop, and the kernels that there are."""
    row = CELLS[cell]
    kernels = {"torch": row.torch_kernel, "fused": fused.available(row, torch.empty(0)) is None}
    return ["auto", "reference", *(name for name, there in kernels.items() if there)]


def kinds(backend):
    """Torch's kernels take no indices."""
    return ["real"] if backend == "torch" else ["real", "one-hot"]


def options(cell, backend):
    """What can be asked for that only the loop knows."""
    if backend not in ("auto", "reference"):
        return [{}]
    has_matrix = any(len(blocks) == 2 for blocks in CELLS[cell].recurrent.values())
    return [{}, {"zoneout": 0.1}, *([{"recurrent_dropout": 0.1}] if has_matrix else [])]


each_cell = pytest.mark.parametrize("cell", CELLS)
each_depth = pytest.mark.parametrize("layers", [1, 2])
each_backend = pytest.mark.parametrize(("cell", "backend"), [(cell, name) for cell in CELLS for name in backends(cell)])
RUNS = [(cell, name, kind) for cell in CELLS for name in backends(cell) for kind in kinds(name)]
each_run = pytest.mark.parametrize(("cell", "backend", "kind"), RUNS)
each_width = pytest.mark.parametrize("bidirectional", [False, True], ids=["forward", "both"])
SHAPES = [
    pytest.param(cell, name, layers, both, marks=[] if cell == "lstm" or (layers == 2) == both else [pytest.mark.slow])
    for cell in CELLS
    for name in backends(cell)
    for layers in (1, 2)
    for both in (False, True)
]
each_shape = pytest.mark.parametrize(("cell", "backend", "layers", "bidirectional"), SHAPES)


def randn(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def stack(cell, layers=1, **options):
    """A stack in double precision, all weights and biases random."""
    module = Recurrent(cell, options.pop("input_size", D), H, layers, **options).double()
    with torch.no_grad():
        for number, weight in enumerate(module.parameters()):
            weight.copy_(0.5 * randn(*weight.shape, seed=number))
    return module


def some_inputs(kind="real", width=D):
    if kind == "real":
        return randn(B, T, width, seed=100)
    return torch.randint(width, (B, T), generator=torch.Generator().manual_seed(100))


def some_state(cell, layers, seed=200):
    state = tuple(randn(layers, B, H, seed=seed + i) for i in range(len(CELLS[cell].states)))
    return state if len(state) > 1 else state[0]


def parts(state):
    return state if isinstance(state, tuple) else (state,)


def each(state, change):
    """The state with each part changed, in its own form."""
    changed = tuple(change(part) for part in parts(state))
    return changed if isinstance(state, tuple) else changed[0]


def assert_same(got, wanted, *, exact=False):
    """Outputs and state of two calls."""
    assert type(got[1]) is type(wanted[1])
    for value, expected in zip((got[0], *parts(got[1])), (wanted[0], *parts(wanted[1])), strict=True):
        torch.testing.assert_close(value, expected, rtol=0, atol=0 if exact else 1e-12)


@each_run
@each_depth
def test_windows_with_carried_state_equal_one_long_window(cell, layers, backend, kind):
    module, inputs = stack(cell, layers, backend=backend), some_inputs(kind)
    wanted = module(inputs)
    for cuts in (range(T + 1), (0, 3, T), (0, 1, T - 1, T)):
        state, outputs = None, []
        for start, end in itertools.pairwise(cuts):
            window, state = module(inputs[:, start:end], state)
            outputs.append(window)
        assert_same((torch.cat(outputs, 1), state), wanted)
        without, _ = module(inputs[:, cuts[1] :])
        assert (without - wanted[0][:, cuts[1] :]).abs().max() > 1e-3, "the carried state is not used"


STEP_OPTIONS = [{}, {"residual": True}, {"zoneout": 0.3}, {"learned_state": True}]
STEPS = [
    pytest.param(
        layers, kind, options, marks=[pytest.mark.slow] if options and (layers == 1) == (kind == "real") else []
    )
    for layers in (1, 2)
    for kind in ("real", "one-hot")
    for options in STEP_OPTIONS
]


@each_cell
@pytest.mark.parametrize(("layers", "kind", "options"), STEPS, ids=str)
def test_steps_equal_one_call(cell, layers, kind, options):
    width = H if options == {"residual": True} else D
    module = stack(cell, layers, input_size=width, **options).eval()
    for before in (None, some_state(cell, layers)):
        inputs, state = some_inputs(kind, width), before
        wanted, outputs = module(inputs, state), []
        for now in inputs.unbind(1):
            output, state = module.step(now, state)
            assert output.shape == (B, H)
            outputs.append(output)
        assert_same((torch.stack(outputs, 1), state), wanted)


@each_cell
def test_steps_can_be_differentiated(cell):
    module, inputs = stack(cell, 2), some_inputs()
    wanted = torch.autograd.grad(module(inputs)[0][:, -1].sum(), [*module.parameters()])
    state = None
    for now in inputs.unbind(1):
        output, state = module.step(now, state)
    for gradient, expected in zip(torch.autograd.grad(output.sum(), [*module.parameters()]), wanted, strict=True):
        torch.testing.assert_close(gradient, expected, rtol=0, atol=1e-10)


@each_cell
def test_steps_drop_nothing_and_alter_nothing(cell):
    options = {"dropout": 0.5, "input_dropout": 0.5, "output_dropout": 0.5}
    module, now, state = stack(cell, 2, **options).train(), some_inputs()[:, 0], some_state(cell, 2)
    kept = each(state, torch.clone)
    first, second = (module.step(now, state) for _ in range(2))
    assert_same(first, second, exact=True)
    assert_same(first, stack(cell, 2).step(now, state), exact=True)
    assert_same((now, state), (some_inputs()[:, 0], kept), exact=True)


@each_shape
def test_permuting_rows_permutes_outputs_and_states(cell, layers, backend, bidirectional):
    module, inputs = stack(cell, layers, bidirectional=bidirectional, backend=backend), some_inputs()
    order, before = torch.tensor([2, 0, 1]), some_state(cell, layers * (1 + bidirectional))
    outputs, state = module(inputs, before)
    permuted = module(inputs[order], each(before, lambda part: part[:, order]))
    assert_same(permuted, (outputs[order], each(state, lambda part: part[:, order])))
    alone = module(inputs[1:2], each(before, lambda part: part[:, 1:2]))
    assert_same(alone, (outputs[1:2], each(state, lambda part: part[:, 1:2])))


@each_backend
def test_a_second_layer_reads_the_first(cell, backend):
    """Two layers are one layer over the outputs of another, each with its own row of the state."""
    both, inputs = stack(cell, 2, backend=backend), some_inputs()
    lower, upper = (Recurrent(cell, width, H, backend=backend).double() for width in (D, H))
    for layer, single in enumerate((lower, upper)):
        single.load_state_dict({f"{name}_l0": weight for name, weight in both.weights(layer).items()})
    middle, lower_state = lower(inputs)
    outputs, upper_state = upper(middle)
    joined = tuple(torch.cat(layers) for layers in zip(parts(lower_state), parts(upper_state), strict=True))
    assert_same(both(inputs), (outputs, joined if len(joined) > 1 else joined[0]))


@each_run
def test_two_directions_are_two_layers_over_the_same_inputs(cell, backend, kind):
    both, inputs, before = stack(cell, bidirectional=True, backend=backend), some_inputs(kind), some_state(cell, 2)
    singles = [stack(cell, backend=backend) for _ in range(2)]
    for reverse, single in enumerate(singles):
        weights = both.weights(0, reverse=bool(reverse))
        single.load_state_dict({f"{name}_l0": weight for name, weight in weights.items()})
    ahead, ahead_state = singles[0](inputs, each(before, lambda part: part[:1]))
    back, back_state = singles[1](inputs.flip(1), each(before, lambda part: part[1:]))
    joined = tuple(torch.cat(ways) for ways in zip(parts(ahead_state), parts(back_state), strict=True))
    wanted = torch.cat((ahead, back.flip(1)), -1), joined if len(joined) > 1 else joined[0]
    assert_same(both(inputs, before), wanted)


@each_cell
@each_width
def test_a_learned_state_is_where_a_row_begins(cell, bidirectional):
    module, inputs = stack(cell, 2, bidirectional=bidirectional, learned_state=True), some_inputs()
    begin = module.begin(B)
    assert all(part.shape == (2 * (1 + bidirectional), B, H) for part in parts(begin))
    assert all(part.abs().min() > 0 for part in parts(begin))
    wanted = module(inputs, each(begin, torch.Tensor.detach))
    assert_same(module(inputs), wanted)
    given = module(inputs, each(begin, torch.zeros_like))
    assert (given[0] - wanted[0]).abs().max() > 1e-3, "a state that is given stands over the learned one"
    zeros = {
        name: 0 * weight if name.startswith("initial_") else weight for name, weight in module.state_dict().items()
    }
    module.load_state_dict(zeros)
    assert_same(module(inputs), given)
    assert_same(stack(cell, 2)(inputs), stack(cell, 2)(inputs, each(some_state(cell, 2), torch.zeros_like)), exact=True)


@each_cell
def test_a_learned_state_begins_at_zero_and_gets_the_sum_of_the_rows_gradients(cell):
    module = Recurrent(cell, D, H, 2, learned_state=True).double()
    names = {f"initial_{name}_l{layer}" for name in CELLS[cell].states for layer in range(2)}
    learned = {name: weight for name, weight in module.named_parameters() if name.startswith("initial_")}
    assert learned.keys() == names
    assert all((weight == 0).all() for weight in learned.values())
    with torch.no_grad():
        for number, weight in enumerate(module.parameters()):
            weight.add_(0.3 * randn(*weight.shape, seed=number))
    begin = each(module.begin(B), lambda part: part.detach().requires_grad_())
    loss = lambda result: sum((part * part).sum() for part in (result[0], *parts(result[1])))  # noqa: E731
    got = torch.autograd.grad(loss(module(some_inputs())), [*learned.values()], materialize_grads=True)
    got = dict(zip(learned, got, strict=True))
    # Materialised, since nothing of peephole-cell-x reads h.
    wanted = torch.autograd.grad(loss(module(some_inputs(), begin)), parts(begin), materialize_grads=True)
    for name, gradient in zip(CELLS[cell].states, wanted, strict=True):
        for layer in range(2):
            torch.testing.assert_close(got[f"initial_{name}_l{layer}"], gradient[layer].sum(0), rtol=0, atol=1e-10)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("options", [{}, {"zoneout": 0.1}], ids=str)
def test_under_autocast_only_products_are_in_half_precision(cell, options):
    """bfloat16 has 8 bits, so that a product of values of order 1 is off by about 2**-9; 40 of these over T steps."""
    module, inputs = stack(cell, 2, **options).float().eval(), some_inputs().float()
    wanted = module(inputs, lengths=[T, 3, 1])
    module.backend = "reference"
    with torch.autocast("cpu", dtype=torch.bfloat16):
        outputs, state = module(inputs, lengths=[T, 3, 1])
        now, after = module.step(inputs[:, 0])
    assert {part.dtype for part in (outputs, now, *parts(state), *parts(after))} == {torch.float32}
    assert not torch.equal(outputs, wanted[0])
    assert (outputs - wanted[0]).abs().max() < 40 * 2**-9 * max(1.0, wanted[0].abs().max().item())


# --- what runs it


@pytest.mark.parametrize(
    ("cell", "backend", "kind", "asked"), [(*run, asked) for run in RUNS for asked in options(*run[:2])]
)
def test_what_is_said_to_run_is_what_runs(cell, backend, kind, asked, monkeypatch):
    ran, run = [], scan.run

    def noted(row, choice, *rest):
        ran.append(choice.runner)
        return run(row, choice, *rest)

    monkeypatch.setattr(scan, "run", noted)
    module = stack(cell, 2, backend=backend, **asked)
    for training in (True, False):
        ran.clear()
        module.train(training)(some_inputs(kind))
        said = [module.runs_on(layer, one_hot=kind == "one-hot") for layer in range(2)]
        assert [words.partition(" (")[0] for words in said] == ran
        if backend in RUNNERS:
            assert said == [RUNNERS[backend]] * 2
        assert [module.runs_on(n, one_hot=kind == "one-hot", training=training) for n in range(2)] == said


def test_the_reason_for_the_loop_is_told_and_logged_once(monkeypatch, caplog):
    monkeypatch.setattr(fused, "available", lambda cell, x: "no numba" if cell.fused_kernel else "no kernel")
    monkeypatch.setitem(CELLS, "own", replace(CELLS["jordan"], fused_kernel=None))
    inputs = some_inputs()
    expected = {
        ("lstm",): "torch kernel",
        ("peephole",): "reference loop (no numba)",
        ("own",): "reference loop",
        ("min-gru",): "parallel scan",
        ("lstm", "zoneout"): "reference loop (zoneout)",
        ("min-gru", "zoneout"): "reference loop (zoneout)",
        ("own", "zoneout"): "reference loop",
        ("gru", "recurrent_dropout"): "reference loop (recurrent dropout)",
    }
    for (cell, *options), said in expected.items():
        caplog.clear()
        module = stack(cell, 2, **dict.fromkeys(options, 0.1))
        assert module.runs_on(0) == module.runs_on(1) == said
        with caplog.at_level(logging.INFO, "seqlab.recurrent"):
            module(inputs)
            module(inputs)
        reason = said.partition("(")[2].rstrip(")")
        wanted = [f"{cell} runs on the reference loop, which is slow: {reason}"] if reason else []
        assert [record.getMessage() for record in caplog.records] == wanted
        level = "INFO" if options else "WARNING"
        assert all(record.levelname == level for record in caplog.records), "what was asked for is no news"
    assert stack("peephole", backend="reference").runs_on(0) == "reference loop", "it was asked for"
    assert stack("gru", recurrent_dropout=0.1).runs_on(0, training=False) == "torch kernel"


# --- the module


def test_initial_weights_follow_the_global_seed():
    def weights(seed):
        torch.manual_seed(seed)
        return torch.cat([weight.detach().flatten() for weight in Recurrent("lstm", D, H, 2).parameters()])

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))


def test_how_weights_begin_can_be_chosen():
    usual = Recurrent("lstm", D, H, bidirectional=True)
    assert all((weights["bias_ih"].view(4, H)[1] == 1).all() for weights in (usual.weights(0), usual.weights(0, True)))
    module = Recurrent("lstm", D, H, 2, input_weights="zeros", recurrent_weights="identity", forget_bias=2.0)
    for layer in range(2):
        weights = module.weights(layer)
        assert (weights["weight_ih"] == 0).all()
        assert torch.equal(weights["weight_hh"], torch.eye(H).repeat(4, 1))
        assert torch.equal(weights["bias_ih"].view(4, H)[:, 0], torch.tensor([0.0, 2.0, 0.0, 0.0]))


@each_cell
@each_depth
@each_width
def test_number_of_parameters_is_that_of_the_cell(cell, layers, bidirectional):
    ways = 1 + bidirectional
    wanted = sum(ways * CELLS[cell].n_parameters(D if layer == 0 else ways * H, H) for layer in range(layers))
    module = Recurrent(cell, D, H, layers, bidirectional)
    assert sum(weight.numel() for weight in module.parameters()) == wanted


def test_the_arguments_are_shown():
    shown = repr(Recurrent("lstm", D, H, 2, True, 0.5, weight_drop=0.25))
    assert "lstm, 5, 4, num_layers=2, bidirectional=True, dropout=0.5" in shown
    assert "weight_drop=0.25" in shown
