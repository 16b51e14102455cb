"""First weights: gate by gate, by name, from the generator."""

import math

import pytest
import torch

from seqlab.errors import ConfigError
from seqlab.recurrent import initialise
from seqlab.recurrent.cells import CELLS, Weights

D, N = 24, 16
each_cell = pytest.mark.parametrize("name", CELLS)
MATRICES = {"weight_ih", "weight_hh", "weight_ch", "weight_yh", "weight_hy"}


def filled(name, seed=1, **settings):
    """Parameters that held something before."""
    torch.manual_seed(seed)
    cell = CELLS[name]
    weights = {key: torch.full(shape, 7.0) for key, shape in cell.parameter_shapes(D, N).items()}
    initialise.layer(cell, weights, **settings)
    return weights


def blocks(weights, inputs):
    """The block of each gate of the matrices that read the input, or of those that read a state."""
    chosen = [weight for key, weight in weights.items() if weight.dim() == 2 and (key == "weight_ih") == inputs]
    return [block for weight in chosen for block in weight.split(N)]


@each_cell
def test_recurrent_matrices_are_orthogonal_gate_by_gate(name):
    cell = CELLS[name]
    recurrent = blocks(filled(name), inputs=False)
    assert len(recurrent) == sum(size[0] for size in cell.recurrent.values() if len(size) == 2)
    for block in recurrent:
        torch.testing.assert_close(block @ block.T, torch.eye(N), rtol=0, atol=1e-5)
    assert all(not torch.equal(one, other) for i, one in enumerate(recurrent) for other in recurrent[:i])


@each_cell
def test_input_weights_are_drawn_for_one_gate_of_n_units(name):
    inputs = blocks(filled(name), inputs=True)
    assert len(inputs) == CELLS[name].gates
    bound = math.sqrt(6 / (D + N))  # Glorot & Bengio 2010, eq. 16; for all gates as one matrix it would be smaller
    for block in inputs:
        assert 0.9 * bound < block.abs().max() <= bound  # 384 draws all below 0.9 of the bound: chance 1e-17
        assert abs(block.mean()) < 5 * bound / math.sqrt(3 * block.numel())
    assert all(not torch.equal(one, other) for i, one in enumerate(inputs) for other in inputs[:i])


@each_cell
def test_gains_begin_at_one_and_all_other_vectors_at_zero_but_for_the_forget_gate(name):
    gate = CELLS[name].forget_gate
    for key, weight in filled(name).items():
        if key == "bias_ih":
            wanted = [1.0 if place == gate else 0.0 for place in range(CELLS[name].gates)]
            assert [block.unique().tolist() for block in weight.split(N)] == [[value] for value in wanted]
        elif weight.dim() == 1:
            assert (weight == (1.0 if key.startswith("gain") else 0.0)).all(), key
        else:
            assert key in MATRICES


def test_which_cells_have_a_forget_gate():
    assert {name: cell.forget_gate for name, cell in CELLS.items() if cell.forget_gate is not None} == {
        "lstm": 1, "peephole": 1, "peephole-cell": 1, "peephole-cell-x": 1, "fc-lstm": 1, "lstm-layer-norm": 1,
        "min-lstm": 0,
    }  # fmt: skip


@pytest.mark.parametrize("forget_bias", [1.0, 0.0, 2.5])
@pytest.mark.parametrize("name", [name for name, cell in CELLS.items() if cell.forget_gate == 1])
def test_the_effective_bias_of_the_forget_gate(name, forget_bias):
    """Input and output at zero leave c' = sigma(b_f) c, as b_g is 0: with the recurrent matrices at zero too, so that no
    gate reads c. The bias counts once."""
    cell = CELLS[name]
    weights = Weights({key: w.double() for key, w in filled(name, forget_bias=forget_bias, recurrent="zeros").items()})
    c = torch.randn(3, N, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    x = cell.project(torch.zeros(3, 1, D, dtype=torch.float64), weights)[:, 0]
    _, after = cell.step(x, (torch.zeros_like(c), c), weights)
    torch.testing.assert_close(after, c / (1 + math.exp(-forget_bias)), rtol=0, atol=1e-15)


def test_a_peephole_lstm_begins_as_an_lstm_and_its_peepholes_learn_at_once():
    weights = {key: weight.requires_grad_() for key, weight in filled("peephole").items()}
    draw = torch.Generator().manual_seed(2)
    x, h, c = torch.randn(3, 4 * N, generator=draw), *torch.randn(2, 3, N, generator=draw)
    found = CELLS["peephole"].step(x, (h, c), Weights(weights))
    for value, wanted in zip(found, CELLS["lstm"].step(x, (h, c), Weights(weights)), strict=True):
        torch.testing.assert_close(value, wanted, rtol=0, atol=1e-6)
    found[0].sum().backward()
    assert (weights["weight_ch"].grad != 0).all()


PROPERTIES = {
    "xavier-uniform": lambda block: 0.9 < block.abs().max() / math.sqrt(6 / sum(block.shape)) <= 1,
    "xavier-normal": lambda block: block.std() / math.sqrt(2 / sum(block.shape)) == pytest.approx(1, abs=0.2),
    "orthogonal": lambda block: torch.allclose(block @ block.T, torch.eye(N), atol=1e-5),
    "identity": lambda block: torch.equal(block, torch.eye(*block.shape)),
    "uniform": lambda block: 0.9 < block.abs().max() * math.sqrt(N) <= 1,
    "zeros": lambda block: not block.any(),
}


@pytest.mark.parametrize("inputs", [True, False])
@pytest.mark.parametrize("initialiser", initialise.INITIALISERS)
def test_each_initialiser_does_what_it_is_named_for(initialiser, inputs):
    """On either kind of matrix, and on no other kind; with as many inputs as here no two of them have the same look."""
    weights = filled("fc-lstm", **{"input" if inputs else "recurrent": initialiser})
    assert PROPERTIES.keys() == initialise.INITIALISERS.keys()
    for block in blocks(weights, inputs=inputs):
        assert PROPERTIES[initialiser](block)
    default = PROPERTIES["orthogonal" if inputs else "xavier-uniform"]  # of the other kind
    assert all(default(block) for block in blocks(weights, inputs=not inputs))


def test_the_generator_decides():
    one, same, other = filled("fc-lstm", 1), filled("fc-lstm", 1), filled("fc-lstm", 2)
    assert all(torch.equal(one[key], same[key]) for key in one)
    assert not any(torch.equal(one[key], other[key]) for key in MATRICES & one.keys())


@pytest.mark.parametrize("settings", [{"input": "orthogonl"}, {"recurrent": "orthogonl"}])
def test_unknown_names_are_refused(settings):
    with pytest.raises(ConfigError, match="unknown initialiser 'orthogonl'; did you mean 'orthogonal'"):
        filled("lstm", **settings)


def test_parameters_that_learn_can_be_filled():
    weights = {key: torch.nn.Parameter(weight) for key, weight in filled("lstm").items()}
    initialise.layer(CELLS["lstm"], weights)
    assert all(weight.requires_grad and weight.grad_fn is None for weight in weights.values())
