import pytest
import torch
from torch.nn import functional as F

from seqlab.errors import ConfigError
from seqlab.models.language import RecurrentLanguageModel
from seqlab.recurrent import CELLS, scan

V, H, B, T = 11, 6, 3, 7
INPUTS = [{"input": "one-hot"}, {"embedding": 4}, {"embedding": H, "tied": True}]
each_cell = pytest.mark.parametrize("cell", CELLS)
each_input = pytest.mark.parametrize("options", INPUTS, ids=["one-hot", "embedding", "tied"])


def language_model(seed=1, **options):
    """A model in double precision with random weights and biases."""
    torch.manual_seed(seed)
    model = RecurrentLanguageModel(V, **{"hidden": H, "layers": 2} | options).double()
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.3 * torch.randn_like(weight))
    return model


def some_ids(seed=5):
    return torch.randint(V, (B, T), generator=torch.Generator().manual_seed(seed))


def cross_entropy(model, ids):
    logits, _ = model(ids[:, :-1])
    return F.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())


@each_cell
@each_input
@pytest.mark.parametrize("layers", [1, 2])
def test_steps_equal_the_log_softmax_of_one_call(cell, options, layers):
    """`step` answers in float32, whose spacing at log-probabilities below 32 nats is 2e-6."""
    model, ids = language_model(cell=cell, layers=layers, **options).eval(), some_ids()
    logits, wanted_state = model(ids)
    assert logits.shape == (B, T, V)
    wanted, state = logits.log_softmax(-1), None
    assert wanted.min() > -32
    for t in range(T):
        log_probs, state = model.step(ids[:, t], state)
        assert log_probs.shape == (B, V)
        assert log_probs.dtype == torch.float32
        assert not log_probs.requires_grad
        torch.testing.assert_close(log_probs.double(), wanted[:, t], rtol=0, atol=4e-6)
        torch.testing.assert_close(log_probs.exp().sum(1), torch.ones(B), rtol=0, atol=1e-5)
    for got, expected in zip(state, wanted_state, strict=True):
        torch.testing.assert_close(got, expected, rtol=0, atol=1e-12)


@each_cell
@each_input
def test_windows_with_carried_state_equal_one_long_window(cell, options):
    model, ids = language_model(cell=cell, **options), some_ids()
    first, state = model(ids[:, :3])
    second, _ = model(ids[:, 3:], state)
    torch.testing.assert_close(torch.cat((first, second), 1), model(ids)[0], rtol=0, atol=1e-12)


@each_cell
@each_input
def test_a_row_depends_on_its_own_past_alone(cell, options):
    model, ids = language_model(cell=cell, **options), some_ids()
    changed = ids.clone()
    changed[1, 4] = (ids[1, 4] + 1) % V
    difference = (model(ids)[0] - model(changed)[0]).abs().amax(-1)
    reached = torch.zeros(B, T, dtype=torch.bool)
    reached[1, 4:] = True
    assert (difference[reached] > 1e-8).all()
    assert (difference[~reached] < 1e-12).all()


@each_cell
def test_one_hot_input_is_an_embedding_by_the_identity(cell):
    ids = some_ids()
    one_hot = language_model(cell=cell, input="one-hot")
    assert one_hot.embedding is None
    learned = language_model(seed=2, cell=cell, embedding=V)
    learned.load_state_dict(one_hot.state_dict() | {"embedding.weight": torch.eye(V).double()})
    torch.testing.assert_close(one_hot(ids)[0], learned(ids)[0], rtol=0, atol=1e-12)
    for model in (one_hot, learned):
        cross_entropy(model, ids).backward()
    theirs = dict(learned.named_parameters())
    for name, weight in one_hot.named_parameters():
        torch.testing.assert_close(weight.grad, theirs[name].grad, rtol=0, atol=1e-12)


def test_the_number_of_weights_follows_from_the_sizes():
    def n_weights(**options):
        model = RecurrentLanguageModel(V, cell="lstm", hidden=H, **options)
        return sum(weight.numel() for weight in model.parameters())

    output = V * H + V
    assert n_weights(input="one-hot") == 4 * H * (V + H + 1) + output
    assert n_weights() == V * H + 4 * H * (H + H + 1) + output
    assert n_weights(embedding=4) == V * 4 + 4 * H * (4 + H + 1) + output
    assert n_weights(tied=True) == n_weights() - V * H


