"""The mean of the probabilities of several models."""

import itertools

import numpy as np
import pytest

import seqlab
from seqlab.config import LanguageModelling
from seqlab.errors import ConfigError, DataError, ModelError
from seqlab.tasks.mixture import MixedLanguageModel, by_part, mixed
from seqlab.text.vocab import BOS, EOS, PAD

WORDS = "the moon is up .\nthe sun is down .\nis the moon down ?\nthe sun is up !\n"
CONFIG = LanguageModelling(model="mixture")
NETWORK = {"hidden": 8, "epochs": 1, "batch_size": 4, "window": 8, "lr": 0.01, "device": "cpu"}
KINDS = {
    "lines": {"model": "ngram", "sentences": "lines", "order": 3},
    "none": {"model": "ngram", "sentences": "none", "order": 2},
    "network": NETWORK,
}


@pytest.fixture(scope="module")
def models():
    """Three kinds of models of words over the same vocabulary."""
    return {name: trained(WORDS * 30, **settings) for name, settings in KINDS.items()}


def trained(text, tokenizer="word", **settings):
    return seqlab.train("lm", [text], tokenizer=tokenizer, **settings)


@pytest.fixture(scope="module")
def ids(models):
    return models["lines"].text.encode("sun down ? ☃\n\nthe moon " + WORDS)


def steps(model, ids):
    """(T, V) by `step`."""
    state, last, rows = model.begin(), model.text.start, []
    for token in ids.tolist():
        log_probs, state = model.step(np.array([last]), state)
        rows.append(log_probs[0])
        last = token
    return np.array(rows, np.float64)


@pytest.mark.parametrize(("one", "other"), list(itertools.permutations(KINDS, 2)))
def test_all_the_weight_on_one_part_is_that_part(models, ids, one, other):
    a, b = models[one], models[other]
    for weights, part in (((1, 0), a), ((0, 1), b)):
        model = MixedLanguageModel(CONFIG, [a, b], weights)
        assert model.evaluate_ids(ids) == part.evaluate_ids(ids)
        assert np.array_equal(steps(model, ids), steps(part, ids))
        prompt = "is the"
        assert model.generate(prompt, n=2, length=20, temperature=0) == part.generate(
            prompt, n=2, length=20, temperature=0
        )


@pytest.mark.parametrize("name", KINDS)
def test_a_model_mixed_with_itself_is_itself(models, ids, name):
    part = models[name]
    model = MixedLanguageModel(CONFIG, [part] * 3, [0.2, 0.3, 0.5])
    assert steps(model, ids) == pytest.approx(steps(part, ids), abs=1e-12)
    assert model.evaluate_ids(ids).nats == pytest.approx(part.evaluate_ids(ids).nats, abs=1e-12)


def test_each_probability_is_the_weighted_mean(models, ids):
    weights, parts = np.array([0.5, 0.3, 0.2]), list(models.values())
    model = MixedLanguageModel(CONFIG, parts, weights)
    wanted = sum(weight * np.exp(steps(part, ids)) for weight, part in zip(weights, parts, strict=True))
    found = np.exp(steps(model, ids))
    assert found == pytest.approx(wanted, rel=1e-10)
    assert found.sum(1) == pytest.approx(np.ones(len(ids)), abs=1e-5)
    scored = np.concatenate(list(model.token_log_probs(ids)))
    assert np.exp(scored) == pytest.approx(wanted[np.arange(len(ids)), ids], rel=1e-4)
    only_counts = MixedLanguageModel(CONFIG, [models["lines"], models["none"]], [0.5, 0.5])
    assert np.isneginf(steps(only_counts, ids)[:, [PAD, BOS, EOS]]).all()


class Parted:
    """Gives the log-probabilities 0, -1, -2, ... times a factor, in stretches of certain lengths."""

    def __init__(self, factor, lengths):
        self.factor, self.lengths = factor, lengths

    def token_log_probs(self, ids, **_):
        values, lengths = -self.factor * np.arange(len(ids)), itertools.cycle(self.lengths)
        while len(values):
            length = next(lengths)
            yield values[:length]
            values = values[length:]


