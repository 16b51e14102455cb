"""Stacks held against torch.nn, which nobody here wrote: outputs, states and gradients; weights move both ways."""

import itertools

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from seqlab.errors import ConfigError
from seqlab.recurrent import CELLS, Recurrent, fused

T, D, H = 7, 5, 4
KINDS = {
    "elman": nn.RNN,
    "elman-relu": lambda *sizes, **options: nn.RNN(*sizes, nonlinearity="relu", **options),
    "lstm": nn.LSTM,
    "gru": nn.GRU,
}
BACKENDS = [
    (cell, backend)
    for cell in KINDS
    for backend in ("auto", "fused", "torch", "reference")
    if backend != "fused" or fused.available(CELLS[cell], torch.empty(0)) is None
]
each_kind = pytest.mark.parametrize("cell", KINDS)
each_backend = pytest.mark.parametrize(("cell", "backend"), BACKENDS)
each_depth = pytest.mark.parametrize("layers", [1, 2])
each_width = pytest.mark.parametrize("bidirectional", [False, True], ids=["forward", "both"])
GRID = [*itertools.product((1, 3), (1, 2), (False, True), (False, True))]
# In this half of it any three of the four stand together in every way that there is.
HALF = [case for case in GRID if sum(value == last for value, last in zip(case, GRID[-1], strict=True)) % 2 == 0]


def each_of(at_once):
    """All cases of the grid, slow but for those."""
    cases = [pytest.param(*case, marks=[] if case in at_once else [pytest.mark.slow]) for case in GRID]
    return pytest.mark.parametrize(("batch", "layers", "bidirectional", "ragged"), cases)


def torch_module(cell, layers, bidirectional, draw, **options):
    """Random weights of size 0.4: the rectified net neither dies nor blows up with these."""
    module = KINDS[cell](D, H, layers, bidirectional=bidirectional, **{"batch_first": True} | options).double()
    with torch.no_grad():
        for weight in module.parameters():
            weight.copy_(0.4 * torch.randn(weight.shape, generator=draw, dtype=torch.float64))
    return module


class Case:
    """A module of torch.nn, ours with its weights, inputs, a state before, lengths, and a random linear function of all
    that comes out, whose gradients are compared."""

    def __init__(self, cell, backend, batch, layers, bidirectional, ragged):
        draw = torch.Generator().manual_seed(layers + 10 * batch)
        self.theirs = torch_module(cell, layers, bidirectional, draw)
        self.ours = Recurrent.from_torch(self.theirs)
        self.ours.backend, self.names = backend, CELLS[cell].states
        randn = lambda *shape: torch.randn(shape, generator=draw, dtype=torch.float64)  # noqa: E731
        self.inputs = randn(batch, T, D)
        shape = (layers * (1 + bidirectional), batch, H)
        self.state = [randn(*shape) for _ in self.names]
        self.cotangents = [randn(batch, T, H * (1 + bidirectional)), *(randn(*shape) for _ in self.names)]
        self.lengths = torch.tensor([4, T, 2][:batch]) if ragged else None

    def _leaves(self, dtype):
        state = tuple(part.to(dtype).clone().requires_grad_() for part in self.state)
        return self.inputs.to(dtype).clone().requires_grad_(), state

    def _results(self, module, inputs, state, outputs, final):
        values = (outputs, *(final if isinstance(final, tuple) else (final,)))
        module.zero_grad()
        loss = sum((value * by.to(value.dtype)).sum() for value, by in zip(values, self.cotangents, strict=True))
        loss.backward()
        gradients = {name: weight.grad for name, weight in module.named_parameters()}
        gradients |= {"inputs": inputs.grad} | {
            f"state {n}": part.grad for n, part in zip(self.names, state, strict=True)
        }
        return values, gradients

    def run_ours(self, dtype=torch.float64):
        inputs, state = self._leaves(dtype)
        module = self.ours.to(dtype)
        return self._results(
            module, inputs, state, *module(inputs, state if len(state) > 1 else state[0], self.lengths)
        )

    def run_theirs(self):
        inputs, state = self._leaves(torch.float64)
        read = inputs
        if self.lengths is not None:
            read = pack_padded_sequence(inputs, self.lengths, batch_first=True, enforce_sorted=False)
        outputs, final = self.theirs(read, state if len(state) > 1 else state[0])
        if self.lengths is not None:
            outputs, _ = pad_packed_sequence(outputs, batch_first=True, total_length=T)
        values, gradients = self._results(self.theirs, inputs, state, outputs, final)
        # The gradient of a sum of two biases is that of either; a GRU's second bias of the candidate is one of its own.
        for name in [name for name in gradients if name.startswith("bias_hh")]:
            if isinstance(self.theirs, nn.GRU):
                gradients[name.replace("bias_hh", "bias_hn")] = gradients[name][2 * H :]
            del gradients[name]
        return values, gradients


