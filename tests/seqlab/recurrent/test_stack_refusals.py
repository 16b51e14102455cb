"""What a caller can get wrong: one sentence each, with what was given and what was meant."""

import pytest
import torch

from seqlab.errors import ConfigError
from seqlab.recurrent import CELLS, Recurrent

B, T, D, H = 3, 8, 5, 4
NAN, INF = float("nan"), float("inf")


def module(cell="lstm", layers=2, **options):
    return Recurrent(cell, D, H, layers, **options)


def inputs(*shape, dtype=torch.float32):
    return torch.zeros(shape or (B, T, D), dtype=dtype)


def refuse(error, says, call, *arguments, **options):
    with pytest.raises(error) as caught:
        call(*arguments, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert says in message


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"cell": "lsmt"}, "unknown cell 'lsmt'; did you mean 'lstm'? known: elman, "),
        ({"backend": "torhc"}, "unknown backend 'torhc'; did you mean 'torch'? known: auto, fused, reference, torch"),
        ({"input_size": 0}, "input_size 0, hidden_size 4, num_layers 2: each is at least 1"),
        ({"hidden_size": 0}, "input_size 5, hidden_size 0, num_layers 2: each is at least 1"),
        ({"num_layers": 0}, "num_layers 0: each is at least 1"),
        ({"dropout": 1.0}, "dropout: is a share from 0 to below 1, not 1.0"),
        ({"input_dropout": -0.1}, "input_dropout: is a share from 0 to below 1, not -0.1"),
        ({"recurrent_dropout": 2}, "recurrent_dropout: is a share"),
        ({"output_dropout": NAN}, "output_dropout: is a share from 0 to below 1, not nan"),
        ({"weight_drop": 1.5}, "weight_drop: is a share"),
        ({"zoneout": 1.0}, "zoneout: is a share"),
        ({"zoneout": {"c": -1.0}}, "zoneout: is a share"),
        ({"zoneout": {"s": 0.1}}, "zoneout: unknown state of lstm 's'; known: c, h"),
        (
            {"cell": "min-gru", "recurrent_dropout": 0.1},
            "recurrent_dropout: min-gru has no recurrent matrix; leave it out",
        ),
        ({"cell": "min-lstm", "weight_drop": 0.1}, "weight_drop: min-lstm has no recurrent matrix; leave it out"),
        (
            {"num_layers": 1, "residual": True},
            "residual: the only layer reads 5 values and gives 4, not as many; leave it",
        ),
        ({"input_weights": "xavier"}, "unknown initialiser 'xavier'; did you mean 'xavier-"),
        ({"recurrent_weights": "ortogonal"}, "unknown initialiser 'ortogonal'; did you mean 'orthogonal'?"),
        ({"cell": "peephole", "backend": "torch"}, "backend torch: it has no kernel for peephole; use auto"),
        ({"cell": "min-gru", "backend": "fused"}, "backend fused: it has no kernel for min-gru; use auto"),
        ({"zoneout": 0.1, "backend": "torch"}, "backend torch: it knows no zoneout; use auto"),
        ({"recurrent_dropout": 0.1, "backend": "fused"}, "backend fused: it knows no recurrent dropout; use auto"),
    ],
)
def test_arguments(options, says):
    refuse(
        ConfigError, says, Recurrent, **{"cell": "lstm", "input_size": D, "hidden_size": H, "num_layers": 2} | options
    )


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (inputs(B, T, D + 1), "inputs are 6 wide, but the first layer reads 5"),
        (inputs(B, T), "real inputs are (B, T, D = 5); given: (3, 8)"),
        (inputs(D), "real inputs are (B, T, D = 5); given: (5,)"),
        (inputs(B, T, D, dtype=torch.int64), "integer inputs are (B, T); given: (3, 8, 5)"),
        (inputs(0, T, D), "inputs have at least a row and a step; given: (0, 8, 5)"),
        (inputs(B, 0, D), "inputs have at least a row and a step; given: (3, 0, 5)"),
        (inputs(0, T, dtype=torch.int64), "inputs have at least a row and a step; given: (0, 8)"),
        (inputs(B, T, D, dtype=torch.float64), "inputs are float64, but the weights float32; convert one of them"),
        (inputs(B, T, D, dtype=torch.bfloat16), "inputs are bfloat16, but the weights float32; convert one of them"),
        (inputs(B, T, dtype=torch.bool), "inputs are real numbers, or indices in int64 or int32; given: bool"),
        (
            inputs(B, T, D, dtype=torch.complex64),
            "inputs are real numbers, or indices in int64 or int32; given: complex64",
        ),
        (inputs(B, T, D).to("meta"), "inputs are on meta, but the weights on cpu; move one of them"),
        (torch.tensor([[0, 4], [5, 0]]), "inputs: index 5 at row 1, step 0; there are 5 types, 0 to 4"),
        (torch.tensor([[0, -1], [5, 0]]), "inputs: index -1 at row 0, step 1; there are 5 types, 0 to 4"),
    ],
)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_inputs(given, says, bidirectional):
    refuse(ValueError, says, module(bidirectional=bidirectional), given)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (inputs(B, D + 1), "inputs are 6 wide, but the first layer reads 5"),
        (inputs(B, 1, D), "real inputs are (B, D = 5); given: (3, 1, 5)"),
        (inputs(B, T, dtype=torch.int64), "integer inputs are (B,); given: (3, 8)"),
        (inputs(0, D), "inputs have at least a row; given: (0, 5)"),
        (inputs(B, D, dtype=torch.float64), "inputs are float64, but the weights float32; convert one of them"),
        (torch.tensor([0, 5]), "inputs: index 5 at row 1; there are 5 types, 0 to 4"),
        (torch.tensor([0, 1, -1]), "inputs: index -1 at row 2; there are 5 types, 0 to 4"),
    ],
)
def test_inputs_of_a_step(given, says):
    refuse(ValueError, says, module().step, given)


