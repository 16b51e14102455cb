import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqlab.errors import ConfigError, DataError, ModelError
from seqlab.text import join, subwords
from seqlab.text.subwords import SentencePieceTokenizer
from seqlab.text.units import BYTE_PIECES

CORPUS = [
    "the quick brown fox jumps over the lazy dog\n  the dog  sleeps\n\n",
    "床前明月光，疑是地上霜。\n举头望明月，低头思故乡。\n",
] * 40
ANY_TEXT = st.text(
    st.one_of(st.sampled_from("the dog明月光 \u3000\t\n\r\0▁<0x41>é"), st.characters(exclude_categories=("Cs",))),
    max_size=40,
)


@pytest.fixture(scope="module", params=["unigram", "bpe"])
def tokenizer(request):
    return SentencePieceTokenizer.train(CORPUS, model=request.param, size=340)


@settings(deadline=None, max_examples=150)
@given(text=ANY_TEXT)
def test_joined_pieces_are_the_text_and_offsets_are_exact(tokenizer, text):
    pieces = tokenizer.pieces(text)
    assert join(tokenizer, pieces) == text
    tokens = tokenizer.tokenize(text)
    assert [token.text for token in tokens] == pieces
    end = 0
    for token in tokens:
        if token.text in BYTE_PIECES:
            assert token.end == token.start + 1
            assert token.start in (end - 1, end)
        else:
            assert token.text.replace("▁", " ") == text[token.start : token.end]
            assert token.start == end
        end = token.end
    assert end == len(text)
    assert set(pieces) <= set(tokenizer.all_pieces())


def test_edges_of_a_text_stay(tokenizer):
    for text in ("", " ", "  a", "a  ", "\n\n", " \n ", "a\tb", "\u2581\u2581", "\0"):
        assert join(tokenizer, tokenizer.pieces(text)) == text
    assert tokenizer.pieces("the\n\nthe").count("\n") == 2


def test_lone_surrogates_are_bytes(tokenizer):
    tokens = tokenizer.tokenize("a\ud800b")
    assert [(token.start, token.end) for token in tokens if token.text in BYTE_PIECES] == [(1, 2)] * 3
    assert join(tokenizer, tokenizer.pieces("a\ud800b")) == "a\ufffd\ufffd\ufffdb"


def test_joiner_waits_for_whole_characters(tokenizer):
    joiner = tokenizer.joiner()
    assert [joiner.add(piece) for piece in ["▁the", "<0xE9>", "<0xBE>", "<0x98>", "▁", "<0xE9>"]] == [
        " the", "", "", "龘", " ", "",
    ]  # fmt: skip
    assert joiner.finish() == "\ufffd"


def test_training_is_repeatable_and_models_survive_bytes(tokenizer):
    again = SentencePieceTokenizer.from_bytes(tokenizer.to_bytes())
    assert again == tokenizer == pickle.loads(pickle.dumps(tokenizer))
    assert again.pieces("the lazy明月") == tokenizer.pieces("the lazy明月")
    kind = "bpe" if SentencePieceTokenizer.train(CORPUS, model="bpe", size=340) == tokenizer else "unigram"
    assert SentencePieceTokenizer.train(CORPUS, model=kind, size=340) == tokenizer


def test_models_differ_and_sizes_hold():
    unigram = SentencePieceTokenizer.train(CORPUS, model="unigram", size=320)
    bpe = SentencePieceTokenizer.train(CORPUS, model="bpe", size=320)
    assert unigram != bpe
    assert len(bpe.all_pieces()) < 320 <= len(SentencePieceTokenizer.train(CORPUS, model="bpe", size=330).all_pieces())
    # A small text gives fewer pieces than it was asked for, and trains.
    assert 257 < len(SentencePieceTokenizer.train(["a few words only"], size=8000).all_pieces()) < 300


def test_large_input_is_sampled(monkeypatch):
    monkeypatch.setattr(subwords, "MOST_LINES", 100)
    lines = [f"{number}" for number in range(1000)]
    kept = subwords._sample(lines, seed=1)
    assert 30 <= len(kept) <= 100
    assert kept == subwords._sample(lines, seed=1) != subwords._sample(lines, seed=2)
    assert max(map(int, kept)) > 800
    assert min(map(int, kept)) < 200
    monkeypatch.setattr(subwords, "MOST_CHARACTERS", 90)
    assert sum(map(len, subwords._sample(lines, seed=1))) <= 90


def test_bad_input():
    with pytest.raises(DataError, match=r"30 sentencepiece pieces are too few for this text: .* set .* above \d+"):
        SentencePieceTokenizer.train(CORPUS, size=30)
    with pytest.raises(DataError, match="0 sentencepiece pieces are too few"):
        SentencePieceTokenizer.train(CORPUS, size=0)
    with pytest.raises(DataError, match="no text to learn sentencepiece pieces from"):
        SentencePieceTokenizer.train(["", "\n"])
    with pytest.raises(ConfigError, match="unknown kind of sentencepiece model 'word'"):
        SentencePieceTokenizer.train(CORPUS, model="word")
    with pytest.raises(ModelError, match="not a sentencepiece model, or a damaged one"):
        SentencePieceTokenizer.from_bytes(b"nonsense")


def test_a_model_that_changes_text_is_refused():
    import io
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import sentencepiece
    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(["a b c d"] * 9),
        model_writer=written,
        vocab_size=10,
        hard_vocab_limit=False,
        minloglevel=2,
    )
    with pytest.raises(ModelError, match="a sentencepiece model that changes text"):
        SentencePieceTokenizer.from_bytes(written.getvalue())


@pytest.mark.parametrize("model", ["unigram", "bpe"])
def test_a_text_without_a_single_space_trains(model: str) -> None:
    """Chinese: the sign for a space has to be known all the same, since the next text may hold one."""
    text = "渡口最后一天\n大桥通车在初九\n请柬送到船头上\n" * 20
    tokenizer = SentencePieceTokenizer.train([text], model=model, size=320)
    for other in (text, "大桥 通车", " 渡口"):
        assert join(tokenizer, tokenizer.pieces(other)) == other
