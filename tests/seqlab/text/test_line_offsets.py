import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqlab.text import line_offsets
from seqlab.text.pipeline import TextPipeline


@given(st.text("ab天\n", min_size=2, max_size=40), st.sampled_from(["character", "byte"]), st.integers(1, 7))
def test_each_offset_begins_a_line(tmp_path_factory, text, tokenizer, block):
    folder = tmp_path_factory.mktemp("offsets")
    pipeline = TextPipeline.fit([text + "ab\n"], tokenizer=tokenizer)
    pipeline.index([text], folder / "ids.npy")
    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(line_offsets, "_BLOCK", block)
        assert line_offsets.write_line_offsets(pipeline, folder / "ids.npy", folder / "offsets.npy")
    offsets = np.lib.format.open_memmap(folder / "offsets.npy", "r").tolist()
    ids = np.lib.format.open_memmap(folder / "ids.npy", "r")
    lines = [pipeline.decode(ids[start:end]) for start, end in itertools.pairwise([*offsets, len(ids)])]
    assert lines == [line for line in text.splitlines(keepends=True) if line]


def test_words_have_no_line_ends(tmp_path):
    pipeline = TextPipeline.fit(["a b\nc d\n"], tokenizer="word")
    pipeline.index(["a b\n"], tmp_path / "ids.npy")
    written = line_offsets.write_line_offsets(pipeline, tmp_path / "ids.npy", tmp_path / "offsets.npy")
    assert written == (tmp_path / "offsets.npy").exists() == (pipeline.start != 2)
