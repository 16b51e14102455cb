"""The recurrent translator: rows by themselves, steps against one call, equations spelled out, and options that act."""

import pytest
import torch

from seqlab import precision
from seqlab.errors import ConfigError
from seqlab.models.translator import RecurrentTranslator

SOURCE, TARGET, BEGIN, END = 19, 17, 2, 3
SOURCES, TARGETS = torch.tensor([4, 6, 0, 1, 3]), torch.tensor([3, 5, 2, 6, 0])
ATTENTIONS = ("none", "additive", "dot", "general", "concat")
CELLS = ("lstm", "gru", "elman", "peephole-cell", "min-lstm", "jordan")
every_attention = pytest.mark.parametrize("attention", ATTENTIONS)
both_ways = pytest.mark.parametrize("input_feeding", [False, True])


def translator(**options):
    torch.manual_seed(1)
    model = RecurrentTranslator(SOURCE, TARGET, **({"hidden": 8, "embedding": 6, "layers": 2} | options))
    for parameter in model.parameters():  # no zeros and nothing small, so that whatever is left out is seen
        if parameter.dim() == 1:
            torch.nn.init.normal_(parameter, std=0.5)
    return model


def batch(seed=2):
    """Sources, their lengths, targets and their lengths, anything in padding."""
    generator = torch.Generator().manual_seed(seed)
    sides = [
        torch.randint(4, size, (len(lengths), int(lengths.max())), generator=generator)
        for size, lengths in ((SOURCE, SOURCES), (TARGET, TARGETS))
    ]
    sides[1][:, 0] = BEGIN
    return sides[0], SOURCES, sides[1], TARGETS


def inside(lengths, n_steps):
    return torch.arange(n_steps) < lengths[:, None]


@every_attention
@both_ways
@pytest.mark.parametrize("cell", CELLS)
def test_a_row_is_translated_as_if_it_were_alone(attention, input_feeding, cell):
    model = translator(attention=attention, input_feeding=input_feeding, cell=cell, encoder_layers=1).eval()
    source, _, target, _ = batch()
    logits = model(*batch())
    assert logits.dtype == torch.float32
    for row, (n_source, n_target) in enumerate(zip(SOURCES.tolist(), TARGETS.tolist(), strict=True)):
        assert not logits[row, n_target:].any()
        if n_target:
            one = slice(row, row + 1)
            alone = model(source[one, :n_source], SOURCES[one], target[one, :n_target], TARGETS[one])
            torch.testing.assert_close(alone[0], logits[row, :n_target], atol=2e-6, rtol=1e-5)
    order = torch.tensor([4, 0, 2, 3, 1])
    turned = model(*(part[order] for part in batch()))
    torch.testing.assert_close(turned, logits[order], atol=2e-6, rtol=1e-5)


@both_ways
def test_what_stands_in_padding_changes_nothing(input_feeding):
    model = translator(input_feeding=input_feeding).eval()
    source, _, target, _ = batch()
    other = [
        torch.where(inside(lengths, ids.shape[1]), ids, 1) for ids, lengths in ((source, SOURCES), (target, TARGETS))
    ]
    changed = model(other[0], SOURCES, other[1], TARGETS)
    assert not torch.equal(other[0], source)
    assert torch.equal(model(*batch()), changed)
    outside = [
        torch.where(inside(lengths, ids.shape[1]), ids, 10**9)
        for ids, lengths in ((source, SOURCES), (target, TARGETS))
    ]
    assert torch.equal(model(outside[0], SOURCES, outside[1], TARGETS), changed)  # no type has this id
    assert torch.equal(model.token_logits(*batch()), changed[inside(TARGETS, target.shape[1])])


@every_attention
@both_ways
@pytest.mark.parametrize("cell", CELLS)
def test_steps_equal_one_call(attention, input_feeding, cell):
    options = {"residual": True, "zoneout": 0.2} if cell == "lstm" else {}
    model = translator(attention=attention, input_feeding=input_feeding, cell=cell, tied="target", **options).eval()
    source, source_lengths, target, _ = batch()
    whole = model(source, source_lengths, target, torch.full_like(TARGETS, target.shape[1])).log_softmax(-1)
    memory = model.encode(source, source_lengths)
    attended, state = model.decode(memory, target)[1], model.begin(memory)
    for at in range(target.shape[1]):
        step = model.step(target[:, at], state)
        state = step.state
        torch.testing.assert_close(step.log_probs, whole[:, at], atol=2e-6, rtol=1e-5)
        if attention == "none":
            assert step.attention is attended is None
        else:
            torch.testing.assert_close(step.attention, attended[:, at], atol=2e-6, rtol=1e-5)
            assert not step.attention[~inside(SOURCES, source.shape[1])].any()
    assert step.log_probs.exp().sum(1).tolist() == pytest.approx([1.0] * len(source))


