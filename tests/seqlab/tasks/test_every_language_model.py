"""What holds for every language model, whatever predicts: one text, one way of reading it, one way of writing."""

import numpy as np
import pytest

import seqlab
from seqlab.text.vocab import BOS, EOS, PAD

VERSE = "床前明月光，疑是地上霜。\n举头望明月，低头思故乡。\nTo be, or not to be: that is the question.\n"
WORDS = "the moon is up. the sun is down.\nis the moon down? the sun is up!\n\nto be or not to be.\n"
NETWORK = {"hidden": 16, "epochs": 2, "batch_size": 8, "window": 16, "lr": 0.01, "device": "cpu"}
KINDS = {
    "a network": (VERSE, NETWORK),
    "a network with a learned state": (VERSE, NETWORK | {"learned_state": True, "cell": "gru", "layers": 2}),
    "n-grams of characters": (VERSE, {"model": "ngram"}),
    "n-grams of bytes": (VERSE, {"model": "ngram", "tokenizer": "byte", "order": 4}),
    "n-grams of words, line by line": (WORDS, {"model": "ngram", "tokenizer": "word", "min_count": 30}),
    "n-grams of words over line ends": (WORDS, {"model": "ngram", "tokenizer": "word", "sentences": "none"}),
    "what stands between blanks": (WORDS, {"model": "ngram", "tokenizer": "whitespace", "order": 2}),
    "single words": (WORDS, {"model": "ngram", "tokenizer": "word", "order": 1}),
    "few n-grams": (WORDS, {"model": "ngram", "tokenizer": "word", "prune": 1e-3, "smoothing": "katz"}),
    "maximum likelihood": (VERSE, {"model": "ngram", "smoothing": "maximum-likelihood"}),
    "a network and n-grams, mixed": (VERSE, [NETWORK, {"model": "ngram", "order": 3}]),
    "n-grams by lines and over them, mixed": (
        WORDS,
        [{"model": "ngram", "tokenizer": "word", "sentences": how} for how in ("lines", "none")],
    ),
    "stupid back-off": (WORDS, {"model": "ngram", "tokenizer": "word", "smoothing": "stupid-backoff"}),
}


@pytest.fixture(scope="module", params=KINDS)
def kind(request, tmp_path_factory):
    """(the folder of a model, its text)"""
    verse, settings = KINDS[request.param]
    folder = tmp_path_factory.mktemp("kind") / "run"
    if isinstance(settings, dict):
        seqlab.train("lm", [verse * 30], output=folder, **settings)
        return folder, verse
    parts = [folder.with_name(f"part {number}") for number in range(len(settings))]
    for path, each in zip(parts, settings, strict=True):
        seqlab.train("lm", [verse * 30], output=path, **each)
    seqlab.mix(parts, [verse[20:] + verse[:40]], output=folder)
    return folder, verse


@pytest.fixture(scope="module")
def model(kind):
    return seqlab.load(kind[0])


@pytest.fixture(scope="module")
def part(kind):
    """Some text of the kind it was trained on, and what was never seen."""
    return kind[1][10:] + kind[1][:90].replace("o", "☃")


@pytest.fixture(scope="module")
def ids(model, part):
    return model.text.encode(part).astype(np.int64)


def steps(model, ids, n=1):
    """(T, V) log-probabilities of each token, by steps of n texts side by side that are all the same."""
    rows, state, last = [], model.begin(n), np.full(n, model.text.start)
    for token in ids:
        log_probs, state = model.step(last, state)
        assert log_probs.shape == (n, len(model.text.vocab))
        assert (log_probs == log_probs[:1]).all()
        rows.append(log_probs[0].astype(np.float64))
        last = np.full(n, token)
    return np.array(rows)


def test_a_text_is_scored_as_it_is_stepped_through(model, part, ids):
    found = model.score(part)
    assert found.shape == ids.shape
    assert found == pytest.approx(steps(model, ids)[np.arange(len(ids)), ids], abs=1e-4)
    assert steps(model, ids[:5], n=3) == pytest.approx(steps(model, ids[:5]), abs=1e-4)


def test_the_probabilities_of_what_may_follow_sum_to_one(model, ids):
    probs = np.exp(steps(model, ids))
    if model.config.ngram.smoothing != "stupid-backoff":
        assert probs.sum(1) == pytest.approx(np.ones(len(ids)), abs=1e-4)
    if model.config.model == "ngram":
        assert (probs[:, [PAD, BOS, EOS]] == 0).all()


def test_the_evaluation_is_the_mean_of_the_scores_however_the_text_is_parted(model, part, ids):
    scores = model.evaluate([part])
    assert (scores.n_tokens, scores.unit) == (len(ids), model.text.unit)
    assert scores.nats == pytest.approx(-model.score(part).mean(), rel=1e-5)
    assert model.evaluate([part[:50], part[50:]]) == scores
    assert model.evaluate([part], batch_size=1, context=10_000).nats == pytest.approx(scores.nats, rel=1e-5)


def test_the_scores_of_training_are_those_of_the_held_out_text(model):
    assert np.isfinite(model.scores["nats"]) or model.config.ngram.smoothing == "maximum-likelihood"
    assert all(np.isfinite(nats) for nats in model.scores["floors"].values())


@pytest.mark.parametrize("n", [1, 3])
@pytest.mark.parametrize("length", [1, 2, 9, 60])
def test_a_beginning_is_read_as_it_is_stepped_through(model, ids, n, length):
    beginning = np.concatenate(([model.text.start], ids[: length - 1]))
    last, state = model.read(beginning, n)
    assert (last == beginning[-1]).all()
    assert last.shape == (n,)
    after = model.step(last, state)[0]
    by_steps = model.begin(n)
    for token in beginning[:-1]:
        _, by_steps = model.step(np.full(n, token), by_steps)
    assert after == pytest.approx(model.step(last, by_steps)[0], abs=1e-4)


def test_the_seed_decides_the_text_and_the_others_beside_it_do_not(model, kind):
    prompt = kind[1][:5]
    three = model.generate(prompt, n=3, length=40, seed=2)
    assert three == model.generate(prompt, n=3, length=40, seed=2)
    assert three[0] == model.generate(prompt, length=40, seed=2)[0]
    assert three != model.generate(prompt, n=3, length=40, seed=3)
    assert model.generate(prompt, length=0) == [""]


def test_no_special_token_is_written(model, kind):
    written = "".join(model.generate("☃", n=2, length=100, temperature=2.0, seed=1))
    assert written
    known = set(kind[1]) | {" "}
    assert set(written) <= known or model.text.unit == "byte"


def test_a_text_can_be_read_on_where_its_beginning_ends(model, kind):
    prompt = kind[1][:7]
    (text,) = model.generate(prompt, length=20, temperature=0)
    assert model.generate(prompt, length=20, top_k=1, seed=9) == [text]
    assert "".join(piece for _, piece in model.stream(prompt, length=20, temperature=0)) == text


def test_an_empty_text_has_no_scores(model):
    assert model.score("").shape == (0,)
    with pytest.raises(seqlab.errors.DataError, match="the text to score is empty"):
        model.evaluate([""])


def test_what_is_loaded_is_what_was_trained(kind, model, part):
    again = seqlab.load(kind[0], "auto")
    assert np.array_equal(again.score(part), model.score(part))
    assert type(again) is type(model)
