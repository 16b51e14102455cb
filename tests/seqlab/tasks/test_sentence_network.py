"""What is done on several cores comes to the same as on one."""

import numpy as np
import pytest
import torch

from seqlab.tasks import sentence_network
from seqlab.text.codepoints import codes_of
from seqlab.text.features import TokenFeatures
from seqlab.text.lexicon import Lexicon


@pytest.fixture
def threads():
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


@pytest.mark.parametrize("n_threads", [1, 2, 5])
@pytest.mark.parametrize("lengths", [[4, 9, 1, 30, 2, 2, 7], [40], [1, 60], [3], []])
def test_columns(monkeypatch, threads, n_threads, lengths):
    draw = np.random.default_rng(len(lengths))
    texts = ["".join(draw.choice(list("天地人abc,。"), length)) for length in lengths]
    features = TokenFeatures.fit(["天地人", "人a,b", "c。天"], bigram_min_count=1, lexicons=(Lexicon(["天地", "人a"]),))
    codes, starts = codes_of("".join(texts)).astype(np.uint32), np.cumsum([0, *lengths])
    expected = features.of_characters(codes, starts)
    monkeypatch.setattr(sentence_network, "PART", 3)
    threads(n_threads)
    found = sentence_network.columns(features, codes, starts)
    assert np.array_equal(found.ids, expected.ids)
    assert np.array_equal(found.flags, expected.flags)
