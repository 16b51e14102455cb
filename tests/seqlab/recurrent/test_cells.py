"""The equations, held against torch.nn (which nobody here wrote) and against finite differences."""

import math

import pytest
import torch
from torch import nn

from seqlab.recurrent import CELLS, Recurrent
from seqlab.recurrent.scan import reference

B, T, D, H = 3, 7, 5, 4
BACKENDS = ["torch", "reference"]


def random_like(tensor, draw, scale=1.0):
    return scale * torch.randn(tensor.shape, generator=draw, dtype=torch.float64)


def torch_module(cell, layers, draw):
    """A module of torch.nn with random weights of size 0.4: the rectified net neither dies nor blows up with these."""
    kinds = {
        "elman": lambda: nn.RNN(D, H, layers, batch_first=True),
        "elman-relu": lambda: nn.RNN(D, H, layers, batch_first=True, nonlinearity="relu"),
        "lstm": lambda: nn.LSTM(D, H, layers, batch_first=True),
        "gru": lambda: nn.GRU(D, H, layers, batch_first=True),
    }
    module = kinds[cell]().double()
    with torch.no_grad():
        for weight in module.parameters():
            weight.copy_(random_like(weight, draw, 0.4))
    return module


def taken_over(module, cell, layers, backend):
    """Ours with the weights of torch's, by name; the two biases of torch are one here but for the GRU's inner one."""
    ours = Recurrent(cell, D, H, layers, backend=backend).double()
    theirs = dict(module.named_parameters())
    with torch.no_grad():
        for layer in range(layers):
            bias = theirs[f"bias_ih_l{layer}"] + theirs[f"bias_hh_l{layer}"]
            if cell == "gru":
                bias[2 * H :] = theirs[f"bias_ih_l{layer}"][2 * H :]
                ours.get_parameter(f"bias_hn_l{layer}").copy_(theirs[f"bias_hh_l{layer}"][2 * H :])
            ours.get_parameter(f"bias_ih_l{layer}").copy_(bias)
            for name in (f"weight_ih_l{layer}", f"weight_hh_l{layer}"):
                ours.get_parameter(name).copy_(theirs[name])
    return ours


def run(module, inputs, state, cotangents):
    """Outputs, final states, and the gradients of everything under a random linear function of all of them."""
    inputs = inputs.clone().requires_grad_()
    state = tuple(part.clone().requires_grad_() for part in state)
    outputs, final = module(inputs, state if len(state) > 1 else state[0])
    values = (outputs, *(final if isinstance(final, tuple) else (final,)))
    module.zero_grad()
    sum((value * weight.to(value.dtype)).sum() for value, weight in zip(values, cotangents, strict=True)).backward()
    gradients = {name: weight.grad for name, weight in module.named_parameters()}
    gradients |= {"inputs": inputs.grad} | {f"state{i}": part.grad for i, part in enumerate(state)}
    return values, gradients


def expected_gradient(name, gradients, cell):
    """The gradient of our parameter `name` among torch's."""
    if name.startswith("bias_hn"):
        return gradients[name.replace("bias_hn", "bias_hh")][2 * H :]
    return gradients[name]


