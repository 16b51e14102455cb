"""The recurrent classifier: rows by themselves, pooling spelled out row by row, and options that act."""

import pytest
import torch

from seqlab.errors import ConfigError
from seqlab.models.classifier import RecurrentClassifier
from seqlab.recurrent.cells import CELLS

TABLES, COLUMNS, K = [(20, 6), (9, 3), (30, 4)], (0, 1, 2, 2), 5
LENGTHS = torch.tensor([3, 6, 0, 1, 5])
POOLINGS = ("last", "mean", "max", "attention")
every_pooling = pytest.mark.parametrize("pooling", POOLINGS)


def classifier(**options):
    torch.manual_seed(1)
    return RecurrentClassifier(TABLES, COLUMNS, K, **({"hidden": 8, "layers": 2} | options))


def batch(lengths=LENGTHS, seed=2):
    """ids of rows, anything in padding."""
    generator = torch.Generator().manual_seed(seed)
    shape = (len(lengths), int(lengths.max()))
    return torch.stack([torch.randint(1, TABLES[at][0], shape, generator=generator) for at in COLUMNS], -1).int()


@every_pooling
@pytest.mark.parametrize("bidirectional", [False, True])
def test_a_row_is_classified_as_if_it_were_alone(pooling, bidirectional):
    model = classifier(pooling=pooling, bidirectional=bidirectional, learned_state=True, residual=True).eval()
    torch.nn.init.normal_(model.output.bias)
    for name, parameter in model.recurrent.named_parameters():
        if name.startswith("initial_"):
            torch.nn.init.normal_(parameter)
    ids = batch()
    logits = model(ids, LENGTHS)
    assert logits.dtype == torch.float32
    for row, length in enumerate(LENGTHS.tolist()):
        alone = model(ids[row : row + 1, :length], LENGTHS[row : row + 1])
        torch.testing.assert_close(alone[0], logits[row], atol=1e-6, rtol=1e-6)
        with torch.no_grad():
            torch.testing.assert_close(model(ids[row : row + 1], LENGTHS[row : row + 1])[0], logits[row])
    torch.testing.assert_close(logits[2], model.output.bias)  # a row without tokens pools to zeros
    order = torch.tensor([4, 0, 2, 3, 1])
    torch.testing.assert_close(model(ids[order], LENGTHS[order]), logits[order], atol=1e-6, rtol=1e-6)


@every_pooling
def test_pooling_row_by_row(pooling):
    model, ids = classifier(pooling=pooling).double().eval(), batch()
    ends = []
    for row, length in enumerate(LENGTHS.tolist()):
        if not length:
            ends.append(torch.zeros(16, dtype=torch.float64))
            continue
        hidden, (states, _) = model.recurrent(model.embed(ids[row : row + 1, :length]))
        hidden = hidden[0]
        if pooling == "last":
            ends.append(torch.cat((states[-2, 0], states[-1, 0])))
        elif pooling == "mean":
            ends.append(sum(hidden) / length)
        elif pooling == "max":
            ends.append(torch.stack([max(unit) for unit in hidden.unbind(1)]))
        else:  # Yang et al. 2016, equations 5 to 7
            inside = [torch.tanh(model.attend.inner.weight @ step + model.attend.inner.bias) for step in hidden]
            powers = [torch.exp(step @ model.attend.query) for step in inside]
            ends.append(sum(power / sum(powers) * step for power, step in zip(powers, hidden, strict=True)))
    expected = torch.stack(ends) @ model.output.weight.T + model.output.bias
    torch.testing.assert_close(model(ids, LENGTHS), expected)


def test_attention_sums_to_one_over_the_own_tokens():
    model, ids = classifier(pooling="attention").eval(), batch()
    torch.nn.init.normal_(model.attend.query, std=9)
    weights = model.attention(ids, LENGTHS)
    assert weights.shape == ids.shape[:2]
    torch.testing.assert_close(weights.sum(1), (LENGTHS > 0).float())
    assert (weights >= 0).all()
    for row, length in enumerate(LENGTHS):
        assert not weights[row, length:].any()
        assert length < 2 or weights[row, :length].std() > 0.01
    with pytest.raises(ConfigError, match="'max'"):
        classifier(pooling="max").attention(ids, LENGTHS)


@every_pooling
def test_gradients(pooling):
    model = classifier(pooling=pooling, hidden=3, classifier_hidden=4, backend="reference").double()
    lengths = torch.tensor([2, 0, 3])
    vectors = torch.randn(3, 3, model.tables.width, dtype=torch.float64, requires_grad=True)
    torch.nn.init.normal_(model.inner.bias)  # away from zero, where ReLU has a bend and a row without tokens stands
    weights = [parameter for _, parameters in model.groups()[1:] for parameter in parameters]
    # It changes the weights in place.
    gradcheck = torch.autograd.gradcheck
    assert gradcheck(lambda vectors, *_: model.from_vectors(vectors, lengths), (vectors, *weights), fast_mode=True)
    model(batch(lengths), lengths).square().sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.any(), name


