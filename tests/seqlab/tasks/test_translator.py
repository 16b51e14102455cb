"""A translator in use: alone and batched, greedy and by beam, forced, drawn, saved and loaded, several as one."""

import shutil

import numpy as np
import pytest
import torch

import seqlab
from seqlab.decoding.stepwise import Hypothesis
from seqlab.errors import ConfigError, DataError, ModelError
from seqlab.records import Pair
from seqlab.tasks.translator_ensemble import together
from seqlab.text.vocab import BOS, EOS, UNK

WORDS = {"the": "der", "a": "ein", "red": "rot", "old": "alt", "cat": "Katze", "dog": "Hund", "sleeps": "schläft",
         "eats": "frisst", "here": "hier", "now": "nun"}  # fmt: skip
SETTINGS = {
    "tokenizer": "word", "hidden": 24, "embedding": 16, "dropout": 0.1, "epochs": 16, "batch_size": 60, "lr": 0.02,
    "device": "cpu", "baseline": False, "validation_share": 0, "beam": 3, "evaluate_every": 100_000,
}  # fmt: skip


def made(n=120, seed=4):
    """Sentences, and they word by word in another language."""
    draw, records = np.random.default_rng(seed), []
    for number in range(n):
        words = [str(word) for word in draw.choice([*WORDS], 1 + number % 7)]
        records.append((" ".join(words), " ".join(WORDS[word] for word in words)))
    return records


