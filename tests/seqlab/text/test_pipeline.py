import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqlab.errors import ConfigError, DataError, ModelError
from seqlab.text import EOS, TOKENIZERS, UNK, Normalizer, TextPipeline, Vocab, open_ids

CORPUS = ["The fox's den.\nＡ 床前明月光，\n", "\n", "疑是地上霜。 cafe\u0301 <unk>\n"]
ANY_TEXT = st.text(
    st.one_of(st.sampled_from("Thefox's床月，。é\u0301 Ａﬁ\n\0\ud800"), st.characters(exclude_categories=())),
    max_size=30,
)
NAMES = list(TOKENIZERS)


def fit(name, texts=tuple(CORPUS), **how):
    return TextPipeline.fit(texts, tokenizer=name, **({"max_size": 300} if name == "sentencepiece" else {}), **how)


@pytest.fixture(scope="module")
def pipelines():
    return {name: fit(name, unicode="NFKC", case="lower", whitespace="collapse") for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None, max_examples=60)
@given(text=ANY_TEXT)
def test_the_quick_way_the_slow_way_and_offsets_agree(pipelines, name, text):
    pipeline = pipelines[name]
    ids = pipeline.encode(text)
    pieces = pipeline.tokenizer.pieces(pipeline.normalizer(text))
    assert ids.tolist() == [pipeline.vocab.id(piece) for piece in pieces]
    assert ids.dtype == pipeline.vocab.ids([]).dtype
    again, spans = pipeline.encode_with_offsets(text)
    assert again.tolist() == ids.tolist()
    assert spans.shape == (len(ids), 2)
    assert ((spans[:, 0] >= 0) & (spans[:, 0] < spans[:, 1]) & (spans[:, 1] <= len(text))).all()
    assert (spans[1:] >= spans[:-1]).all()
    known = {piece for piece in pieces if piece in pipeline.vocab}
    assert pipeline.unknown_pieces(text) == [piece for piece in dict.fromkeys(pieces) if piece not in known]


@pytest.mark.parametrize("name", NAMES)
def test_training_text_has_no_unknown_and_comes_back(pipelines, name):
    pipeline = pipelines[name]
    text = "".join(CORPUS)
    ids = pipeline.encode(text)
    assert UNK not in ids
    decoded = pipeline.decode(ids)
    if name in ("character", "byte", "sentencepiece"):
        assert decoded == pipeline.normalizer(text)
    assert "".join(decoded.split()) == "".join(pipeline.normalizer(text).split())
    assert pipeline.decode([EOS, *ids, UNK]) == decoded
    assert pipeline.unit == {"character": "character", "byte": "byte", "sentencepiece": "piece"}.get(name, "word")


@pytest.mark.parametrize("name", ["byte", "sentencepiece"])
@settings(deadline=None, max_examples=30)
@given(text=ANY_TEXT)
def test_nothing_is_unknown_to_bytes_and_pieces(pipelines, name, text):
    assert UNK not in pipelines[name].encode(text)


def test_spans_are_in_the_original_text():
    pipeline = TextPipeline.fit(["fin é x"], tokenizer="word", unicode="NFKC", whitespace="collapse")
    text = "  ﬁn  e\u0301 \n x"
    ids, spans = pipeline.encode_with_offsets(text)
    assert [text[start:end] for start, end in spans] == ["ﬁn", "e\u0301", " \n ", "x"]
    assert pipeline.vocab.token(int(ids[1])) == "é"
    characters = TextPipeline.fit(["fin"], unicode="NFKC")
    assert [text[start:end] for start, end in characters.encode_with_offsets("ﬁn")[1]] != []
    assert characters.encode_with_offsets("ﬁn")[1].tolist() == [[0, 1], [0, 1], [1, 2]]


def test_joiner_takes_ids_one_by_one():
    pipeline = fit("byte")
    joiner = pipeline.joiner()
    assert [joiner.add(int(index)) for index in [2, *pipeline.encode("a天"), 3]] == ["", "a", "", "", "天", ""]
    joiner.add(4 + 0xE5)
    assert joiner.finish() == "\ufffd"
    with pytest.raises(IndexError, match="id -1 is outside"):
        joiner.add(-1)


