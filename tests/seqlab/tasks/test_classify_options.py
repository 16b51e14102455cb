"""Every option against overfitting does what it says, and nothing to the texts that are held out."""

import json

import numpy as np
import pytest
import torch

import seqlab
from seqlab.resolve import resolve
from seqlab.tasks.classify import prepare
from seqlab.tasks.classify_task import ClassificationTask
from seqlab.text.augmentation import MASK
from seqlab.text.vocab import UNK
from seqlab.training.fit import Trainer, fit

RED, BLUE = ("rose", "fire", "rust", "brick"), ("sea", "sky", "ink", "plum")
SMALL = {
    "tokenizer": "word", "hidden": 6, "embedding": 5, "epochs": 3, "batch_size": 16, "lr": 0.02, "device": "cpu",
    "seed": 4, "baseline": False,
}  # fmt: skip
PLAIN = {"dropout": 0.0, "embedding_dropout": 0.0, "rare_as_unknown": 0.0, "bigrams": False}
NETWORKS = {
    "rnn": PLAIN, "textcnn": PLAIN | {"channels": 4, "widths": [1, 2]},
    "bag": {"dropout": 0.0, "embedding_dropout": 0.0, "feature_min_count": 1},
    "mlp": {"dropout": 0.0, "embedding_dropout": 0.0, "feature_min_count": 1},
    "softmax": {"embedding_dropout": 0.0, "feature_min_count": 1},
}  # fmt: skip


def made(n=80, share=0.5, noise=0.1, seed=7):
    """Texts of two labels, `share` of them red; in some the words speak for the other one."""
    draw, records = np.random.default_rng(seed), []
    for number in range(n):
        label = "red" if number % 20 < round(20 * share) else "blue"
        own, other = (RED, BLUE) if label == "red" else (BLUE, RED)
        words = [str(draw.choice(other if draw.random() < noise else own)) for _ in range(draw.integers(2, 9))]
        records.append((" ".join(words), label))
    return records


@pytest.fixture
def start(tmp_path):
    """(model, settings) -> a fresh trainer and its task, always with the same first weights."""

    def begin(model, records=None, **settings):
        names = SMALL if model in ("rnn", "mlp") else {name: v for name, v in SMALL.items() if name != "hidden"}
        names = {name: v for name, v in names.items() if model != "softmax" or name != "embedding"}
        config = resolve("classify", {}, {"model": model} | names | NETWORKS[model] | settings)
        folder = tmp_path / f"task-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        prepare(config, made() if records is None else records, None, folder)
        task = ClassificationTask(config, folder, "cpu")
        torch.manual_seed(1)
        return Trainer(task.build(), config.training), task

    return begin


def trained(start, model, records=None, **settings):
    trainer, task = start(model, records, **settings)
    for _ in fit(trainer, task):
        pass
    return trainer, task


def matrices(trainer):
    return torch.cat([weight.detach().flatten() for weight in trainer.model.parameters() if weight.dim() > 1])


def losses(trainer, task, n=2):
    """The loss of the same batch, several times."""
    batch = next(task.batches(0))
    return [task.loss(trainer.model, batch, None).nats.item() for _ in range(n)]


# --- what is dropped

DROPS = [
    *(("rnn", name) for name in ("dropout", "embedding_dropout", "input_dropout", "output_dropout")),
    *(("rnn", name) for name in ("recurrent_dropout", "weight_drop", "zoneout")),
    *((model, name) for model in ("textcnn", "bag", "mlp") for name in ("dropout", "embedding_dropout")),
    ("softmax", "embedding_dropout"),
]  # fmt: skip


@pytest.mark.parametrize(("model", "name"), DROPS)
def test_what_is_dropped_is_drawn_anew_in_training_and_never_in_use(start, model, name):
    trainer, task = start(model, **{name: 0.4})
    if model == "softmax":  # its first weights are zero
        torch.nn.init.normal_(trainer.model.table)
    trainer.model.train()
    one, other = losses(trainer, task)
    assert one != other
    scores = [task.evaluate(trainer.model).to_dict() for _ in range(2)]
    assert scores[0] == scores[1]
    trainer.model.eval()
    if name != "zoneout":  # in use the mean of both states is taken
        plain, its_task = start(model)
        plain.model.load_state_dict(trainer.model.state_dict())
        assert losses(trainer, task) == losses(plain, its_task)
        plain.model.train()
        one, other = losses(plain, its_task)
        assert one == other, "without it nothing is drawn"


# --- penalties


@pytest.mark.parametrize("model", ["softmax", "bag", "rnn"])
def test_l1_makes_the_sum_of_absolute_weights_smaller(start, model):
    sums = [float(matrices(trained(start, model, l1=l1, epochs=6)[0]).abs().sum()) for l1 in (0.0, 0.002, 0.02)]
    assert sums[0] > sums[1] > sums[2]


