"""Several labels a text, and several classifiers as one."""

import numpy as np
import pytest

import seqlab
from seqlab.errors import ConfigError, DataError
from seqlab.records import Labelled
from seqlab.tasks.classifier_ensemble import ClassifierEnsemble

QUICK = {"epochs": 40, "batch_size": 8, "dropout": 0.0, "embedding_dropout": 0.0, "device": "cpu"}
OPTIONS = {
    "rnn": QUICK
    | {"embedding": 8, "hidden": 8, "bigrams": False, "rare_as_unknown": 0.0, "lr": 0.03, "use": "float32"},
    "textcnn": QUICK | {"embedding": 8, "channels": 8, "bigrams": False, "rare_as_unknown": 0.0, "lr": 0.02},
    "bag": QUICK | {"embedding": 8, "feature_min_count": 1, "lr": 0.05},
    "mlp": QUICK | {"embedding": 8, "hidden": 8, "feature_min_count": 1, "lr": 0.02},
    "softmax": {
        "epochs": 40,
        "batch_size": 8,
        "embedding_dropout": 0.0,
        "device": "cpu",
        "feature_min_count": 1,
        "lr": 0.3,
    },
}
MANY = [
    ("tea hot", ("drink", "warm")), ("tea cold", ("drink",)), ("soup hot", ("food", "warm")), ("soup cold", ("food",)),
    ("tea soup", ("drink", "food")), ("sun hot", ("warm",)), ("snow cold", ()), ("snow sun", ()),
] * 2  # fmt: skip
ONE = [("the kettle boils", "good"), ("the kettle leaks", "bad"), ("bread fresh", "good"), ("bread stale", "bad")] * 4
TEXTS = [text for text, _ in ONE[:4]] + ["", "kettle bread", "茶"]


@pytest.fixture(scope="module")
def pair():
    """Two classifiers of the same labels."""
    quick = {"baseline": False, "validation_share": 0}
    bag = seqlab.train("classify", ONE, model="bag", **OPTIONS["bag"] | {"epochs": 5}, **quick)
    return bag, seqlab.train("classify", ONE, model="ngram", **quick)


# --- several labels a text


@pytest.mark.parametrize("family", OPTIONS)
def test_several_labels_and_none_are_learned_by_heart(family, tmp_path):
    options = OPTIONS[family] | {"model": family, "multi_label": True, "validation_share": 0, "baseline": False}
    model = seqlab.train("classify", MANY, output=tmp_path / "run", **options)
    texts = [text for text, _ in MANY[:8]]
    assert model.predict(texts) == [labels for _, labels in MANY[:8]]
    assert model.labels == ("drink", "food", "warm")
    assert model.scores["exact_match"] == 1.0
    probabilities = model.predict_proba(texts)
    assert ((probabilities > 0.5).sum(1) == [len(labels) for _, labels in MANY[:8]]).all()
    assert model.log_probs(texts) == pytest.approx(np.log(probabilities))
    assert model.temperature == 1.0
    loaded = seqlab.load(tmp_path / "run")
    assert loaded.multi_label
    assert np.array_equal(loaded.predict_proba([*texts, ""]), model.predict_proba([*texts, ""]))
    explained = model.explain("tea soup", "food")
    assert (explained.label, explained.probability) == ("food", pytest.approx(probabilities[4, 1]))


def test_a_floor_and_scores_of_several_labels():
    options = OPTIONS["softmax"] | {"model": "softmax", "multi_label": True, "validation_share": 0.25}
    model = seqlab.train("classify", MANY, **options)
    assert set(model.scores["floors"]) == {"most frequent labels"}
    found = model.evaluate([Labelled("tea hot", ("drink", "warm")), ("snow", ()), ("tea", "unheard of")]).to_dict()
    assert found["n_texts"] == 3
    assert found["n_unseen"] == 1
    assert {"micro_f1", "macro_f1", "exact_match", "hamming_loss"} <= found.keys()


