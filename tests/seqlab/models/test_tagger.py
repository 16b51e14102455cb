"""The recurrent tagger: rows by themselves, sums over sequences spelled out, and sequences that are always legal."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seqlab.errors import ConfigError
from seqlab.models.tagger import SequenceTagger
from seqlab.text.bmes import LEGAL, LEGAL_END, LEGAL_START
from seqlab.text.schemes import Legality

TABLES, COLUMNS, FLAGS, K = [(20, 6), (9, 3), (30, 4)], (0, 1, 2, 2), 2, 4
LEGALITY = Legality(LEGAL_START, LEGAL, LEGAL_END)
LENGTHS = torch.tensor([3, 6, 1, 5])
both_outputs = pytest.mark.parametrize("output", ["softmax", "crf"])


def tagger(**options):
    """With all weights random, those of the CRF too."""
    torch.manual_seed(1)
    settings = {"hidden": 8, "layers": 2, "legality": LEGALITY} | options
    made = SequenceTagger(TABLES, COLUMNS, FLAGS, K, **settings)
    if made.crf is not None:
        for weight in made.crf.parameters():
            torch.nn.init.normal_(weight)
    return made


def batch(seed=2):
    """ids, flags, tags of rows of LENGTHS."""
    generator = torch.Generator().manual_seed(seed)
    shape = (len(LENGTHS), int(LENGTHS.max()))
    ids = torch.stack([torch.randint(1, TABLES[at][0], shape, generator=generator) for at in COLUMNS], -1)
    flags = torch.randint(0, 2, (*shape, FLAGS), generator=generator).float()
    return ids.int(), flags, torch.randint(0, K, shape, generator=generator)


@both_outputs
@pytest.mark.parametrize("options", [{}, {"dropout": 0.3, "embedding_dropout": 0.3}, {"cell": "gru", "residual": True}])
def test_gradients_reach_every_parameter(output, options):
    model = tagger(output=output, learned_state=True, **options)
    ids, flags, tags = batch()
    model.nll(model(ids, flags, LENGTHS), tags, LENGTHS).backward()
    for name, weight in model.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name
        assert weight.grad.any(), name
    for table in model.tables:
        assert not table.weight[0].any()
        assert not table.weight.grad[0].any()


@both_outputs
def test_a_row_is_tagged_as_if_it_were_alone(output):
    model = tagger(output=output).eval()
    ids, flags, tags = batch()
    for row, length in enumerate(LENGTHS):  # whatever padding holds
        ids[row, length:], flags[row, length:], tags[row, length:] = 7, math.nan, 99
    emissions = model(ids, flags, LENGTHS)
    total, paths = 0.0, model.viterbi(emissions, LENGTHS)
    for row, length in enumerate(LENGTHS.tolist()):
        own, alone = (
            torch.tensor([length]),
            model(ids[row : row + 1, :length], flags[row : row + 1, :length], LENGTHS[row : row + 1]),
        )
        torch.testing.assert_close(alone[0], emissions[row, :length])
        total += model.nll(alone, tags[row : row + 1, :length], own)
        assert model.viterbi(alone, own)[0].tolist() == paths[row, :length].tolist()
        assert not paths[row, length:].any()
    torch.testing.assert_close(model.nll(emissions, tags, LENGTHS), total)


def legal(path):
    return LEGAL_START[path[0]] and LEGAL_END[path[-1]] and all(LEGAL[pair] for pair in itertools.pairwise(path))


@both_outputs
def test_nll_and_best_path_by_all_sequences(output):
    model = tagger(output=output).double()
    emissions, tags = torch.randn(2, 4, K, dtype=torch.float64), torch.tensor([[0, 1, 2, 3], [3, 0, 99, -5]])
    lengths, expected = [4, 2], 0.0
    for row, length in enumerate(lengths):
        scores = {}
        for path in itertools.product(range(K), repeat=length):
            score = sum(emissions[row, at, tag].item() for at, tag in enumerate(path))
            if model.crf is not None:
                score += model.crf.start[path[0]].item() + model.crf.end[path[-1]].item()
                score += sum(model.crf.transitions[pair].item() for pair in itertools.pairwise(path))
            scores[path] = score
        expected += math.log(sum(map(math.exp, scores.values()))) - scores[tuple(tags[row, :length].tolist())]
        best = max(filter(legal, scores), key=scores.__getitem__)
        found = model.viterbi(emissions, torch.tensor(lengths))
        assert tuple(found[row, :length]) == best
    assert model.nll(emissions, tags, torch.tensor(lengths)).item() == pytest.approx(expected)


def words(draw, length):
    """A legal sequence of B, M, E, S."""
    path = []
    while len(path) < length:
        word = draw(st.integers(1, length - len(path)))
        path += [3] if word == 1 else [0] + [1] * (word - 2) + [2]
    return path


@settings(max_examples=30, deadline=None)
@given(st.data(), st.sampled_from(["softmax", "crf"]))
def test_paths_are_legal_and_keep_to_what_is_known(data, output):
    lengths = data.draw(st.lists(st.integers(0, 7), min_size=1, max_size=4))
    model, shape = tagger(output=output), (len(lengths), 7, K)
    generator = np.random.default_rng(data.draw(st.integers(0, 99)))
    emissions = torch.from_numpy(generator.normal(0, 100, shape).astype(np.float32))
    allowed = generator.random(shape) < 0.3
    for row, length in enumerate(lengths):
        path = words(data.draw, length)
        allowed[row, range(length), path] = True
    for mask in (None, allowed):
        paths = model.viterbi(emissions, torch.tensor(lengths), mask)
        for row, length in enumerate(lengths):
            path = paths[row, :length].tolist()
            assert not length or legal(path)
            assert mask is None or mask[row, range(length), path].all()
            assert not paths[row, length:].any()


def test_where_nothing_keeps_to_what_is_known_the_path_is_legal_all_the_same():
    model, allowed = tagger(), np.ones((1, 5, K), np.bool_)
    allowed[0, :, 3] = False
    allowed[0, 2] = [False, False, False, True]
    allowed[0, 1] = [True, False, False, False]  # a word begins that cannot end
    path = model.viterbi(torch.zeros(1, 5, K), torch.tensor([5]), allowed)[0].tolist()
    assert legal(path)
    assert sum(not allowed[0, at, tag] for at, tag in enumerate(path)) == 1


def test_without_legality_each_tag_is_the_best_one():
    model, allowed = tagger(legality=None), np.ones((2, 3, K), np.bool_)
    emissions = torch.randn(2, 3, K)
    np.testing.assert_array_equal(model.viterbi(emissions, torch.tensor([3, 3])), emissions.argmax(2))
    allowed[0, 1, emissions[0, 1].argmax()] = False
    changed = model.viterbi(emissions, torch.tensor([3, 2]), allowed)
    assert changed[0, 1] == emissions[0, 1].topk(2).indices[1]
    assert changed[1, 2] == 0


def test_many_rows_are_decoded_in_parts():
    model, emissions = tagger(output="crf"), torch.randn(5000, 3, K)
    lengths = torch.arange(5000) % 4
    expected, _ = model.crf.viterbi(emissions, lengths)
    np.testing.assert_array_equal(model.viterbi(emissions, lengths), expected)
    assert model.viterbi(emissions[:, :0], lengths * 0).shape == (5000, 0)


@both_outputs
def test_in_bfloat16_it_is_nearly_the_same(output):
    model = tagger(output=output, hidden=32).eval()
    ids, flags, _ = batch()
    with torch.inference_mode():
        expected = model(ids, flags, LENGTHS)
        model.bfloat16()
        emissions = model(ids, flags, LENGTHS)
    assert emissions.dtype == torch.float32
    for row, length in enumerate(LENGTHS):
        torch.testing.assert_close(emissions[row, :length], expected[row, :length], atol=0.05, rtol=0.05)
    for path, length in zip(model.viterbi(emissions, LENGTHS), LENGTHS, strict=True):
        assert legal(path[:length].tolist())


def test_whole_dimensions_of_the_vectors_are_dropped():
    model, seen = tagger(embedding_dropout=0.5), []
    outputs = model.recurrent.outputs
    model.recurrent.outputs = lambda inputs, lengths: seen.append(inputs) or outputs(inputs, lengths)
    ids, flags, _ = batch()
    model(ids, flags + 1, LENGTHS)
    dropped = (seen[0] == 0).all(1)
    assert ((seen[0] == 0).any(1) == dropped).all()
    assert dropped[:, :-FLAGS].float().mean() == pytest.approx(0.5, abs=0.2)
    assert not dropped[:, -FLAGS:].any()


def test_refusals():
    with pytest.raises(ConfigError, match="did you mean 'softmax'"):
        tagger(output="softmx")
    with pytest.raises(ConfigError, match="allowed_end"):
        tagger(legality=(LEGAL_START, LEGAL, LEGAL))
    assert tagger(backend="reference").runs_on() == ["reference loop"] * 2
