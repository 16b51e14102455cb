"""The bag classifier against products of dense matrices; features left out by chance; what each feature contributes."""

import itertools

import pytest
import torch

from seqlab.errors import ConfigError
from seqlab.models.bag import BagClassifier

F, K = 30, 4
LENGTHS = torch.tensor([3, 0, 7, 1, 0])
OFFSETS = torch.cat((torch.zeros(1, dtype=torch.int64), LENGTHS.cumsum(0)))
IDS = torch.randint(0, F, (int(OFFSETS[-1]),), generator=torch.Generator().manual_seed(3))
WEIGHTS = torch.rand(len(IDS), generator=torch.Generator().manual_seed(4)) + 0.1
MODELS = [{}, {"hidden": 6}, {"hidden": (6, 5)}, {"embedding": 0}]
every_model = pytest.mark.parametrize("options", MODELS, ids=["fasttext", "mlp", "mlp2", "softmax"])
both_modes = pytest.mark.parametrize("mode", ["mean", "sum"])
with_weights = pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])


def bag(**options):
    """With all weights random."""
    torch.manual_seed(1)
    made = BagClassifier(F, K, **({"embedding": 8} | options))
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter)
    return made


@every_model
@both_modes
@with_weights
def test_against_a_dense_product(options, mode, weights):
    model = bag(mode=mode, **options).double()
    rows = torch.zeros(len(LENGTHS), F, dtype=torch.float64)
    for row, (first, last) in enumerate(itertools.pairwise(OFFSETS.tolist())):
        for at in range(first, last):
            rows[row, IDS[at]] += 1 if weights is None else weights[at].double()
    if mode == "mean":
        rows /= rows.sum(1, keepdim=True).clamp(min=1e-9)
    inside = rows @ model.table
    for layer in model.layers:
        inside = (inside @ layer.weight.T + layer.bias).relu()
    expected = inside + model.bias if model.output is None else inside @ model.output.weight.T + model.output.bias
    found = model(IDS, OFFSETS, None if weights is None else weights.double())
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(found[1], model.from_average(torch.zeros(1, model.table.shape[1]).double())[0])


@every_model
@both_modes
@with_weights
def test_a_text_alone_and_other_orders_and_sparse_gradients(options, mode, weights):
    model, sparse = bag(mode=mode, **options), bag(mode=mode, sparse=True, **options)
    logits = model(IDS, OFFSETS, weights)
    assert logits.dtype == torch.float32
    assert torch.equal(model(IDS.int(), OFFSETS.int(), weights), logits)
    for row, (first, last) in enumerate(itertools.pairwise(OFFSETS.tolist())):
        own = None if weights is None else weights[first:last]
        alone = model(IDS[first:last].flip(0), torch.tensor([0, last - first]), None if own is None else own.flip(0))
        torch.testing.assert_close(alone[0], logits[row], atol=1e-5, rtol=1e-5)
    logits.square().sum().backward()
    sparse(IDS, OFFSETS, weights).square().sum().backward()
    assert sparse.table.grad.is_sparse
    torch.testing.assert_close(sparse.table.grad.to_dense(), model.table.grad)


@every_model
@both_modes
def test_gradients(options, mode):
    model = bag(mode=mode, **options).double()
    weights = WEIGHTS.double().requires_grad_()
    inputs = (weights, *model.parameters())  # which are changed in place
    assert torch.autograd.gradcheck(lambda weights, *_: model(IDS, OFFSETS, weights), inputs, fast_mode=True)
    model(IDS, OFFSETS).square().sum().backward()
    assert all(parameter.grad.any() for parameter in model.parameters())


