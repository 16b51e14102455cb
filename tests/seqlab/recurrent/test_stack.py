"""Layers over time: what is cut, carried, permuted and dropped."""

import itertools

import pytest
import torch
from torch import nn

from seqlab.errors import ConfigError
from seqlab.recurrent import CELLS, Recurrent

B, T, D, H = 3, 8, 5, 4
each_cell = pytest.mark.parametrize("cell", CELLS)
each_depth = pytest.mark.parametrize("layers", [1, 2])
each_backend = pytest.mark.parametrize("backend", ["auto", "torch", "reference"])


def randn(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def stack(cell, layers=1, **options):
    """A stack in double precision, all weights and biases random."""
    module = Recurrent(cell, D, H, layers, **options).double()
    with torch.no_grad():
        for number, weight in enumerate(module.parameters()):
            weight.copy_(0.5 * randn(*weight.shape, seed=number))
    return module


def some_inputs(kind):
    if kind == "real":
        return randn(B, T, D, seed=100)
    return torch.randint(D, (B, T), generator=torch.Generator().manual_seed(100))


def parts(state):
    return state if isinstance(state, tuple) else (state,)


def assert_same_state(got, wanted):
    assert type(got) is type(wanted)
    for value, expected in zip(parts(got), parts(wanted), strict=True):
        torch.testing.assert_close(value, expected, rtol=0, atol=1e-12)


@each_cell
@each_depth
@each_backend
@pytest.mark.parametrize("kind", ["real", "one-hot"])
@pytest.mark.parametrize("cuts", [range(T + 1), (0, 3, T), (0, 1, T - 1, T)])
def test_windows_with_carried_state_equal_one_long_window(cell, layers, backend, kind, cuts):
    module, inputs = stack(cell, layers, backend=backend), some_inputs(kind)
    wanted, wanted_state = module(inputs)
    state, outputs = None, []
    for start, end in itertools.pairwise(cuts):
        window, state = module(inputs[:, start:end], state)
        outputs.append(window)
    torch.testing.assert_close(torch.cat(outputs, 1), wanted, rtol=0, atol=1e-12)
    assert_same_state(state, wanted_state)
    without, _ = module(inputs[:, cuts[1] :])
    assert (without - wanted[:, cuts[1] :]).abs().max() > 1e-3, "the carried state is not used"


@each_cell
@each_depth
@each_backend
def test_permuting_rows_permutes_outputs_and_states(cell, layers, backend):
    module, inputs, order = stack(cell, layers, backend=backend), some_inputs("real"), torch.tensor([2, 0, 1])
    before = tuple(randn(layers, B, H, seed=200 + i) for i in range(len(CELLS[cell].states)))
    permuted = tuple(part[:, order] for part in before)
    whole = len(before) > 1
    wanted, wanted_state = module(inputs, before if whole else before[0])
    outputs, state = module(inputs[order], permuted if whole else permuted[0])
    torch.testing.assert_close(outputs, wanted[order], rtol=0, atol=1e-12)
    for value, expected in zip(parts(state), parts(wanted_state), strict=True):
        torch.testing.assert_close(value, expected[:, order], rtol=0, atol=1e-12)
    alone, _ = module(inputs[1:2], tuple(part[:, 1:2] for part in before) if whole else before[0][:, 1:2])
    torch.testing.assert_close(alone, wanted[1:2], rtol=0, atol=1e-12)


@each_cell
@each_depth
@each_backend
def test_state_has_the_form_of_torch(cell, layers, backend):
    theirs = {"lstm": nn.LSTM, "gru": nn.GRU}.get(cell, nn.RNN)(D, H, layers, batch_first=True).double()
    wanted_outputs, wanted = theirs(some_inputs("real"))
    outputs, state = stack(cell, layers, backend=backend)(some_inputs("real"))
    assert outputs.shape == wanted_outputs.shape == (B, T, H)
    assert type(state) is type(wanted)
    assert [part.shape for part in parts(state)] == [part.shape for part in parts(wanted)]
    assert torch.equal(parts(state)[0][-1], outputs[:, -1])


@each_cell
@each_backend
def test_a_second_layer_reads_the_first(cell, backend):
    """Two layers are one layer over the outputs of another, each with its own row of the state."""
    both, inputs = stack(cell, 2, backend=backend), some_inputs("real")
    lower, upper = Recurrent(cell, D, H, backend=backend).double(), Recurrent(cell, H, H, backend=backend).double()
    for layer, single in enumerate((lower, upper)):
        single.load_state_dict({f"{name}_l0": weight for name, weight in both.weights(layer).items()})
    middle, lower_state = lower(inputs)
    wanted, upper_state = upper(middle)
    outputs, state = both(inputs)
    torch.testing.assert_close(outputs, wanted, rtol=0, atol=1e-12)
    for ours, one, two in zip(parts(state), parts(lower_state), parts(upper_state), strict=True):
        torch.testing.assert_close(ours, torch.cat((one, two)), rtol=0, atol=1e-12)


@each_cell
@each_backend
def test_dropout_between_layers_works_in_training_only(cell, backend):
    torch.manual_seed(1)
    plain, inputs = stack(cell, 2, backend=backend), some_inputs("real")
    module = stack(cell, 2, backend=backend, dropout=0.5)
    wanted, _ = plain(inputs)
    assert torch.equal(module.eval()(inputs)[0], wanted)
    first, second = (module.train()(inputs)[0] for _ in range(2))
    assert (first - wanted).abs().max() > 1e-3
    assert (first - second).abs().max() > 1e-3
    weaker = stack(cell, 2, backend=backend, dropout=0.01)
    torch.manual_seed(2)
    far, _ = module(inputs)
    torch.manual_seed(2)
    near, _ = weaker(inputs)
    assert (far - near).abs().max() > 1e-3, "the share makes no difference"
    single = stack(cell, 1, backend=backend, dropout=0.5)
    assert torch.equal(single.train()(inputs)[0], single.eval()(inputs)[0]), "nothing is dropped after the last layer"


@pytest.mark.parametrize("backend", ["torch", "reference"])
def test_dropout_keeps_the_expected_value(backend):
    """A second layer that hands on what it reads (rectified, identity, no recurrence) lays the mask open: each value is
    0 or the first layer's over 1 - p. The share of zeros among N = B T H draws has the standard deviation
    sqrt(p (1 - p) / N), the mean of the ratios sqrt(p / (1 - p) / N); five of these are allowed."""
    torch.manual_seed(3)
    p, n_rows, n_steps = 0.3, 20, 50
    module = Recurrent("elman-relu", D, H, 2, dropout=p, backend=backend).double()
    with torch.no_grad():
        for name, weight in module.named_parameters():
            weight.copy_(randn(*weight.shape, seed=4).abs() * (0.1 if "hh" in name else 1.0))
        module.weight_ih_l1.copy_(torch.eye(H))
        module.weight_hh_l1.zero_()
        module.bias_ih_l1.zero_()
    inputs = randn(n_rows, n_steps, D, seed=5).abs() + 0.1
    kept = module.eval()(inputs)[0]
    assert (kept > 0).all()
    ratio = module.train()(inputs)[0] / kept
    dropped = ratio == 0
    torch.testing.assert_close(ratio[~dropped], torch.full_like(ratio[~dropped], 1 / (1 - p)), rtol=0, atol=1e-12)
    n = ratio.numel()
    assert abs(dropped.double().mean() - p) < 5 * (p * (1 - p) / n) ** 0.5
    assert abs(ratio.mean() - 1) < 5 * (p / (1 - p) / n) ** 0.5
    for axis in range(3):  # no row, step or unit is dropped as a whole, or never
        others = [a for a in range(3) if a != axis]
        share = dropped.double().mean(others)
        assert ((share > 0) & (share < 1)).all()


@each_cell
def test_gradients_reach_the_lower_layer_through_dropout(cell):
    torch.manual_seed(4)
    module = stack(cell, 2, dropout=0.5).train()
    module(some_inputs("real"))[0].square().sum().backward()
    assert all(weight.grad is not None and weight.grad.abs().max() > 1e-6 for weight in module.parameters())


def test_what_runs_each_layer():
    for cell in CELLS:
        for backend in ("auto", "torch", "reference"):
            module = Recurrent(cell, D, H, 2, backend=backend)
            usual = "reference loop" if backend == "reference" else "torch kernel"
            assert [module.runs_on(layer) for layer in range(2)] == [usual, usual]
            assert [module.runs_on(layer, one_hot=True) for layer in range(2)] == ["reference loop", usual]


@each_cell
@pytest.mark.parametrize("kind", ["real", "one-hot"])
@pytest.mark.parametrize("backend", ["auto", "torch", "reference"])
def test_what_is_said_to_run_is_what_runs(cell, kind, backend, monkeypatch):
    ran = []
    for name, words in (("reference", "reference loop"), ("torch_kernel", "torch kernel")):
        original = getattr(__import__("seqlab.recurrent.stack", fromlist=[name]), name)

        def noted(*arguments, original=original, words=words):
            ran.append(words)
            return original(*arguments)

        monkeypatch.setattr(f"seqlab.recurrent.stack.{name}", noted)
    module = stack(cell, 2, backend=backend)
    module(some_inputs(kind))
    assert ran == [module.runs_on(layer, one_hot=kind == "one-hot") for layer in range(2)]


def test_initial_weights_follow_the_global_seed():
    def weights(seed):
        torch.manual_seed(seed)
        return torch.cat([weight.detach().flatten() for weight in Recurrent("lstm", D, H, 2).parameters()])

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))


