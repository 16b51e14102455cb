"""The equations, held against torch.nn (which nobody here wrote) and against finite differences."""

import inspect
import re

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from seqlab import cell_names
from seqlab.recurrent.cells import CELLS, Weights

B, T, D, N = 3, 7, 5, 4
each_cell = pytest.mark.parametrize("name", CELLS)


def randn(*shape, draw, scale=1.0):
    return scale * torch.randn(shape, generator=draw, dtype=torch.float64)


def random_case(name, seed=1, scale=0.7, steps=T):
    """Everything random, the biases, gains and peepholes too."""
    draw = torch.Generator().manual_seed(seed)
    cell = CELLS[name]
    weights = {key: randn(*shape, draw=draw, scale=scale) for key, shape in cell.parameter_shapes(D, N).items()}
    return cell, randn(B, steps, D, draw=draw), tuple(randn(B, N, draw=draw) for _ in cell.states), weights


def states_after_each_step(cell, inputs, state, weights):
    weights = weights if isinstance(weights, Weights) else Weights(weights)
    states = []
    for x in cell.project(inputs, weights).unbind(1):
        state = cell.step(x, state, weights)
        states.append(state)
    return tuple(torch.stack(parts, 1) for parts in zip(*states, strict=True))


def test_the_table_holds_the_names_that_are_known_without_torch():
    assert tuple(CELLS) == cell_names.BUILT_IN
    assert [*cell_names.BUILT_IN] == cell_names.KNOWN


# --- against torch.nn

TORCH = {
    "elman": lambda: nn.RNNCell(D, N),
    "elman-relu": lambda: nn.RNNCell(D, N, nonlinearity="relu"),
    "lstm": lambda: nn.LSTMCell(D, N),
    "gru": lambda: nn.GRUCell(D, N),
}


def torch_case(name):
    """A cell of torch.nn with random weights of size 0.4 (with which the rectified net neither dies nor blows up), and
    ours: its two biases are one here but for the GRU's inner one."""
    cell, inputs, state, _ = random_case(name)
    draw = torch.Generator().manual_seed(2)
    module = TORCH[name]().double()
    with torch.no_grad():
        for weight in module.parameters():
            weight.copy_(randn(*weight.shape, draw=draw, scale=0.4))
    bias = module.bias_ih + module.bias_hh
    weights = {"weight_ih": module.weight_ih, "weight_hh": module.weight_hh, "bias_ih": bias}
    if name == "gru":
        weights["bias_ih"] = torch.cat((bias[: 2 * N], module.bias_ih[2 * N :]))
        weights["bias_hn"] = module.bias_hh[2 * N :]
    return module, cell, inputs, state, {key: weight.detach() for key, weight in weights.items()}


def torch_states(module, inputs, state):
    states = []
    for x in inputs.unbind(1):
        found = module(x, state if len(state) > 1 else state[0])
        state = found if isinstance(found, tuple) else (found,)
        states.append(state)
    return tuple(torch.stack(parts, 1) for parts in zip(*states, strict=True))


@pytest.mark.parametrize("name", TORCH)
def test_equals_torch_nn_forward_and_backward(name):
    module, cell, inputs, state, weights = torch_case(name)
    assert {key: weight.shape for key, weight in weights.items()} == cell.parameter_shapes(D, N)
    weights = {key: weight.requires_grad_() for key, weight in weights.items()}
    ours, theirs = ([part.clone().requires_grad_() for part in (inputs, *state)] for _ in range(2))
    found = states_after_each_step(cell, ours[0], tuple(ours[1:]), weights)
    wanted = torch_states(module, theirs[0], tuple(theirs[1:]))
    draw = torch.Generator().manual_seed(3)
    for value, expected in zip(found, wanted, strict=True):
        torch.testing.assert_close(value, expected, rtol=0, atol=1e-12)
        cotangent = randn(B, T, N, draw=draw)
        for part in (value, expected):
            (part * cotangent).sum().backward(retain_graph=True)
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one.grad, other.grad, rtol=0, atol=1e-10)
    gradients = {key: module.get_parameter(key).grad for key in ("weight_ih", "weight_hh", "bias_ih")}
    if name == "gru":
        gradients["bias_hn"] = module.bias_hh.grad[2 * N :]
    assert weights.keys() == gradients.keys()
    for key, gradient in gradients.items():
        assert gradient.abs().max() > 1e-3, key
        torch.testing.assert_close(weights[key].grad, gradient, rtol=0, atol=1e-10, msg=key)


