"""Why a text has got its label: each weight against what it is said to be, in every family of models."""

import copy

import numpy as np
import pytest
import torch

import seqlab
from seqlab.errors import DataError
from seqlab.tasks import classifier_network

WORDS = {"good": ["fine", "fresh", "fast"], "bad": ["foul", "stale", "slow"], "odd": ["green", "round", "loud"]}
RECORDS = [
    (f"a {word} {thing}", label) for label, words in WORDS.items() for word in words for thing in ("tea", "cup", "茶")
]
QUICK = {
    "epochs": 12,
    "batch_size": 9,
    "dropout": 0.0,
    "embedding_dropout": 0.0,
    "device": "cpu",
    "tokenizer": "whitespace",
}
COUNTS = {"feature_min_count": 1, "max_order": 2}
OPTIONS = {
    "rnn": QUICK
    | {
        "embedding": 6,
        "hidden": 6,
        "bigram_width": 3,
        "use": "float32",
        "lr": 0.02,
        "pooling": "attention",
        "dropout": 0.3,
    },
    "textcnn": QUICK | {"embedding": 6, "channels": 6, "bigrams": False, "lr": 0.02},
    "bag": QUICK | COUNTS | {"embedding": 6, "lr": 0.05},
    "mlp": QUICK | COUNTS | {"embedding": 6, "hidden": 6, "lr": 0.05},
    "softmax": {
        "epochs": 12,
        "batch_size": 9,
        "embedding_dropout": 0.0,
        "device": "cpu",
        "lr": 0.2,
        "tokenizer": "whitespace",
    }
    | COUNTS,
    "ngram": {"order": 2, "smoothing": "witten-bell", "tokenizer": "whitespace"},
}
TEXT = "a fine 茶 and a foul cup"


@pytest.fixture(scope="module")
def models():
    made = {}

    def model(family, **more):
        key = (family, *sorted(more.items()))
        if key not in made:
            options = OPTIONS[family] | {"model": family, "validation_share": 0, "baseline": False} | more
            made[key] = seqlab.train("classify", RECORDS, **options)
        return made[key]

    return model


@pytest.mark.parametrize("family", OPTIONS)
def test_a_weight_for_each_token_where_it_stands(models, family):
    model = models(family)
    explained = model.explain(TEXT)
    tokens = model.text.pipeline.tokens(TEXT)
    assert [weight.token for weight in explained.weights] == list(tokens)
    assert all(TEXT[weight.start : weight.end] == weight.token for weight in explained.weights)
    assert all(left.end <= right.start for left, right in zip(explained.weights, explained.weights[1:], strict=False))
    assert model.explain("").weights == []


@pytest.mark.parametrize("family", OPTIONS)
def test_the_label_that_is_predicted_or_asked_for(models, family):
    model = models(family)
    found = dict(zip(model.labels, model.predict_proba([TEXT])[0].tolist(), strict=True))
    assert model.explain(TEXT).label == model.predict([TEXT])[0]
    for label, probability in found.items():
        explained = model.explain(TEXT, label)
        assert (explained.label, explained.probability) == (label, pytest.approx(probability))
    assert model.explain(TEXT, "odd").weights != model.explain(TEXT, "bad").weights
    with pytest.raises(DataError, match="there is no label 'best'; there are bad, good, odd"):
        model.explain(TEXT, "best")
    with pytest.raises(DataError, match="a text is a string"):
        model.explain(5)


@pytest.mark.parametrize("family", OPTIONS)
def test_the_word_that_tells_speaks_for_its_label(models, family):
    for label, words in WORDS.items():
        explained = models(family).explain(f"a {words[0]} tea")
        assert explained.label == label
        weights = {weight.token: weight.weight for weight in explained.weights}
        if family not in ("textcnn", "mlp"):  # they read it together with the article
            assert max(weights, key=weights.__getitem__) == words[0]
            assert models(family).explain(words[0], label).weights[0].weight > 0  # where nothing stands beside it too


def logits(model, text):
    with torch.no_grad():
        ids, starts = model.text.bags(model.text.tokens([text]))
        return classifier_network.logits(model.model, model._batch(ids, starts, np.zeros(1, np.int64)), "cpu")[0]


@pytest.mark.parametrize("weighting", ["count", "idf"])
@pytest.mark.parametrize("family", ["softmax", "bag"])
def test_without_layers_between_the_weights_sum_to_the_logit(models, family, weighting):
    model = models(family, weighting=weighting)
    network = model.model
    bias = network.bias if network.output is None else network.output.bias
    for number, label in enumerate(model.labels):
        for text in (TEXT, "fine", "stale stale cup"):
            total = sum(weight.weight for weight in model.explain(text, label).weights)
            assert total == pytest.approx(float(logits(model, text)[number] - bias[number]), abs=1e-5)


@pytest.mark.parametrize("family", ["rnn", "textcnn"])
def test_a_weight_is_the_slope_of_the_logit_as_the_token_grows(models, family):
    model = copy.copy(models(family))
    model.model = copy.deepcopy(model.model).double()
    ids, starts = model.text.columns(model.text.tokens([TEXT]))
    read, lengths = map(torch.from_numpy, classifier_network.sequences(ids, starts, np.zeros(1, np.int64)))
    step, network = 1e-6, model.model
    with torch.no_grad():
        vectors = network.embed(read)
        for place, weight in enumerate(model.explain(TEXT, "good").weights):
            ends = []
            for factor in (1 - step, 1 + step):
                changed = vectors.clone()
                changed[0, place] *= factor
                ends.append(float(network.from_vectors(changed, lengths)[0, model.labels.index("good")]))
            assert weight.weight == pytest.approx((ends[1] - ends[0]) / (2 * step), rel=1e-3, abs=1e-5)


def test_weights_of_ngrams_sum_to_the_odds(models):
    """ln p(own) - ln p(rival) is what the tokens and the end of the text say together; the priors are equal here."""
    model = models("ngram")
    log_probs = model.log_probs([TEXT], calibrated=False)[0]
    for number, label in enumerate(model.labels):
        rival = max((other for other in range(3) if other != number), key=log_probs.__getitem__)
        explained = sum(weight.weight for weight in model.explain(TEXT, label).weights)
        ends = []
        ids, _ = model.text.encode(model.text.tokens([TEXT]))
        share = model.model.background_share
        for each in (model.model.models[number], model.model.models[rival], model.model.background):
            ends.append(np.exp(each.score(np.append(ids, each.end)).log_probs[-1]))
        end = np.log((1 - share) * ends[0] + share * ends[2]) - np.log((1 - share) * ends[1] + share * ends[2])
        assert explained + end == pytest.approx(log_probs[number] - log_probs[rival], abs=1e-5)


def test_tokens_that_are_impossible_in_a_class(models):
    model = models("ngram", smoothing="maximum-likelihood", background_share=0.0)
    weights = {weight.token: weight.weight for weight in model.explain("a fine foul new", "good").weights}
    assert weights["a"] == 0.0
    assert not np.isnan(list(weights.values())).any()


def test_attention(models):
    model = models("rnn")
    found = model.attention(TEXT)
    assert [weight.token for weight in found] == list(model.text.pipeline.tokens(TEXT))
    assert sum(weight.weight for weight in found) == pytest.approx(1)
    assert min(weight.weight for weight in found) >= 0
    assert model.attention("") == []
    for other in ("softmax", "ngram", "textcnn"):
        assert models(other).attention(TEXT) == []
