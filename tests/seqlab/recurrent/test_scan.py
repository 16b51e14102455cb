"""Every way to run a cell over time gives what the reference loop gives; and which of them is taken."""

from dataclasses import replace

import pytest
import torch

from seqlab.errors import ConfigError
from seqlab.recurrent import CELLS, Recurrent, Weights, fused, torch_kernel
from seqlab.recurrent.ragged import Ragged
from seqlab.recurrent.scan import Choice, check_backend, choose, reference, run

B, T, D, H = 3, 6, 5, 4
LENGTHS = [T, 0, 2]


def runners(row):
    """The ways to run a cell other than the loop."""
    found = ["torch kernel"] if row.torch_kernel else []
    found += ["fused kernel"] if fused.available(row, torch.empty(0)) is None else []
    return found + (["parallel scan"] if row.parallel else [])


FASTER = [(cell, runner) for cell, row in CELLS.items() for runner in runners(row)]
each_faster = pytest.mark.parametrize(("cell", "runner"), FASTER)
each_runner = pytest.mark.parametrize(("cell", "runner"), [*FASTER, *((cell, "reference loop") for cell in CELLS)])


def random_case(cell, seed):
    draw = torch.Generator().manual_seed(seed)
    randn = lambda *shape: torch.randn(shape, generator=draw, dtype=torch.float64)  # noqa: E731
    row = CELLS[cell]
    state = tuple(randn(B, H) for _ in row.states)
    weights = {name: 0.5 * randn(*shape) for name, shape in row.parameter_shapes(D, H).items()}
    return row, state, weights, randn(B, T, D), [randn(B, T, H), *(randn(B, H) for _ in row.states)]


def values_and_gradients(runner, row, inputs, state, weights, cotangents, rows=None):
    """What comes out, and the gradients of everything."""
    state = tuple(part.clone().requires_grad_() for part in state)
    weights = {name: weight.clone().requires_grad_() for name, weight in weights.items()}
    inputs = inputs.clone().requires_grad_()
    outputs, final = run(row, Choice(runner), inputs, state, Weights(weights), rows)
    outputs = outputs if rows is None else rows.zeroed(outputs)
    values = (outputs, *final)
    loss = sum((value * weight).sum() for value, weight in zip(values, cotangents, strict=True))
    return values, torch.autograd.grad(loss, [inputs, *state, *weights.values()], materialize_grads=True)


def assert_equal(got, wanted):
    for atol, ours, theirs in zip((1e-12, 1e-10), got, wanted, strict=True):
        for value, expected in zip(ours, theirs, strict=True):
            torch.testing.assert_close(value, expected, rtol=0, atol=atol)


@each_faster
@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["full", "ragged"])
def test_equals_the_loop_forward_and_backward(cell, runner, lengths):
    row, state, weights, inputs, cotangents = random_case(cell, 1)
    rows = Ragged.of(lengths, inputs)
    inputs = inputs if rows is None else rows.zeroed(inputs)
    wanted = values_and_gradients("reference loop", row, inputs, state, weights, cotangents, rows)
    assert sum(gradient.abs().max() > 1e-3 for gradient in wanted[1]) >= len(weights) + 2
    assert_equal(values_and_gradients(runner, row, inputs, state, weights, cotangents, rows), wanted)


@each_faster
def test_gives_the_same_without_gradients(cell, runner):
    row, state, weights, inputs, _ = random_case(cell, 2)
    weights = Weights(weights)
    outputs, final = run(row, Choice("reference loop"), inputs, state, weights)
    for mode in (torch.no_grad, torch.inference_mode):
        with mode():
            got, ends = run(row, Choice(runner), inputs, state, weights)
            for value, expected in zip((got, *ends), (outputs, *final), strict=True):
                torch.testing.assert_close(value, expected, rtol=0, atol=1e-12)


@each_runner
def test_nothing_of_the_future(cell, runner):
    """Changing the inputs from step 3 on changes the outputs from step 3 on, and none before."""
    row, state, weights, inputs, _ = random_case(cell, 4)
    changed = inputs.clone()
    changed[:, 3:] += 1.0
    before, after = (run(row, Choice(runner), values, state, Weights(weights))[0] for values in (inputs, changed))
    assert torch.equal(before[:, :3], after[:, :3])
    assert ((before[:, 3:] - after[:, 3:]).abs().amax((1, 2)) > 1e-6).all()


@each_runner
def test_the_first_state_is_the_output_and_nothing_given_is_altered(cell, runner):
    row, state, weights, inputs, _ = random_case(cell, 5)
    given = [part.clone() for part in (inputs, *state, *weights.values())]
    outputs, final = run(row, Choice(runner), inputs, state, Weights(weights))
    assert torch.equal(outputs[:, -1], final[0])
    assert [part.shape for part in final] == [(B, H)] * len(row.states)
    assert all(torch.equal(part, kept) for part, kept in zip((inputs, *state, *weights.values()), given, strict=True))


