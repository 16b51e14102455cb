"""Text classification from records to a model in use: what holds in every family of models."""

import random
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import seqlab
from seqlab.errors import DataError
from seqlab.records import Labelled
from seqlab.tasks.neural_classifier import NeuralClassifier
from seqlab.tasks.ngram_text_classifier import NgramTextClassifier

NETWORK = {
    "epochs": 25, "batch_size": 8, "lr": 0.02, "dropout": 0.0, "embedding_dropout": 0.0, "embedding": 12, "device": "cpu",
}  # fmt: skip
COUNTS = {"feature_min_count": 1}
OPTIONS = {
    "rnn": NETWORK | {"epochs": 15, "hidden": 8, "bigram_width": 4, "rare_as_unknown": 0.0, "use": "float32"},
    "textcnn": NETWORK | {"channels": 8, "bigrams": False, "rare_as_unknown": 0.0},
    "bag": NETWORK | COUNTS,
    "mlp": NETWORK | COUNTS | {"hidden": 8},
    "softmax": {"epochs": 25, "batch_size": 8, "lr": 0.1, "embedding_dropout": 0.0, "device": "cpu"} | COUNTS,
    "ngram": {},
}
FAMILIES = list(OPTIONS)
RECORDS = [
    ("the kettle boils in no time", "good"), ("a kettle that leaks from day one", "bad"),
    ("these shoes fit like a glove", "good"), ("these shoes fell apart in a week", "bad"),
    ("fast delivery, friendly driver", "good"), ("the driver threw it over the fence", "bad"),
    ("soup hot, bread fresh", "good"), ("soup cold, bread stale", "bad"),
    ("I would buy it again", "good"), ("I want my money back", "bad"),
    ("quiet, clean and cheap", "good"), ("loud, dirty and dear", "bad"),
    ("茶很香，杯子也好看", "good"), ("茶没有味道，杯子有裂口", "bad"),
    ("电池用了两天还有电", "good"), ("电池半天就没电了", "bad"),
    ("房间干净，离车站近", "good"), ("房间有怪味，隔壁很吵", "bad"),
    ("字迹清楚，纸也厚", "good"), ("纸太薄，墨都透过去了", "bad"),
    ("一定再来", "good"), ("再也不来了", "bad"),
    ("店家回信很快", "good"), ("打了三次电话没人接", "bad"),
]  # fmt: skip
TEXTS = [text for text, _ in RECORDS]
ODD = {
    "empty": "", "blank": " \n\t\u3000",
    "joined emoji": "好👩‍👩‍👧‍👦茶👍🏽", "control characters": "a\x00\x01\x1b[31mkettle\x7f\r\n",
    "unknown alone": "ሰላም ዓለም", "a lone surrogate": "tea \ud800 cup", "marks alone": "\u0301\u0308\u200d",
    "the last sign there is": "\U0010ffff", "one sign": "茶",
}  # fmt: skip


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A model directory of each family, and what training returned; trained when it is first asked for."""
    folder, made = tmp_path_factory.mktemp("classifiers"), {}

    def run(family):
        if family not in made:
            options = OPTIONS[family] | {"model": family, "validation_share": 0, "baseline": False}
            made[family] = (folder / family, seqlab.train("classify", RECORDS, output=folder / family, **options))
        return made[family]

    return run


@pytest.fixture(params=FAMILIES)
def family(request):
    return request.param


@pytest.fixture
def model(runs, family):
    return runs(family)[1]


# --- from records to a model


def test_a_small_corpus_is_learned_by_heart(model):
    assert model.scores["accuracy"] == 1.0
    assert model.predict(TEXTS) == [label for _, label in RECORDS]
    assert model.labels == ("bad", "good")


def test_loading_gives_what_training_returned(runs, family):
    run, model = runs(family)
    loaded = seqlab.load(run)
    assert type(loaded) is type(model) is (NgramTextClassifier if family == "ngram" else NeuralClassifier)
    texts = [*TEXTS, *ODD.values(), "a kettle of tea"]
    assert np.array_equal(loaded.predict_proba(texts), model.predict_proba(texts))
    assert (loaded.config, loaded.labels, loaded.temperature) == (model.config, model.labels, model.temperature)
    assert loaded.scores == model.scores
    assert loaded.explain(TEXTS[0]) == model.explain(TEXTS[0])


@pytest.mark.parametrize("family", ["mlp", "ngram"])
def test_pairs_and_records_are_the_same(runs, family):
    options = OPTIONS[family] | {"model": family, "validation_share": 0, "baseline": False}
    expected = runs(family)[1].predict_proba(TEXTS)
    for records in ([Labelled(text, (label,), "here") for text, label in RECORDS], iter([*map(list, RECORDS)])):
        assert np.array_equal(seqlab.train("classify", records, **options).predict_proba(TEXTS), expected)


# --- in use


def test_many_are_as_one_by_one_in_any_order(model):
    texts = [*TEXTS, *ODD.values(), "tea " * 60, TEXTS[0]]
    together = model.log_probs(texts)
    alone = np.concatenate([model.log_probs([text]) for text in texts])
    assert together == pytest.approx(alone, abs=1e-5)
    order = random.Random(1).sample(range(len(texts)), len(texts))
    assert model.log_probs([texts[number] for number in order]) == pytest.approx(together[order], abs=1e-5)
    assert np.array_equal(together[0], together[-1])
    assert model.predict(texts) == [model.labels[n] for n in together.argmax(1)]


def test_more_texts_than_are_classified_at_a_time(runs, monkeypatch):
    model = runs("bag")[1]
    expected = model.log_probs(TEXTS)
    for module, name in (("classifier", "AT_A_TIME"), ("neural_classifier", "BAG_ROWS")):
        monkeypatch.setattr(f"seqlab.tasks.{module}.{name}", 5)
    assert model.log_probs(iter(TEXTS)) == pytest.approx(expected, abs=1e-6)


@given(
    texts=st.lists(st.text(st.sampled_from("kettle 茶香👩🏽\u200d\u0301\0") | st.characters(), max_size=30), max_size=4)
)
@settings(deadline=None, max_examples=20)
def test_any_text_has_probabilities(runs, texts):
    for family in ("rnn", "softmax", "ngram"):
        model = runs(family)[1]
        found = model.predict_proba(texts)
        assert found.shape == (len(texts), 2)
        assert found.sum(1) == pytest.approx(np.ones(len(texts)))
        assert found == pytest.approx(
            np.array([model.predict_proba([text])[0] for text in texts]).reshape(-1, 2), abs=1e-5
        )


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_signs_of_every_kind(model, text):
    found = model.predict_proba([text])
    assert found.sum() == pytest.approx(1)
    assert (found > 0).all()
    assert model.predict([text])[0] in model.labels
    explained = model.explain(text)
    assert all(text[weight.start : weight.end] == weight.token for weight in explained.weights)
    assert np.isfinite([weight.weight for weight in explained.weights]).all()


def test_no_text_at_all(model):
    assert model.predict([]) == []
    assert model.predict_proba([]).shape == (0, 2)


def test_a_text_of_a_million_characters_is_cut(model):
    text = ("the kettle boils 茶很香 " * 50_000)[:1_000_000]
    assert len(text) == 1_000_000
    longest = model.config.data.longest
    found = model.log_probs([text, text[:longest], TEXTS[1]])
    assert found[0] == pytest.approx(found[1], abs=1e-6)
    assert found[2].argmax() == model.labels.index("bad")


def test_a_text_of_a_million_characters_is_explained_as_far_as_it_is_read(runs):
    model = runs("softmax")[1]
    text = ("the kettle boils 茶很香 " * 50_000)[:1_000_000]
    weights = model.explain(text).weights
    assert len(weights) == model.config.data.longest
    assert all(text[weight.start : weight.end] == weight.token for weight in weights)


@pytest.mark.parametrize("texts", ["kettle", [None], [5], [b"tea"], [["tea"]], [("tea", "good")], [float("nan")]])
def test_what_is_no_text(runs, texts):
    for family in ("bag", "ngram"):
        model = runs(family)[1]
        for use in (model.predict, model.predict_proba, model.log_probs):
            with pytest.raises(DataError) as error:
                use(texts)
            assert "\n" not in str(error.value)


def test_from_several_threads(runs, family):
    model = seqlab.load(runs(family)[0])
    expected, wrong = model.log_probs(TEXTS), []

    def work():
        for _ in range(5):
            if not np.allclose(model.log_probs(TEXTS), expected, atol=1e-5):
                wrong.append("together")
            if model.explain(TEXTS[0]) != explained:
                wrong.append("explained")

    explained = model.explain(TEXTS[0])
    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# --- scores


def test_evaluate_counts_what_predict_gives(model):
    records = [(text[::-1], label) for text, label in RECORDS] + RECORDS[:6] + [("tea", "unheard of")]
    scores = model.evaluate(records).to_dict()
    right = [found == label for found, (_, label) in zip(model.predict([t for t, _ in records]), records, strict=True)]
    assert scores["accuracy"] == pytest.approx(np.mean(right))
    assert (scores["n_texts"], scores["n_unseen"]) == (len(records), 1)
    assert model.evaluate(RECORDS).to_dict()["accuracy"] == model.scores["accuracy"]


@pytest.mark.parametrize(
    "records", [[], ["text"], [("a",)], [("a", "b", "c")], [("a", ("good", "bad"))], [(5, "good")]]
)
def test_records_that_cannot_be_scored(runs, records):
    with pytest.raises(DataError) as error:
        runs("bag")[1].evaluate(records)
    assert "\n" not in str(error.value)


def test_a_classifier_says_what_it_is(runs):
    assert repr(runs("ngram")[1]) == "NgramTextClassifier(model='ngram', labels=('bad', 'good'))"
    assert repr(runs("bag")[1]) == "NeuralClassifier(model='bag', labels=('bad', 'good'))"


def test_the_reader_of_classifiers_is_named():
    with pytest.raises(DataError, match=r"records are a list, or a reader, such as seqlab.corpora.open_labelled\("):
        seqlab.train("classify", "tickets.csv")