@pytest.mark.parametrize("sizes", [(0, 4, 1), (5, 0, 1), (5, 4, 0), (5, -1, 1)])
def test_sizes_below_one_are_refused(sizes):
    with pytest.raises(ConfigError, match=r"^input_size .*hidden_size .*num_layers .*: each is at least 1$"):
        Recurrent("lstm", *sizes)


def test_an_unknown_cell_is_refused_with_the_nearest_name():
    with pytest.raises(ConfigError, match=r"^unknown cell 'lsmt'; did you mean 'lstm'\? known: elman, .*$") as caught:
        Recurrent("lsmt", D, H)
    assert "\n" not in str(caught.value)


@each_cell
@pytest.mark.parametrize("shape", [(1, B, H), (2, B + 1, H), (2, B, H + 1), (B, H), (2, 1, H)])
def test_a_state_of_another_shape_is_refused(cell, shape):
    state = tuple(torch.zeros(shape, dtype=torch.float64) for _ in CELLS[cell].states)
    with pytest.raises(ValueError, match=rf"^the state of {cell} is h.*, each \(2, 3, 4\); given: \(.*\)$") as caught:
        stack(cell, 2)(some_inputs("real"), state if len(state) > 1 else state[0])
    assert "\n" not in str(caught.value)


def test_a_state_with_too_few_or_too_many_parts_is_refused():
    part = torch.zeros(2, B, H, dtype=torch.float64)
    for cell, state in (("lstm", part), ("lstm", (part,) * 3), ("gru", (part, part))):
        with pytest.raises(ValueError, match=f"the state of {cell} is h"):
            stack(cell, 2)(some_inputs("real"), state)


def test_the_arguments_are_shown():
    assert "lstm, 5, 4, num_layers=2, dropout=0.5" in repr(Recurrent("lstm", D, H, 2, dropout=0.5))
