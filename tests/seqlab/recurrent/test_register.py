"""One's own cells: what is accepted, what is refused and why, and who knows them afterwards."""

import subprocess
import sys
from dataclasses import replace

import pytest
import torch

from seqlab import cell_names
from seqlab.errors import ConfigError
from seqlab.recurrent import CELLS, Cell, Recurrent, register, unregister
from seqlab.recurrent.cells import project
from seqlab.resolve import resolve


def decay(x, state, w):
    """h' = sigma(p) * h + (1 - sigma(p)) * tanh(x + U h)."""
    (h,) = state
    kept = torch.sigmoid(w["decay"])
    return (kept * h + (1 - kept) * torch.tanh(x + w.times("weight_hh", h)),)


DECAY = Cell(decay, gates=1, states=("h",), recurrent={"weight_hh": (1, 1), "decay": (1,)})


def halved(x, state, w):
    """h' = h / 2 + x."""
    return (0.5 * state[0] + x,)


def halved_parallel(x, state, w):
    """Each state as a weighted sum of all inputs before it."""
    steps = torch.arange(1.0, x.shape[1] + 1)
    weight = torch.tril(0.5 ** (steps[:, None] - steps))
    return (torch.einsum("ts,bsn->btn", weight, x) + 0.5 ** steps[None, :, None] * state[0][:, None],)


LINEAR = Cell(halved, gates=1, states=("h",), parallel=halved_parallel)


@pytest.fixture(autouse=True)
def _nothing_stays():
    yield
    for name in CELLS.keys() - set(cell_names.BUILT_IN):
        unregister(name)


def refusal(cell, name="mine"):
    with pytest.raises(ConfigError) as error:
        register(name, cell)
    assert name not in CELLS or name in cell_names.BUILT_IN
    assert name not in cell_names.KNOWN or name in cell_names.BUILT_IN
    message = str(error.value)
    assert "\n" not in message
    assert message.startswith(f"cell {name!r}: ")
    return message


def test_a_registered_cell_runs_and_learns():
    register("decay", DECAY)
    module = Recurrent("decay", 5, 4, 2).double()
    inputs = torch.randn(3, 7, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    outputs, state = module(inputs)
    assert (outputs.shape, state.shape) == ((3, 7, 4), (2, 3, 4))
    outputs.square().sum().backward()
    assert all(weight.grad.abs().max() > 0 for weight in module.parameters())


def test_a_registered_cell_is_a_setting():
    with pytest.raises(
        ConfigError, match=r"network\.cell: unknown cell 'decay'; known: .*one's own is registered first"
    ):
        resolve("lm", {}, {"cell": "decay"})
    register("decay", DECAY)
    assert resolve("lm", {}, {"cell": "decay"}).network.cell == "decay"
    with pytest.raises(ConfigError, match="unknown cell 'decoy'; did you mean 'decay'"):
        resolve("lm", {}, {"cell": "decoy"})


def test_unregister_frees_the_name():
    register("decay", DECAY)
    assert "already" in refusal_of_a_second("decay")
    unregister("decay")
    assert "decay" not in CELLS
    assert "decay" not in cell_names.KNOWN
    with pytest.raises(ConfigError, match="unknown cell 'decay'"):
        Recurrent("decay", 5, 4)
    register("decay", DECAY)


def refusal_of_a_second(name):
    with pytest.raises(ConfigError) as error:
        register(name, DECAY)
    assert CELLS[name] is DECAY
    return str(error.value)


@pytest.mark.parametrize("name", ["lstm", "mine"])
def test_only_what_was_registered_can_be_unregistered(name):
    with pytest.raises(ConfigError, match=f"cell '{name}': it has not been registered"):
        unregister(name)
    assert "lstm" in CELLS


@pytest.mark.parametrize("name", ["", "Mine", "my cell", "2nd", "-mine", "mine\n", "größe", "a.b", "../mine"])
def test_malformed_names(name):
    assert "lower-case letters, digits and hyphens" in refusal(DECAY, name)


@pytest.mark.parametrize("name", cell_names.BUILT_IN)
def test_names_of_the_package_are_taken(name):
    row = CELLS[name]
    assert "a cell of the package has this name" in refusal(DECAY, name)
    assert CELLS[name] is row


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"gates": 0}, "gates is 0"),
        ({"states": ()}, "states are ()"),
        ({"states": ("h", "h")}, "name each once"),
        ({"forget_gate": 1}, "forget_gate is 1, but the blocks of bias_ih are 0 to 0"),
        ({"forget_gate": -1}, "forget_gate is -1"),
        ({"recurrent": {"weight_ih": (1, 1)}}, "'weight_ih': choose a Python name other than"),
        ({"recurrent": {"weight.hh": (1, 1)}}, "'weight.hh': choose a Python name"),
        ({"recurrent": {"weight_hh": (1, 1, 1)}}, "'weight_hh' is (1, 1, 1); write (4, 1) for a matrix"),
        ({"recurrent": {"weight_hh": (1, 2)}}, "'weight_hh' is (1, 2)"),
        ({"recurrent": {"weight_hh": ()}}, "'weight_hh' is ()"),
        ({"recurrent": {"decay": (0,)}}, "'decay' is (0,)"),
        ({"torch_kernel": "rnn_tanh"}, "torch_kernel 'rnn_tanh' computes another cell; leave it out"),
        ({"fused_kernel": "elman"}, "fused_kernel 'elman' computes another cell; leave it out"),
        ({"fused_kernel": "no-such-kernel"}, "fused_kernel 'no-such-kernel' computes another cell"),
        ({"recurrent": {"weight_hh": (1, 1)}}, "the step fails with 3 rows and 2 units: KeyError: 'decay'"),
    ],
)
def test_rows_that_do_not_fit(changes, says):
    assert says in refusal(replace(DECAY, **changes))


