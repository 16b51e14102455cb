import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st

import seqlab
from seqlab.errors import ConfigError, DataError
from seqlab.records import Text
from seqlab.text.pipeline import TextPipeline
from seqlab.text.vocab import BOS

PROMPT = "举头望明月"


# --- train and load


def test_train_returns_what_load_loads(tmp_path, text, small):
    model = seqlab.train("lm", [text], output=tmp_path / "run", **small)
    loaded = seqlab.load(tmp_path / "run")
    assert isinstance(model, seqlab.LanguageModel)
    assert isinstance(loaded, seqlab.LanguageModel)
    assert np.array_equal(model.score(text), loaded.score(text))
    assert model.evaluate([text]) == loaded.evaluate([text])
    assert model.generate(PROMPT, n=3, seed=5) == loaded.generate(PROMPT, n=3, seed=5)
    assert (model.config, model.scores) == (loaded.config, loaded.scores)


def test_train_leaves_nothing_behind_without_an_output(tmp_path, monkeypatch, text, small):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert seqlab.train("lm", [text], **small).generate("To be", length=5)
    assert list(tmp_path.iterdir()) == []


def test_training_leaves_torchs_generator_alone(text, small):
    import torch

    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    seqlab.train("lm", [text], **small)
    assert torch.equal(torch.rand(4), expected)


def test_records_may_come_in_any_form(text, small):
    parts = [text[:700], text[700:]]
    texts = [seqlab.train("lm", records, **small).generate(PROMPT, seed=1) for records in (
        [text], parts, [Text(part) for part in parts], iter(parts), (part for part in parts),
    )]  # fmt: skip
    assert all(other == texts[0] for other in texts)


@pytest.mark.parametrize("record", ["the text itself", Path("corpus.txt")])
def test_a_single_string_is_no_list_of_records(model, small, record):
    for work in (
        lambda: seqlab.train("lm", record, **small),
        lambda: seqlab.train("lm", ["a b"], record, **small),
        lambda: model.evaluate(record),
    ):
        with pytest.raises(DataError, match=r"list of texts, \[text\]|records are a list, or a reader, .*open_text"):
            work()


@pytest.mark.parametrize(
    ("records", "says"),
    [
        ([], "the training text is empty"),
        ([""], "the training text is empty"),
        (["a" * 2000], "1 character types"),
        (["ab" * 9], "less than one window of 16 and the token after it: give more text, or --window"),
        (["ab"], "give more text, or --validation-share 0"),
    ],
)
def test_texts_that_are_too_little(small, records, says):
    with pytest.raises(DataError, match=says):
        seqlab.train("lm", records, **small)


def test_the_window_that_a_short_text_is_advised_fits_it(small):
    with pytest.raises(DataError) as error:
        seqlab.train("lm", ["ab" * 9], **small)
    window = int(str(error.value).rpartition(" ")[2])
    seqlab.train("lm", ["ab" * 9], **small | {"window": window})


def test_an_empty_validation_text(text, small):
    with pytest.raises(DataError, match="validation text is empty"):
        seqlab.train("lm", [text], [""], **small)


def test_a_device_that_does_not_exist(text, small):
    with pytest.raises(ConfigError, match=r"device: cannot compute on 'gpu' here.*use cpu or auto"):
        seqlab.train("lm", [text], **small | {"device": "gpu"})


def test_nul_and_lone_surrogates_and_odd_characters(tmp_path, small):
    odd = "a\0b\ud800c\udfff\U0010ffff\u2028\r\n"
    model = seqlab.train("lm", [odd * 200], output=tmp_path / "run", **small | {"epochs": 6})
    assert set(odd) <= set(model.text.vocab.tokens)
    (written,) = model.generate("a\0", length=100)
    assert [written] == seqlab.load(tmp_path / "run").generate("a\0", length=100)
    assert "\ud800" in written
    assert "\0" in written
    bytewise = seqlab.train("lm", [odd * 200], tokenizer="byte", **small)
    assert len(bytewise.score(odd)) == len(odd.encode("utf-8", "surrogatepass"))


