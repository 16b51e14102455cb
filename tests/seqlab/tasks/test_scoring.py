"""`score_ids`: one figure, however the text is read."""

import math

import numpy as np
import pytest
import torch

from seqlab.errors import DataError
from seqlab.models.language import RecurrentLanguageModel
from seqlab.recurrent import CELLS
from seqlab.tasks.lm import SCORING_WINDOW, score_ids
from seqlab.text.vocab import BOS, UNK

V, N = 12, 300
TEXT = np.random.default_rng(1).integers(0, V, N).astype(np.uint8)
SHORT = {"context": 7, "stretch": 23}


def model(**options):
    """Random weights; the recurrent ones large enough that tokens far back make a difference."""
    torch.manual_seed(1)
    module = RecurrentLanguageModel(V, **{"hidden": 9, "layers": 2} | options)
    with torch.no_grad():
        for weight in module.parameters():
            weight.add_(0.4 * torch.randn_like(weight))
    return module


def by_hand(module, ids):
    """Mean nats, each token from the whole text before it, read anew from a state of zero."""
    nats = []
    with torch.no_grad():
        for i, target in enumerate(ids.tolist()):
            logits, _ = module.eval()(torch.tensor([[BOS, *ids[:i].tolist()]]))
            nats.append(-logits[0, -1].double().log_softmax(0)[target].item())
    return math.fsum(nats) / len(nats)


@pytest.mark.parametrize("options", [{"input": "one-hot"}, {"tied": True}, {"cell": "gru", "embedding": 5}])
def test_the_figure_does_not_depend_on_the_batch_size(options):
    """In double precision the sums differ in their last bits. In float32 a logit of size 10 is off by up to 1e-6 times
    the few operations behind it, and so is a sum of a window's nats, relatively."""
    for double, tolerance in ((True, 1e-12), (False, 1e-5)):
        module = model(**options).double() if double else model(**options)
        found = [score_ids(module, TEXT, "byte", "cpu", batch_size=rows, **SHORT) for rows in (1, 3, 64)]
        for scores in found:
            assert scores.nats == pytest.approx(found[0].nats, rel=tolerance)
            assert (scores.n_tokens, scores.unit) == (N, "byte")
            assert scores.n_unknown == found[0].n_unknown == (TEXT == UNK).sum() > 0


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("layers", [1, 2])
def test_one_stretch_equals_each_token_by_hand(cell, layers):
    """The text is longer than a window, so the state has to be carried from one to the next."""
    module, ids = model(cell=cell, layers=layers).double(), TEXT[: SCORING_WINDOW + 20]
    assert score_ids(module, ids, "byte", "cpu").nats == pytest.approx(by_hand(module, ids), rel=1e-12)


def test_stretches_equal_each_token_by_hand():
    """Stretch k is the text from 23 k on, after as many of the 7 tokens of context as there are and the one before."""
    module = model().double()
    nats, whole = [], [BOS, *TEXT.tolist()]
    with torch.no_grad():
        for i in range(N):
            start = i // 23 * 23
            read = whole[max(0, start - 7) : i + 1]
            logits, _ = module.eval()(torch.tensor([read]))
            nats.append(-logits[0, -1].log_softmax(0)[TEXT[i]].item())
    found = score_ids(module, TEXT, "byte", "cpu", batch_size=5, **SHORT)
    assert found.nats == pytest.approx(math.fsum(nats) / N, rel=1e-12)


def test_context_and_stretch_make_a_difference():
    module = model().double()
    figures = [
        score_ids(module, TEXT, "byte", "cpu", context=context, stretch=stretch).nats
        for context, stretch in ((0, 5), (3, 5), (3, 50), (0, N))
    ]
    assert len({round(figure, 9) for figure in figures}) == 4


@pytest.mark.parametrize("n", [1, 2, 22, 23, 24, 127, 128, 129, 130, 300])
def test_every_token_is_counted_once(n):
    scores = score_ids(model(), TEXT[:n], "byte", "cpu", batch_size=4, **SHORT)
    assert scores.n_tokens == n
    assert scores.n_unknown == (TEXT[:n] == UNK).sum()


def test_a_uniform_model_scores_the_logarithm_of_the_vocabulary():
    module = model()
    with torch.no_grad():
        module.output.weight.zero_()
        module.output.bias.fill_(3.0)
    assert score_ids(module, TEXT, "byte", "cpu", **SHORT).nats == pytest.approx(math.log(V), rel=1e-6)


def test_scoring_drops_nothing_and_leaves_no_gradient():
    module = model(dropout=0.5, embedding_dropout=0.5).train()
    first, second = (score_ids(module, TEXT, "byte", "cpu", **SHORT) for _ in range(2))
    assert first == second
    assert all(weight.grad is None for weight in module.parameters())
    assert first == score_ids(model(), TEXT, "byte", "cpu", **SHORT)


def test_an_empty_text_is_refused():
    with pytest.raises(DataError, match=r"^the text to score is empty: give one with at least one token$"):
        score_ids(model(), TEXT[:0], "byte", "cpu")
