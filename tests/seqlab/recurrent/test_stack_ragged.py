"""Rows of different lengths: what stands behind a row's end changes nothing, and each row is what it is alone."""

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seqlab.recurrent import CELLS, Recurrent, fused
from seqlab.recurrent.ragged import Ragged, backwards

B, T, D, H = 4, 7, 5, 3
LENGTHS = [3, 0, T, 1]
NOTHING = (float("nan"), float("inf"), 1e30)


def backends(cell):
    row = CELLS[cell]
    kernels = {"torch": row.torch_kernel, "fused": fused.available(row, torch.empty(0)) is None}
    return ["auto", "reference", *(name for name, there in kernels.items() if there)]


each_backend = pytest.mark.parametrize(("cell", "backend"), [(cell, name) for cell in CELLS for name in backends(cell)])
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


def stack(cell, layers, bidirectional=False, **options):
    """A stack in double precision, all weights and biases random."""
    module = Recurrent(cell, D, H, layers, bidirectional, **options).double()
    with torch.no_grad():
        for number, weight in enumerate(module.parameters()):
            weight.copy_(0.5 * randn(*weight.shape, seed=number))
    return module


def case(cell, layers, bidirectional):
    shape = (layers * (1 + bidirectional), B, H)
    state = tuple(randn(*shape, seed=200 + i) for i in range(len(CELLS[cell].states)))
    return randn(B, T, D, seed=100), state


def call(module, inputs, state, lengths):
    """Outputs and the states, always as a tuple."""
    outputs, after = module(inputs, state if len(state) > 1 else state[0], lengths)
    return outputs, after if isinstance(after, tuple) else (after,)


def gradients(module, inputs, state, lengths):
    """Of a random function of outputs and states, with respect to inputs, states and weights."""
    inputs, state = inputs.clone().requires_grad_(), tuple(part.clone().requires_grad_() for part in state)
    outputs, after = call(module, inputs, state, lengths)
    values = (outputs, *after)
    loss = sum((value * randn(*value.shape, seed=300 + i)).sum() for i, value in enumerate(values))
    return values, torch.autograd.grad(loss, [inputs, *state, *module.parameters()], materialize_grads=True)


@each_shape
def test_padding_changes_nothing_whatever_it_holds(cell, backend, layers, bidirectional):
    module, (inputs, state) = stack(cell, layers, bidirectional, backend=backend), case(cell, layers, bidirectional)
    inside = torch.arange(T) < torch.tensor(LENGTHS)[:, None]
    wanted, wanted_grads = gradients(module, inputs, state, LENGTHS)
    for content in NOTHING:
        other = torch.where(inside[..., None], inputs, content)
        values, grads = gradients(module, other, state, LENGTHS)
        assert (values[0][~inside] == 0).all()
        for value, expected in zip((*values, *grads), (*wanted, *wanted_grads), strict=True):
            assert torch.equal(value, expected), content
        assert (grads[0][~inside] == 0).all()
        assert (grads[0][inside].abs().amax(-1) > 0).all()


@each_shape
def test_each_row_is_what_it_is_alone(cell, backend, layers, bidirectional):
    """And the gradients of a batch are the sum of those of its rows."""
    module, (inputs, state) = stack(cell, layers, bidirectional, backend=backend), case(cell, layers, bidirectional)
    weights = [*module.parameters()]

    def loss(outputs, after):
        return outputs.square().sum() + sum(part.pow(3).sum() for part in after)

    outputs, after = call(module, inputs, state, LENGTHS)
    whole = torch.autograd.grad(loss(outputs, after), weights, materialize_grads=True)
    total = [torch.zeros_like(weight) for weight in weights]
    for row, length in enumerate(LENGTHS):
        before = tuple(part[:, row : row + 1] for part in state)
        assert (outputs[row, length:] == 0).all()
        if length == 0:
            assert all(torch.equal(part[:, row], kept[:, 0]) for part, kept in zip(after, before, strict=True))
            continue
        alone, ends = call(module, inputs[row : row + 1, :length], before, None)
        torch.testing.assert_close(outputs[row, :length], alone[0], rtol=0, atol=1e-12)
        for part, end in zip(after, ends, strict=True):
            torch.testing.assert_close(part[:, row], end[:, 0], rtol=0, atol=1e-12)
        own = torch.autograd.grad(loss(alone, ends), weights, materialize_grads=True)
        total = [before_it + gradient for before_it, gradient in zip(total, own, strict=True)]
    for gradient, expected in zip(whole, total, strict=True):
        torch.testing.assert_close(gradient, expected, rtol=0, atol=1e-10)


