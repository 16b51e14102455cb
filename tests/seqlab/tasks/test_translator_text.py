"""Both sides of a translator's text: from sentences to ids and back, and what does not look like a source."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from seqlab.corpora import open_parallel
from seqlab.errors import DataError, ModelError
from seqlab.resolve import resolve
from seqlab.tasks.pairs_kept import Sides, one_spaced
from seqlab.tasks.translator_text import TranslatorText, doubt
from seqlab.text.vocab import UNK

PAIRS = [
    Sides("The cat doesn't sleep, it eats.", "Die Katze schläft nicht, sie frisst."),
    Sides("“Where is the dog?” asked a man.", "„Wo ist der Hund?“ fragte ein Mann."),
    Sides("It costs 3.14 euros (or more).", "Das kostet 3,14 Euro (oder mehr)."),
] * 3
CHINESE = [
    Sides("I like tea.", "我喜欢喝茶。"),
    Sides("Where do you live?", "你住在哪里？"),
    Sides("It's 3 o'clock.", "三点了。"),
]
SETTINGS = {
    "word": {"tokenizer": "word"}, "shared": {"tokenizer": "word", "shared": True},
    "character": {"tokenizer": "character"}, "byte": {"tokenizer": "byte"}, "whitespace": {"tokenizer": "whitespace"},
    "sentencepiece": {"max_size": 330}, "bpe": {"max_size": 330, "sentencepiece_model": "bpe"},
    "one": {"max_size": 330, "shared": True}, "mixed": {"max_size": 330, "target_tokenizer": "word", "target_max_size": 50},
}  # fmt: skip


def fitted(pairs=PAIRS, **changes):
    return TranslatorText.fit(resolve("translate", {}, changes), pairs)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_known_sentence_comes_back_as_it_was(name):
    text = fitted(**SETTINGS[name])
    for pair in PAIRS:
        for side, sentence in ((text.source, pair.source), (text.target, pair.target)):
            assert side.text(side.tokens(sentence)) == sentence
            assert UNK not in side.encode(sentence)


@pytest.mark.parametrize("tokenizer", ["jieba", "character", "word"])
def test_chinese_is_written_without_blanks(tokenizer):
    text = fitted(CHINESE, tokenizer="word", target_tokenizer=tokenizer)
    for pair in CHINESE:
        assert text.target.text(text.target.tokens(pair.target)) == pair.target


@given(some.text("ab .,é\t\n\u3000狗▁", max_size=12))
def test_subwords_give_back_any_sentence_with_single_spaces(sentence):
    side = SUBWORDS.source
    assert side.text(side.tokens(sentence)) == side.pipeline.normalizer(one_spaced(sentence))


SUBWORDS = fitted(max_size=330)


def test_a_word_is_cut_at_the_beginning_as_it_is_elsewhere():
    assert SUBWORDS.source.tokens("dog")[-1:] == SUBWORDS.source.tokens("the dog")[-1:]
    first, again = SUBWORDS.source.tokens("cat cat"), SUBWORDS.source.tokens("cat")
    assert first == again + again


def test_a_vocabulary_is_learned_a_side_or_of_both():
    apart, shared = fitted(**SETTINGS["word"]), fitted(**SETTINGS["shared"])
    assert "Katze" not in apart.source.pipeline.vocab
    assert "Katze" in shared.source.pipeline.vocab
    assert shared.source.pipeline == shared.target.pipeline
    katze = shared.source.pipeline.vocab.id("Katze")
    assert (shared.source.counts[katze], shared.target.counts[katze]) == (0, 3)
    assert fitted(**SETTINGS["mixed"]).target.pipeline.tokenizer.name == "word"


def test_too_few_pieces_say_on_which_side():
    with pytest.raises(DataError, match=r"^the target: 300 sentencepiece pieces are too few"):
        fitted([Sides("a", "ab" + "".join(map(chr, range(0x4E00, 0x4E80))))] * 9, max_size=300)


@pytest.mark.parametrize("name", SETTINGS)
def test_what_is_saved_is_loaded(name, tmp_path):
    text = fitted(**SETTINGS[name])
    text.save(tmp_path)
    again = TranslatorText.load(tmp_path)
    for side in ("source", "target"):
        one, other = getattr(text, side), getattr(again, side)
        assert one.pipeline == other.pipeline
        assert np.array_equal(one.counts, other.counts)
    assert text.growth == again.growth > 0


@pytest.mark.parametrize("target", ["word", "character", "byte", "sentencepiece", "jieba", "whitespace"])
@pytest.mark.parametrize("source", ["word", "character", "byte", "sentencepiece", "jieba", "whitespace"])
def test_translations_of_any_tokens_may_be_as_long_as_the_references(source, target):
    records = itertools.islice(open_parallel("sample:phrases"), 200)
    pairs = [Sides(one_spaced(record.source), one_spaced(record.target)) for record in records]
    for both_sides in (pairs, [Sides(pair.target, pair.source) for pair in pairs]):
        text = fitted(both_sides, tokenizer=source, target_tokenizer=target)
        lengths = [(len(text.source.tokens(pair.source)), len(text.target.tokens(pair.target))) for pair in both_sides]
        assert all(n_target <= text.longest(n_source) for n_source, n_target in lengths)
        assert text.longest(30) == max(70, int(np.ceil(30 * text.growth)) + 10)


def test_a_growth_that_is_none_is_refused(tmp_path):
    fitted(**SETTINGS["word"]).save(tmp_path)
    for written in ('{"growth": "3"}', "{}", '{"growth": -1.0}'):
        (tmp_path / "growth.json").write_text(written)
        with pytest.raises(ModelError, match=r"growth\.json: holds no number from 0 upwards"):
            TranslatorText.load(tmp_path)
    (tmp_path / "growth.json").unlink()  # as in the first models
    assert TranslatorText.load(tmp_path).longest(5) == 20


def test_altered_counts_are_refused(tmp_path):
    fitted(**SETTINGS["word"]).save(tmp_path)
    path = tmp_path / "source" / "counts.npy"
    np.save(path, np.zeros(3, np.int64))
    with pytest.raises(ModelError, match=r"counts\.npy: not of the tokens of the vocabulary"):
        TranslatorText.load(tmp_path)
    path.write_bytes(b"nothing")
    with pytest.raises(ModelError, match=r"counts\.npy: "):
        TranslatorText.load(tmp_path)


@pytest.mark.parametrize("name", ["word", "shared", "character", "sentencepiece", "one"])
def test_a_text_that_is_no_source_is_doubted(name):
    text = fitted(**SETTINGS[name])
    assert doubt(text, [pair.source for pair in PAIRS], 100) is None
    assert doubt(text, ["The man sleeps.", ""], 100) is None
    assert doubt(text, [], 100) is None
    assert "more like targets than like sources" in str(doubt(text, [pair.target for pair in PAIRS], 100))
    assert "unknown or were never seen" in str(doubt(text, ["Ξένη γλώσσα, εδώ και τώρα."], 100))


def test_sides_of_one_language_are_not_taken_for_one_another():
    draw, words = np.random.default_rng(3), np.array([f"w{number}" for number in range(50)])
    sides = [[" ".join(words[draw.integers(0, 50, 12)]) for _ in range(400)] for _ in range(3)]
    text = fitted([Sides(*pair) for pair in zip(sides[0], sides[1], strict=True)], tokenizer="word")
    held_out = [sentence for sentence in sides[1] for _ in range(20)]  # likelier as targets, by a little for each token
    assert doubt(text, held_out, 100) is None
    assert doubt(text, sides[2], 100) is None


def test_a_single_new_word_is_no_reason_to_doubt():
    text = fitted(**SETTINGS["word"])
    assert doubt(text, ["Ξένη!"], 100) is None
    assert doubt(text, ["Katze?"], 100) is None


def test_a_text_that_is_far_longer_than_any_seen_is_doubted():
    text = fitted(**SETTINGS["word"])
    assert doubt(text, ["the cat"] * 50, 10) is None
    assert "a text has 42 tokens, and those of the training data had 10 at most" in str(
        doubt(text, ["the cat " * 21], 10)
    )
