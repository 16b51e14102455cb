"""`token_log_probs` of a network: the same figures, however the text is read."""

import math

import numpy as np
import pytest
import torch

from seqlab.models.language import RecurrentLanguageModel
from seqlab.recurrent import CELLS
from seqlab.tasks.neural_lm import SCORING_WINDOW, token_log_probs
from seqlab.text.vocab import BOS

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


def scored(module, ids=TEXT, *, batch_size=64, context=512, stretch=2048):
    """(T,) what is found in all stretches."""
    lengths = {"batch_size": batch_size, "context": context, "stretch": stretch}
    return np.concatenate(list(token_log_probs(module, ids, "cpu", first=BOS, **lengths)))


def by_hand(module, ids, start=lambda i: 0):
    """Each token from the text before it, from a start on, read anew from a state of zero."""
    found, whole = [], [BOS, *ids.tolist()]
    with torch.no_grad():
        for i, target in enumerate(ids.tolist()):
            logits, _ = module.eval()(torch.tensor([whole[start(i) : i + 1]]))
            found.append(logits[0, -1].double().log_softmax(0)[target].item())
    return np.array(found)


@pytest.mark.parametrize("options", [{"input": "one-hot"}, {"tied": True}, {"cell": "gru", "embedding": 5}])
def test_the_figures_do_not_depend_on_the_batch_size(options):
    """In double precision the sums differ in their last bits. In float32 a logit of size 10 is off by up to 1e-6 times
    the few operations behind it."""
    for double, tolerance in ((True, 1e-12), (False, 1e-4)):
        module = model(**options).double() if double else model(**options)
        found = [scored(module, batch_size=rows, **SHORT) for rows in (1, 3, 64)]
        for log_probs in found:
            assert log_probs == pytest.approx(found[0], rel=tolerance, abs=tolerance)
            assert log_probs.dtype == np.float64


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("layers", [1, 2])
def test_one_stretch_equals_each_token_by_hand(cell, layers):
    """The text is longer than a window, so the state has to be carried from one to the next."""
    module, ids = model(cell=cell, layers=layers).double(), TEXT[: SCORING_WINDOW + 20]
    assert scored(module, ids) == pytest.approx(by_hand(module, ids), rel=1e-12)


@pytest.mark.parametrize("rows", [1, 5, 64])
def test_stretches_equal_each_token_by_hand(rows):
    """Stretch k is the text from 23 k on, after as many of the 7 tokens of context as there are and the one before."""
    module = model().double()
    wanted = by_hand(module, TEXT, start=lambda i: max(0, i // 23 * 23 - 7))
    assert scored(module, batch_size=rows, **SHORT) == pytest.approx(wanted, rel=1e-12)


def test_context_and_stretch_make_a_difference():
    module = model().double()
    sums = [
        scored(module, context=context, stretch=stretch).sum() for context, stretch in ((0, 5), (3, 5), (3, 50), (0, N))
    ]
    assert len({round(total, 9) for total in sums}) == 4


@pytest.mark.parametrize("n", [0, 1, 2, 22, 23, 24, 127, 128, 129, 130, 300])
def test_every_token_is_counted_once(n):
    blocks = token_log_probs(model(), TEXT[:n], "cpu", first=BOS, batch_size=4, **SHORT)
    sizes = [len(block) for block in blocks]
    assert sum(sizes) == n
    assert all(size == 4 * 23 for size in sizes[:-1]), "no more than is read side by side is held in memory"


def test_a_uniform_model_scores_the_logarithm_of_the_vocabulary():
    module = model()
    with torch.no_grad():
        module.output.weight.zero_()
        module.output.bias.fill_(3.0)
    assert scored(module, **SHORT) == pytest.approx(np.full(N, -math.log(V)), rel=1e-6)


def test_what_is_not_finite_is_counted_too():
    module = model()
    with torch.no_grad():
        module.output.bias.fill_(math.nan)
    assert np.isnan(scored(module, **SHORT)).all()


def test_scoring_drops_nothing_and_leaves_no_gradient():
    module = model(dropout=0.5, embedding_dropout=0.5).train()
    first, second = (scored(module, **SHORT) for _ in range(2))
    assert np.array_equal(first, second)
    assert all(weight.grad is None for weight in module.parameters())
    assert np.array_equal(first, scored(model(), **SHORT))