def test_a_step_in_two_directions():
    refuse(
        ConfigError,
        "step: a bidirectional layer needs all of its inputs",
        module(bidirectional=True).step,
        inputs(B, D),
    )


@pytest.mark.parametrize(
    ("lengths", "says"),
    [
        ([1, 2], "lengths are one number for each of the 3 rows; given: (2,)"),
        ([[1, 2, 3]], "lengths are one number for each of the 3 rows; given: (1, 3)"),
        ([1, 2, 3, 4], "lengths are one number for each of the 3 rows; given: (4,)"),
        ([1, -1, 3], "lengths[1] is -1, and the inputs have 8 steps; it is 0 to 8"),
        ([1, 2, T + 1], "lengths[2] is 9, and the inputs have 8 steps; it is 0 to 8"),
        ([1.0, 2.0, 3.0], "lengths are whole numbers of steps, not float32"),
        (torch.tensor([True, True, False]), "lengths are whole numbers of steps, not bool"),
        ("abc", "lengths are whole numbers of steps, not 'abc'"),
        ([1, None, 2], "lengths are whole numbers of steps, not [1, None, 2]"),
    ],
)
def test_lengths(lengths, says):
    refuse(ValueError, says, module(), inputs(), lengths=lengths)


@pytest.mark.parametrize("cell", CELLS)
def test_a_state_of_another_shape(cell):
    names, net = CELLS[cell].states, module(cell)
    for shape in [(1, B, H), (2, B + 1, H), (2, B, H + 1), (B, H), (2, 1, H), (4, B, H)]:
        state = tuple(torch.zeros(shape) for _ in names)
        says = f"the state of {cell} is {' and '.join(names)}, each (2, 3, 4); given: {shape}"
        state = state if len(state) > 1 else state[0]
        refuse(ValueError, says, net, inputs(), state)
        refuse(ValueError, says, net.step, inputs(B, D), state)


def test_a_state_for_one_direction_where_there_are_two():
    part = torch.zeros(2, B, H)
    refuse(ValueError, "each (4, 3, 4); given: (2, 3, 4)", module(bidirectional=True), inputs(), (part, part))


