"""N-gram models of a text: what a sequence is in it, and how they are loaded."""

import shutil

import numpy as np
import pytest

import seqlab
from seqlab.config import Ngram
from seqlab.errors import ConfigError, DataError, ModelError
from seqlab.modeldir import open_directory
from seqlab.tasks.ngram_lm import NgramLanguageModel
from seqlab.tasks.ngram_training import line_end, order_of
from seqlab.text.pipeline import TextPipeline
from seqlab.text.vocab import BOS

LINES = "the moon is up .\nthe sun is down .\nis the moon down ?\n"
TOKENIZERS = ("character", "byte", "word", "whitespace", "jieba", "sentencepiece")


def pipeline(tokenizer):
    size = {"max_size": 300} if tokenizer == "sentencepiece" else {}
    return TextPipeline.fit([LINES * 20], tokenizer=tokenizer, **size)


@pytest.mark.parametrize(("tokenizer", "order"), list(zip(TOKENIZERS, (7, 7, 5, 5, 5, 5), strict=True)))
def test_the_order_where_none_is_given(tokenizer, order):
    text = pipeline(tokenizer)
    assert order_of(Ngram(), text) == order
    assert order_of(Ngram(order=3), text) == 3


def test_where_sequences_end():
    for tokenizer in ("character", "byte", "word"):
        text = pipeline(tokenizer)
        assert line_end(Ngram(sentences="lines"), text) == text.start != BOS
        assert line_end(Ngram(sentences="none"), text) is None
        assert line_end(Ngram(), text) == (text.start if tokenizer == "word" else None)
    text = TextPipeline.fit(["one line"], tokenizer="word")
    assert line_end(Ngram(), text) is None
    with pytest.raises(
        ConfigError, match=r"ngram.sentences: the training text has no line ends, so no lines; use none"
    ):
        line_end(Ngram(sentences="lines"), text)


def trained(text=LINES * 20, **settings):
    return seqlab.train("lm", [text], model="ngram", **{"tokenizer": "word"} | settings)


def test_lines_are_predicted_each_by_itself():
    """What stands in the line before changes nothing, and a line end is followed by what begins lines."""
    by_lines, over_lines = trained(), trained(sentences="none")
    for model, changes in ((by_lines, False), (over_lines, True)):
        one, other = (model.score(before + "\nthe moon")[-2:] for before in ("the sun is down .", "is the moon down ?"))
        assert (not np.allclose(one, other)) == changes
    assert by_lines.model.end == by_lines.text.vocab.id("\n")
    assert over_lines.model.end is None
    assert by_lines.score("the moon is up .\n")[-1] > np.log(0.5), "the end is predicted too"
    alone = [by_lines.score(line) for line in ("the sun\n", "is down .\n", "the moon")]
    assert by_lines.score("the sun\nis down .\nthe moon") == pytest.approx(np.concatenate(alone))


def test_a_text_over_line_ends_begins_as_a_line_does():
    model = trained((LINES + "\n") * 20, tokenizer="character")
    assert model.model.start == model.text.start == model.text.vocab.id("\n")
    begin = model.step(np.array([model.text.start]), model.begin())[0][0]
    after_two = model.model.step(model.model.step((), model.text.start)[1], model.text.start)[1]
    assert begin == pytest.approx(model.model.log_probs(model.model.begin()))
    assert model.score("t")[0] == pytest.approx(begin[model.text.vocab.id("t")])
    assert after_two != model.model.begin(), "a text does not begin after an empty line"


def test_where_nothing_known_can_follow_the_text_ends():
    """Maximum likelihood: after `a` came only words too rare for the vocabulary."""
    text = "".join(f"b a {first}{second}z .\n" for first in "klmnopq" for second in "klmnopq")
    model = trained(text, min_count=2, smoothing="maximum-likelihood", validation_share=0.0, order=2)
    assert "a" in model.text.vocab
    assert model.generate("b", length=50) == [" a"]
    pieces = list(model.stream("b", n=2, length=50, seed=3))
    assert sorted(pieces) == [(0, " a"), (1, " a")]


def test_a_text_shorter_than_the_order():
    with pytest.raises(DataError, match=r"fewer than the order 9: give more text, or a lower"):
        trained("the moon\nis up", order=9, validation_share=0.0)


def test_thresholds_for_more_orders_than_there_are():
    with pytest.raises(ConfigError, match=r"ngram.min_counts: 6 numbers for the orders up to 5; give fewer"):
        trained(min_counts=[1, 1, 1, 2, 2, 3])


def test_n_grams_are_for_the_cpu(tmp_path):
    trained(output=tmp_path / "run")
    with pytest.raises(ConfigError, match=r"device: n-grams are looked up by the CPU, not by 'cuda'; leave it out"):
        seqlab.load(tmp_path / "run", "cuda")


def test_n_grams_over_another_vocabulary(tmp_path):
    trained(output=tmp_path / "run")
    trained("a b c\n" * 20, output=tmp_path / "other")
    directory = open_directory(tmp_path / "run")
    shutil.copy(tmp_path / "other" / "text" / "vocab.json", directory.path / "text" / "vocab.json")
    with pytest.raises(
        ModelError, match=r"its n-grams are over \d+ types, and text/vocab.json has 8; copy the folder again"
    ):
        NgramLanguageModel.load(directory)


def test_weights_that_are_something_else(tmp_path):
    trained(output=tmp_path / "run")
    directory = open_directory(tmp_path / "run")
    (directory.path / "weights.safetensors").write_bytes(b"something else")
    with pytest.raises(ModelError, match=r"weights.safetensors: no n-gram model"):
        NgramLanguageModel.load(directory)
