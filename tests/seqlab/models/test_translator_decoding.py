"""Translators that are decoded: greedily, by beam search, at random, several as one; and pairs learned by heart."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from seqlab.decoding.beam import beam_search
from seqlab.decoding.draw import draw
from seqlab.decoding.sample import Choice
from seqlab.errors import ConfigError
from seqlab.models.translation_state import Step
from seqlab.models.translator import RecurrentTranslator
from seqlab.models.translator_ensemble import TranslatorEnsemble

SOURCE, TARGET, BEGIN, END = 19, 17, 2, 3
SOURCES = torch.tensor([4, 6, 1, 3, 5])
LONGEST = [7, 9, 2, 6, 8]
KINDS = [
    {"attention": "general", "cell": "lstm"},
    {"attention": "additive", "cell": "gru", "input_feeding": True},
    {"attention": "dot", "cell": "peephole", "tied": "target"},
    {"attention": "none", "cell": "min-gru", "input_feeding": True, "residual": True},
    {"attention": "concat", "cell": "elman", "encoder_layers": 1},
]
ALL = Choice()
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind["attention"])


def translator(seed=1, **options):
    """One whose translations end here and there."""
    torch.manual_seed(seed)
    model = RecurrentTranslator(SOURCE, TARGET, **({"hidden": 12, "embedding": 8, "layers": 2} | options)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(2)
        model.output.bias[END] += 1.0
    return model


def sources(seed=2):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(4, SOURCE, (len(SOURCES), int(SOURCES.max())), generator=generator)


@torch.no_grad()
def searched(model, ids, lengths, longest, beam=4, **options):
    state = model.begin(model.encode(ids, lengths))
    options = {"n_best": beam, "never": (0, 1)} | options
    return beam_search(model, state, n=len(ids), begin=BEGIN, end=END, beam=beam, longest=longest, **options)


def assert_same(found, expected):
    assert [one.tokens for one in found] == [one.tokens for one in expected]
    assert [one.finished for one in found] == [one.finished for one in expected]
    for name in ("score", "log_prob"):
        assert [getattr(one, name) for one in found] == pytest.approx(
            [getattr(one, name) for one in expected], abs=1e-5
        )
    for one, other in zip(found, expected, strict=True):
        assert (one.attention is None) == (other.attention is None)
        if one.attention is not None:
            np.testing.assert_allclose(one.attention, other.attention, atol=1e-5)


@every_kind
@pytest.mark.parametrize("beam", [1, 4])
def test_sentences_side_by_side_are_translated_as_if_each_were_alone(kind, beam):
    model, ids = translator(**kind), sources()
    together = searched(model, ids, SOURCES, LONGEST, beam)
    for row, length in enumerate(SOURCES.tolist()):
        (alone,) = searched(model, ids[row : row + 1, :length], SOURCES[row : row + 1], LONGEST[row : row + 1], beam)
        assert_same(alone, together[row])
    assert len({len(found[0].tokens) for found in together}) > 1


@torch.no_grad()
@every_kind
def test_one_beam_is_greedy_search_by_forward(kind):
    model, ids = translator(**kind), sources()
    for row, (found,) in enumerate(searched(model, ids, SOURCES, LONGEST, 1)):
        target, log_prob = [BEGIN], 0.0
        while target[-1] != END:
            one = slice(row, row + 1)
            logits = model(ids[one], SOURCES[one], torch.tensor([target]), torch.tensor([len(target)]))[0, -1]
            log_probs = logits.log_softmax(-1)
            log_probs[:BEGIN] = log_probs[BEGIN] = -torch.inf
            likeliest = int(log_probs.argmax())
            target.append(END if len(target) > LONGEST[row] else likeliest)
            log_prob += float(log_probs[target[-1]])
        assert found.tokens == tuple(target[1:-1])
        assert found.finished == (likeliest == END)
        assert found.log_prob == pytest.approx(log_prob, abs=1e-5)


@every_kind
def test_what_beam_search_says_is_what_forced_decoding_says(kind):
    model, ids = translator(**kind), sources()
    best = [found[0] for found in searched(model, ids, SOURCES, LONGEST)]
    targets = [torch.tensor([BEGIN, *one.tokens, END]) for one in best]
    lengths = torch.tensor([len(target) for target in targets])
    padded = torch.nn.utils.rnn.pad_sequence(targets, batch_first=True)
    log_probs, attention = model.forced(model.encode(ids, SOURCES), padded, lengths)
    assert log_probs.sum(1).tolist() == pytest.approx([one.log_prob for one in best], abs=1e-5)
    for row, one in enumerate(best):
        if attention is not None:
            seen = attention[row, : len(one.tokens), : SOURCES[row]]
            torch.testing.assert_close(torch.from_numpy(one.attention), seen, atol=1e-5, rtol=1e-5)


@torch.no_grad()
@every_kind
@pytest.mark.parametrize(
    "rows", [[0, 0, 1, 1, 2, 2], [3, 1], [4], [], [2, 0, 0], [0, 0, 1], [0, 0, 1, 2], [1, 0, 2, 4, 3], [0, 1, 2, 3, 4]]
)
def test_rows_that_are_selected_go_on_as_they_would_have(kind, rows):
    model, ids = translator(**kind), sources()
    state = model.step(torch.full((5,), BEGIN), model.begin(model.encode(ids, SOURCES))).state
    doubled = model.select(state, np.repeat(np.arange(5), 2))
    assert doubled.memory is state.memory
    turned = model.select(doubled, torch.tensor([1, 0, 3, 3, 4, 5, 6, 7, 9, 8]))
    assert turned.memory is state.memory
    if not rows:
        return
    for before, chosen in ((state, rows), (doubled, [2 * row + 1 for row in rows])):
        selected = model.select(before, np.array(chosen))
        tokens = np.array([4 + row for row in rows])
        whole = model.step(np.arange(4, 9), state)
        step = model.step(tokens, selected)
        torch.testing.assert_close(step.log_probs, whole.log_probs[rows], atol=1e-6, rtol=1e-5)
        if step.attention is not None:
            torch.testing.assert_close(step.attention, whole.attention[rows], atol=1e-6, rtol=1e-5)
        assert model.source_lengths(selected).tolist() == SOURCES[rows].tolist()
    if rows == [0, 0, 1, 1, 2, 2]:
        assert len(model.select(state, np.array(rows)).memory.values) == 3  # once a sentence


def test_the_best_of_a_step():
    log_probs = torch.tensor([[-1.0, -3.0, -2.0, -0.5], [-4.0, -1.0, -1.5, -2.0]])
    step = Step(log_probs, None, None)
    before = log_probs.clone()
    for n in (1, 2):
        values, ids = step.best(n, (3,))
        assert ids.tolist() == [[0, 2][:n], [1, 2][:n]]
        assert values.tolist() == [[-1.0, -2.0][:n], [-1.0, -1.5][:n]]
    assert step.best(9)[1].tolist() == [[3, 0, 2, 1], [1, 2, 3, 0]]
    assert torch.equal(log_probs, before)
    assert step.of(2).tolist() == [-2.0, -1.5]
    assert step.weights() is None


@every_kind
def test_an_ensemble_of_a_model_with_itself_is_the_model(kind):
    model, ids = translator(**kind), sources()
    twice = TranslatorEnsemble([model, model])
    for found, expected in zip(*(searched(one, ids, SOURCES, LONGEST) for one in (twice, model)), strict=True):
        assert_same(found, expected)


@torch.no_grad()
def test_an_ensemble_takes_the_mean_of_probabilities():
    members, ids = [translator(seed, **kind) for seed, kind in enumerate(KINDS)], sources()
    ensemble = TranslatorEnsemble(members)
    state, states = (
        ensemble.begin(ensemble.encode(ids, SOURCES)),
        [one.begin(one.encode(ids, SOURCES)) for one in members],
    )
    tokens, written = np.full(5, BEGIN), [np.full(5, BEGIN)]
    for _ in range(3):
        step, steps = (
            ensemble.step(tokens, state),
            [one.step(tokens, own) for one, own in zip(members, states, strict=True)],
        )
        mean = torch.stack([one.log_probs.double().exp() for one in steps]).mean(0)
        torch.testing.assert_close(step.log_probs.double().exp(), mean, atol=1e-6, rtol=1e-5)
        attended = torch.stack([one.attention for one in steps if one.attention is not None]).mean(0)
        torch.testing.assert_close(step.attention, attended)
        tokens, state, states = np.arange(4, 9), step.state, [one.state for one in steps]
        written.append(tokens)
    assert ensemble.source_lengths(state).tolist() == SOURCES.tolist()
    target, lengths = torch.from_numpy(np.stack(written, 1)), torch.tensor([4, 3, 4, 2, 4])
    forced = ensemble.forced(ensemble.encode(ids, SOURCES), target, lengths)
    each = [one.forced(one.encode(ids, SOURCES), target, lengths) for one in members]
    mean = torch.stack([one.log_probs.exp() for one in each]).mean(0).log()
    torch.testing.assert_close(forced.log_probs, mean, atol=1e-5, rtol=1e-5)
    assert not forced.log_probs[1, 2:].any()
    for found in searched(ensemble, ids, SOURCES, LONGEST):
        assert found[0].log_prob <= 0


def test_refusals():
    other = RecurrentTranslator(SOURCE, TARGET + 1, hidden=4)
    with pytest.raises(ConfigError, match="17 and 18"):
        TranslatorEnsemble([translator(), other])
    with pytest.raises(ConfigError, match="no types"):
        TranslatorEnsemble([])
    with pytest.raises(ConfigError, match="no attention"):
        searched(translator(attention="none"), sources(), SOURCES, LONGEST, coverage_penalty=0.1)


@torch.no_grad()
def drawn(model, ids, lengths, longest, choice=ALL, seed=3, **options):
    state = model.begin(model.encode(ids, lengths))
    options = {"never": (0, 1)} | options
    return draw(model, state, n=len(ids), begin=BEGIN, end=END, longest=longest, choice=choice, seed=seed, **options)


@every_kind
def test_translations_that_are_drawn(kind):
    model, ids = translator(**kind), sources()
    found = drawn(model, ids, SOURCES, LONGEST)
    assert_same(found[:1], drawn(model, ids[:1], SOURCES[:1], LONGEST[:1]))
    assert [one.tokens for one in found] != [one.tokens for one in drawn(model, ids, SOURCES, LONGEST, seed=4)]
    for one, longest, length in zip(found, LONGEST, SOURCES, strict=True):
        assert len(one.tokens) <= longest
        assert not {0, 1, BEGIN, END} & {*one.tokens}
        if kind["attention"] != "none":
            assert one.attention.shape == (len(one.tokens), length)
    targets = [torch.tensor([BEGIN, *one.tokens, END]) for one in found]
    padded, lengths = torch.nn.utils.rnn.pad_sequence(targets, batch_first=True), torch.tensor([*map(len, targets)])
    log_probs = model.forced(model.encode(ids, SOURCES), padded, lengths).log_probs.sum(1).tolist()
    assert log_probs == pytest.approx([one.log_prob for one in found], abs=1e-5)


def test_what_is_drawn_at_temperature_zero_is_what_one_beam_finds():
    model, ids = translator(), sources()
    greedy = [found[0] for found in searched(model, ids, SOURCES, LONGEST, 1, length_penalty=0.0)]
    for choice in (Choice(temperature=0.0), Choice(top_k=1), Choice(top_p=1e-9)):
        assert_same(drawn(model, ids, SOURCES, LONGEST, choice), greedy)
    assert drawn(model, ids, SOURCES, [0] * 5)[0].tokens == ()
    assert draw(model, None, n=0, begin=BEGIN, end=END, longest=[], choice=ALL, seed=0) == []


@pytest.mark.parametrize("kind", [*KINDS, {"attention": "general", "input_feeding": True, "tied": "all"}], ids=str)
def test_pairs_learned_by_heart_are_translated_exactly(kind):
    torch.manual_seed(0)
    size, n = 30, 20
    model = RecurrentTranslator(size, size, **({"hidden": 32, "embedding": 32} | kind | {"residual": False}))
    lengths, target_lengths = torch.randint(2, 9, (n,)), torch.randint(2, 9, (n,))
    ids = torch.randint(4, size, (n, 8))
    targets = [
        torch.cat((torch.tensor([BEGIN]), torch.randint(4, size, (int(one),)), torch.tensor([END])))
        for one in target_lengths
    ]
    padded = torch.nn.utils.rnn.pad_sequence(targets, batch_first=True)
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    for _ in range(400 if kind["attention"] == "none" else 150):
        inside = torch.arange(padded.shape[1] - 1) < (target_lengths + 1)[:, None]
        logits = model.token_logits(ids, lengths, padded[:, :-1], target_lengths + 1)
        loss = F.cross_entropy(logits, padded[:, 1:][inside])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    for beam in (1, 5):
        found = searched(model, ids, lengths, [12] * n, beam)
        assert [list(one[0].tokens) for one in found] == [target[1:-1].tolist() for target in targets]
        assert all(one[0].finished for one in found)