def test_a_batch_of_nothing_but_empty_rows_and_of_one_row():
    for pooling in POOLINGS:
        model, none = classifier(pooling=pooling), torch.zeros(2, dtype=torch.int64)
        expected = model.output.bias.expand(2, K)
        torch.testing.assert_close(model(torch.zeros(2, 0, 4, dtype=torch.int64), none), expected)
        logits = model(batch(torch.tensor([4, 4])), none)
        torch.testing.assert_close(logits, expected)
        logits.sum().backward()
        assert all(p.grad is None or p.grad.isfinite().all() for p in model.parameters())
        assert model(batch(torch.tensor([1])), torch.tensor([1])).shape == (1, K)


ONCE = {"cell": "gru", "hidden": 9, "layers": 1, "bidirectional": False, "classifier_hidden": 7}
ONCE |= {"input_weights": "uniform", "recurrent_weights": "uniform", "forget_bias": 3.0, "residual": True}
IN_TRAINING = ("dropout", "embedding_dropout", "input_dropout", "recurrent_dropout", "output_dropout", "weight_drop")


@pytest.mark.parametrize("option", [*ONCE, "zoneout", *IN_TRAINING])
def test_each_option_acts(option):
    ids, base = batch(), {"hidden": 8, "layers": 2}
    value = ONCE.get(option, 0.4)
    plain, changed = classifier(**base), classifier(**(base | {option: value}))
    torch.manual_seed(3)
    assert not torch.allclose(plain(ids, LENGTHS), changed(ids, LENGTHS))
    if option in IN_TRAINING:
        torch.testing.assert_close(plain.eval()(ids, LENGTHS), changed.eval()(ids, LENGTHS))


def test_poolings_and_back_ends_and_learned_states():
    logits = [classifier(pooling=pooling)(batch(), LENGTHS) for pooling in POOLINGS]
    assert all(not torch.allclose(one, other) for at, one in enumerate(logits) for other in logits[:at])
    assert classifier(backend="reference").runs_on() == ["reference loop"] * 2
    assert "recurrent.initial_h_l0" in classifier(learned_state=True).state_dict()


def test_dropout_of_the_vectors_is_of_whole_dimensions():
    dropped = classifier(embedding_dropout=0.5).embed(batch()) == 0
    assert (dropped.any(1) == dropped.all(1)).all()
    assert dropped.float().mean() == pytest.approx(0.5, abs=0.2)


@pytest.mark.parametrize("cell", sorted(CELLS))
def test_groups_hold_every_parameter_once(cell):
    model = classifier(cell=cell, pooling="attention", classifier_hidden=4, learned_state=True)
    groups = model.groups()
    assert [name for name, _ in groups] == ["embedding", "recurrent 0", "recurrent 1", "head"]
    ours = [id(parameter) for _, parameters in groups for parameter in parameters]
    assert len(ours) == len({*ours})
    assert {*ours} == {id(parameter) for parameter in model.parameters()}
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    assert all("_l1" in names[id(parameter)] for parameter in groups[2][1])


def test_weights_are_saved_and_loaded_and_vectors_lead_to_the_same():
    model, other, ids = classifier(), RecurrentClassifier(TABLES, COLUMNS, K, hidden=8, layers=2), batch()
    assert not torch.allclose(model(ids, LENGTHS), other(ids, LENGTHS))
    other.load_state_dict(model.state_dict())
    assert torch.equal(model(ids, LENGTHS), other(ids, LENGTHS))
    assert torch.equal(model.from_vectors(model.embed(ids), LENGTHS), model(ids, LENGTHS))
    assert "tables.0.weight" in model.state_dict()
    half = other.bfloat16().eval()(ids, LENGTHS)
    assert half.dtype == torch.float32
    torch.testing.assert_close(half, model.eval()(ids, LENGTHS), atol=0.05, rtol=0.05)


def test_refusals():
    for options, message in (
        ({"pooling": "mx"}, "did you mean 'max'"),
        ({"embedding_dropout": 1.0}, "embedding_dropout"),
        ({"classifier_hidden": -1}, "classifier_hidden"),
        ({"hidden": 0}, "hidden"),
        ({"dropout": 1.5}, "dropout"),
    ):
        with pytest.raises(ConfigError, match=message):
            classifier(**options)
    with pytest.raises(ConfigError, match="columns"):
        RecurrentClassifier(TABLES, (0, 3), K)
    with pytest.raises(ValueError, match="4 columns"):
        classifier()(batch()[..., :3], LENGTHS)
