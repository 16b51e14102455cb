"""The training loop: what a step does, what is counted, when it stops."""

import itertools
import math
import types

import numpy as np
import pytest
import torch

from seqlab.errors import TrainingError
from seqlab.tasks.floors import floors
from seqlab.text.vocab import UNK
from seqlab.training.fit import fit


def weights(trainer) -> torch.Tensor:
    return torch.cat([weight.detach().flatten() for weight in trainer.best_model.parameters()])


def test_training_learns(start, tmp_path) -> None:
    trainer, task = start(epochs=12, lr=1e-2)
    steps = list(fit(trainer, task))
    assert steps[-1].scores.nats < 0.6 * steps[0].loss
    assert steps[-1].scores.nats < floors(task.config, task, tmp_path)["unigram"]


def test_steps_are_counted_and_epochs_end_with_a_validation(start) -> None:
    trainer, task = start(epochs=3)
    steps = list(fit(trainer, task))
    assert [step.step for step in steps] == list(range(1, 3 * task.n_steps + 1))
    assert [step.step for step in steps if step.scores] == [task.n_steps * k for k in (1, 2, 3)]
    assert [step.epoch for step in steps[:: task.n_steps]] == [1, 2, 3]
    assert (trainer.progress.epoch, trainer.progress.position) == (3, 0)


def test_the_epochs_loss_is_the_exact_mean_over_its_targets(start) -> None:
    trainer, task = start(epochs=1)
    steps = list(fit(trainer, task))
    mean = sum(step.loss * step.n_targets for step in steps) / sum(step.n_targets for step in steps)
    assert len({step.n_targets for step in steps}) > 1, "the last window is shorter"
    assert steps[-1].epoch_loss == pytest.approx(mean, rel=1e-6)


def test_evaluate_every(start) -> None:
    trainer, task = start(epochs=2, evaluate_every=3)
    n_steps = 2 * task.n_steps
    assert [step.step for step in fit(trainer, task) if step.scores] == sorted({*range(3, n_steps, 3), n_steps})


def test_one_step_is_the_step_of_torch(start) -> None:
    """One step of AdamW on the clipped gradient of the mean loss, written out by hand."""
    trainer, task = start(lr=0.01, clip=0.05, layers=1)
    by_hand, _ = start(lr=0.01, clip=0.05, layers=1)
    step = next(fit(trainer, task))
    batch = next(task.batches(0))
    loss = task.loss(by_hand.model, batch, None)
    (loss.nats / loss.n_targets).backward()
    norm = torch.nn.utils.clip_grad_norm_(by_hand.model.parameters(), 0.05)
    torch.optim.AdamW(by_hand.model.parameters(), lr=0.01, weight_decay=0.0).step()
    assert step.gradient_norm == pytest.approx(norm.item(), rel=1e-5)
    assert norm > 0.05
    torch.testing.assert_close(weights(trainer), weights(by_hand), rtol=1e-5, atol=1e-7)


def test_clipping_by_norm_and_by_value_bound_the_gradient(start) -> None:
    trainer, task = start(clip=0.01, optimizer="sgd")
    next(fit(trainer, task))
    gradient = torch.cat([weight.grad.flatten() for weight in trainer.model.parameters()])
    assert gradient.norm().item() == pytest.approx(0.01, rel=1e-4)
    trainer, task = start(clip=0.0, clip_value=1e-3, optimizer="sgd")
    step = next(fit(trainer, task))
    largest = max(weight.grad.abs().max().item() for weight in trainer.model.parameters())
    assert largest == pytest.approx(1e-3)
    assert step.gradient_norm > 1e-3


def test_l1_pulls_weights_to_zero_and_spares_biases(start) -> None:
    plain, task = start(optimizer="sgd", lr=0.1, clip=0.0)
    pulled, _ = start(optimizer="sgd", lr=0.1, clip=0.0, l1=0.01)
    before = {name: weight.detach().clone() for name, weight in plain.model.named_parameters()}
    next(fit(plain, task))
    next(fit(pulled, task))
    others = dict(pulled.model.named_parameters())
    for name, weight in plain.model.named_parameters():
        expected = weight - (0.1 * 0.01 * before[name].sign() if weight.dim() > 1 else 0.0)
        torch.testing.assert_close(others[name], expected, rtol=1e-5, atol=1e-7)


def test_weight_decay_is_for_matrices_alone(start) -> None:
    trainer, _ = start(weight_decay=0.1)
    decays = {group["weight_decay"]: group["params"] for group in trainer.optimizers[0].param_groups}
    assert all(weight.dim() > 1 for weight in decays[0.1])
    assert all(weight.dim() == 1 for weight in decays[0.0])
    assert sum(map(len, decays.values())) == len(list(trainer.model.parameters()))