def case(cell, layers):
    draw = torch.Generator().manual_seed(layers)
    module = torch_module(cell, layers, draw)
    inputs = random_like(torch.empty(B, T, D), draw)
    state = [random_like(torch.empty(layers, B, H), draw) for _ in CELLS[cell].states]
    cotangents = [random_like(torch.empty(B, T, H), draw), *(random_like(part, draw) for part in state)]
    return module, inputs, state, cotangents


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("cell", CELLS)
def test_equals_torch_nn_forward_and_backward(cell, layers, backend):
    module, inputs, state, cotangents = case(cell, layers)
    ours = taken_over(module, cell, layers, backend)
    assert {ours.runs_on(layer) for layer in range(layers)} == {
        "torch kernel" if backend == "torch" else "reference loop"
    }
    values, gradients = run(ours, inputs, state, cotangents)
    wanted_values, wanted_gradients = run(module, inputs, state, cotangents)
    for value, wanted in zip(values, wanted_values, strict=True):
        torch.testing.assert_close(value, wanted, rtol=0, atol=1e-12)
    assert len(gradients) == layers * (4 if cell == "gru" else 3) + 1 + len(state)
    for name, gradient in gradients.items():
        assert gradient.abs().max() > 1e-3, name
        wanted = expected_gradient(name, wanted_gradients, cell)
        torch.testing.assert_close(gradient, wanted, rtol=0, atol=1e-10, msg=lambda text, name=name: f"{name}: {text}")


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("cell", CELLS)
def test_zeros_where_no_state_is_given(cell, backend):
    module, inputs, _, _ = case(cell, 2)
    outputs, _ = taken_over(module, cell, 2, backend)(inputs)
    torch.testing.assert_close(outputs, module(inputs)[0], rtol=0, atol=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("cell", CELLS)
def test_single_precision_loses_no_more_than_rounding(cell, backend):
    """A pre-activation sums D + H products and a bias, so it is off by at most D + H + 1 roundings of the partial sums;
    the gates add a few more. T steps of 2 layers pass their errors on, at a rate below 1 for weights of this size. A
    gradient sums B * T such terms more. Sizes are counted from the largest value (at least 1)."""
    layers = 2
    module, inputs, state, cotangents = case(cell, layers)
    ours = taken_over(module, cell, layers, backend).float()
    values, gradients = run(ours, inputs.float(), [part.float() for part in state], cotangents)
    wanted_values, wanted_gradients = run(module, inputs, state, cotangents)
    forward = layers * T * (D + H + 1 + 4) * torch.finfo(torch.float32).eps
    backward = forward + B * T * torch.finfo(torch.float32).eps
    for value, wanted in zip(values, wanted_values, strict=True):
        assert value.dtype == torch.float32
        assert (value - wanted).abs().max() <= forward * max(1.0, wanted.abs().max().item())
    for name, gradient in gradients.items():
        wanted = expected_gradient(name, wanted_gradients, cell)
        assert (gradient - wanted).abs().max() <= backward * max(1.0, wanted.abs().max().item()), name


@pytest.mark.parametrize("cell", CELLS)
def test_gradients_of_the_equations_by_finite_differences(cell):
    draw = torch.Generator().manual_seed(3)
    row, n, d = CELLS[cell], 3, 2
    shapes = row.parameter_shapes(d, n)
    arguments = [
        0.7 * torch.randn(shape, generator=draw, dtype=torch.float64)
        for shape in [(2, 3, d), *[(2, n)] * len(row.states), *shapes.values()]
    ]
    arguments = [argument.requires_grad_() for argument in arguments]

    def loop(inputs, *rest):
        state, weights = rest[: len(row.states)], dict(zip(shapes, rest[len(row.states) :], strict=True))
        outputs, final = reference(row, inputs, state, weights)
        return (outputs, *final)

    assert torch.autograd.gradcheck(loop, arguments)
    assert torch.autograd.gradgradcheck(loop, arguments, fast_mode=True)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("cell", CELLS)
def test_number_of_parameters_is_that_of_the_docstring(cell, layers):
    formulas = {
        "elman": lambda n, d: n * (d + n + 1),
        "elman-relu": lambda n, d: n * (d + n + 1),
        "lstm": lambda n, d: 4 * n * (d + n + 1),
        "gru": lambda n, d: 3 * n * (d + n + 1) + n,
    }
    expected = sum(formulas[cell](H, D if layer == 0 else H) for layer in range(layers))
    assert sum(weight.numel() for weight in Recurrent(cell, D, H, layers).parameters()) == expected


@pytest.mark.parametrize("cell", CELLS)
def test_names_and_shapes_are_those_of_torch(cell):
    theirs = {name: weight.shape for name, weight in torch_module(cell, 2, torch.Generator()).named_parameters()}
    ours = {name: weight.shape for name, weight in Recurrent(cell, D, H, 2).named_parameters()}
    inner = {f"bias_hn_l{layer}": (H,) for layer in range(2)} if cell == "gru" else {}
    assert ours == {name: shape for name, shape in theirs.items() if not name.startswith("bias_hh")} | inner


@pytest.mark.parametrize("cell", CELLS)
def test_first_weights(cell):
    torch.manual_seed(1)
    module = Recurrent(cell, D, H, 2)
    row = CELLS[cell]
    for layer, width in enumerate((D, H)):
        weights = module.weights(layer)
        recurrent, inputs = weights["weight_hh"].detach().split(H), weights["weight_ih"].detach().split(H)
        assert len(recurrent) == len(inputs) == row.gates
        for block in recurrent:
            torch.testing.assert_close(block @ block.T, torch.eye(H), rtol=0, atol=1e-5)
        bound = math.sqrt(6 / (width + H))  # Glorot & Bengio 2010, equation 16, for one gate of n units
        for block in inputs:
            assert block.abs().max() <= bound
            # all of width * H >= 16 uniform draws below half the bound: chance 2**-16
            assert block.abs().max() > bound / 2
            assert block.min() < 0 < block.max()
        for blocks in (recurrent, inputs):
            assert all(not torch.equal(one, other) for i, one in enumerate(blocks) for other in blocks[:i])
        for name in ("bias_ih", *row.biases):
            for gate, block in enumerate(weights[name].split(H)):
                assert (block == (1.0 if (cell, name, gate) == ("lstm", "bias_ih", 1) else 0.0)).all()


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_effective_bias_of_the_forget_gate_is_one(backend):
    """Input and output at zero leave c' = sigma(b_f) c + sigma(b_i) tanh(b_g), and b_i, b_g are 0."""
    module = Recurrent("lstm", D, H, backend=backend).double()
    c = torch.randn(1, B, H, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    _, (_, after) = module(torch.zeros(B, 1, D, dtype=torch.float64), (torch.zeros_like(c), c))
    torch.testing.assert_close(after, c / (1 + math.exp(-1)), rtol=0, atol=1e-15)
