"""The parallel scan against the loop that it replaces."""

import pytest
import torch

from seqlab.recurrent.cells import CELLS, Weights
from seqlab.recurrent.linear_scan import linear_scan

B, D, N = 3, 5, 4
each_length = pytest.mark.parametrize("n_steps", [1, 2, 3, 7, 64, 100])
SCANNED = [name for name, cell in CELLS.items() if cell.parallel is not None]


def loop(a, b, initial):
    states, h = [], initial
    for t in range(a.shape[1]):
        h = a[:, t] * h + b[:, t]
        states.append(h)
    return torch.stack(states, 1)


def random_terms(n_steps, dtype=torch.float64):
    """a between -1 and 1, where a recurrence neither dies nor blows up."""
    draw = torch.Generator().manual_seed(n_steps)
    a = 2 * torch.rand(B, n_steps, N, generator=draw, dtype=dtype) - 1
    return a, torch.randn(B, n_steps, N, generator=draw, dtype=dtype), torch.randn(B, N, generator=draw, dtype=dtype)


def gradients(scan, terms):
    terms = [term.clone().requires_grad_() for term in terms]
    states = scan(*terms)
    weight = torch.randn(states.shape, generator=torch.Generator().manual_seed(1), dtype=states.dtype)
    return torch.autograd.grad((states * weight).sum(), terms)


@each_length
def test_equals_the_loop_forward_and_backward(n_steps):
    terms = random_terms(n_steps)
    torch.testing.assert_close(linear_scan(*terms), loop(*terms), rtol=0, atol=1e-12)
    for found, wanted in zip(gradients(linear_scan, terms), gradients(loop, terms), strict=True):
        assert wanted.abs().max() > 1e-3
        torch.testing.assert_close(found, wanted, rtol=0, atol=1e-12)


def test_the_terms_that_are_given_stay():
    terms = random_terms(9)
    kept = [term.clone() for term in terms]
    linear_scan(*terms)
    assert all(torch.equal(term, copy) for term, copy in zip(terms, kept, strict=True))


@pytest.mark.parametrize("n_steps", [1, 2, 5])
def test_derivatives_of_the_first_and_the_second_order(n_steps):
    terms = [term.requires_grad_() for term in random_terms(n_steps)]
    assert torch.autograd.gradcheck(linear_scan, terms)
    assert torch.autograd.gradgradcheck(linear_scan, terms)


def test_a_long_recurrence_neither_overflows_nor_loses_its_last_steps():
    """Quotients of running products, the other way to scan, divide zero by zero here: 0.01 ** 4000 is nothing."""
    _, b, initial = random_terms(4000, torch.float32)
    for kept in (0.0, 0.01, 1.0):
        a = torch.full_like(b, kept)
        found = linear_scan(a, b, initial)
        wanted = loop(a.double(), b.double(), initial.double())
        # An entry of a doubling is one product and one sum; 12 doublings, and partial sums no larger than sum |b|.
        bound = 12 * 2 * torch.finfo(torch.float32).eps * (kept * b.abs().sum(1).max() + 4)
        assert (found - wanted).abs().max() <= bound


def random_layer(name, n_steps):
    draw = torch.Generator().manual_seed(n_steps)
    cell = CELLS[name]
    weights = {
        key: torch.randn(shape, generator=draw, dtype=torch.float64)
        for key, shape in cell.parameter_shapes(D, N).items()
    }
    state = tuple(torch.randn(B, N, generator=draw, dtype=torch.float64) for _ in cell.states)
    return cell, torch.randn(B, n_steps, D, generator=draw, dtype=torch.float64), state, weights


def step_by_step(cell, x, state, weights):
    states = []
    for now in x.unbind(1):
        state = cell.step(now, state, weights)
        states.append(state)
    return tuple(torch.stack(parts, 1) for parts in zip(*states, strict=True))


def test_the_cells_whose_recurrence_is_linear_have_a_scan():
    assert SCANNED == ["min-gru", "min-lstm"]


@each_length
@pytest.mark.parametrize("name", SCANNED)
def test_parallel_equals_step_by_step(name, n_steps):
    """Outputs to 1e-12; gradients of all weights, of the inputs and of the initial state to 1e-10."""
    cell, inputs, state, weights = random_layer(name, n_steps)
    cotangent = torch.randn(B, n_steps, N, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    found = []
    for run in (cell.parallel, lambda x, state, weights: step_by_step(cell, x, state, weights)):
        leaves = {key: weight.clone().requires_grad_() for key, weight in weights.items()}
        own, (first,) = inputs.clone().requires_grad_(), (part.clone().requires_grad_() for part in state)
        (states,) = run(cell.project(own, Weights(leaves)), (first,), Weights(leaves))
        (states * cotangent).sum().backward()
        found.append((states, own.grad, first.grad, *(leaf.grad for leaf in leaves.values())))
    for place, (one, other) in enumerate(zip(*found, strict=True)):
        assert other.abs().max() > 1e-6
        torch.testing.assert_close(one, other, rtol=0, atol=1e-10 if place else 1e-12)


def test_the_gates_of_the_minimal_lstm_add_up_to_one_where_both_are_closed():
    """sigma(-200) is 0 in single precision: f / (f + i) would be 0 / 0."""
    cell, h = CELLS["min-lstm"], torch.randn(B, 1, generator=torch.Generator().manual_seed(1))
    x = torch.tensor([[-200.0, -200.0, 2.0], [-200.0, -210.0, 2.0], [200.0, 200.0, 2.0]])
    (found,) = cell.step(x, (h,), Weights({}))
    torch.testing.assert_close(found[[0, 2]], 0.5 * h[[0, 2]] + 0.5 * 2.5)
    odds = torch.sigmoid(torch.tensor(10.0))  # ln f - ln i = 10
    torch.testing.assert_close(found[1], odds * h[1] + (1 - odds) * 2.5)
