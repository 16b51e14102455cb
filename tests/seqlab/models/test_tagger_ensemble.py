"""Several taggers as one: each learns as if it were alone, and the mean of their log-probabilities decides."""

import numpy as np
import pytest
import torch

import seqlab
from seqlab.errors import ConfigError
from seqlab.models.tagger import SequenceTagger
from seqlab.models.tagger_ensemble import TaggerEnsemble
from seqlab.resolve import resolve
from seqlab.tasks.neural_segmenter import LEGALITY

SENTENCES = [["他", "来到", "北京"], ["我们", "常", "说"], ["生活", "是", "一", "部", "教科书"]] * 8


def member(seed: int) -> SequenceTagger:
    torch.manual_seed(seed)
    return SequenceTagger([(9, 4), (6, 3)], (0, 1, 1), 2, 4, legality=LEGALITY, hidden=5, dropout=0.0)


@pytest.fixture
def batch():
    draw = torch.Generator().manual_seed(3)
    ids = torch.randint(1, 6, (3, 7, 3), generator=draw)
    flags = torch.randint(0, 2, (3, 7, 2), generator=draw).float()
    tags = torch.randint(0, 4, (3, 7), generator=draw)
    return ids, flags, tags, torch.tensor([7, 2, 5])


def test_the_loss_and_its_gradients_are_the_mean_over_the_members(batch):
    ids, flags, tags, lengths = batch
    ensemble, alone = TaggerEnsemble([member(1), member(2), member(3)]), [member(1), member(2), member(3)]
    loss = ensemble.nll(ensemble(ids, flags, lengths), tags, lengths)
    each = [one.nll(one(ids, flags, lengths), tags, lengths) for one in alone]
    assert torch.allclose(loss, torch.stack(each).mean())
    loss.backward()
    for own, single, nats in zip(ensemble.members, alone, each, strict=True):
        nats.backward()
        for weight, other in zip(own.parameters(), single.parameters(), strict=True):
            assert torch.allclose(weight.grad * 3, other.grad, atol=1e-5)


def test_the_path_is_the_best_by_the_mean_of_log_probabilities(batch):
    ids, flags, _, lengths = batch
    members = [member(seed) for seed in range(4)]
    ensemble = TaggerEnsemble(members).eval()
    found = ensemble.viterbi(ensemble(ids, flags, lengths), lengths)
    together = torch.stack([one.eval()(ids, flags, lengths).log_softmax(-1) for one in members]).mean(0)
    assert np.array_equal(found, members[0].viterbi(together, lengths))
    own = [one.viterbi(one(ids, flags, lengths), lengths) for one in members]
    assert any(not np.array_equal(found, path) for path in own)


def test_one_member_alone_decides_as_it_does_by_itself(batch):
    ids, flags, _, lengths = batch
    one = member(5).eval()
    ensemble = TaggerEnsemble([one])
    assert np.array_equal(
        ensemble.viterbi(ensemble(ids, flags, lengths), lengths), one.viterbi(one(ids, flags, lengths), lengths)
    )


def test_a_segmenter_of_several_is_trained_saved_and_loaded(tmp_path):
    settings = {"hidden": 6, "embedding": 6, "epochs": 2, "baseline": False}
    made = seqlab.train("segment", SENTENCES, members=3, output=tmp_path / "run", **settings)
    again = seqlab.load(tmp_path / "run")
    texts = ["".join(words) for words in SENTENCES[:3]]
    assert made.batch(texts) == again.batch(texts)
    firsts = [one.tables[0].weight for one in again.model.members]
    assert len(firsts) == 3
    assert not torch.equal(firsts[0], firsts[1])


def test_members_of_a_crf_are_refused():
    with pytest.raises(ConfigError, match=r"network\.members: tags of a CRF have no probabilities of their own"):
        resolve("segment", {}, {"crf": True, "members": 2})
