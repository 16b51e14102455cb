"""What chance takes away in training: how much, where, the same over time or not, and nothing in use."""

import pytest
import torch

from seqlab.recurrent import CELLS, Recurrent

B, T, D, H = 3, 8, 4, 4
RATES = ("dropout", "input_dropout", "recurrent_dropout", "output_dropout", "weight_drop", "zoneout")
MATRICES = {name: [key for key, blocks in row.recurrent.items() if len(blocks) == 2] for name, row in CELLS.items()}
NEED_MATRICES = ("recurrent_dropout", "weight_drop")
EACH = [(cell, rate) for cell in CELLS for rate in RATES if MATRICES[cell] or rate not in NEED_MATRICES]
each = pytest.mark.parametrize(("cell", "rate"), EACH)
# A direction is nothing that a cell knows of: both of them for three cells, of one state, of two, and without a matrix.
WAYS = [
    pytest.param(cell, rate, both, marks=[pytest.mark.slow] if both and cell not in ("gru", "lstm", "min-gru") else [])
    for cell, rate in EACH
    for both in (False, True)
]


def randn(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def stack(cell, layers=2, bidirectional=False, **options):
    module = Recurrent(cell, D, H, layers, bidirectional, **options).double()
    with torch.no_grad():
        for number, weight in enumerate(module.parameters()):
            weight.copy_(0.5 * randn(*weight.shape, seed=number))
    return module


def forwarded(**options):
    """A rectified net that hands on what it reads: identity inwards, nothing recurrent."""
    module = Recurrent("elman-relu", D, H, **options).double()
    with torch.no_grad():
        for name, weight in module.named_parameters():
            weight.copy_(torch.eye(H) if "weight_ih" in name else torch.zeros_like(weight))
    return module


def ones(n_rows, n_steps):
    return torch.ones(n_rows, n_steps, D, dtype=torch.float64)


def assert_a_mask(values, p):
    """Each value is 0 or 1 / (1 - p). The share of zeros among N draws has the standard deviation sqrt(p (1 - p) / N), the
    mean sqrt(p / (1 - p) / N); five of these are allowed."""
    dropped, n = values == 0, values.numel()
    torch.testing.assert_close(values[~dropped], torch.full_like(values[~dropped], 1 / (1 - p)), rtol=0, atol=1e-12)
    assert abs(dropped.double().mean() - p) < 5 * (p * (1 - p) / n) ** 0.5
    assert abs(values.mean() - 1) < 5 * (p / (1 - p) / n) ** 0.5


# --- every one of them


@pytest.mark.parametrize(("cell", "rate", "bidirectional"), WAYS)
def test_training_is_a_draw_and_use_is_not(cell, rate, bidirectional):
    torch.manual_seed(1)
    inputs, module = randn(B, T, D, seed=100), stack(cell, 2, bidirectional, **{rate: 0.5})
    plain = stack(cell, 2, bidirectional)
    wanted = plain(inputs)[0]
    first, second = (module.train()(inputs)[0] for _ in range(2))
    assert (first - second).abs().max() > 1e-3
    assert (first - wanted).abs().max() > 1e-3
    used = module.eval()(inputs)[0]
    assert torch.equal(module(inputs)[0], used)
    if rate == "zoneout":  # which by its expectation holds the state back in use too
        assert (used - wanted).abs().max() > 1e-3
    else:
        torch.testing.assert_close(used, wanted, rtol=0, atol=1e-12)


@each
def test_a_rate_of_zero_is_none_and_the_rate_matters(cell, rate):
    inputs = randn(B, T, D, seed=100)

    def drawn(share):
        torch.manual_seed(2)
        return stack(cell, **{rate: share}).train()(inputs)[0]

    assert torch.equal(drawn(0.0), stack(cell)(inputs)[0])
    assert torch.equal(drawn(0.5), drawn(0.5)), "the seed decides"
    assert (drawn(0.5) - drawn(0.05)).abs().max() > 1e-3


@each
def test_gradients_reach_every_weight(cell, rate):
    torch.manual_seed(4)
    module = stack(cell, **{rate: 0.3}).train()
    module(randn(B, T, D, seed=100))[0].square().sum().backward()
    assert all(weight.grad is not None and weight.grad.abs().max() > 1e-6 for weight in module.parameters())


@each
def test_padding_changes_nothing_in_training(cell, rate):
    lengths, inputs = [3, T, 0], randn(B, T, D, seed=100)
    inside = torch.arange(T) < torch.tensor(lengths)[:, None]
    module = stack(cell, 2, True, **{rate: 0.3}).train()
    results = []
    for content in (0.0, float("nan")):
        torch.manual_seed(3)
        results.append(module(torch.where(inside[..., None], inputs, content), lengths=lengths)[0])
    assert torch.equal(*results)
    assert (results[0][~inside] == 0).all()


# --- masks on values


@pytest.mark.parametrize(
    ("rate", "layers", "is_locked"),
    [("dropout", 2, False), ("input_dropout", 1, True), ("output_dropout", 1, True), ("output_dropout", 2, True)],
)
def test_masks_on_values_lay_open(rate, layers, is_locked):
    torch.manual_seed(5)
    p, n_rows, n_steps = 0.3, 400, 5
    module = forwarded(num_layers=layers, **{rate: p})
    assert torch.equal(module.eval()(ones(n_rows, n_steps))[0], ones(n_rows, n_steps))
    values = module.train()(ones(n_rows, n_steps))[0]
    over_time = (values == values[:, :1]).all()
    assert over_time == is_locked
    assert_a_mask(values[:, 0] if is_locked else values, p)
    dropped = (values == 0).double()
    for axes in ((1, 2), (0, 1)):  # no unit is dropped in all rows or in none, and rows differ
        assert len(dropped.mean(axes).unique()) > 1
    assert (dropped.mean((0, 1)) < 1).all()


def test_nothing_is_dropped_behind_the_last_layer():
    module = stack("lstm", 1, dropout=0.5)
    inputs = randn(B, T, D)
    assert torch.equal(module.train()(inputs)[0], module.eval()(inputs)[0])


def test_each_layer_reads_through_a_mask_of_its_own():
    torch.manual_seed(6)
    p, module = 0.3, forwarded(num_layers=2, input_dropout=0.3).train()
    values = module(ones(2000, 1))[0]
    assert {round(value, 9) for value in values.unique().tolist()} == {0.0, round((1 - p) ** -2, 9)}
    kept = (values > 0).double().mean()  # both masks let it through
    assert abs(kept - (1 - p) ** 2) < 5 * ((1 - p) ** 2 * (1 - (1 - p) ** 2) / values.numel()) ** 0.5


def test_the_mask_of_the_state_is_locked_and_stands_inside_the_recurrence():
    """h' = x + h of ones: without a mask the outputs are 1, 2, 3, ...; a dropped unit stays at 1, a kept one grows by the
    scaled sum. The mask is the same at all steps of a row, and another one in the next call."""
    torch.manual_seed(7)
    p, n_rows, n_steps = 0.3, 500, 4
    module = forwarded(recurrent_dropout=p)
    with torch.no_grad():
        module.weight_hh_l0.copy_(torch.eye(H))
    grown = torch.tensor([sum((1 / (1 - p)) ** k for k in range(t + 1)) for t in range(n_steps)], dtype=torch.float64)
    values, again = (module.train()(ones(n_rows, n_steps))[0].transpose(1, 2) for _ in range(2))
    for drawn in (values, again):
        is_kept = drawn[..., 1] > 1
        torch.testing.assert_close(drawn[is_kept], grown.expand(int(is_kept.sum()), -1), rtol=0, atol=1e-10)
        assert (drawn[~is_kept] == 1).all()
        assert_a_mask(is_kept.double() / (1 - p), p)
    assert not torch.equal(values, again)
    ratio = module.eval()(ones(2, n_steps))[0][0, :, 0]
    assert ratio.tolist() == [1, 2, 3, 4]


def test_directions_have_masks_of_their_own():
    torch.manual_seed(8)
    module = forwarded(bidirectional=True, recurrent_dropout=0.5).train()
    with torch.no_grad():
        module.weight_hh_l0.copy_(torch.eye(H))
        module.weight_hh_l0_reverse.copy_(torch.eye(H))
    outputs = module(ones(50, 2))[0]
    assert not torch.equal(outputs[:, -1, :H], outputs[:, 0, H:])


# --- weights


@pytest.mark.parametrize("cell", [name for name in CELLS if MATRICES[name]])
def test_weight_drop_draws_anew_and_its_gradient_reaches_the_weight_through_the_mask(cell):
    torch.manual_seed(9)
    p, module, inputs = 0.5, stack(cell, 1, weight_drop=0.5).train(), randn(B, T, D, seed=100)
    kept = {name: weight.detach().clone() for name, weight in module.named_parameters()}
    zeros = []
    for _ in range(2):
        module.zero_grad()
        module(inputs)[0].sum().backward()
        for name, weight in module.weights(0).items():
            assert (weight.grad != 0).any()
            if name not in MATRICES[cell]:
                continue
            share = (weight.grad == 0).double().mean()
            assert abs(share - p) < 5 * (p * (1 - p) / weight.numel()) ** 0.5
        zeros.append(torch.cat([(module.weights(0)[name].grad == 0).flatten() for name in MATRICES[cell]]))
    assert not torch.equal(*zeros), "a mask for each call"
    assert all(torch.equal(weight, kept[name]) for name, weight in module.named_parameters()), "a weight was altered"


def test_what_weight_drop_keeps_is_scaled():
    """A step from a state of ones, unit by unit: with U the identity the output is 0 or 1 / (1 - p)."""
    torch.manual_seed(10)
    p, values = 0.3, []
    module = forwarded(weight_drop=p).train()
    with torch.no_grad():
        module.weight_hh_l0.copy_(torch.eye(H))
    for _ in range(500):
        values.append(module(torch.zeros(1, 1, D).double(), torch.ones(1, 1, H).double())[0].flatten())
    assert_a_mask(torch.cat(values), p)


@pytest.mark.parametrize("backend", ["auto", "torch", "reference"])
def test_weight_drop_is_the_same_through_kernels(backend):
    """The mask is drawn before anything runs, so that every backend sees the same."""
    torch.manual_seed(11)
    wanted = stack("gru", 2, True, weight_drop=0.3, backend="reference")(randn(B, T, D))[0]
    torch.manual_seed(11)
    got = stack("gru", 2, True, weight_drop=0.3, backend=backend)(randn(B, T, D))[0]
    torch.testing.assert_close(got, wanted, rtol=0, atol=1e-12)


# --- zoneout


@pytest.mark.parametrize("cell", CELLS)
def test_zoneout_keeps_a_state_or_takes_the_new_one(cell):
    """After one step each unit is the old one or the new one, with the rate of its state; in use it is the mean."""
    torch.manual_seed(12)
    names, n_rows = CELLS[cell].states, 600
    rates = dict(zip(names, (0.3, 0.6), strict=False))
    module, plain = stack(cell, 1, zoneout=rates), stack(cell, 1, backend="reference")
    inputs, state = randn(n_rows, 1, D), tuple(randn(1, n_rows, H, seed=1 + i) for i in range(len(names)))
    state = state if len(names) > 1 else state[0]
    tuples = lambda state: state if isinstance(state, tuple) else (state,)  # noqa: E731
    (drawn, after), (_, new) = module.train()(inputs, state), plain(inputs, state)
    _, used = module.eval()(inputs, state)
    assert torch.equal(drawn[:, 0], tuples(after)[0][0])
    for name, old, fresh, got, mean in zip(names, *map(tuples, (state, new, after, used)), strict=True):
        is_old = got == old
        assert torch.equal(torch.where(is_old, old, fresh), got)
        p = rates[name]
        assert abs(is_old.double().mean() - p) < 5 * (p * (1 - p) / got.numel()) ** 0.5
        torch.testing.assert_close(mean, p * old + (1 - p) * fresh, rtol=0, atol=1e-12)


def test_one_rate_of_zoneout_is_for_all_states_and_names_are_for_theirs():
    assert Recurrent("lstm", D, H, zoneout=0.1).rates.zoneout == (0.1, 0.1)
    assert Recurrent("lstm", D, H, zoneout={"c": 0.5}).rates.zoneout == (0.0, 0.5)
    assert Recurrent("gru", D, H, zoneout={"h": 0.5}).rates.zoneout == (0.5,)


def test_zoneout_of_one_step_differs_from_that_of_the_next():
    torch.manual_seed(13)
    module = forwarded(zoneout=0.5).train()
    outputs = module(torch.arange(1.0, T + 1).double().view(1, T, 1).expand(50, T, D))[0]
    held = outputs[:, 1:] == outputs[:, :-1]
    assert not torch.equal(held[:, 0], held[:, 1])


# --- residual connections


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_residual_layers_add_what_they_read(cell, bidirectional):
    ways = 1 + bidirectional
    module = Recurrent(cell, 2 * H, H, 2, bidirectional, residual=True).double()
    inputs = randn(B, T, 2 * H)
    lower = Recurrent(cell, 2 * H, H, 1, bidirectional).double()
    upper = Recurrent(cell, ways * H, H, 1, bidirectional).double()
    for layer, single in enumerate((lower, upper)):
        for reverse in range(ways):
            end = "_reverse" if reverse else ""
            named = {f"{name}_l0{end}": weight for name, weight in module.weights(layer, bool(reverse)).items()}
            single.load_state_dict(named, strict=False)
    middle = lower(inputs)[0]
    middle = middle + inputs if bidirectional else middle  # in one direction the first layer reads more than it gives
    wanted, state = upper(middle)
    outputs, after = module(inputs)
    torch.testing.assert_close(outputs, wanted + middle, rtol=0, atol=1e-12)
    ends = state if isinstance(state, tuple) else (state,)
    for part, end in zip(after if isinstance(after, tuple) else (after,), ends, strict=True):
        torch.testing.assert_close(part[ways:], end, rtol=0, atol=1e-12)


def test_residual_of_indices_begins_with_the_second_layer():
    ids = torch.randint(H, (B, T), generator=torch.Generator().manual_seed(1))
    module, plain = Recurrent("gru", H, H, 2, residual=True), Recurrent("gru", H, H, 2)
    plain.load_state_dict(module.state_dict())
    lower = Recurrent("gru", H, H)
    lower.load_state_dict({f"{name}_l0": weight for name, weight in module.weights(0).items()})
    torch.testing.assert_close(module(ids)[0], plain(ids)[0] + lower(ids)[0], rtol=0, atol=1e-6)