@torch.no_grad()
@both_ways
def test_the_equations_row_by_row(input_feeding):
    """Bahdanau et al. 2015, appendix A.2.2, for the state before; Luong et al. 2015, equations 5 to 8 and section 3.3."""
    model = translator(input_feeding=input_feeding, encoder_layers=3).double().eval()
    source, _, target, _ = batch()
    logits = model(*batch())
    for row, (n_source, n_target) in enumerate(zip(SOURCES.tolist(), TARGETS.tolist(), strict=True)):
        if not n_source:
            continue
        outputs, last = model.encoder(model.source.weight[source[row, :n_source]][None])
        ends = [[torch.cat((part[2 * at, 0], part[2 * at + 1, 0])) for at in (1, 2)] for part in last]
        maps = iter(model.bridge.maps)
        state = tuple(torch.stack([torch.tanh(next(maps)(end)) for end in part])[:, None] for part in ends)
        fed = torch.zeros(8).double()
        for at in range(n_target):
            vector = model.target.weight[target[row, at]]
            hidden, state = model.decoder.step(torch.cat((vector, fed))[None] if input_feeding else vector[None], state)
            scores = torch.stack([hidden[0] @ model.attention.key.weight @ output for output in outputs[0]])
            context = scores.softmax(0) @ outputs[0]
            fed = torch.tanh(model.combine.weight @ torch.cat((context, hidden[0])))
            torch.testing.assert_close(logits[row, at], model.output.weight @ fed + model.output.bias)


@pytest.mark.parametrize("attention", ["none", "general"])
def test_step_after_step_in_training_equals_one_call(attention):
    model, results = translator(attention=attention, layers=3).double(), []
    for sampling in (0.0, 1e-12):  # with the second, which never happens, steps are taken one by one
        model.zero_grad()
        logits = model(*batch(), sampling)
        logits.square().sum().backward()
        results.append([logits, *(parameter.grad.clone() for parameter in model.parameters())])
    torch.testing.assert_close(*results)


@both_ways
@every_attention
def test_scheduled_sampling_reads_the_likeliest(input_feeding, attention):
    model = translator(input_feeding=input_feeding, attention=attention)
    source, _, target, _ = batch()
    full = torch.full_like(TARGETS, target.shape[1])
    state, tokens, expected = model.begin(model.encode(source, SOURCES)), target[:, 0], []
    for _ in range(target.shape[1]):
        step = model.step(tokens, state)
        expected.append(step.log_probs)
        can_be_read = step.log_probs.clone()
        can_be_read[:, [0, BEGIN]] = -torch.inf
        tokens, state = can_be_read.argmax(1), step.state
    free = model(source, SOURCES, target, full, 1.0)
    torch.testing.assert_close(free.log_softmax(-1), torch.stack(expected, 1), atol=2e-6, rtol=1e-5)
    torch.manual_seed(5)
    mixed, given = model(source, SOURCES, target, full, 0.5), model(source, SOURCES, target, full)
    assert torch.equal(mixed[:, 0], free[:, 0])
    assert not torch.allclose(mixed, free)
    assert not torch.allclose(mixed, given)
    mixed.sum().backward()
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())


def test_scheduled_sampling_never_reads_padding_or_the_begin():
    free = []
    for bias in (0.0, 50.0):
        model = translator()
        with torch.no_grad():
            model.output.bias[[0, BEGIN]] = bias
        free.append(model(*batch(), 1.0))
    others = [token for token in range(TARGET) if token not in (0, BEGIN)]
    torch.testing.assert_close(free[0][..., others], free[1][..., others])


@every_attention
@both_ways
def test_gradients(attention, input_feeding):
    options = {"hidden": 3, "embedding": 2, "layers": 1, "backend": "reference"}
    model = translator(attention=attention, input_feeding=input_feeding, tied="target", **options).double()
    weights = [*model.parameters()]
    assert torch.autograd.gradcheck(lambda *_: model.token_logits(*batch()), tuple(weights), fast_mode=True)
    model.token_logits(*batch()).square().sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.any(), name