def test_tied_weights_are_one_tensor_with_the_gradient_of_both_uses():
    ids = some_ids()
    tied, untied = language_model(tied=True), language_model(seed=2)
    assert tied.output.weight is tied.embedding.weight
    assert untied.output.weight is not untied.embedding.weight
    untied.load_state_dict(tied.state_dict())
    losses = [cross_entropy(model, ids) for model in (tied, untied)]
    torch.testing.assert_close(losses[0], losses[1], rtol=0, atol=1e-14)
    for loss in losses:
        loss.backward()
    read, written = untied.embedding.weight.grad, untied.output.weight.grad
    assert read.abs().max() > 1e-4
    assert written.abs().max() > 1e-4
    torch.testing.assert_close(tied.embedding.weight.grad, read + written, rtol=0, atol=1e-12)
    torch.optim.SGD(tied.parameters(), lr=0.1).step()
    assert torch.equal(tied.output.weight, tied.embedding.weight)


@pytest.mark.parametrize("option", ["dropout", "embedding_dropout"])
@pytest.mark.parametrize("layers", [1, 2])
def test_dropout_works_in_training_only(option, layers):
    ids = some_ids()
    plain = language_model(layers=layers)
    model = language_model(layers=layers, **{option: 0.5})
    wanted, _ = plain(ids)
    assert torch.equal(plain.train()(ids)[0], plain.eval()(ids)[0])
    assert torch.equal(model.eval()(ids)[0], wanted)
    torch.testing.assert_close(model.train().step(ids[:, 0], None)[0].shape, plain.step(ids[:, 0], None)[0].shape)
    first, second = (model.train()(ids)[0] for _ in range(2))
    assert (first - wanted).abs().max() > 1e-3
    assert (first - second).abs().max() > 1e-3


def test_each_dropout_drops_where_it_says():
    """With an untouched state, embedding dropout changes the state after the text; output dropout of one layer does
    not, since it stands behind the recurrence."""
    ids = some_ids()
    _, wanted = language_model(layers=1, cell="gru")(ids)
    _, behind = language_model(layers=1, cell="gru", dropout=0.5).train()(ids)
    _, before = language_model(layers=1, cell="gru", embedding_dropout=0.5).train()(ids)
    assert torch.equal(behind, wanted)
    assert (before - wanted).abs().max() > 1e-3
    _, between = language_model(layers=2, cell="gru", dropout=0.5).train()(ids)
    _, two = language_model(layers=2, cell="gru")(ids)
    assert torch.equal(between[0], two[0])
    assert (between[1] - two[1]).abs().max() > 1e-3


def test_sparse_gradients_are_the_dense_ones():
    ids = some_ids()
    dense, sparse = language_model(embedding=4), language_model(embedding=4, sparse=True)
    sparse.load_state_dict(dense.state_dict())
    for model in (dense, sparse):
        cross_entropy(model, ids).backward()
    gradient = sparse.embedding.weight.grad
    assert gradient.is_sparse
    torch.testing.assert_close(gradient.to_dense(), dense.embedding.weight.grad, rtol=0, atol=1e-14)


@each_cell
@pytest.mark.parametrize("options", [{}, {"input": "one-hot"}, {"backend": "reference"}, {"zoneout": 0.1}], ids=str)
@pytest.mark.parametrize("training", [True, False])
def test_what_is_said_to_run_is_what_runs(cell, options, training, monkeypatch):
    ran, run = [], scan.run

    def noted(row, choice, *rest):
        ran.append(str(choice))
        return run(row, choice, *rest)

    monkeypatch.setattr(scan, "run", noted)
    model = RecurrentLanguageModel(V, cell=cell, hidden=H, layers=2, **options).train(training)
    model(some_ids())
    assert model.runs_on() == model.runs_on(training=training) == ran
    if "input" in options:
        assert model.runs_on()[0] != "torch kernel"
    if "backend" in options:
        assert model.runs_on() == ["reference loop"] * 2