TEXTS = [source for source, _ in made(40, seed=9)]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Model directories: two that differ by their seeds, one that knows few words, one without attention."""
    folder = tmp_path_factory.mktemp("translators")
    for name, records, changes in (
        ("first", made(), {}),
        ("second", made(), {"seed": 2}),
        ("other", made(90), {"min_count": 34}),
        ("blind", made(), {"attention": "none", "min_count": 50}),
    ):
        seqlab.train("translate", records, output=folder / name, **SETTINGS | changes)
    return folder


@pytest.fixture(scope="module")
def translator(runs):
    return seqlab.load(runs / "first")


@pytest.fixture(scope="module")
def second(runs):
    return seqlab.load(runs / "second")


def test_what_is_saved_translates_as_what_was_trained(tmp_path):
    trained = seqlab.train("translate", made(), output=tmp_path / "run", **SETTINGS | {"epochs": 1})
    loaded = seqlab.load(tmp_path / "run")
    for beam in (1, 3):
        one, other = (model.translate(TEXTS, beam=beam, n_best=1) for model in (trained, loaded))
        assert [(best[0].text, best[0].score) for best in one] == [(best[0].text, best[0].score) for best in other]
    assert trained.score(made()) == loaded.score(made())


def test_it_has_learned_something(translator):
    assert translator.translate(["the red cat", "a dog eats"]) == ["der rot Katze", "ein Hund frisst"]
    assert translator.evaluate(made(40, seed=9)).translations.bleu > 40


@pytest.mark.parametrize("beam", [1, 3])
def test_batched_equals_one_by_one_in_any_order(translator, beam):
    together_found = translator.translate(TEXTS, beam=beam)
    assert together_found == [translator.translate([text], beam=beam)[0] for text in TEXTS]
    assert together_found[::-1] == translator.translate(TEXTS[::-1], beam=beam)
    assert together_found == translator.translate((text for text in TEXTS), beam=beam)


def test_small_batches_and_parts_change_nothing(translator, monkeypatch):
    found, likelihoods = translator.translate(TEXTS), translator.score(made())
    monkeypatch.setattr("seqlab.tasks.translator.TOKENS", 20)
    monkeypatch.setattr("seqlab.tasks.translator.AT_A_TIME", 7)
    assert translator.translate(TEXTS) == found
    assert translator.score(made()) == [pytest.approx(likelihood, rel=1e-5) for likelihood in likelihoods]


def test_the_settings_say_how_to_search_where_nothing_else_does(translator):
    def scores(**search):
        return [best[0].score for best in translator.translate(TEXTS, n_best=1, **search)]

    decoding = translator.config.decoding
    assert scores() == scores(beam=3, length_penalty=decoding.length_penalty, coverage_penalty=0.0)
    assert scores() != scores(length_penalty=0.3)
    assert scores() != scores(coverage_penalty=1.5)


def test_n_best_are_different_translations_in_the_order_of_their_scores(translator):
    for best in translator.translate(TEXTS, beam=4, n_best=3):
        scores = [one.score for one in best]
        assert scores == sorted(scores, reverse=True)
        assert len({one.tokens for one in best}) == len(best) == 3
    assert translator.translate(TEXTS[:9], beam=4) == [
        best[0].text for best in translator.translate(TEXTS[:9], beam=4, n_best=4)
    ]


def test_forced_decoding_finds_the_log_probability_that_the_search_found(translator):
    for text, best in zip(TEXTS, translator.translate(TEXTS, beam=3, n_best=3), strict=True):
        likelihoods = translator.score([(text, one.text) for one in best])
        assert [one.log_prob for one in likelihoods] == pytest.approx([one.log_prob for one in best], abs=1e-4)
        assert [one.n_tokens for one in likelihoods] == [len(one.tokens) + 1 for one in best]
    right, wrong = translator.score([Pair("the cat", "der Katze"), Pair("the cat", "Hund Hund")])
    assert right.log_prob > wrong.log_prob
    assert translator.score([("a dog", "")])[0].n_tokens == 1


def test_attention_gives_the_tokens_of_both_sides_and_a_weight_for_each_two(translator):
    seen = translator.attention("the red cat  sleeps.")
    assert seen.source == ("the", "red", "cat", "sleeps", ".")
    assert seen.weights.shape == (len(seen.target), 5)
    assert seen.weights.sum(1) == pytest.approx(1.0, abs=1e-5)
    assert translator.text.target.text(seen.target) == translator.translate(["the red cat sleeps."])[0]
    forced = translator.attention("the red cat  sleeps.", translator.text.target.text(seen.target))
    assert (forced.source, forced.target) == (seen.source, seen.target)
    assert forced.weights == pytest.approx(seen.weights, abs=1e-5)
    assert translator.attention("the cat", "Hund Hund Hund").weights.shape == (3, 2)


@pytest.mark.parametrize("text", ["", "   ", "\t"])
def test_nothing_is_translated_by_nothing(translator, text):
    assert translator.translate([text, "a dog", text])[::2] == ["", ""]
    assert translator.translate([]) == []
    (only,) = translator.translate([text], n_best=3)[0]
    assert (only.text, only.tokens, only.log_prob) == ("", (), 0.0)


@pytest.mark.parametrize("text", ["狗 ☃ \ud800", "cat\x00dog", "the " * 5000, "x" * 5000])
def test_any_text_is_translated(translator, text):
    (found,) = translator.translate([text])
    assert len(found.split()) <= translator.config.decoding.longest_output


def test_a_translation_has_a_bounded_length(translator):
    from seqlab.resolve import resolve

    config = resolve("translate", translator.config.model_dump(mode="json"), {"longest_output": 2})
    short = type(translator)(config, translator.text, translator.model)
    assert max(len(best[0].tokens) for best in short.translate(TEXTS, n_best=1)) == 2
    for text, best in zip(TEXTS, translator.translate(TEXTS, n_best=1), strict=True):
        assert len(best[0].tokens) <= 2 * len(text.split()) + 10


# --- unknown words


def hypothesis(tokens, attention):
    return Hypothesis(tuple(tokens), -1.0, -1.0, attention, True)


def test_an_unknown_word_is_that_of_the_source_which_attention_was_at(translator):
    vocab = translator.text.target.pipeline.vocab
    attention = np.array([[0.1, 0.7, 0.2], [0.5, 0.3, 0.2], [0.0, 0.0, 1.0]], np.float32)
    found = translator._written(hypothesis([UNK, vocab.id("Katze"), UNK], attention), ["the", "Ångström", "cat"])
    assert (found.text, found.tokens) == ("Ångström Katze cat", ("Ångström", "Katze", "cat"))


def test_without_attention_no_unknown_word_is_written(runs):
    blind, other = seqlab.load(runs / "blind"), seqlab.load(runs / "other")
    assert len(blind.text.target.pipeline.vocab) < len(WORDS) + 4
    for text, best in zip(TEXTS, blind.translate(TEXTS, n_best=3), strict=True):
        assert all(one.attention is None and "<unk>" not in one.tokens for one in best), text
    written = " ".join(other.translate(TEXTS)).split()
    assert set(written) - set(other.text.target.pipeline.vocab.tokens) <= {*WORDS}
    with pytest.raises(ConfigError, match="attention none, so there is nothing to look at"):
        blind.attention("the cat")
    with pytest.raises(ConfigError, match="coverage_penalty: this network has no attention"):
        blind.translate(["the cat"], coverage_penalty=0.5)


@pytest.mark.parametrize("target", ["word", "character", "byte", "sentencepiece", "whitespace"])
@pytest.mark.parametrize("source", ["word", "byte", "sentencepiece"])
def test_no_piece_of_a_source_stands_for_an_unknown_token(source, target):
    settings = SETTINGS | {"tokenizer": source, "target_tokenizer": target, "epochs": 1}
    may_not_know = {target} - {"byte", "sentencepiece"}
    settings |= {"min_count": 50} if may_not_know else {}
    settings |= {"max_size": 300} if "sentencepiece" in (source, target) else {}
    model = seqlab.train("translate", made(), **settings)
    assert model.copies == (source == "word" and target in ("word", "whitespace"))
    with torch.no_grad():
        model.model.output.bias[UNK] = 50.0
    written = [*model.translate(TEXTS[:5]), *(one.text for one in model.sample(TEXTS[:5]))]
    assert not any(mark in text for text in written for mark in ("<0x", "▁", "<unk>"))
    if model.copies:
        assert {*" ".join(written).split()} <= {*WORDS}


# --- drawn at random


def test_the_draws_of_a_text_are_those_of_its_number_whatever_else_is_asked(translator, monkeypatch):
    found = [one.text for one in translator.sample(TEXTS, temperature=2.0, seed=3)]
    assert [one.text for one in translator.sample(TEXTS[:7], temperature=2.0, seed=3)] == found[:7]
    monkeypatch.setattr("seqlab.tasks.translator.TOKENS", 20)
    monkeypatch.setattr("seqlab.tasks.translator.AT_A_TIME", 7)
    assert [one.text for one in translator.sample(TEXTS, temperature=2.0, seed=3)] == found


def test_draws_are_those_of_their_seed_and_never_those_of_another(translator):
    def drawn(**how):
        return [one.text for one in translator.sample(TEXTS, **how)]

    assert drawn(seed=3) == drawn(seed=3)
    assert drawn(seed=3) != drawn(seed=4)
    assert drawn(temperature=0.0) == drawn(top_k=1) == translator.translate(TEXTS, beam=1)
    assert drawn(temperature=2.0, seed=3) != drawn(seed=3)
    assert len({one.text for one in translator.sample(["the cat sleeps"] * 40, temperature=2.0)}) > 5
    one = translator.sample(["the red cat"], seed=5)[0]
    assert one.log_prob == pytest.approx(translator.score([("the red cat", one.text)])[0].log_prob, abs=1e-4)
    with pytest.raises(ConfigError, match="top-p"):
        translator.sample(TEXTS, top_p=1.5)


# --- scored


def test_pairs_with_an_empty_side_are_not_scored(translator):
    pairs = made(10, seed=9)
    assert translator.evaluate([*pairs, ("a", ""), ("", "b")]) == translator.evaluate(pairs)
    assert translator.evaluate(pairs, beam=1).beam == 1
    scores = translator.evaluate(pairs)
    likelihoods = translator.score(pairs)
    assert scores.n_tokens == sum(one.n_tokens for one in likelihoods)
    assert scores.nats * scores.n_tokens == pytest.approx(-sum(one.log_prob for one in likelihoods))


# --- several as one


def test_an_ensemble_takes_the_mean_of_the_probabilities(translator, second):
    both = together([translator, second])
    for pair in made(12, seed=11):
        source, target = pair
        tokens = target.split()
        log_probs = []
        for model in (translator, second):
            steps = [model.score([(source, " ".join(tokens[:n]))])[0].log_prob for n in range(len(tokens) + 1)]
            log_probs.append(steps)
        assert both.score([pair])[0].n_tokens == len(tokens) + 1
        ends = [np.exp(steps[0]) for steps in log_probs]
        assert np.exp(both.score([(source, "")])[0].log_prob) == pytest.approx(np.mean(ends), rel=1e-4)
    assert both.translate(TEXTS) == [both.translate([text])[0] for text in TEXTS]
    assert both.evaluate(made(40, seed=9)).nats < max(m.evaluate(made(40, seed=9)).nats for m in (translator, second))


def test_an_ensemble_of_one_model_is_that_model(translator):
    assert together([translator]) is translator
    twice = together([translator, translator])
    assert twice.translate(TEXTS) == translator.translate(TEXTS)
    assert together([twice, translator]).translate(TEXTS) == translator.translate(TEXTS)
    assert twice.attention("the cat").weights == pytest.approx(translator.attention("the cat").weights, abs=1e-5)


def test_an_ensemble_of_different_vocabularies_is_refused(translator, runs):
    with pytest.raises(ConfigError, match="these translators have different vocabularies of the source"):
        together([translator, seqlab.load(runs / "other")])
    with pytest.raises(ConfigError, match="no translator to ask"):
        together([])


# --- what is refused


@pytest.mark.parametrize(
    ("search", "says"),
    [
        ({"beam": 0}, "beam: a whole number from 1 to 1,000, not 0"),
        ({"beam": -1}, "beam: a whole number from 1 to 1,000, not -1"),
        ({"beam": 10**12}, "beam: a whole number from 1 to 1,000, not 1000000000000"),
        ({"beam": 2.5}, r"beam: a whole number from 1 to 1,000, not 2\.5"),
        ({"beam": "5"}, "beam: a whole number from 1 to 1,000, not '5'"),
        ({"n_best": 1.5}, r"n_best: a beam of 3 finds 1 to 3 translations, not 1\.5"),
        ({"length_penalty": 1000}, "length_penalty: a number from 0 to 10, not 1000"),
        ({"length_penalty": -0.1}, r"length_penalty: a number from 0 to 10, not -0\.1"),
        ({"length_penalty": float("nan")}, "length_penalty: a number from 0 to 10, not nan"),
        ({"coverage_penalty": float("inf")}, "coverage_penalty: a number from 0 to 10, not inf"),
        ({"beam": 2, "n_best": 3}, "n_best: a beam of 2 finds 1 to 2 translations, not 3"),
        ({"n_best": 0}, "n_best: a beam of 3 finds 1 to 3 translations, not 0"),
    ],
)
def test_numbers_out_of_range_are_refused(translator, search, says):
    for texts in (TEXTS, []):
        with pytest.raises(ConfigError, match=says):
            translator.translate(texts, **search)
    with pytest.raises(ConfigError, match=says):
        translator.check(**search)


def test_what_is_no_text_and_no_pair_is_refused(translator):
    for call, says in (
        (lambda: translator.translate("the cat"), "give a list, not one text: 'the cat'"),
        (lambda: translator.translate([7]), "a text is a string, not 7"),
        (lambda: translator.score([("", "der")]), "an empty source has no translation"),
        (lambda: translator.score(["the cat"]), "a record is a pair"),
        (lambda: translator.attention(" "), "an empty text has no tokens to look at"),
        (lambda: translator.attention(7), "a text is a string, not 7"),
        (lambda: translator.attention("a", 7), "a text is a string, not 7"),
        (lambda: translator.evaluate([("a", "")]), "there is no pair of sentences to score"),
    ):
        with pytest.raises(DataError, match=says):
            call()


def test_an_altered_directory_is_refused(runs, tmp_path):
    copy = shutil.copytree(runs / "first", tmp_path / "copy")
    (copy / "text" / "target" / "vocab.json").unlink()
    with pytest.raises(ModelError, match=r"incomplete, without text/target/vocab\.json"):
        seqlab.load(copy)


def test_the_ends_and_padding_are_never_written(translator):
    for best in translator.translate(TEXTS, beam=3, n_best=3):
        for one in best:
            assert not {"<pad>", "<bos>", "<eos>"} & {*one.tokens}
    assert (BOS, EOS) == (2, 3)