def test_several_labels_in_another_order_or_twice_are_the_same():
    options = OPTIONS["softmax"] | {"model": "softmax", "multi_label": True, "validation_share": 0, "baseline": False}
    turned = [(text, [*reversed(labels), *labels]) for text, labels in MANY]
    models = [seqlab.train("classify", records, **options) for records in (MANY, turned)]
    assert np.array_equal(*(model.predict_proba(TEXTS) for model in models))


# --- several classifiers as one


def test_an_ensemble_is_the_mean(pair):
    ensemble = ClassifierEnsemble(pair)
    expected = (pair[0].predict_proba(TEXTS) + pair[1].predict_proba(TEXTS)) / 2
    assert ensemble.predict_proba(TEXTS) == pytest.approx(expected)
    assert ensemble.predict_proba(TEXTS).sum(1) == pytest.approx(1)
    assert ensemble.predict(iter(TEXTS)) == [ensemble.labels[number] for number in expected.argmax(1)]
    assert ensemble.predict([]) == []
    scores = ensemble.evaluate(ONE)
    assert scores.to_dict()["accuracy"] == np.mean(
        [found == label for found, (_, label) in zip(ensemble.predict([t for t, _ in ONE]), ONE, strict=True)]
    )


def test_one_alone_or_twice_is_itself(pair):
    for classifiers in ([pair[0]], [pair[0]] * 3):
        ensemble = ClassifierEnsemble(classifiers)
        assert ensemble.predict_proba(TEXTS) == pytest.approx(pair[0].predict_proba(TEXTS))
        assert ensemble.evaluate(ONE).to_dict()["accuracy"] == pair[0].evaluate(ONE).to_dict()["accuracy"]


def test_labels_in_another_order(pair):
    """As in a model that was made elsewhere: its columns are put where the labels stand."""

    class Turned:
        config, multi_label, labels = pair[1].config, False, pair[1].labels[::-1]

        @staticmethod
        def predict_proba(texts):
            return pair[1].predict_proba(texts)[:, ::-1]

    expected = ClassifierEnsemble(pair).predict_proba(TEXTS)
    assert ClassifierEnsemble([pair[0], Turned()]).predict_proba(TEXTS) == pytest.approx(expected)


def test_an_ensemble_of_several_labels():
    options = OPTIONS["softmax"] | {"model": "softmax", "multi_label": True, "validation_share": 0, "baseline": False}
    models = [seqlab.train("classify", MANY, **options | {"seed": seed, "epochs": 5}) for seed in (1, 2)]
    ensemble = ClassifierEnsemble(models)
    found = ensemble.predict_proba(TEXTS)
    assert found == pytest.approx((models[0].predict_proba(TEXTS) + models[1].predict_proba(TEXTS)) / 2)
    assert ensemble.predict(TEXTS) == [
        tuple(label for label, p in zip(ensemble.labels, row, strict=True) if p > 0.5) for row in found
    ]
    assert "micro_f1" in ensemble.evaluate(MANY).to_dict()
    single = seqlab.train("classify", ONE, model="ngram", baseline=False)
    with pytest.raises(ConfigError, match="different labels"):
        ClassifierEnsemble([models[0], single])


def test_what_makes_no_ensemble(pair):
    with pytest.raises(ConfigError, match="there is no classifier to ask"):
        ClassifierEnsemble([])
    other = seqlab.train("classify", [(text, label + "!") for text, label in ONE], model="ngram", baseline=False)
    with pytest.raises(ConfigError, match=r"different labels \(bad, good; bad!, good!\)"):
        ClassifierEnsemble([pair[0], other])
    ensemble = ClassifierEnsemble(pair)
    for texts in ("a text", [5]):
        with pytest.raises(DataError):
            ensemble.predict(texts)
    with pytest.raises(DataError, match="no text to score"):
        ensemble.evaluate([])