@each_backend
@each_of(HALF)
def test_equals_torch_nn_forward_and_backward(cell, backend, batch, layers, bidirectional, ragged):
    case = Case(cell, backend, batch, layers, bidirectional, ragged)
    if backend in ("torch", "reference"):
        said = {"torch": "torch kernel", "reference": "reference loop"}[backend]
        assert {case.ours.runs_on(layer) for layer in range(layers)} == {said}
    (values, gradients), (wanted_values, wanted_gradients) = case.run_ours(), case.run_theirs()
    for value, wanted in zip(values, wanted_values, strict=True):
        torch.testing.assert_close(value, wanted, rtol=0, atol=1e-12)
    assert gradients.keys() == wanted_gradients.keys()
    for name, gradient in gradients.items():
        assert gradient.abs().max() > 1e-3, name
        wanted = wanted_gradients[name]
        torch.testing.assert_close(gradient, wanted, rtol=0, atol=1e-10, msg=lambda text, name=name: f"{name}: {text}")


@each_backend
@each_of([GRID[0], GRID[-1]])
def test_single_precision_loses_no_more_than_rounding(cell, backend, batch, layers, bidirectional, ragged):
    """1e-5 of the largest value (at least 1) for what comes out and for gradients.

    A pre-activation sums at most 3H products and a bias, so it is off by at most 14 roundings of 6e-8 each of its partial
    sums; the gates add about four. T steps of two layers pass their errors on, at a rate below 1 with weights of this
    size. 2 * 7 * 18 * 6e-8 = 1.5e-5 is the worst case, in which all roundings go the same way; of random sign they come to
    about sqrt(250) * 6e-8 = 1e-6. 1e-5 stands ten times above that, and far below the 1e-3 that every gradient exceeds."""
    case = Case(cell, backend, batch, layers, bidirectional, ragged)
    wanted_values, wanted_gradients = case.run_theirs()
    values, gradients = case.run_ours(torch.float32)
    named = zip(("outputs", *case.names), values, wanted_values, strict=True)
    for name, value, wanted in [*named, *((name, gradients[name], wanted_gradients[name]) for name in gradients)]:
        assert value.dtype == torch.float32
        assert (value - wanted).abs().max() <= 1e-5 * max(1.0, wanted.abs().max().item()), name


@each_backend
@each_width
def test_zeros_where_no_state_is_given(cell, backend, bidirectional):
    case = Case(cell, backend, 3, 2, bidirectional, ragged=False)
    torch.testing.assert_close(case.ours(case.inputs)[0], case.theirs(case.inputs)[0], rtol=0, atol=1e-12)


@each_kind
@each_depth
@each_width
def test_names_shapes_and_state_are_those_of_torch(cell, layers, bidirectional):
    theirs = torch_module(cell, layers, bidirectional, torch.Generator())
    ours = Recurrent(cell, D, H, layers, bidirectional).double()
    shapes = {name: weight.shape for name, weight in theirs.named_parameters()}
    inner = {name.replace("bias_hh", "bias_hn"): (H,) for name in shapes if "bias_hh" in name and cell == "gru"}
    wanted = {name: shape for name, shape in shapes.items() if "bias_hh" not in name} | inner
    assert {name: weight.shape for name, weight in ours.named_parameters()} == wanted
    (outputs, state), (wanted_outputs, wanted) = (module(torch.zeros(3, T, D).double()) for module in (ours, theirs))
    assert outputs.shape == wanted_outputs.shape
    assert type(state) is type(wanted)
    parts = zip(state, wanted, strict=True) if isinstance(state, tuple) else [(state, wanted)]
    assert all(part.shape == expected.shape for part, expected in parts)