def test_what_runs_differs_where_only_training_needs_the_loop():
    model = RecurrentLanguageModel(V, hidden=H, recurrent_dropout=0.1)
    assert model.runs_on(training=True) == ["reference loop (recurrent dropout)"]
    assert model.runs_on(training=False) != model.runs_on(training=True)


REGULARISERS = [
    {"input_dropout": 0.3}, {"recurrent_dropout": 0.3}, {"output_dropout": 0.3}, {"weight_drop": 0.3}, {"zoneout": 0.3},
    {"residual": True}, {"learned_state": True},
]  # fmt: skip


@pytest.mark.parametrize("option", REGULARISERS, ids=str)
def test_each_option_reaches_the_recurrence(option):
    """What it does there is shown with the recurrence; here, that it is handed on, and that steps know it in use."""
    (name,) = option
    model, ids = language_model(**option), some_ids()
    held = model.recurrent.rates if hasattr(model.recurrent.rates, name) else model.recurrent
    assert getattr(held, name) in (option[name], (option[name],) * 2)
    if not isinstance(option[name], bool):
        assert not torch.equal(model.train()(ids)[0], model.eval()(ids)[0])
    wanted, state = model.eval()(ids)[0].log_softmax(-1), None
    for t in range(T):
        log_probs, state = model.step(ids[:, t], state)
        torch.testing.assert_close(log_probs.double(), wanted[:, t], rtol=0, atol=2e-6)


def test_first_weights_reach_the_recurrence():
    model = RecurrentLanguageModel(
        V, hidden=H, layers=2, input_weights="zeros", recurrent_weights="identity", forget_bias=2.5
    )
    for layer in range(2):
        weights = model.recurrent.weights(layer)
        assert (weights["weight_ih"] == 0).all()
        assert torch.equal(weights["weight_hh"], torch.eye(H).repeat(4, 1))
        assert torch.equal(weights["bias_ih"], torch.tensor([0.0, 2.5, 0.0, 0.0]).repeat_interleave(H))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"cell": "gru", "forget_bias": 0.0}, "forget_bias: gru has no forget gate; leave it out"),
        ({"cell": "min-gru", "recurrent_weights": "zeros"}, "recurrent_weights: min-gru has no recurrent matrix"),
        ({"input_weights": "xavier"}, "unknown initialiser 'xavier'; did you mean 'xavier-"),
    ],
)
def test_first_weights_that_are_refused(options, says):
    with pytest.raises(ConfigError, match=says):
        RecurrentLanguageModel(V, hidden=H, **options)


def test_the_state_before_a_text_is_learned():
    torch.manual_seed(1)
    model, ids = RecurrentLanguageModel(V, hidden=H, learned_state=True), some_ids()
    assert (model.recurrent.initial_h_l0 == 0).all()
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    _, state = model(ids)
    cross_entropy(model, ids).backward()
    optimizer.step()
    learned = [weight.detach().clone() for weight in (model.recurrent.initial_h_l0, model.recurrent.initial_c_l0)]
    assert all((weight != 0).all() for weight in learned)
    # A window that goes on from another one does not read it.
    optimizer.zero_grad()
    logits, _ = model(ids, tuple(part.detach() for part in state))
    logits.sum().backward()
    assert model.recurrent.initial_h_l0.grad is None


@each_cell
@each_input
def test_backends_agree(cell, options):
    ids = some_ids()
    logits = [language_model(cell=cell, backend=backend, **options)(ids)[0] for backend in ("auto", "reference")]
    torch.testing.assert_close(logits[0], logits[1], rtol=0, atol=1e-12)


@pytest.mark.parametrize("tied", [False, True])
def test_an_untrained_model_is_close_to_uniform(tied):
    """First weights give logits of order 1 or less and no bias, so the loss starts near log V, not far above it."""
    torch.manual_seed(1)
    n_types = 200
    model = RecurrentLanguageModel(n_types, hidden=64, tied=tied)
    assert (model.output.bias == 0).all()
    ids = torch.randint(n_types, (8, 30))
    loss = cross_entropy(model, ids)
    assert abs(loss.item() - torch.tensor(n_types).log().item()) < 0.2
    assert model.embedding.weight.std().item() == pytest.approx(64**-0.5, rel=0.05)
