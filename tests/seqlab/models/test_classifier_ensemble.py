"""Several recurrent classifiers as one: each learns as if alone, and the mean of their log-probabilities decides."""

import copy

import numpy as np
import pytest
import torch
from torch.nn import functional as F

import seqlab
from seqlab.errors import ConfigError
from seqlab.models.classifier import RecurrentClassifier
from seqlab.models.classifier_ensemble import RecurrentClassifiers
from seqlab.resolve import resolve
from seqlab.tasks.classifier_network import Sequences, logits, logits_to_learn

LENGTHS = torch.tensor([7, 2, 0, 5])
RECORDS = [
    (f"{opening} {word} {thing}", label)
    for label, words in {"good": ["fine", "fresh", "fast"], "bad": ["foul", "stale", "slow"]}.items()
    for word in words
    for thing in ("tea", "cup", "ship")
    for opening in ("a", "the")
]
SETTINGS = {
    "hidden": 6, "embedding": 6, "epochs": 6, "batch_size": 9, "lr": 0.02, "dropout": 0.0, "use": "float32",
    "tokenizer": "word", "baseline": False, "device": "cpu",
}  # fmt: skip


def member(seed, pooling="max"):
    torch.manual_seed(seed)
    return RecurrentClassifier([(9, 4), (6, 3)], (0, 1, 1), 3, hidden=5, layers=2, pooling=pooling)


@pytest.fixture
def ids():
    return torch.randint(1, 6, (4, 7, 3), generator=torch.Generator().manual_seed(3))


def test_each_member_learns_from_its_own_loss(ids):
    ensemble, alone = RecurrentClassifiers([member(1), member(2)]), [member(1), member(2)]
    targets = torch.tensor([0, 2, 1, 1])
    batch = Sequences(ids.numpy(), LENGTHS.numpy())
    each = logits_to_learn(ensemble, batch, "cpu")
    torch.stack([F.cross_entropy(own, targets) for own in each]).sum().backward()
    for own, single in zip(ensemble.members, alone, strict=True):
        F.cross_entropy(single(ids, LENGTHS), targets).backward()
        for weight, other in zip(own.parameters(), single.parameters(), strict=True):
            torch.testing.assert_close(weight.grad, other.grad)
    assert torch.equal(logits_to_learn(alone[0], batch, "cpu"), logits(alone[0], batch, "cpu")[None])


def test_the_mean_of_log_probabilities_decides(ids):
    members = [member(seed) for seed in range(3)]
    with torch.no_grad():
        found = RecurrentClassifiers(members)(ids, LENGTHS).log_softmax(-1)
        mean = torch.stack([one(ids, LENGTHS).log_softmax(-1) for one in members]).mean(0)
    torch.testing.assert_close(found, mean.log_softmax(-1))
    assert not torch.allclose(found, members[0](ids, LENGTHS).log_softmax(-1), atol=1e-3)


def test_vectors_lead_to_the_same_logits(ids):
    ensemble = RecurrentClassifiers([member(1), member(2)])
    vectors = ensemble.embed(ids)
    assert vectors.shape == (4, 7, 2 * 10)
    torch.testing.assert_close(ensemble.from_vectors(vectors, LENGTHS), ensemble(ids, LENGTHS))


def test_attention_is_the_mean_of_the_members(ids):
    members = [member(seed, "attention") for seed in range(2)]
    ensemble = RecurrentClassifiers(members)
    assert ensemble.attends
    each = [one.attention(ids, LENGTHS) for one in members]
    torch.testing.assert_close(ensemble.attention(ids, LENGTHS), (each[0] + each[1]) / 2)
    without = RecurrentClassifiers([member(1)])
    assert not without.attends
    with pytest.raises(ConfigError, match="this network pools by 'max'"):
        without.attention(ids, LENGTHS)


def test_layers_of_all_members_from_the_bottom_up():
    ensemble = RecurrentClassifiers([member(1), member(2)])
    assert [name for name, _ in ensemble.groups()] == ["embedding", "recurrent 0", "recurrent 1", "head"]
    listed = [id(parameter) for _, parameters in ensemble.groups() for parameter in parameters]
    assert sorted(listed) == sorted(map(id, ensemble.parameters()))


@pytest.mark.parametrize("pooling", ["max", "attention"])
def test_several_are_trained_saved_loaded_and_explained(tmp_path, pooling):
    model = seqlab.train("classify", RECORDS, members=2, pooling=pooling, output=tmp_path / "run", **SETTINGS)
    again = seqlab.load(tmp_path / "run")
    texts = [text for text, _ in RECORDS]
    assert np.array_equal(model.predict_proba(texts), again.predict_proba(texts))
    assert model.scores["accuracy"] > 0.9
    first, second = (one.output.weight for one in again.model.members)
    assert not torch.equal(first, second)
    explained = again.explain("the stale ship", "bad").weights
    weights, attention = [], []
    for member in again.model.members:
        alone = copy.copy(again)
        alone.model = member
        weights.append([weight.weight for weight in alone.explain("the stale ship", "bad").weights])
        attention.append(None if pooling == "max" else [weight.weight for weight in alone.attention("the stale ship")])
    assert [weight.weight for weight in explained] == pytest.approx(np.mean(weights, 0), abs=1e-6)
    if pooling == "attention":
        assert [weight.weight for weight in again.attention("the stale ship")] == pytest.approx(
            np.mean(attention, 0), abs=1e-6
        )


def test_members_begin_with_the_layers_of_a_language_model(tmp_path):
    lines = [text + "\n" for text, _ in RECORDS]
    seqlab.train("lm", lines, output=tmp_path / "lm", hidden=6, embedding=5, layers=1, epochs=1, baseline=False)
    learned = seqlab.load(tmp_path / "lm").model
    settings = {"epochs": 1, "lr": 1e-30, "baseline": False, "device": "cpu", "use": "float32"}
    model = seqlab.train("classify", RECORDS, members=2, from_run=str(tmp_path / "lm"), **settings)
    for one in model.model.members:
        torch.testing.assert_close(one.tables[0].weight, learned.embedding.weight)
        torch.testing.assert_close(one.recurrent.weight_hh_l0, learned.recurrent.weight_hh_l0)


@pytest.mark.parametrize("family", ["textcnn", "bag", "mlp", "softmax"])
def test_members_of_what_is_not_recurrent_are_refused(family):
    with pytest.raises(ConfigError, match=rf"network\.members: the model is {family}, which has no such setting"):
        resolve("classify", {}, {"model": family, "members": 2})