@pytest.mark.parametrize("model", ["bag", "rnn", "textcnn"])
def test_weight_decay_shrinks_matrices_by_itself_and_leaves_vectors_alone(start, model):
    """AdamW, Loshchilov & Hutter 2019, algorithm 2: beside its step a weight loses lr * decay of itself."""
    lr, decay = SMALL["lr"], 0.3
    after, before = [], None
    for weight_decay in (0.0, decay):
        trainer, task = start(model, weight_decay=weight_decay)
        before = {name: weight.detach().clone() for name, weight in trainer.model.named_parameters()}
        next(fit(trainer, task))
        after.append(dict(trainer.model.named_parameters()))
    for name, first in before.items():
        lost = after[0][name] - after[1][name]
        expected = lr * decay * first if first.dim() > 1 else torch.zeros_like(first)
        torch.testing.assert_close(lost, expected, atol=1e-6, rtol=1e-4)


# --- what is to be made small


def random_logits(task, seed=3):
    generator = torch.Generator().manual_seed(seed)
    n = 7
    logits = 2 * torch.randn(n, len(task.labels), generator=generator, dtype=torch.float64)
    targets = torch.randint(0, len(task.labels), (n,), generator=generator)
    return logits.requires_grad_(True), targets


def test_label_smoothing_spreads_a_share_of_the_target(start):
    _, task = start("softmax", label_smoothing=0.2)
    logits, targets = random_logits(task)
    log_p = logits.log_softmax(-1)
    by_hand = sum(-0.8 * log_p[n, t] - 0.2 * log_p[n].mean() for n, t in enumerate(targets.tolist()))
    torch.testing.assert_close(task._loss_of(logits, targets), by_hand)


@pytest.mark.parametrize("model", ["softmax", "rnn"])
def test_label_smoothing_makes_predictions_less_sure(start, model):
    sure = []
    for share in (0.0, 0.3):
        trainer, task = trained(start, model, made(noise=0.0), label_smoothing=share, epochs=12, lr=0.1)
        log_probs = task._classifier(trainer.model).log_probs(["rose fire"], calibrated=False)
        sure.append(float(np.exp(log_probs).max()))
    assert sure[0] > 0.9
    assert sure[1] == pytest.approx(0.85, abs=0.06), "the best answer to a target of 0.85 and 0.15 is just that"


def test_balanced_weights_make_the_classes_count_the_same(start):
    _, task = start("softmax", made(share=0.1), class_weights="balanced")
    logits, targets = random_logits(task)
    labels = [example.labels[0] for example in task.train]
    weights = [len(labels) / (2 * labels.count(label)) for label in task.labels]
    assert sum(weights[task.labels.index(label)] for label in labels) == pytest.approx(len(labels))
    log_p = logits.log_softmax(-1)
    by_hand = sum(-weights[t] * log_p[n, t] for n, t in enumerate(targets.tolist()))
    torch.testing.assert_close(task._loss_of(logits.float(), targets), by_hand.float())


@pytest.mark.parametrize("loss", ["cross-entropy", "squared-error"])
def test_balanced_weights_raise_the_recall_of_a_rare_class(start, loss):
    recall = []
    for weights in ("none", "balanced"):
        records = made(n=300, share=0.1, noise=0.35)
        settings = {"class_weights": weights, "loss": loss, "max_order": 1, "epochs": 10, "lr": 0.2}
        trainer, task = trained(start, "softmax", records, **settings)
        scores = task._classifier(trainer.model).evaluate(made(n=200, share=0.1, noise=0.35, seed=8))
        recall.append(scores.by_class["red"].recall)
    assert recall[1] > recall[0] + 0.2


@pytest.mark.parametrize("loss", ["cross-entropy", "squared-error"])
def test_balanced_weights_and_smoothing_together_leave_the_frequent_class_its_texts(start, loss):
    records = made(n=400, share=0.05, noise=0.0)
    settings = {"class_weights": "balanced", "label_smoothing": 0.2, "loss": loss, "epochs": 12, "lr": 0.2}
    trainer, task = trained(start, "softmax", records, **settings)
    scores = task._classifier(trainer.model).evaluate(made(n=100, noise=0.0, seed=8))
    assert scores.accuracy > 0.99


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_squared_error_and_its_gradient(start, smoothing):
    """L = sum of (p - y) ** 2, so dL/dz = 2 p (d - sum of p d) with d = p - y, by the derivative of softmax."""
    _, task = start("softmax", loss="squared-error", label_smoothing=smoothing)
    logits, targets = random_logits(task)
    found = task._loss_of(logits, targets)
    p = logits.detach().softmax(-1)
    y = torch.full_like(p, smoothing / 2)
    y[torch.arange(len(y)), targets] += 1 - smoothing
    torch.testing.assert_close(found.detach(), ((p - y) ** 2).sum())
    (gradient,) = torch.autograd.grad(found, logits)
    d = p - y
    torch.testing.assert_close(gradient, 2 * p * (d - (p * d).sum(-1, keepdim=True)))


def test_the_gradient_of_squared_error_vanishes_where_a_network_is_surely_wrong(start):
    sizes = []
    for loss in ("squared-error", "cross-entropy"):
        _, task = start("softmax", loss=loss)
        logits = torch.tensor([[20.0, -20.0]], requires_grad=True)
        (gradient,) = torch.autograd.grad(task._loss_of(logits, torch.tensor([1])), logits)
        sizes.append(float(gradient.abs().max()))
    assert sizes[0] < 1e-12
    assert sizes[1] == pytest.approx(1.0)