@pytest.mark.parametrize("name", NAMES)
def test_index_is_the_encoding_of_the_pieces(pipelines, name, tmp_path):
    pipeline = pipelines[name]
    texts = [*CORPUS, "Ω\n"]
    statistics = pipeline.index(texts, tmp_path / "ids.npy")
    ids = open_ids(tmp_path / "ids.npy")
    whole = "".join(texts)
    assert ids.tolist() == pipeline.encode(whole).tolist()
    normalized = pipeline.normalizer(whole)
    assert statistics.n_tokens == len(ids)
    assert statistics.n_unknown == (0 if name in ("byte", "sentencepiece") else 1)
    assert statistics.n_characters == len(normalized)
    assert statistics.n_bytes == len(normalized.encode())


def test_counts_do_not_depend_on_how_the_text_is_cut(monkeypatch):
    text = "".join(CORPUS) * 3
    whole = TextPipeline.fit([text])
    assert TextPipeline.fit(text.splitlines(keepends=True)) == whole
    monkeypatch.setattr("seqlab.text.pipeline._BATCH", 10)
    assert TextPipeline.fit(text.splitlines(keepends=True)) == whole
    normalized = Normalizer()(text)
    assert whole.vocab == Vocab.build({character: normalized.count(character) for character in normalized})


def test_each_option_of_fit_does_something(tmp_path):
    default = fit("character")
    for option in (
        {"tokenizer": "word"},
        {"unicode": "none"},
        {"width": "half"},
        {"case": "lower"},
        {"whitespace": "collapse"},
        {"min_count": 2},
        {"max_size": 5},
    ):
        assert TextPipeline.fit(CORPUS, **option) != default
    assert len(TextPipeline.fit(CORPUS, max_size=5).vocab) == 9
    bpe = fit("sentencepiece", sentencepiece_model="bpe")
    assert bpe != fit("sentencepiece", sentencepiece_model="unigram")
    assert bpe.vocab.tokens == tuple(bpe.tokenizer.all_pieces())


@pytest.mark.parametrize("name", NAMES)
def test_save_and_load_change_nothing(pipelines, name, tmp_path):
    pipelines[name].save(tmp_path / "text")
    again = TextPipeline.load(tmp_path / "text")
    assert again == pipelines[name]
    assert again.encode("".join(CORPUS)).tolist() == pipelines[name].encode("".join(CORPUS)).tolist()
    names = {"vocab.json", "pipeline.json"} | ({"sentencepiece.model"} if name == "sentencepiece" else set())
    assert {path.name for path in (tmp_path / "text").iterdir()} == names