def test_attentions_differ_and_act():
    logits = [
        translator(attention=name, input_feeding=feeds)(*batch()) for name in ATTENTIONS for feeds in (False, True)
    ]
    assert all(not torch.allclose(one, other) for at, one in enumerate(logits) for other in logits[:at])


IN_USE = {"cell": "gru", "hidden": 9, "embedding": 7, "layers": 1, "encoder_layers": 1, "residual": True}
IN_USE |= {
    "input_weights": "uniform",
    "recurrent_weights": "uniform",
    "forget_bias": 3.0,
    "zoneout": 0.4,
    "tied": "target",
}
IN_TRAINING = ("dropout", "embedding_dropout", "input_dropout", "recurrent_dropout", "output_dropout", "weight_drop")


@pytest.mark.parametrize("option", [*IN_USE, *IN_TRAINING])
@both_ways
def test_each_option_acts(option, input_feeding):
    value = IN_USE.get(option, 0.4)
    models = []
    for options in ({}, {option: value}):
        torch.manual_seed(1)
        base = {"hidden": 8, "embedding": 6, "layers": 2, "input_feeding": input_feeding}
        models.append(RecurrentTranslator(SOURCE, TARGET, **(base | options)))
    plain, changed = models
    torch.manual_seed(3)
    assert not torch.allclose(plain(*batch()), changed(*batch()))
    if option in IN_TRAINING:
        torch.testing.assert_close(plain.eval()(*batch()), changed.eval()(*batch()))


def test_a_learned_state_and_back_ends():
    model = translator(learned_state=True)
    model(*batch()).sum().backward()
    names = [name for name, _ in model.named_parameters() if "initial" in name]
    assert names
    assert all(name.startswith("encoder.initial_") for name in names)
    assert all(parameter.grad.any() for name, parameter in model.named_parameters() if name in names)
    assert translator(backend="reference").runs_on() == ["reference loop"] * 4
    assert translator(input_feeding=True, encoder_layers=1).runs_on()[1:] == ["steps"] * 2


@both_ways
def test_dropout_of_what_the_attention_and_the_output_layer_read(input_feeding):
    model = translator(dropout=0.4, layers=1, hidden=40, input_feeding=input_feeding)
    source, _, target, _ = batch()
    memory = model.encode(source, SOURCES)
    values = memory.values[memory.inside]
    decoded = model.decode(memory, target)[0]
    for dropped in (values, decoded):
        assert (dropped == 0).float().mean() == pytest.approx(0.4, abs=0.06)


@pytest.mark.parametrize("option", IN_TRAINING[1:])
def test_what_is_locked_over_a_row_is_so_step_after_step_too(option):
    model, results = translator(**{option: 0.4}), []
    for sampling in (0.0, 1e-12):
        torch.manual_seed(3)
        results.append(model(*batch(), sampling))
    torch.testing.assert_close(*results)


@pytest.mark.parametrize("tied", ["none", "target", "all"])
@pytest.mark.parametrize("attention", ATTENTIONS)
@pytest.mark.parametrize("cell", ["lstm", "jordan"])
def test_groups_hold_every_parameter_once(tied, attention, cell):
    torch.manual_seed(1)
    model = RecurrentTranslator(
        TARGET,
        TARGET,
        hidden=4,
        layers=2,
        encoder_layers=1,
        tied=tied,
        attention=attention,
        cell=cell,
        learned_state=True,
    )
    groups = model.groups()
    assert [name for name, _ in groups] == ["embedding", "encoder 0", "decoder 0", "decoder 1", "head"]
    ours = [id(parameter) for _, parameters in groups for parameter in parameters]
    assert len(ours) == len({*ours})
    assert {*ours} == {id(parameter) for parameter in model.parameters()}
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    assert all(names[id(parameter)].startswith("decoder") for parameter in groups[3][1])
    assert len(groups[0][1]) == (1 if tied == "all" else 2)


def test_tying():
    sizes = {}
    for tied in ("none", "target", "all"):
        model = RecurrentTranslator(TARGET, TARGET, hidden=8, embedding=6, tied=tied)
        assert (model.output.weight is model.target.weight) == (tied != "none")
        assert (model.source is model.target) == (tied == "all")
        assert not model.target.weight[0].any()
        sizes[tied] = sum(parameter.numel() for parameter in model.parameters())
        model(torch.tensor([[5, 6]]), torch.tensor([2]), torch.tensor([[2, 7]]), torch.tensor([2])).sum().backward()
    assert sizes["target"] - sizes["all"] == 6 * TARGET
    assert sizes["none"] - sizes["target"] == 8 * TARGET + 24 * (8 - 6)