def test_a_function_is_no_cell():
    assert "a function is no Cell; wrap the equation: Cell(step, gates=" in refusal(decay)


@pytest.mark.parametrize(
    ("step", "says"),
    [
        (lambda x, state, w: state[0], "the step returns Tensor, not the states h as a tuple, each (3, 2) in float32"),
        (lambda x, state, w: None, "the step returns NoneType"),
        (lambda x, state, w: (None,), "the step returns tuple"),
        (lambda x, state, w: (), "the step returns nothing, not the states h"),
        (lambda x, state, w: (*state, *state), "the step returns (3, 2) float32, (3, 2) float32, not the states h"),
        (lambda x, state, w: (state[0][:1],), "the step returns (1, 2) float32, not"),
        (lambda x, state, w: (state[0].mean(0),), "the step returns (2,) float32, not"),
        (lambda x, state, w: (state[0].double(),), "the step returns (3, 2) float64, not"),
        (lambda x, state, w: (x @ state[0],), "the step fails with 3 rows and 2 units: RuntimeError: "),
        (lambda x, state, w: (torch.tanh(x + state[0] @ w["weight_hh"].T),), "without Weights.times"),
        (lambda x, state, w: (torch.tanh(x + w.times("weight_hh", state[0].mul_(0.5))),), "writes into x or the state"),
        (lambda x, state, w: (x.add_(w.times("weight_hh", state[0])).clone(),), "writes into x or the state"),
    ],
)
def test_steps_that_return_something_else(step, says):
    assert says in refusal(replace(DECAY, step=step))


def test_projections_that_return_something_else():
    def half(inputs, weights):
        return project(inputs, weights)[..., :1]

    says = "project returns (3, 4, 1), not (B, T, gates * n), here (3, 4, 2)"
    assert says in refusal(replace(DECAY, project=half))
    assert "project fails with 3 rows" in refusal(replace(DECAY, project=lambda inputs, weights: weights["none"]))


def test_a_parallel_form_is_held_against_the_step():
    register("linear", LINEAR)
    one, three = (lambda x, state, w: (x[:, 0],)), (lambda x, state, w: (x,))
    assert "parallel returns (3, 2) float32, not the states h as a tuple, each (3, 4, 2)" in refusal(
        replace(LINEAR, parallel=one)
    )
    assert "parallel gives other states than the step" in refusal(replace(LINEAR, parallel=three))


def test_a_kernel_stays_with_the_step_that_it_computes():
    """An LSTM with another projection: the fused kernel reads the projected input, torch's kernel projects by itself."""

    def doubled(inputs, weights):
        return 2 * project(inputs, weights)

    own = replace(CELLS["lstm"], project=doubled)
    assert "torch_kernel 'lstm' computes another cell" in refusal(own)
    register("lstm-doubled", replace(own, torch_kernel=None))
    assert CELLS["lstm-doubled"].fused_kernel == CELLS["lstm"].fused_kernel


def test_drawing_for_the_trial_leaves_the_generator_alone():
    torch.manual_seed(1)
    before = torch.get_rng_state()
    register("decay", DECAY)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_names_are_known_without_torch():
    code = (
        "import sys; from seqlab.resolve import resolve; from seqlab.errors import ConfigError\n"
        "resolve('lm', {}, {'cell': 'min-gru'})\n"
        "try: resolve('lm', {}, {'cell': 'lstn'})\n"
        "except ConfigError as error: print(error)\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    message, torch_is_there = done.stdout.splitlines()
    assert message == f"network.cell: {cell_names.refusal('lstn')}"
    assert "did you mean 'lstm'?" in message
    assert "seqlab.recurrent.register" in message
    assert torch_is_there == "False"
