"""The temperature of a classifier: fitted on held-out texts, it makes probabilities truer and changes no prediction."""

import random

import numpy as np
import pytest

import seqlab

OPTIONS = {
    "softmax": {
        "epochs": 60, "batch_size": 20, "lr": 0.5, "embedding_dropout": 0.0, "feature_min_count": 1, "device": "cpu",
    },
    "ngram": {},
}  # fmt: skip


def noisy(n, seed):
    """Texts of two classes, each fifth of which has the label of the other one."""
    draw = random.Random(seed)
    for _ in range(n):
        label = draw.choice(["good", "bad"])
        words = draw.choices({"good": ["fine", "fresh", "sweet"], "bad": ["foul", "stale", "sour"]}[label], k=3)
        words += draw.choices(["tea", "cup", "a", "the", "of", "day"], k=4)
        yield " ".join(words), label if draw.random() < 0.8 else {"good": "bad", "bad": "good"}[label]


TRAIN, VALIDATION = list(noisy(80, 1)), list(noisy(60, 2))
TEXTS = [text for text, _ in VALIDATION]


@pytest.fixture(scope="module", params=OPTIONS)
def run(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("calibrated") / "run"
    options = OPTIONS[request.param] | {"model": request.param, "baseline": False}
    return folder, seqlab.train("classify", TRAIN, VALIDATION, output=folder, **options)


def nats(log_probs, labels, pseudo_count=0):
    """The mean of -ln p of the targets of Platt 1999, which with a pseudo-count of 0 are the labels."""
    n, k = len(VALIDATION), len(labels)
    targets = np.full((n, k), pseudo_count / (n + pseudo_count * k))
    targets[np.arange(n), [labels.index(label) for _, label in VALIDATION]] += n / (n + pseudo_count * k)
    return -(targets * log_probs).sum(1).mean()


def test_it_changes_no_prediction_and_lowers_the_nats(run):
    model = run[1]
    raw, calibrated = model.log_probs(TEXTS, calibrated=False), model.log_probs(TEXTS)
    assert model.temperature > 1.1  # a fifth of the labels is beyond learning, and the model has learned them by heart
    assert np.array_equal(raw.argmax(1), calibrated.argmax(1))
    assert nats(calibrated, model.labels) < nats(raw, model.labels)
    assert np.exp(calibrated).sum(1) == pytest.approx(1)
    expected = raw / model.temperature
    expected -= np.log(np.exp(expected).sum(1, keepdims=True))
    assert calibrated == pytest.approx(expected)
    for other in (0.9, 1.1):  # none nearby is better
        shifted = raw / (model.temperature * other)
        shifted -= np.log(np.exp(shifted).sum(1, keepdims=True))
        assert nats(shifted, model.labels, 1) >= nats(calibrated, model.labels, 1)


def test_it_is_saved(run):
    folder, model = run
    loaded = seqlab.load(folder)
    assert loaded.temperature == model.temperature
    assert np.array_equal(loaded.predict_proba(TEXTS), model.predict_proba(TEXTS))


@pytest.mark.parametrize("family", OPTIONS)
def test_training_texts_do_not_say_how_sure_a_model_may_be(family):
    options = OPTIONS[family] | {"model": family, "baseline": False, "validation_share": 0}
    assert seqlab.train("classify", TRAIN, **options).temperature == 1.0


@pytest.mark.parametrize("family", OPTIONS)
def test_validation_texts_of_unseen_labels_alone_say_nothing(family):
    options = OPTIONS[family] | {"model": family, "baseline": False}
    model = seqlab.train("classify", TRAIN, [("fine tea", "unheard of")] * 3, **options)
    assert model.temperature == 1.0
    assert model.scores["n_unseen"] == 3


def test_few_right_answers_do_not_make_a_model_sure_of_all():
    options = {"model": "ngram", "baseline": False}
    model = seqlab.train("classify", [("aaaa", "a"), ("bbbb", "b")] * 20, [("aaaa", "a"), ("bbbb", "b")], **options)
    assert model.temperature > 1
    assert model.predict_proba(["aaaa"]).max() == pytest.approx(0.75, abs=0.05), (
        "(2 + 1) / (2 + 2) of two right answers"
    )