@each_backend
def test_reverse_on_padded_rows_is_forward_on_flipped_rows(cell, backend):
    both, (inputs, state) = stack(cell, 1, True, backend=backend), case(cell, 1, True)
    single = Recurrent(cell, D, H, backend=backend).double()
    single.load_state_dict({f"{name}_l0": weight for name, weight in both.weights(0, reverse=True).items()})
    outputs, after = call(both, inputs, state, LENGTHS)
    flipped = torch.zeros_like(inputs)
    for row, length in enumerate(LENGTHS):
        flipped[row, :length] = inputs[row, :length].flip(0)
    wanted, ends = call(single, flipped, tuple(part[1:] for part in state), LENGTHS)
    for row, length in enumerate(LENGTHS):
        torch.testing.assert_close(outputs[row, :length, H:], wanted[row, :length].flip(0), rtol=0, atol=1e-12)
    for part, end in zip(after, ends, strict=True):
        torch.testing.assert_close(part[1:], end, rtol=0, atol=1e-12)


@each_backend
def test_order_of_rows_does_not_matter(cell, backend):
    module, (inputs, state) = stack(cell, 2, True, backend=backend), case(cell, 2, True)
    order = torch.tensor([2, 0, 3, 1])
    outputs, after = call(module, inputs, state, torch.tensor(LENGTHS))
    permuted, ends = call(module, inputs[order], tuple(part[:, order] for part in state), torch.tensor(LENGTHS)[order])
    for value, expected in zip((permuted, *ends), (outputs[order], *(part[:, order] for part in after)), strict=True):
        torch.testing.assert_close(value, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_padded_indices_may_be_anything(cell, bidirectional):
    module = stack(cell, 2, bidirectional)
    ids = torch.randint(D, (B, T), generator=torch.Generator().manual_seed(1))
    inside = torch.arange(T) < torch.tensor(LENGTHS)[:, None]
    wanted, _ = module(ids, lengths=LENGTHS)
    for content in (-1, D, 10**9):
        assert torch.equal(module(torch.where(inside, ids, content), lengths=LENGTHS)[0], wanted)


@pytest.mark.parametrize("option", ["residual", "learned_state"])
def test_padding_stays_zero_and_rows_alone_with_options(option):
    module = Recurrent("lstm", 2 * H, H, 2, bidirectional=True, **{option: True}).double()
    inputs = randn(B, T, 2 * H)
    inside = torch.arange(T) < torch.tensor(LENGTHS)[:, None]
    outputs, after = module(torch.where(inside[..., None], inputs, float("nan")), lengths=LENGTHS)
    assert (outputs[~inside] == 0).all()
    for row, length in enumerate(LENGTHS):
        if length:
            alone, ends = module(inputs[row : row + 1, :length])
            torch.testing.assert_close(outputs[row, :length], alone[0], rtol=0, atol=1e-12)
            torch.testing.assert_close(after[1][:, row], ends[1][:, 0], rtol=0, atol=1e-12)
        else:
            assert all(
                torch.equal(part[:, row], begin[:, row]) for part, begin in zip(after, module.begin(B), strict=True)
            )


def test_lengths_may_be_a_list_or_a_tensor_of_any_integer_type():
    module, inputs = stack("lstm", 2, True), randn(B, T, D)
    wanted, _ = module(inputs, lengths=LENGTHS)
    for kind in (torch.int64, torch.int32, torch.int16, torch.uint8):
        assert torch.equal(module(inputs, lengths=torch.tensor(LENGTHS, dtype=kind))[0], wanted)
    assert torch.equal(module(inputs, lengths=[T] * B)[0], module(inputs)[0])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(1, 6), st.data())
def test_backwards_twice_is_as_it_was(n_steps, data):
    lengths = data.draw(st.lists(st.integers(0, n_steps), min_size=1, max_size=5))
    ids = torch.arange(len(lengths) * n_steps).view(len(lengths), n_steps)
    rows = Ragged.of(lengths, ids)
    turned = backwards(ids, rows)
    assert torch.equal(backwards(turned, rows), ids)
    for row, length in enumerate(lengths):
        assert turned[row].tolist() == ids[row, :length].tolist()[::-1] + ids[row, length:].tolist()
    real = torch.stack((ids, -ids), -1).double().requires_grad_()
    assert torch.equal(backwards(real, rows)[..., 0], turned.double())
    (gradient,) = torch.autograd.grad((backwards(real, rows) * real.detach()).sum(), real)
    assert torch.equal(gradient, backwards(real, rows))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(0, T), min_size=1, max_size=5), st.sampled_from([*CELLS]))
def test_any_lengths_give_each_row_what_it_gets_alone(lengths, cell):
    module, inputs = stack(cell, 2, True), randn(len(lengths), T, D)
    outputs, _ = module(inputs, lengths=lengths)
    for row, length in enumerate(lengths):
        alone = module(inputs[row : row + 1, :length])[0][0] if length else outputs[row, :0]
        wanted = torch.cat((alone, torch.zeros(T - length, 2 * H)))
        torch.testing.assert_close(outputs[row], wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize("nothing", NOTHING)
def test_outputs_alone_are_those_beside_the_states(cell, nothing):
    module = stack(cell, 2, bidirectional=True)
    inputs = randn(B, T, D)
    expected, _ = module(inputs, None, LENGTHS)
    inputs[~Ragged.of(LENGTHS, inputs).inside] = nothing
    torch.testing.assert_close(module.outputs(inputs, LENGTHS), expected)
    torch.testing.assert_close(module.outputs(inputs[:1, :3]), expected[:1, :3])