@pytest.mark.parametrize("cell", CELLS)
def test_the_loop_gives_every_state_after_every_step(cell):
    row, state, weights, inputs, _ = random_case(cell, 6)
    states = reference(row, row.project(inputs, Weights(weights)), state, Weights(weights))
    assert [part.shape for part in states] == [(B, T, H)] * len(row.states)
    for n_steps in range(1, T + 1):
        _, final = run(row, Choice("reference loop"), inputs[:, :n_steps], state, Weights(weights))
        for part, end in zip(states, final, strict=True):
            torch.testing.assert_close(part[:, n_steps - 1], end, rtol=0, atol=1e-12)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_weights_in_one_stretch_of_memory_are_the_same_weights(cell):
    """cuDNN asks for it; a machine without a GPU can try it too."""
    _, _, weights, _, _ = random_case(cell, 7)
    leaves = {name: weight.requires_grad_() for name, weight in weights.items()}
    apart, joined = (torch_kernel.parameters_of(Weights(leaves), one_stretch=each) for each in (False, True))
    assert len({part.untyped_storage().data_ptr() for part in joined}) == 1
    for one, other in zip(apart, joined, strict=True):
        assert torch.equal(one, other)
        assert one.shape == other.shape
    gradients = torch.autograd.grad(sum(part.sum() for part in joined), [*leaves.values()])
    assert all((gradient == 1).all() for gradient in gradients)


# --- which of them


class OnGpu:
    """Stands in for a tensor on a GPU, of which `choose` asks but this."""

    is_cuda = True


CPU = torch.empty(0)
ROWS = CELLS | {"one's own": replace(CELLS["jordan"], fused_kernel=None)}


@pytest.mark.parametrize(
    ("cell", "options", "said"),
    [
        ("min-gru", {}, "parallel scan"),
        ("peephole", {}, "fused kernel"),
        ("gru", {}, "fused kernel"),
        ("lstm", {"one_hot": True}, "fused kernel"),
        ("one's own", {}, "reference loop"),
        ("lstm", {"x": OnGpu()}, "torch kernel"),
        ("gru", {"x": OnGpu()}, "torch kernel"),
        ("peephole", {"x": OnGpu()}, "fused kernel"),
        ("gru", {"missing": "no numba"}, "torch kernel"),
        ("gru", {"missing": "no numba", "one_hot": True}, "reference loop (no numba)"),
        ("peephole", {"missing": "no numba"}, "reference loop (no numba)"),
        ("one's own", {"missing": "no numba"}, "reference loop"),
        ("min-gru", {"inside": "zoneout"}, "reference loop (zoneout)"),
        ("peephole", {"inside": "zoneout"}, "reference loop (zoneout)"),
        ("lstm", {"inside": "zoneout"}, "reference loop (zoneout)"),
        ("one's own", {"inside": "zoneout"}, "reference loop"),
        ("lstm", {"backend": "reference"}, "reference loop"),
        ("min-gru", {"backend": "reference"}, "reference loop"),
        ("lstm", {"backend": "fused"}, "fused kernel"),
        ("lstm", {"backend": "torch"}, "torch kernel"),
    ],
)
def test_what_is_taken(cell, options, said, monkeypatch):
    missing = options.get("missing")
    monkeypatch.setattr(fused, "available", lambda row, x: missing if row.fused_kernel else "no kernel for this cell")
    choice = choose(
        ROWS[cell],
        options.get("backend", "auto"),
        options.get("x", CPU),
        one_hot=options.get("one_hot", False),
        inside=options.get("inside", ""),
    )
    assert str(choice) == said


@pytest.mark.parametrize("faster", ["torch kernel", "fused kernel"])
def test_on_a_cpu_the_faster_of_two_kernels_is_taken(faster, monkeypatch):
    monkeypatch.setattr(fused, "available", lambda row, x: None)
    kernels = frozenset({"gru"} if faster == "torch kernel" else set())
    monkeypatch.setattr("seqlab.recurrent.scan.TORCH_IS_FASTER_ON_CPU", kernels)
    assert choose(CELLS["gru"], "auto", CPU, one_hot=False, inside="").runner == faster


@pytest.mark.parametrize(
    ("cell", "backend", "options", "says"),
    [
        (
            "lstm",
            "fused",
            {"missing": "float16 is no type of it"},
            "backend fused cannot run this: float16 is no type of it",
        ),
        ("lstm", "torch", {"one_hot": True}, "backend torch cannot run this: torch's kernels take no one-hot indices"),
    ],
)
def test_a_backend_that_was_asked_for_and_cannot(cell, backend, options, says, monkeypatch):
    monkeypatch.setattr(fused, "available", lambda row, x: options.get("missing"))
    with pytest.raises(ValueError, match=f"^{says}; use auto$"):
        choose(CELLS[cell], backend, CPU, one_hot=options.get("one_hot", False), inside="")


@pytest.mark.parametrize(
    ("cell", "backend", "inside", "says"),
    [
        (
            "lstm",
            "fussed",
            "",
            "unknown backend 'fussed'; did you mean 'fused'\\? known: auto, fused, reference, torch",
        ),
        ("peephole", "torch", "", "backend torch: it has no kernel for peephole; use auto"),
        ("min-gru", "fused", "", "backend fused: it has no kernel for min-gru; use auto"),
        ("lstm", "torch", "zoneout", "backend torch: it knows no zoneout; use auto"),
        ("lstm", "fused", "zoneout", "backend fused: it knows no zoneout; use auto"),
    ],
)
def test_a_backend_that_never_can(cell, backend, inside, says):
    with pytest.raises(ConfigError, match=f"^{says}$"):
        check_backend(cell, CELLS[cell], backend, inside)


def test_under_autocast_to_float16_the_lstm_runs_on_a_cpu():
    """Whether torch's own kernel has that type depends on the CPU."""
    torch.manual_seed(1)
    layer, x = Recurrent("lstm", 3, 4), torch.randn(2, 5, 3)
    wanted, _ = layer(x)
    with torch.autocast("cpu", torch.float16):
        got, _ = layer(x)
    assert got.dtype == torch.float32
    torch.testing.assert_close(got, wanted, rtol=0, atol=1e-2)