@pytest.mark.parametrize(
    ("texts", "how", "error", "message"),
    [
        ([], {}, DataError, "training text is empty: give"),
        (["", ""], {"tokenizer": "byte"}, DataError, "training text is empty: give"),
        ([""], {"tokenizer": "sentencepiece"}, DataError, "training text is empty: give"),
        (["aaa"], {}, DataError, "has 1 character types .* at least 2 are needed: give more text"),
        (["a b"], {"tokenizer": "word", "min_count": 2}, DataError, "has 0 word types with min_count=2"),
        (["ab"], {"tokenizer": "words"}, ConfigError, "unknown tokenizer 'words'; did you mean 'word'"),
        (["ab"], {"case": "Lower"}, ConfigError, "unknown case 'Lower'; did you mean 'lower'"),
        (["ab"], {"min_count": 0}, ConfigError, "must be at least 1"),
        (["ab"], {"tokenizer": "byte", "min_count": 2}, ConfigError, "byte tokenizer has no min_count"),
        (["ab"], {"tokenizer": "byte", "max_size": 9}, ConfigError, "byte tokenizer has no max_size"),
        (
            ["ab"],
            {"tokenizer": "sentencepiece", "min_count": 2},
            ConfigError,
            "sentencepiece tokenizer has no min_count",
        ),
        (["ab"], {"tokenizer": "sentencepiece", "max_size": 9}, DataError, "9 sentencepiece pieces are too few"),
        (
            ["ab"],
            {"tokenizer": "sentencepiece", "sentencepiece_model": "x"},
            ConfigError,
            "unknown kind of sentencepiece",
        ),
    ],
)
def test_bad_fits(texts, how, error, message):
    with pytest.raises(error, match=message):
        TextPipeline.fit(texts, **how)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("vocab.json", None, "vocab.json: the file is missing"),
        ("vocab.json", b"\xff", "vocab.json: not UTF-8 at byte 0"),
        ("vocab.json", b"{}", 'vocab.json: .*list "tokens"'),
        ("vocab.json", b'{"format": 1, "tokens": ["ab"]}', "vocab.json: holds tokens of more than one character"),
        ("pipeline.json", None, "pipeline.json: the file is missing; the model directory is incomplete"),
        ("pipeline.json", b"{", "pipeline.json: not JSON"),
        ("pipeline.json", b"[]", "pipeline.json: not an object"),
        ("pipeline.json", {"format": 7}, "pipeline.json: has the format 7"),
        ("pipeline.json", {"tokenizer": "os.system"}, "pipeline.json: unknown tokenizer 'os.system'"),
        ("pipeline.json", {"tokenizer": ["word"]}, "pipeline.json: unknown tokenizer"),
        ("pipeline.json", {"tokenizer": "byte"}, "vocab.json: .* not those of the byte tokenizer"),
        ("pipeline.json", {"tokenizer": "sentencepiece"}, "sentencepiece.model: the file is missing"),
        ("pipeline.json", {"normalizer": {"case": "keep"}}, 'pipeline.json: "normalizer" is not an object'),
        ("pipeline.json", {"more": 1}, "pipeline.json: not an object with exactly"),
    ],
)
def test_bad_folders(tmp_path, name, content, message):
    fit("character").save(tmp_path)
    path = tmp_path / name
    if content is None:
        path.unlink()
    elif isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | content), encoding="utf-8")
    with pytest.raises(ModelError, match=message):
        TextPipeline.load(tmp_path)


def test_bad_values_in_settings_and_mixed_models(tmp_path):
    fit("sentencepiece").save(tmp_path)
    (tmp_path / "vocab.json").write_text(Vocab(["a"]).to_json(), encoding="utf-8")
    with pytest.raises(ModelError, match=r"vocab.json: .* files of two models were mixed"):
        TextPipeline.load(tmp_path)
    (tmp_path / "sentencepiece.model").write_bytes(b"?")
    with pytest.raises(ModelError, match=r"sentencepiece.model: not a sentencepiece model"):
        TextPipeline.load(tmp_path)
    settings = json.loads((tmp_path / "pipeline.json").read_text(encoding="utf-8"))
    settings["normalizer"]["unicode"] = ["NFC"]
    (tmp_path / "pipeline.json").write_text(json.dumps(settings), encoding="utf-8")
    with pytest.raises(ModelError, match=r"pipeline.json: unknown unicode"):
        TextPipeline.load(tmp_path)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ModelError, match=r"file: cannot be written"):
        fit("character").save(tmp_path / "file")


@pytest.mark.parametrize(
    ("tokenizer", "before", "pieces", "written"),
    [
        ("word", "the cat", ["sat", "."], " sat."),
        ("word", "the cat ", ["sat", "."], "sat."),
        ("word", "the cat\n", ["sat"], "sat"),
        ("word", "the cat", ["."], "."),
        ("word", "", ["sat"], "sat"),
        ("whitespace", "the cat", ["sat", "."], " sat ."),
        ("whitespace", "the cat  ", ["sat"], "sat"),
        ("character", "the cat", ["s", "a"], "sa"),
        ("character", "the cat ", [" ", "s"], " s"),
        ("jieba", "猫", ["sat", "."], "sat."),
    ],
)
def test_text_that_goes_on_is_spaced_from_what_it_continues(tokenizer, before, pieces, written) -> None:
    pipeline = TextPipeline.fit(["the cat sat . 猫\n  s a"] * 2, tokenizer=tokenizer)
    joiner = pipeline.joiner(after=before)
    assert "".join(joiner.add(pipeline.vocab.id(piece)) for piece in pieces) + joiner.finish() == written