@each_cell
def test_single_precision_loses_no_more_than_rounding(name):
    """A pre-activation sums D products and a bias, and at most 2N products with states (3N, normalised, are scaled up by
    no more than the spread of their block); so it is off by at most D + 3N + 1 roundings of the partial sums. The gates
    add a few more, and T steps pass them on. Sizes are counted from the largest value (at least 1)."""
    cell, inputs, state, weights = random_case(name)
    wanted = states_after_each_step(cell, inputs, state, weights)
    single = {key: weight.float() for key, weight in weights.items()}
    found = states_after_each_step(cell, inputs.float(), tuple(part.float() for part in state), single)
    bound = T * (D + 3 * N + 1 + 8) * torch.finfo(torch.float32).eps
    for value, expected in zip(found, wanted, strict=True):
        assert value.dtype == torch.float32
        assert (value - expected).abs().max() <= bound * max(1.0, expected.abs().max().item())


# --- by finite differences


@each_cell
def test_gradients_of_one_step_by_finite_differences(name):
    cell, inputs, state, weights = random_case(name, seed=4)
    x = cell.project(inputs, Weights(weights))[:, 0].contiguous()
    arguments = [argument.requires_grad_() for argument in (x, *state, *weights.values())]

    def step(x, *rest):
        return cell.step(x, rest[: len(state)], Weights(dict(zip(weights, rest[len(state) :], strict=True))))

    assert torch.autograd.gradcheck(step, arguments)


@each_cell
def test_gradients_of_three_steps_by_finite_differences(name):
    cell, inputs, state, weights = random_case(name, seed=5, steps=3)
    arguments = [argument.requires_grad_() for argument in (inputs, *state, *weights.values())]

    def steps(inputs, *rest):
        weighted = dict(zip(weights, rest[len(state) :], strict=True))
        return states_after_each_step(cell, inputs, rest[: len(state)], weighted)

    assert torch.autograd.gradcheck(steps, arguments, fast_mode=True)
    assert torch.autograd.gradgradcheck(steps, arguments, fast_mode=True)


# --- what holds for each


@each_cell
def test_every_parameter_every_state_and_the_input_move_the_output(name):
    cell, inputs, state, weights = random_case(name)
    before = states_after_each_step(cell, inputs, state, weights)[0]
    values = {"inputs": inputs} | dict(zip(cell.states, state, strict=True)) | weights
    still = set()
    for number, (key, value) in enumerate(values.items()):
        changed = values | {key: value + randn(*value.shape, draw=torch.Generator().manual_seed(number), scale=0.1)}
        own = tuple(changed[part] for part in cell.states)
        after = states_after_each_step(cell, changed["inputs"], own, {key: changed[key] for key in weights})[0]
        if torch.equal(after, before):
            still.add(key)
    assert still == ({"h"} if name == "peephole-cell-x" else set())  # there nothing reads h


@each_cell
def test_rows_know_nothing_of_one_another(name):
    cell, inputs, state, weights = random_case(name)
    order = [2, 0, 1]
    whole = states_after_each_step(cell, inputs, state, weights)
    permuted = states_after_each_step(cell, inputs[order], tuple(part[order] for part in state), weights)
    alone = states_after_each_step(cell, inputs[1:2], tuple(part[1:2] for part in state), weights)
    for every, other, one in zip(whole, permuted, alone, strict=True):
        torch.testing.assert_close(other, every[order], rtol=0, atol=1e-14)
        torch.testing.assert_close(one, every[1:2], rtol=0, atol=1e-14)


@each_cell
def test_a_step_alters_nothing_that_it_is_given(name):
    cell, inputs, state, weights = random_case(name)
    x = cell.project(inputs, Weights(weights))[:, 0]
    given = [value.clone() for value in (x, *state, *weights.values())]
    cell.step(x, state, Weights(weights))
    assert all(torch.equal(value, kept) for value, kept in zip((x, *state, *weights.values()), given, strict=True))


@each_cell
def test_integer_inputs_are_one_hot_rows(name):
    cell, _, _, weights = random_case(name)
    ids = torch.randint(D, (B, T), generator=torch.Generator().manual_seed(3))
    ids[:, 1] = ids[:, 0]  # a column that is used twice has to get both gradients
    cotangent = randn(B, T, cell.gates * N, draw=torch.Generator().manual_seed(4))
    found = []
    for inputs in (ids, F.one_hot(ids, D).double()):
        leaves = {key: weight.clone().requires_grad_() for key, weight in weights.items()}
        x = cell.project(inputs, Weights(leaves))
        (x * cotangent).sum().backward()
        found.append((x, leaves["weight_ih"].grad, leaves["bias_ih"].grad))
    for one, other in zip(*found, strict=True):
        assert other.abs().max() > 1e-3
        torch.testing.assert_close(one, other, rtol=0, atol=1e-13)