def test_the_running_mean_is_what_is_scored(start) -> None:
    trainer, task = start(average=0.9, epochs=1)
    by_hand = None
    for seen, _ in enumerate(fit(trainer, task)):
        now = torch.cat([weight.detach().flatten() for weight in trainer.model.parameters()])
        decay = min(0.9, (1 + seen) / (10 + seen))
        by_hand = now if by_hand is None else by_hand * decay + now * (1 - decay)
    torch.testing.assert_close(weights(trainer), by_hand, rtol=1e-4, atol=1e-6)
    assert task.evaluate(trainer.best_model).nats == pytest.approx(trainer.progress.best)
    assert task.evaluate(trainer.model).nats != pytest.approx(trainer.progress.best, abs=1e-6)


def test_plateau_falls_after_validations_without_gain(start) -> None:
    trainer, task = start(schedule="plateau", decay=0.5, decay_every=2, lr=1e-2, epochs=7)
    trainer.progress.best = -1.0
    rates = [step.lr for step in itertools.islice(fit(trainer, task), 0, None, task.n_steps)]
    assert rates == pytest.approx([1e-2, 1e-2, 5e-3, 5e-3, 2.5e-3, 2.5e-3, 1.25e-3])


def test_a_loss_that_is_not_finite_stops_before_the_weights_are_spoilt(start) -> None:
    trainer, task = start()
    steps = fit(trainer, task)
    next(steps)
    with torch.no_grad():
        trainer.model.output.bias[5] = math.nan
    before = weights(trainer).clone()
    with pytest.raises(TrainingError, match=r"the loss is nan at step 2: try a smaller --lr than 0.002"):
        next(steps)
    torch.testing.assert_close(weights(trainer), before, equal_nan=True)


def test_a_gradient_that_is_not_finite_stops_too(start) -> None:
    trainer, task = start(clip=0.0)
    steps = fit(trainer, task)
    next(steps)
    trainer.model.output.bias.register_hook(lambda gradient: gradient * math.inf)
    with pytest.raises(TrainingError, match=r"the gradient is (inf|nan) at step 2.*--clip 1"):
        next(steps)
    assert torch.isfinite(weights(trainer)).all()


def test_ties_count_as_no_gain(start) -> None:
    trainer, task = start(epochs=3, lr=1e-12, clip=0.0, dropout=0.0)
    steps = [step for step in fit(trainer, task) if step.scores]
    assert steps[0].improved
    assert trainer.progress.best == min(step.scores.nats for step in steps)
    assert [step.improved for step in steps] == [
        step.scores.nats < min((s.scores.nats for s in steps[:k]), default=math.inf) for k, step in enumerate(steps)
    ]


def test_of_equal_figures_the_lower_ones_at_ties_are_better(start) -> None:
    trainer, task = start(epochs=6)
    reached = iter([(0.5, 2.0), (0.5, 1.0), (0.5, 1.0), (0.5, math.nan), (0.4, 3.0), (0.5, 0.1)])
    task.evaluate = lambda model: types.SimpleNamespace(**dict(zip(("figure", "at_ties"), next(reached), strict=True)))
    improved = [step.improved for step in fit(trainer, task) if step.scores]
    assert improved == [True, True, False, False, True, False]
    assert (trainer.progress.best, trainer.progress.best_at_ties) == (0.4, 3.0)


def test_a_validation_score_that_is_not_finite_stops(start) -> None:
    trainer, task = start(evaluate_every=2)
    steps = fit(trainer, task)
    next(steps)
    task.evaluate = lambda model: types.SimpleNamespace(figure=math.nan)
    with pytest.raises(TrainingError, match=r"the validation score is nan at step 2"):
        next(steps)
    assert trainer.progress.best == math.inf


def test_clip_value_reaches_sparse_gradients(start) -> None:
    trainer, task = start(optimizer="sparse-adam", clip=0.0, clip_value=1e-5)
    next(fit(trainer, task))
    gradient = trainer.model.embedding.weight.grad
    assert gradient.is_sparse
    assert 0 < gradient.coalesce().values().abs().max().item() <= 1e-5 * (1 + 1e-6)


def test_tokens_seen_once_are_trained_as_unknown_now_and_then(start) -> None:
    _, task = start(tokenizer="word", rare_as_unknown=0.5)
    _, plain = start(tokenizer="word", rare_as_unknown=0.0)
    once = set(np.flatnonzero(np.bincount(task.train) == 1).tolist())
    shown = []
    for epoch in range(6):
        hidden = set()
        for ours, theirs in zip(task.batches(epoch), plain.batches(epoch), strict=True):
            for part, original in ((ours.inputs, theirs.inputs), (ours.targets, theirs.targets)):
                changed = part != original
                assert (part[changed] == UNK).all()
                hidden |= set(original[changed].tolist())
        assert hidden <= once
        shown.append(hidden)
    assert once
    assert any(shown)
    assert not all(hidden == once for hidden in shown)