@pytest.mark.parametrize("n", [0, 1, 2, 7, 100])
@pytest.mark.parametrize("lengths", [([3], [5]), ([1], [100]), ([100], [7, 0, 2]), ([0, 4], [4, 0])])
def test_parts_that_read_in_stretches_of_other_lengths(lengths, n):
    parts = [Parted(factor, each) for factor, each in zip((1.0, 2.0), lengths, strict=True)]
    blocks = list(by_part(parts, np.zeros(n, np.uint8)))
    found = np.concatenate([np.zeros((2, 0)), *blocks], axis=1)
    assert np.array_equal(found, -np.outer((1.0, 2.0), np.arange(n)))


def test_the_mean_of_what_is_impossible():
    """A half, a quarter; nothing and a half; nothing and nothing."""
    with np.errstate(divide="ignore"):
        log_probs = np.log([[0.5, 0.0, 0.0], [0.25, 0.5, 0.0]])
    assert np.exp(mixed(log_probs, np.array([0.5, 0.5]))) == pytest.approx([0.375, 0.25, 0])
    assert np.exp(mixed(log_probs, np.array([0.0, 1.0]))) == pytest.approx([0.25, 0.5, 0])
    tiny = np.array([[-2000.0], [-2001.0]])
    assert mixed(tiny, np.array([0.5, 0.5])) == pytest.approx(np.log(0.5 + 0.5 * np.exp(-1)) - 2000)


@pytest.mark.parametrize("weights", [(0.5, 0.6), (-0.1, 1.1), (1.0,), (0.2, 0.3, 0.5), (np.nan, 1.0), ((0.5, 0.5),)])
def test_weights_that_are_none(models, weights):
    with pytest.raises(ModelError, match="2 models have as many weights of 0 or more, which sum to 1, not"):
        MixedLanguageModel(CONFIG, [models["lines"], models["none"]], weights)


# --- fitting them


def grid(parts, text):
    """The best weight of the first of two parts, found by trying."""
    probs = np.exp([np.concatenate(list(part.token_log_probs(part.text.encode(text)))) for part in parts])
    weights = np.linspace(0, 1, 10_001)
    with np.errstate(divide="ignore"):
        likelihoods = np.log(weights[:, None] * probs[0] + (1 - weights[:, None]) * probs[1]).sum(1)
    return weights[likelihoods.argmax()], likelihoods.max()


def test_the_weights_are_the_best_for_the_text(models):
    text = "the moon is down .\nis the sun up ?\nthe moon is up !\nup is down .\nmoon the\n"
    for names in itertools.combinations(KINDS, 2):
        parts = [models[name] for name in names]
        model = seqlab.mix(parts, [text])
        weight, likelihood = grid(parts, text)
        assert model.weights[0] == pytest.approx(weight, abs=2e-3)
        assert model.weights.sum() == pytest.approx(1)
        n_tokens = model.scores["n_tokens"]
        assert -model.scores["nats"] * n_tokens == pytest.approx(likelihood, abs=1e-3)
        assert model.scores["nats"] <= min(model.scores["parts"]) + 1e-9
        assert model.scores["nats"] == pytest.approx(model.evaluate([text]).nats, rel=1e-12)
        assert model.scores["parts"] == pytest.approx([part.evaluate([text]).nats for part in parts], rel=1e-12)


def test_records_may_come_in_parts_and_models_by_their_paths(models, tmp_path):
    trained(WORDS * 30, output=tmp_path / "run", **KINDS["lines"])
    whole = seqlab.mix([models["lines"], models["none"]], [WORDS])
    parted = seqlab.mix([str(tmp_path / "run"), models["none"]], [WORDS[:30], WORDS[30:]])
    assert np.array_equal(whole.weights, parted.weights)