@every_model
@both_modes
@with_weights
def test_contributions_are_gradient_times_input(options, mode, weights):
    model = bag(mode=mode, **options).double().requires_grad_(False)
    classes = torch.tensor([1, 0, 3, 2, 2])
    found = model.contributions(IDS, OFFSETS, classes, None if weights is None else weights.double())
    assert found.shape == IDS.shape
    for row, (first, last) in enumerate(itertools.pairwise(OFFSETS.tolist())):
        # Each feature's vector as a variable of its own.
        own = torch.ones(last - first).double() if weights is None else weights[first:last].double()
        vectors = model.table[IDS[first:last]].clone().requires_grad_()
        average = (own[:, None] * vectors).sum(0) / (own.sum().clamp(min=1e-9) if mode == "mean" else 1)
        logit = model.from_average(average[None])[0, classes[row]]
        (gradient,) = torch.autograd.grad(logit, vectors)
        torch.testing.assert_close(found[first:last], (gradient * vectors).sum(1).detach())
        if not options:
            bias = model.output.bias[classes[row]]
            torch.testing.assert_close(found[first:last].sum() + bias, logit.detach())


@both_modes
@with_weights
def test_features_are_left_out_in_training_alone(mode, weights):
    ids, offsets = torch.arange(F), torch.tensor([0, F])
    weights = None if weights is None else torch.ones(F)
    model, plain = bag(mode=mode, embedding=F, embedding_dropout=0.4), bag(mode=mode, embedding=F)
    torch.nn.init.eye_(model.table)
    torch.nn.init.eye_(plain.table)
    whole = plain.average(ids, offsets, weights)[0]
    draws = torch.stack([model.average(ids, offsets, weights)[0] for _ in range(400)])
    kept = draws != 0
    torch.testing.assert_close(draws[kept], (whole / 0.6).expand(400, F)[kept])
    assert kept.float().mean() == pytest.approx(0.6, abs=0.02)
    torch.testing.assert_close(model.eval().average(ids, offsets, weights)[0], whole)


def test_each_option_acts():
    plain = bag(hidden=6)(IDS, OFFSETS)
    for option, value in (
        ("embedding", 9),
        ("hidden", 7),
        ("dropout", 0.5),
        ("embedding_dropout", 0.5),
        ("mode", "sum"),
    ):
        assert not torch.allclose(bag(**({"hidden": 6} | {option: value}))(IDS, OFFSETS), plain), option


@every_model
def test_groups_and_weights(options):
    model, other = bag(**options), BagClassifier(F, K, **({"embedding": 8} | options))
    groups = model.groups()
    ours = [id(parameter) for _, parameters in groups for parameter in parameters]
    assert sorted(ours) == sorted(id(parameter) for parameter in model.parameters())
    assert [name for name, _ in groups] == ["embedding", *(f"hidden {at}" for at in range(len(model.layers))), "head"]
    assert not torch.allclose(model(IDS, OFFSETS), other(IDS, OFFSETS))
    other.load_state_dict(model.state_dict())
    assert torch.equal(model(IDS, OFFSETS), other(IDS, OFFSETS))
    half = other.bfloat16()(IDS, OFFSETS, WEIGHTS)
    assert half.dtype == torch.float32
    torch.testing.assert_close(half, model(IDS, OFFSETS, WEIGHTS), atol=0.3, rtol=0.1)


def test_softmax_regression_begins_with_equal_classes():
    assert not BagClassifier(F, K, embedding=0)(IDS, OFFSETS).any()


def test_refusals():
    for options, message in (
        ({"mode": "man"}, "did you mean 'mean'"),
        ({"embedding": 0, "hidden": 3}, "embedding 0"),
        ({"embedding": 0, "dropout": 0.3}, "embedding 0"),
        ({"dropout": 1.0}, "dropout"),
        ({"embedding_dropout": -0.1}, "embedding_dropout"),
        ({"embedding": -1}, "embedding"),
    ):
        with pytest.raises(ConfigError, match=message):
            bag(**options)
    with pytest.raises(ValueError, match="offsets"):
        bag()(IDS, OFFSETS[:-2])
    with pytest.raises(ValueError, match="weights"):
        bag()(IDS, OFFSETS, WEIGHTS[1:])
