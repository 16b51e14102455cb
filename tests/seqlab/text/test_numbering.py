import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqlab.errors import DataError
from seqlab.text.indexed import open_ids
from seqlab.text.pipeline import TextPipeline
from seqlab.text.tokenizers import TOKENIZERS

TEXTS = [
    "The kettle sang, the lamp went out.\n",
    "",
    "水壶在唱，灯灭了。\nthe kettle",
    " sang\n\n a  third line\t!\n",
] * 3
WHITESPACE = TOKENIZERS["whitespace"]()
BOUNDS: list[dict[str, int]] = [{}, {"max_size": 4}, {"min_count": 4}]
TEXTS_OF = st.lists(st.text("ab \n\t。字\u3000\x1c\x85", max_size=30), min_size=1, max_size=8)


CASES = [(name, bounds) for name in ("character", "word", "whitespace", "jieba") for bounds in BOUNDS]


@pytest.mark.parametrize(("tokenizer", "bounds"), [("byte", {}), *CASES], ids=str)
def test_fitting_with_an_index_is_fitting_and_indexing(tmp_path, tokenizer, bounds):
    one, two = tmp_path / "one.npy", tmp_path / "two.npy"
    settings = {"tokenizer": tokenizer, "case": "lower", **bounds}
    together = TextPipeline.fit(TEXTS, index=one, **settings)
    apart = TextPipeline.fit(TEXTS, **settings)
    apart.index(TEXTS, two)
    assert together == apart
    assert one.read_bytes() == two.read_bytes()
    assert sorted(tmp_path.iterdir()) == [one, two]


def test_pieces_too(tmp_path):
    texts = ["one line of a text that is long enough for some pieces\n" * 20]
    pipeline = TextPipeline.fit(texts, tokenizer="sentencepiece", max_size=300, index=tmp_path / "ids.npy")
    assert np.array_equal(open_ids(tmp_path / "ids.npy"), pipeline.encode(texts[0]))


@given(texts=TEXTS_OF)
def test_any_texts(tmp_path_factory, texts):
    path = tmp_path_factory.mktemp("ids") / "ids.npy"
    if len({piece for text in texts for piece in WHITESPACE.pieces(text)}) < 2:
        with pytest.raises(DataError, match=r"at least 2 are needed|is empty"):
            TextPipeline.fit(texts, tokenizer="whitespace", index=path)
        assert not list(path.parent.iterdir())
        return
    apart = TextPipeline.fit(texts, tokenizer="whitespace")
    assert TextPipeline.fit(texts, tokenizer="whitespace", index=path) == apart
    assert np.array_equal(open_ids(path), np.concatenate([apart.encode(text) for text in texts]))


def test_a_failure_leaves_nothing_behind(tmp_path):
    def texts():
        yield "one two three"
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        TextPipeline.fit(texts(), tokenizer="word", index=tmp_path / "ids.npy")
    assert not list(tmp_path.iterdir())
    with pytest.raises(DataError, match="cannot be written"):
        TextPipeline.fit(["one two"], tokenizer="word", index=tmp_path / "missing" / "ids.npy")
