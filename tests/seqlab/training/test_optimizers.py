"""Every optimizer by name: it learns, its options reach it, and wrong ones are refused."""

import inspect

import pytest
import torch
from torch import nn

import seqlab
from seqlab.config import OptimizerName, Training
from seqlab.errors import ConfigError
from seqlab.training import optimizers
from seqlab.training.fit import fit
from seqlab.training.optimizers import OPTIMIZERS

RATES = {"adadelta": 1.0, "sgd": 1.0, "asgd": 1.0, "adagrad": 0.1, "rprop": 1e-3, "adafactor": 0.05}


def test_the_table_holds_every_optimizer_of_torch_that_needs_no_closure() -> None:
    public = {
        value
        for name, value in vars(torch.optim).items()
        if inspect.isclass(value) and issubclass(value, torch.optim.Optimizer) and value is not torch.optim.Optimizer
    }
    assert set(OPTIMIZERS.values()) == public - {torch.optim.LBFGS}
    assert set(OPTIMIZERS) == set(OptimizerName.__args__)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_each_learns(start, name: str) -> None:
    trainer, task = start(optimizer=name, lr=RATES.get(name, 0.01), epochs=4)
    steps = list(fit(trainer, task))
    assert steps[-1].scores.nats < steps[0].loss - 0.3


def test_options_reach_the_optimizer(start) -> None:
    trainer, _ = start(optimizer="sgd", optimizer_options={"momentum": 0.7, "nesterov": True})
    assert trainer.optimizers[0].defaults["momentum"] == 0.7
    trainer, _ = start(optimizer="adam", optimizer_options={"betas": [0.5, 0.6]})
    assert trainer.optimizers[0].defaults["betas"] == (0.5, 0.6)


def test_two_optimizers_share_the_weights_without_rest(start) -> None:
    for name in ("muon", "sparse-adam"):
        trainer, _ = start(optimizer=name)
        taken = [id(w) for o in trainer.optimizers for group in o.param_groups for w in group["params"]]
        assert len(trainer.optimizers) == 2
        assert sorted(taken) == sorted(id(w) for w in trainer.model.parameters())


def test_sparse_adam_moves_only_the_vectors_of_tokens_seen(start) -> None:
    trainer, task = start(optimizer="sparse-adam", clip=0.01)
    table = trainer.model.embedding.weight
    before, seen = table.detach().clone(), torch.zeros(len(table), dtype=torch.bool)
    seen[next(task.batches(0)).inputs.flatten()] = True
    next(fit(trainer, task))
    moved = (table != before).any(1)
    assert moved[seen].all()
    assert not moved[~seen].any()
    assert not seen.all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"optimizer": "sgd", "optimizer_options": {"momentun": 0.9}},
            "'momentun'; did you mean 'momentum'",
        ),
        ({"optimizer": "adamw", "optimizer_options": {"lr": 0.9}}, "unknown option of adamw 'lr'"),
        ({"optimizer": "adamw", "optimizer_options": {"betas": [0.9]}}, "betas: takes a list of 2 numbers"),
        ({"optimizer": "adamw", "optimizer_options": {"betas": [0.9, 0.9, 0.9]}}, "betas: takes a list of 2 numbers"),
        ({"optimizer": "adamw", "optimizer_options": {"betas": 0.9}}, "betas: takes a list of 2 numbers"),
        ({"optimizer": "rprop", "optimizer_options": {"etas": [0.5]}}, "etas: takes a list of 2 numbers"),
        ({"optimizer": "sgd", "optimizer_options": {"momentum": [0.5]}}, "momentum: takes one value"),
        ({"optimizer": "sgd", "optimizer_options": {"momentum": -0.5}}, "sgd refuses them"),
        ({"optimizer": "rprop", "weight_decay": 0.1}, "rprop has none"),
        ({"optimizer": "sparse-adam", "l1": 0.1}, "l1: sparse-adam"),
    ],
)
def test_options_that_do_not_fit_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        optimizers.check(Training(**settings))


def test_values_that_the_optimizer_refuses() -> None:
    with pytest.raises(ConfigError, match="sgd refuses them"):
        optimizers.build(nn.Linear(2, 2), Training(optimizer="sgd", optimizer_options={"momentum": -1.0}))


def test_sparse_adam_needs_learned_vectors(start) -> None:
    for settings in ({"input": "one-hot"}, {"tied": True}):
        with pytest.raises(ConfigError, match="learned vectors of their own"):
            start(optimizer="sparse-adam", **settings)


def test_muon_needs_recurrent_layers() -> None:
    """A classifier that has none is refused before its records are looked at."""
    for model in ("textcnn", "bag", "mlp", "softmax"):
        with pytest.raises(
            ConfigError, match="optimizer: muon is for the matrices of recurrent layers, and this model"
        ):
            seqlab.train("classify", ["no record"], model=model, optimizer="muon", device="cpu")
    with pytest.raises(ConfigError, match="muon is for the matrices of recurrent layers"):
        optimizers.build(nn.Linear(2, 2), Training(optimizer="muon"))
    records = [("good tea", "good"), ("bad tea", "bad")] * 6
    options = {"optimizer": "muon", "epochs": 1, "hidden": 4, "embedding": 4, "device": "cpu"}
    assert seqlab.train("classify", records, **options).labels == ("bad", "good")


def test_whole_numbers_stay_whole(start) -> None:
    trainer, task = start(optimizer="muon", optimizer_options={"ns_steps": 3})
    next(fit(trainer, task))
    assert trainer.optimizers[0].defaults["ns_steps"] == 3
