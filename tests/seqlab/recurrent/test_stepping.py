"""Steps in training against one call for all of them."""

import pytest
import torch

from seqlab.recurrent import Recurrent
from seqlab.recurrent.cells import CELLS
from seqlab.recurrent.stepping import Steps

B, T, D, H = 3, 5, 4, 4


def stack(cell="lstm", **options):
    torch.manual_seed(1)
    return Recurrent(cell, D, H, 2, **options)


def batch():
    generator = torch.Generator().manual_seed(2)
    return torch.randn(B, T, D, generator=generator)


def stepped(layers, inputs, state=None):
    steps = Steps(layers, layers.begin(len(inputs)) if state is None else state)
    return torch.stack([steps(now) for now in inputs.unbind(1)], 1)


@pytest.mark.parametrize("cell", sorted(CELLS))
@pytest.mark.parametrize("residual", [False, True])
def test_steps_equal_one_call(cell, residual):
    layers, inputs = stack(cell, residual=residual).double(), batch().double().requires_grad_()
    state = layers(torch.randn(B, 2, D, dtype=torch.float64))[1]
    whole, one_by_one = layers(inputs, state)[0], stepped(layers, inputs, state)
    torch.testing.assert_close(whole, one_by_one)
    wanted = [inputs, *layers.parameters()]
    gradients = [
        torch.autograd.grad(outputs.square().sum(), wanted, retain_graph=True) for outputs in (whole, one_by_one)
    ]
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize("option", ["input_dropout", "recurrent_dropout", "output_dropout", "weight_drop"])
def test_what_is_locked_is_drawn_once_for_all_steps(option):
    layers, inputs, results = stack(**{option: 0.4}), batch(), []
    for run in (lambda: layers(inputs)[0], lambda: stepped(layers, inputs)):
        torch.manual_seed(3)
        results.append(run())
    torch.testing.assert_close(*results)
    layers.eval()
    torch.testing.assert_close(stepped(layers, inputs), layers(inputs)[0])
    assert not torch.allclose(results[0], layers(inputs)[0])


@pytest.mark.parametrize("option", ["dropout", "zoneout"])
def test_what_is_drawn_at_each_step(option):
    layers, inputs = stack("elman", **{option: 0.5}), batch()
    once, again = stepped(layers, inputs), stepped(layers, inputs)
    assert not torch.allclose(once, again)
    layers.eval()
    torch.testing.assert_close(stepped(layers, inputs), layers(inputs)[0])