@pytest.mark.parametrize(
    ("cell", "state"),
    [
        ("lstm", torch.zeros(2, B, H)),
        ("lstm", (torch.zeros(2, B, H),) * 3),
        ("gru", (torch.zeros(2, B, H),) * 2),
        ("gru", ()),
        ("gru", "zeros"),
        ("lstm", (torch.zeros(2, B, H), None)),
    ],
)
def test_a_state_with_other_parts(cell, state):
    refuse(ValueError, f"the state of {cell} is h", module(cell), inputs(), state)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"dtype": torch.float64}, "state h is float64, but the weights float32; convert one of them"),
        ({"dtype": torch.int64}, "state h is int64, but the weights float32; convert one of them"),
        ({"device": "meta"}, "state h is on meta, but the weights on cpu; move one of them"),
    ],
)
def test_a_state_of_another_type_or_device(change, says):
    state = (torch.zeros(2, B, H, **change), torch.zeros(2, B, H))
    refuse(ValueError, says, module(), inputs(), state)


def test_a_beginning_without_rows():
    refuse(ValueError, "a batch has at least one row, not 0", module().begin, 0)


def test_a_type_that_a_kernel_does_not_have():
    net = module(backend="fused").to(torch.float16)
    refuse(ValueError, "backend fused cannot run this: ", net, inputs(dtype=torch.float16))


def test_a_mask_over_indices():
    net = module(input_dropout=0.1)
    ids = inputs(B, T, dtype=torch.int64)
    refuse(ValueError, "input_dropout: it zeroes units of real inputs, and these are indices; leave it out", net, ids)
    assert torch.equal(net.eval()(ids)[0], net(ids)[0])


# --- values that are not finite, where that is checked


def debugged(by, net, *arguments, **options):
    if by == "flag":
        net.check_finite = True
        return net(*arguments, **options)
    with torch.autograd.set_detect_anomaly(True):
        return net(*arguments, **options)


@pytest.mark.filterwarnings("ignore:Anomaly Detection")
@pytest.mark.parametrize("by", ["flag", "anomaly mode"])
@pytest.mark.parametrize(("value", "shown"), [(NAN, "nan"), (INF, "inf"), (-INF, "-inf")])
def test_the_first_input_that_is_not_finite_is_named(by, value, shown):
    given = inputs()
    assert torch.isfinite(debugged(by, module(), given)[0]).all()
    given[0, 5, 1] = given[1, 3, 2] = given[2, 3, 0] = value
    refuse(ValueError, f"inputs: {shown} at row 1, step 3, unit 2", debugged, by, module(), given)
    # Padding may be anything.
    assert torch.isfinite(debugged(by, module(), given, lengths=[5, 3, 0])[0]).all()
    assert module()(given)[0].shape == (B, T, H), "it is not checked unless asked for"


def test_the_layer_whose_outputs_are_not_finite_is_named():
    net = module("elman-relu", 3, check_finite=True)
    with torch.no_grad():
        net.bias_ih_l1[2] = INF
    refuse(ValueError, "outputs of layer 1: inf at row 0, step 0, unit 2", net, inputs())
    ids = inputs(B, T, dtype=torch.int64)
    refuse(ValueError, "outputs of layer 1: inf at row 0, step 0, unit 2", net, ids)


@pytest.mark.parametrize("name", ["forward", "step"])
def test_a_state_that_is_not_finite_is_named(name):
    net = module("lstm", 2, check_finite=True)
    h, c = (part.clone() for part in net.begin(B))
    c[1, 2, 0] = NAN
    given, call = (inputs(), net) if name == "forward" else (inputs()[:, 0], net.step)
    refuse(ValueError, "state c: nan in layer 1, row 2, unit 0", call, given, (h, c))


def test_a_step_checks_what_it_reads_and_writes():
    net, given = module("elman-relu", 2, check_finite=True), inputs()[:, 0].clone()
    assert torch.isfinite(net.step(given)[0]).all()
    given[1, 2] = NAN
    refuse(ValueError, "inputs: nan at row 1, step 0, unit 2", net.step, given)
    with torch.no_grad():
        net.bias_ih_l1[2] = INF
    refuse(ValueError, "outputs of layer 1: inf at row 0, step 0, unit 2", net.step, inputs()[:, 0])