@each_kind
@each_depth
@each_width
@pytest.mark.parametrize(
    "options", [{}, {"bias": False}, {"batch_first": False}], ids=["plain", "no bias", "steps first"]
)
def test_weights_go_to_torch_and_come_back(cell, layers, bidirectional, options):
    draw = torch.Generator().manual_seed(5)
    theirs = torch_module(cell, layers, bidirectional, draw, **options)
    inputs = torch.randn(3, T, D, generator=draw, dtype=torch.float64)
    wanted, _ = theirs(inputs if theirs.batch_first else inputs.transpose(0, 1))
    wanted = wanted if theirs.batch_first else wanted.transpose(0, 1)
    ours = Recurrent.from_torch(theirs)
    assert (ours.cell, ours.input_size, ours.hidden_size, ours.num_layers) == (cell, D, H, layers)
    torch.testing.assert_close(ours(inputs)[0], wanted, rtol=0, atol=1e-12)
    returned = ours.to_torch()
    assert type(returned) is type(theirs)
    torch.testing.assert_close(returned(inputs)[0], wanted, rtol=0, atol=1e-12)
    again = Recurrent.from_torch(returned)
    assert all(torch.equal(weight, ours.state_dict()[name]) for name, weight in again.state_dict().items())
    # They are copies: training one leaves the other alone.
    with torch.no_grad():
        theirs.weight_hh_l0.zero_()
    assert (ours.weight_hh_l0 != 0).all()


@each_kind
def test_type_mode_and_dropout_are_taken_over(cell):
    theirs = KINDS[cell](D, H, 2, dropout=0.25).to(torch.bfloat16).eval()
    ours = Recurrent.from_torch(theirs)
    assert (ours.rates.dropout, ours.training, ours.weight_hh_l1.dtype) == (0.25, False, torch.bfloat16)
    returned = ours.to_torch()
    assert (returned.dropout, returned.training, returned.weight_hh_l1.dtype) == (0.25, False, torch.bfloat16)


@pytest.mark.parametrize(
    ("module", "says"),
    [
        (nn.LSTM(D, H, proj_size=2), r"^proj_size 2: no cell here projects its output; use proj_size=0$"),
        (nn.Linear(D, H), r"^weights come from torch\.nn\.RNN, LSTM or GRU, not from Linear$"),
        (nn.LSTMCell(D, H), r"^weights come from torch\.nn\.RNN, LSTM or GRU, not from LSTMCell$"),
    ],
)
def test_modules_that_cannot_be_taken_over(module, says):
    with pytest.raises(ConfigError, match=says):
        Recurrent.from_torch(module)


@pytest.mark.parametrize("cell", [name for name, row in CELLS.items() if row.torch_kernel is None])
def test_cells_that_torch_does_not_have(cell):
    with pytest.raises(ConfigError, match=rf"^torch\.nn has no {cell}; it has elman, elman-relu, lstm and gru$"):
        Recurrent(cell, D, H).to_torch()


@pytest.mark.parametrize("option", [{"zoneout": 0.1}, {"residual": True}, {"learned_state": True}])
def test_options_that_torch_does_not_have(option):
    with pytest.raises(ConfigError, match=rf"^torch\.nn has no {next(iter(option))}, which also acts in use;"):
        Recurrent("lstm", H, H, **option).to_torch()


def test_dropout_of_a_single_layer_is_none_in_torch():
    assert Recurrent("lstm", D, H, dropout=0.5).to_torch().dropout == 0.0


def test_what_acts_in_training_only_does_not_hinder():
    ours = Recurrent("lstm", D, H, 2, input_dropout=0.1, recurrent_dropout=0.1, output_dropout=0.1, weight_drop=0.1)
    inputs = torch.randn(3, T, D, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(ours.eval().to_torch()(inputs)[0], ours(inputs)[0], rtol=0, atol=1e-6)