def test_a_mixture_is_a_part_like_any_other(models, tmp_path, ids):
    for name in ("lines", "none"):
        trained(WORDS * 30, output=tmp_path / name, **KINDS[name])
    trained(WORDS * 30, output=tmp_path / "net", **NETWORK)
    text = "the moon is down .\nis the sun up ?\nup moon\n"
    inner = seqlab.mix([tmp_path / "lines", tmp_path / "none"], [text], output=tmp_path / "inner")
    outer = seqlab.mix([tmp_path / "net", tmp_path / "inner"], [text], output=tmp_path / "outer")
    for path in ("lines", "none", "net", "inner"):  # it holds all it needs
        (tmp_path / path).rename(tmp_path / f"old {path}")
    again = seqlab.load(tmp_path / "outer")
    a, b = outer.weights
    wanted = a * np.exp(steps(models["network"], ids)) + b * np.exp(steps(inner, ids))
    assert np.exp(steps(again, ids)) == pytest.approx(wanted, rel=1e-6)


def test_texts_that_no_weights_fit(models):
    with pytest.raises(DataError, match="no text to fit the weights on"):
        seqlab.mix([models["lines"], models["none"]], [""])
    with pytest.raises(DataError, match="give lists"):
        seqlab.mix([models["lines"], models["none"]], WORDS)
    impossible = [trained(WORDS * 30, **KINDS["lines"] | {"smoothing": "maximum-likelihood"}) for _ in range(2)]
    with pytest.raises(DataError, match="a token of the text has probability zero under each of the models"):
        seqlab.mix(impossible, ["moon moon sun"])


# --- parts that do not fit


def refusal(*models, error=ConfigError):
    with pytest.raises(error) as raised:
        seqlab.mix(models, [WORDS])
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_parts_that_read_other_tokens(models):
    model = models["lines"]
    other = trained(WORDS * 30, "character", model="ngram")
    message = refusal(model, other)
    assert message.startswith("model 1 and model 2: their tokenizers differ (word and character), and the parts of a")
    assert "train one of them anew on the corpora of the other, with the same settings of data and text" in message
    other = trained(WORDS * 30, case="lower", unicode="NFKC", model="ngram")
    message = refusal(model, model, other)
    assert (
        "model 1 and model 3: their text is normalized in different ways (unicode NFC and NFKC, case keep and lo"
        in message
    )
    other = trained((WORDS + "one two three four\n") * 30, model="ngram")
    assert f"their vocabularies differ ({len(model.text.vocab)} and {len(other.text.vocab)} types)" in refusal(
        model, other
    )
    other = trained((WORDS.replace("moon", "star")) * 30, model="ngram")
    assert "their vocabularies differ (as large, but not the same)" in refusal(model, other)


def test_parts_that_give_no_probabilities(models):
    other = trained(WORDS * 30, model="ngram", smoothing="stupid-backoff")
    assert "model 2: the figures of stupid-backoff are no probabilities" in refusal(models["lines"], other)


def test_a_part_that_has_gone_astray(models):
    broken = trained(WORDS * 30, **NETWORK)
    broken.model.output.bias.data.fill_(float("nan"))
    assert "model 2: gives figures that are no numbers" in refusal(models["lines"], broken, error=ModelError)


def test_a_mixture_of_one(models):
    assert "a mixture has two parts or more; name another run" in refusal(models["lines"])
    with pytest.raises(ConfigError, match="two parts or more"):
        seqlab.mix([], [WORDS])


def test_a_device_that_no_part_is_for(tmp_path):
    for name in ("lines", "none"):
        trained(WORDS * 30, output=tmp_path / name, **KINDS[name])
    with pytest.raises(ConfigError, match="counts are looked up by the CPU, not by 'cuda'"):
        seqlab.mix([tmp_path / "lines", tmp_path / "none"], [WORDS], device="cuda")