def test_a_line_of_ten_megabytes(tmp_path, small):
    line = "to be or not to be " * 550_000
    model = seqlab.train("lm", [line], limit=3000, **small)
    assert model.scores["n_tokens"] == pytest.approx(300, abs=30)
    assert len(model.text.encode(line)) == len(line) > 10_000_000
    wordwise = seqlab.train("lm", [line], tokenizer="whitespace", limit=30_000, **small)
    assert len(wordwise.text.encode(line)) == len(line.split())


# --- scores


def test_every_token_is_counted_once(model, text):
    for part in (text, text[:1], text[:513], text * 3):
        scores = model.evaluate([part])
        assert scores.n_tokens == len(part)
        assert scores.unit == "character"


@pytest.mark.parametrize("part", [slice(0, 1), slice(0, 700), slice(3, 2050)])
def test_the_evaluation_is_the_sum_of_the_scores(model, text, part):
    scores = model.evaluate([text[part]])
    log_probs = model.score(text[part])
    assert log_probs.shape == (scores.n_tokens,)
    assert scores.nats * scores.n_tokens == pytest.approx(-log_probs.sum(), rel=1e-5)
    assert model.perplexity(text[part]) == pytest.approx(np.exp(-log_probs.mean()), rel=1e-5)


def test_the_figure_does_not_depend_on_the_batch_size(model, text):
    long = text * 8
    nats = [model.evaluate([long], batch_size=size).nats for size in (1, 2, 3, 64)]
    assert nats == pytest.approx([nats[0]] * 4, rel=1e-6)
    whole = model.evaluate([long], context=len(long)).nats
    assert whole * len(long) == pytest.approx(-model.score(long).sum(), rel=1e-5)


def test_the_figure_does_not_depend_on_how_the_text_is_parted(model, text):
    parts = [text[at : at + 37] for at in range(0, len(text), 37)]
    assert model.evaluate(parts) == model.evaluate([text]) == model.evaluate(map(Text, parts))


def test_scores_are_those_of_the_steps(model, text):
    part = text[:60]
    log_probs, state, token = [], model.begin(), np.array([model.text.start])
    for following in model.text.encode(part):
        distribution, state = model.step(token, state)
        assert np.exp(distribution).sum() == pytest.approx(1, abs=1e-4)
        log_probs.append(distribution[0, following])
        token = np.array([following], dtype=np.int64)
    assert np.allclose(model.score(part), log_probs, atol=1e-4)


def test_an_empty_text_has_no_perplexity(model):
    assert model.score("").shape == (0,)
    with pytest.raises(DataError, match="text to score is empty"):
        model.perplexity("")


def test_unknown_characters_are_counted(model):
    scores = model.evaluate(["明月☃☃"])
    assert (scores.n_tokens, scores.n_unknown, scores.oov_rate) == (4, 2, 0.5)
    assert np.isfinite(model.score("☃")).all()


# --- texts


def test_the_seed_decides_the_text(model):
    assert model.generate(PROMPT, seed=1) == model.generate(PROMPT, seed=1)
    assert model.generate(PROMPT, seed=1) != model.generate(PROMPT, seed=2)


def test_several_texts_are_those_of_fewer(model):
    three = model.generate(PROMPT, n=3, seed=1, length=50)
    assert len(set(three)) == 3
    assert three[:1] == model.generate(PROMPT, n=1, seed=1, length=50)
    assert three[:2] == model.generate(PROMPT, n=2, seed=1, length=50)


@pytest.mark.parametrize("length", [0, 1, 17])
def test_the_length_counts_tokens_without_the_prompt(model, length):
    assert [len(text) for text in model.generate(PROMPT, n=2, length=length)] == [length, length]


