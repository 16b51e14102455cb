"""Every way to run a cell gives what the reference loop gives."""

import pytest
import torch
from torch.nn import functional as F

from seqlab.recurrent import CELLS
from seqlab.recurrent.scan import project, reference, torch_kernel

B, T, D, H = 3, 6, 5, 4


def draws(seed):
    draw = torch.Generator().manual_seed(seed)
    return lambda *shape: torch.randn(shape, generator=draw, dtype=torch.float64)


def random_case(cell, seed):
    randn = draws(seed)
    row = CELLS[cell]
    state = tuple(randn(B, H) for _ in row.states)
    weights = {name: 0.5 * randn(*shape) for name, shape in row.parameter_shapes(D, H).items()}
    return row, state, weights, randn(B, T, D), [randn(B, T, H), *(randn(B, H) for _ in row.states)]


def values_and_gradients(scan, row, inputs, state, weights, cotangents):
    """What comes out, and the gradients of what floats."""
    state = tuple(part.clone().requires_grad_() for part in state)
    weights = {name: weight.clone().requires_grad_() for name, weight in weights.items()}
    inputs = inputs.clone().requires_grad_(inputs.is_floating_point())
    outputs, final = scan(row, inputs, state, weights)
    values = (outputs, *final)
    of = [*state, *weights.values(), *([inputs] if inputs.requires_grad else [])]
    loss = sum((value * weight).sum() for value, weight in zip(values, cotangents, strict=True))
    return values, torch.autograd.grad(loss, of)


def assert_equal(got, wanted):
    for atol, ours, theirs in zip((1e-12, 1e-10), got, wanted, strict=True):
        for value, expected in zip(ours, theirs, strict=True):
            torch.testing.assert_close(value, expected, rtol=0, atol=atol)


@pytest.mark.parametrize("cell", [name for name, row in CELLS.items() if row.torch_kernel])
def test_torch_kernel_equals_reference_forward_and_backward(cell):
    row, state, weights, inputs, cotangents = random_case(cell, 1)
    wanted = values_and_gradients(reference, row, inputs, state, weights, cotangents)
    assert all(gradient.abs().max() > 1e-3 for gradient in wanted[1])
    assert_equal(values_and_gradients(torch_kernel, row, inputs, state, weights, cotangents), wanted)


@pytest.mark.parametrize("cell", [name for name, row in CELLS.items() if row.torch_kernel])
def test_torch_kernel_gives_the_same_without_gradients(cell):
    row, state, weights, inputs, _ = random_case(cell, 2)
    outputs, _ = reference(row, inputs, state, weights)
    for mode in (torch.no_grad, torch.inference_mode):
        with mode():
            torch.testing.assert_close(torch_kernel(row, inputs, state, weights)[0], outputs, rtol=0, atol=1e-12)


@pytest.mark.parametrize("cell", CELLS)
def test_integer_inputs_are_one_hot_rows(cell):
    row, state, weights, _, cotangents = random_case(cell, 3)
    ids = torch.randint(D, (B, T), generator=torch.Generator().manual_seed(3))
    ids[:, 1] = ids[:, 0]  # a column that is used twice has to get both gradients
    rows = F.one_hot(ids, D).double()
    torch.testing.assert_close(project(ids, weights), project(rows, weights), rtol=0, atol=1e-14)
    got = values_and_gradients(reference, row, ids, state, weights, cotangents)
    for scan in (reference, torch_kernel):
        values, gradients = values_and_gradients(scan, row, rows, state, weights, cotangents)
        assert_equal(got, (values, gradients[:-1]))


@pytest.mark.parametrize("scan", [reference, torch_kernel])
@pytest.mark.parametrize("cell", CELLS)
def test_nothing_of_the_future(cell, scan):
    """Changing the inputs from step 3 on changes the outputs from step 3 on, and none before."""
    row, state, weights, inputs, _ = random_case(cell, 4)
    changed = inputs.clone()
    changed[:, 3:] += 1.0
    before, after = (scan(row, values, state, weights)[0] for values in (inputs, changed))
    assert torch.equal(before[:, :3], after[:, :3])
    assert ((before[:, 3:] - after[:, 3:]).abs().amax((1, 2)) > 1e-6).all()


@pytest.mark.parametrize("scan", [reference, torch_kernel])
@pytest.mark.parametrize("cell", CELLS)
def test_the_first_state_is_the_output(cell, scan):
    row, state, weights, inputs, _ = random_case(cell, 5)
    given = [part.clone() for part in state]
    outputs, final = scan(row, inputs, state, weights)
    assert torch.equal(outputs[:, -1], final[0])
    assert [part.shape for part in final] == [(B, H)] * len(row.states)
    assert all(torch.equal(part, kept) for part, kept in zip(state, given, strict=True)), "the state given was altered"