# --- numbers of parameters

FORMULAS = {
    "elman": lambda n, d: n * (d + n + 1),
    "elman-relu": lambda n, d: n * (d + n + 1),
    "jordan": lambda n, d: n * (d + n + 1) + n * (n + 1),
    "lstm": lambda n, d: 4 * n * (d + n + 1),
    "peephole": lambda n, d: 4 * n * (d + n + 1) + 3 * n,
    "peephole-cell": lambda n, d: 4 * n * (d + n + 1),
    "peephole-cell-x": lambda n, d: 3 * n * (d + n + 1) + n * (d + 1),
    "fc-lstm": lambda n, d: 4 * n * (d + n + 1) + 3 * n * n,
    "lstm-layer-norm": lambda n, d: 4 * n * (d + n + 1) + 10 * n,
    "lstm-coupled": lambda n, d: 3 * n * (d + n + 1),
    "gru": lambda n, d: 3 * n * (d + n + 1) + n,
    "gru-reset-before": lambda n, d: 3 * n * (d + n + 1),
    "min-gru": lambda n, d: 2 * n * (d + 1),
    "min-lstm": lambda n, d: 3 * n * (d + 1),
}


@each_cell
@pytest.mark.parametrize(("d", "n"), [(5, 4), (1, 7), (256, 256)])
def test_number_of_parameters(name, d, n):
    assert CELLS[name].n_parameters(d, n) == FORMULAS[name](n, d)


@each_cell
def test_the_docstring_names_that_number_its_source_and_what_is_read(name):
    text = inspect.getdoc(CELLS[name].step)
    formula = re.search(r"^Parameters: (.+)$", text, re.M).group(1).replace("²", " n")
    product = re.sub(r"(?<=[\w)]) (?=[\w(])", " * ", formula)
    assert eval(product, {"d": 11, "n": 13}) == FORMULAS[name](13, 11)
    assert re.search(r"^Reads: x", text, re.M)
    assert re.search(r"^Source: .+", text, re.M)
    assert re.search(r"^    \w.* = ", text, re.M)


# --- dropout of the recurrence


def masked_by_hand(name, x, state, weights, mask):
    """One step with the mask on what the recurrent matrices read: scaling a state is scaling the matrix's columns."""
    out = []
    for row in range(len(x)):
        scaled = {
            key: weight * mask[row] if weight.dim() == 2 and key != "weight_ih" else weight
            for key, weight in weights.items()
        }
        out.append(CELLS[name].step(x[row : row + 1], tuple(part[row : row + 1] for part in state), Weights(scaled)))
    return tuple(torch.cat(parts) for parts in zip(*out, strict=True))


@each_cell
def test_the_mask_acts_on_what_matrices_read_and_only_there(name):
    cell, inputs, state, weights = random_case(name)
    mask = torch.tensor([[2.0, 0.0, 2.0, 0.0], [0.0, 2.0, 2.0, 2.0], [2.0, 2.0, 0.0, 0.0]], dtype=torch.float64)
    x = cell.project(inputs, Weights(weights))[:, 0]
    found = cell.step(x, state, Weights(weights, mask))
    for value, expected in zip(found, masked_by_hand(name, x, state, weights, mask), strict=True):
        torch.testing.assert_close(value, expected, rtol=0, atol=1e-13)
    has_matrix = any(len(blocks) == 2 for blocks in cell.recurrent.values())
    assert torch.equal(found[0], cell.step(x, state, Weights(weights))[0]) != has_matrix


def test_weights_are_a_mapping():
    tensors = {"weight_ih": torch.ones(2, 3), "bias_ih": torch.zeros(2)}
    weights = Weights(tensors)
    assert (list(weights), len(weights), dict(weights)) == (["weight_ih", "bias_ih"], 2, tensors)
    assert "weight_hh" not in weights


def test_times_multiplies_the_rows_that_are_meant():
    draw = torch.Generator().manual_seed(1)
    matrix, state = randn(12, N, draw=draw), randn(B, N, draw=draw)
    mask = randn(B, N, draw=draw)
    for weights, read in ((Weights({"u": matrix}), state), (Weights({"u": matrix}, mask), state * mask)):
        torch.testing.assert_close(weights.times("u", state), read @ matrix.T, rtol=0, atol=1e-14)
        torch.testing.assert_close(weights.times("u", state, slice(4, 9)), read @ matrix[4:9].T, rtol=0, atol=1e-14)