def test_each_loss_trains_other_weights(start):
    found = [matrices(trained(start, "bag", loss=loss)[0]) for loss in ("cross-entropy", "squared-error")]
    assert not torch.allclose(*found, atol=1e-4)


# --- what is changed in training batches

CHANGES = [("delete", 0.3), ("swap", 0.4), ("mask_span", 0.5)]


def contents(batch):
    return [None if part is None else np.asarray(part).tolist() for part in batch.texts]


@pytest.mark.parametrize("model", NETWORKS)
@pytest.mark.parametrize(("name", "share"), CHANGES)
def test_augmentation_changes_training_batches_alone(start, model, name, share):
    plain, plain_task = start(model)
    changed, task = start(model, **{name: share})
    batches, others = list(task.batches(0)), list(plain_task.batches(0))
    assert [batch.targets.tolist() for batch in batches] == [batch.targets.tolist() for batch in others]
    assert [contents(batch) for batch in batches] != [contents(batch) for batch in others]
    assert [contents(batch) for batch in batches] == [contents(batch) for batch in task.batches(0)]
    assert [contents(batch) for batch in batches] != [contents(batch) for batch in task.batches(1)], "anew each epoch"
    changed.model.load_state_dict(plain.model.state_dict())
    assert task.evaluate(changed.model).to_dict() == plain_task.evaluate(plain.model).to_dict()
    files = [sorted((each.folder / "text").rglob("*")) for each in (task, plain_task)]
    for one, other in zip(*files, strict=True):
        assert one.is_dir() or one.read_bytes() == other.read_bytes(), "texts are numbered as they are"


def test_what_each_change_does_to_ids(start):
    _, plain = start("rnn")
    whole = [batch.texts for batch in plain.batches(0)]
    for name, share in CHANGES:
        _, task = start("rnn", **{name: share})
        for before, after in zip(whole, (batch.texts for batch in task.batches(0)), strict=True):
            rows = zip(before.ids[..., 0], after.ids[..., 0], before.lengths, after.lengths, strict=True)
            for old, new, n_old, n_new in ((a[:n].tolist(), b[:m].tolist(), n, m) for a, b, n, m in rows):
                if name == "delete":
                    assert 1 <= n_new <= n_old
                elif name == "swap":
                    assert sorted(new) == sorted(old)
                else:
                    assert new.count(UNK) - old.count(UNK) >= 0
                    assert sum(a != b for a, b in zip(old, new, strict=True)) <= round(share * n_old)
    assert MASK not in {str(token) for token in plain.text.pipeline.vocab.tokens}


def test_rare_tokens_and_pairs_are_hidden_in_training_alone(start):
    _, plain = start("rnn", records=[*made(), ("hapax rose", "red"), ("legomenon sea", "blue")], validation_share=0.0)
    counts = [sum(int((batch.texts.ids == UNK).sum()) for batch in plain.batches(0))]
    for settings in ({"rare_as_unknown": 1.0}, {"bigrams": True, "bigram_dropout": 0.5}):
        _, task = start(
            "rnn", records=[*made(), ("hapax rose", "red"), ("legomenon sea", "blue")], validation_share=0.0, **settings
        )
        counts.append(sum(int((batch.texts.ids == UNK).sum()) for batch in task.batches(0)))
        ids, _ = task.text.columns(task.text.tokens(["hapax rose"]))
        assert (ids[:, 0] != UNK).all(), "in use they are known"
    assert counts[1] == counts[0] + 2
    assert counts[2] > counts[1]


# --- when training stops


def test_patience_stops_early_and_the_best_weights_stay(tmp_path):
    settings = {name: value for name, value in SMALL.items() if name not in ("hidden", "epochs")}
    settings |= {"model": "bag", "lr": 1e-30, "epochs": 30, "patience": 2}
    model = seqlab.train("classify", made(), output=tmp_path / "run", **settings)
    lines = (tmp_path / "run/train/log.jsonl").read_text().splitlines()
    figures = [line["validation"] for line in map(json.loads, lines) if "validation" in line]
    assert len(figures) == 3, "the best one and two without gain"
    assert model.scores["accuracy"] == pytest.approx(1 - min(figures), abs=1e-5)


# --- several labels


def test_what_is_predicted_is_what_is_scored():
    """A text of which nothing is known has p = 1/2 of each label before training; both count that as predicted."""
    settings = {"model": "softmax", "multi_label": True, "epochs": 1, "lr": 1e-30, "validation_share": 0.0}
    records = [("rose", ("red",)), ("sea", ("blue",)), ("plum", ("red", "blue"))] * 4
    model = seqlab.train("classify", records, **settings | {"device": "cpu", "baseline": False})
    predicted = model.predict([text for text, _ in records])
    exact = sum(set(one) == set(labels) for one, (_, labels) in zip(predicted, records, strict=True))
    assert model.evaluate(records).exact_match == exact / len(records)