def test_the_pieces_make_the_texts_and_come_as_they_are_drawn(model, monkeypatch):
    n_steps = itertools.count()
    step = model.step
    monkeypatch.setattr(model, "step", lambda *arguments: (next(n_steps), step(*arguments))[1])
    stream = model.stream(PROMPT, n=2, length=100, seed=4)
    first = [next(stream), next(stream)]
    assert next(n_steps) == 1
    texts = ["", ""]
    for which, piece in itertools.chain(first, stream):
        texts[which] += piece
    monkeypatch.undo()
    assert texts == model.generate(PROMPT, n=2, length=100, seed=4)


def test_temperature_zero_takes_the_likeliest(model):
    (text,) = model.generate(PROMPT, length=30, temperature=0, seed=1)
    assert (
        [text] == model.generate(PROMPT, length=30, temperature=0, seed=2) == model.generate(PROMPT, length=30, top_k=1)
    )
    so_far = PROMPT
    for character in text:
        score = model.score(so_far + character)[-1]
        assert all(model.score(so_far + other)[-1] <= score + 1e-5 for other in model.text.vocab.tokens)
        so_far += character


def test_a_text_goes_on_where_the_prompt_ends(model):
    text = model.generate(PROMPT, length=30, temperature=0)[0]
    assert text[10:] == model.generate(PROMPT + text[:10], length=20, temperature=0)[0]


def test_no_special_token_is_written(text, small):
    model = seqlab.train("lm", [text], min_count=40, **small)
    assert model.text.unknown_pieces(text)
    written = model.generate("☃", n=4, length=300, temperature=3.0)
    assert [len(one) for one in written] == [300] * 4
    assert set("".join(written)) <= set(model.text.vocab.tokens)


@effort(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text("明月，ato \n", min_size=1, max_size=3), min_size=1, max_size=3), st.integers(0, 99))
def test_a_text_ends_before_the_first_stop(model, stop, seed):
    (whole,) = model.generate(PROMPT, length=60, seed=seed)
    (stopped,) = model.generate(PROMPT, length=60, seed=seed, stop=stop)
    places = [place for place in map(whole.find, stop) if place >= 0]
    assert stopped == whole[: min(places, default=60)]


def test_unseen_characters_are_warned_of_in_one_sentence(model):
    warnings = []
    pieces = list(model.stream("☃ is ☃ and 鱻", length=5, warn=warnings.append))
    assert len(pieces) == 5
    assert len(warnings) == 1
    assert "'☃', " in warnings[0]
    assert "'鱻'" in warnings[0]
    assert warnings[0].count("☃") == 1
    assert model.generate("☃", length=5) == model.generate("鱻", length=5)


def test_no_warning_for_a_prompt_that_is_known(model):
    warnings = []
    list(model.stream(PROMPT, length=1, warn=warnings.append))
    assert warnings == []


@pytest.mark.parametrize(
    "options",
    [{"n": 0}, {"length": -1}, {"temperature": -1.0}, {"temperature": float("nan")}, {"top_k": 0}, {"top_p": 1.5}],
)
def test_options_out_of_range(model, options):
    with pytest.raises(ConfigError):
        model.generate(PROMPT, **options)


def test_a_text_begins_as_a_line_does(model):
    """No vector that training never met stands before a text: the line end does, where the model knows it."""
    line_end = model.text.vocab.id("\n")
    assert model.text.start == line_end
    distribution, _ = model.step(np.array([line_end]), model.begin())
    first = model.text.encode("T")
    assert model.score("T")[0] == pytest.approx(distribution[0, first[0]], abs=1e-5)
    assert TextPipeline.fit(["one line without an end"]).start == BOS
    assert not model.model.embedding.weight[BOS].any()


def test_one_stop_text_may_be_given_as_it_is(model):
    options = {"length": 60, "seed": 4}
    text = model.generate("To", **options)[0]
    stop = text[10:13]
    assert model.generate("To", stop=stop, **options) == model.generate("To", stop=[stop], **options)
    assert stop not in model.generate("To", stop=stop, **options)[0]