@torch.no_grad()
@every_attention
@both_ways
def test_forced_decoding(attention, input_feeding):
    model = translator(attention=attention, input_feeding=input_feeding, dropout=0.3).eval()
    source, _, target, _ = batch()
    memory = model.encode(source, SOURCES)
    log_probs, attended = model.forced(memory, target, TARGETS)
    assert log_probs.shape == (len(target), target.shape[1] - 1)
    whole = model(*batch()).log_softmax(-1)
    for row, n in enumerate(TARGETS.tolist()):
        assert not log_probs[row, max(n - 1, 0) :].any()
        expected = [whole[row, at, target[row, at + 1]] for at in range(n - 1)]
        torch.testing.assert_close(log_probs[row, : max(n - 1, 0)], torch.tensor(expected))
    assert (attended is None) == (attention == "none")
    if attended is not None:
        assert attended.shape == (len(target), target.shape[1] - 1, source.shape[1])
        torch.testing.assert_close(attended.sum(-1), (SOURCES > 0).float()[:, None].expand(attended.shape[:2]))


def test_a_batch_of_nothing_but_empty_sources():
    model, none = translator(), torch.zeros(2, dtype=torch.int64)
    target, lengths = torch.tensor([[2, 5], [2, 6]]), torch.tensor([2, 2])
    logits = model(torch.zeros(2, 0, dtype=torch.int64), none, target, lengths)
    torch.testing.assert_close(model(torch.full((2, 3), 7), none, target, lengths), logits)
    logits.sum().backward()
    assert all(parameter.grad is None or parameter.grad.isfinite().all() for parameter in model.parameters())


def test_weights_are_saved_and_loaded_and_half_precision():
    model, other = (
        translator(tied="target"),
        RecurrentTranslator(SOURCE, TARGET, hidden=8, embedding=6, layers=2, tied="target"),
    )
    assert not torch.allclose(model(*batch()), other(*batch()))
    other.load_state_dict(model.state_dict())
    assert torch.equal(model(*batch()), other(*batch()))
    half = other.bfloat16().eval()(*batch())
    assert half.dtype == torch.float32
    torch.testing.assert_close(half, model.eval()(*batch()), atol=0.1, rtol=0.1)


@pytest.mark.skipif(not precision.multiplies_bfloat16("cpu"), reason="needs a CPU that multiplies bfloat16")
@every_attention
@both_ways
@pytest.mark.parametrize("cell", ["lstm", "gru", "min-lstm"])
def test_products_in_bfloat16(attention, input_feeding, cell):
    """Numbers of bfloat16 are 2^-8 apart; the most that was seen is a difference of 0.01 in logits about 1."""
    options = {"attention": attention, "input_feeding": input_feeding, "cell": cell, "tied": "target"}
    full, half = translator(**options), translator(precision="bf16", **options)
    logits = [model(*batch()) for model in (full, half)]
    assert logits[1].dtype == torch.float32
    assert not torch.equal(*logits)
    torch.testing.assert_close(*logits, atol=0.04, rtol=0.04)
    half(*batch(), 0.5).square().sum().backward()
    assert all(parameter.grad.dtype == torch.float32 for parameter in half.parameters())
    memory = half.encode(batch()[0], SOURCES)
    assert {part.dtype for part in (memory.values, *memory.before)} == {torch.float32}
    begins = torch.full((5,), BEGIN)
    steps = [model.step(begins, model.begin(memory)) for model in (full, half)]  # of the same memory, in float32
    assert torch.equal(steps[0].log_probs, steps[1].log_probs)
    assert all("bfloat16" in name for name in half.runs_on())
    full.eval()
    half.eval()
    assert torch.equal(*(model(*batch()) for model in (full, half)))  # in use both are in float32
    assert not any("bfloat16" in name for name in half.runs_on())
    assert all("bfloat16" in name for name in half.runs_on(training=True))


def test_refusals():
    for options, message in (
        ({"attention": "locl"}, "unknown attention 'locl'"),
        ({"tied": "al"}, "did you mean 'all'"),
        ({"tied": "all"}, "19 and 17"),
        ({"embedding_dropout": 1.0}, "embedding_dropout"),
        ({"dropout": 1.5}, "dropout"),
        ({"hidden": 0}, "hidden"),
        ({"cell": "lstn"}, "lstm"),
    ):
        with pytest.raises(ConfigError, match=message):
            translator(**options)
