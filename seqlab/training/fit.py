"""The training loop: a generator of steps. The progress bar, the log, the checkpoints and early stopping consume it."""

import itertools
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from seqlab.config import Training
from seqlab.errors import TrainingError
from seqlab.recurrent.stack import Carried
from seqlab.tasks.base import DecidesTies, Loss, Scores, Task
from seqlab.training import optimizers, schedules


@dataclass
class Progress:
    """Where training stands, apart from weights: all of it is in a checkpoint."""

    step: int = 0
    """Steps taken so far."""
    epoch: int = 0
    """Epochs finished so far."""
    position: int = 0
    """Batches taken so far in this epoch."""
    best: float = math.inf
    """The best validation score so far, such as nats."""
    best_at_ties: float = math.inf
    """What decided between the best one and others that are equal, where scores have such a figure (`DecidesTies`); of
    those that are equal in it too the first one counts."""
    n_without_gain: int = 0
    """Validations since the best one."""
    n_falls: int = 0
    """How often the learning rate has fallen on a plateau."""
    n_on_plateau: int = 0
    """Validations without gain since then."""
    epoch_nats: float = 0.0
    """Sum of the losses of this epoch's targets so far."""
    epoch_targets: int = 0
    """How many targets these are."""
    seconds: float = 0.0
    """Time spent so far, validations included."""
    carried: Carried | None = None
    """The recurrent state that the next batch starts from."""


@dataclass(frozen=True)
class Step:
    """What one step of training did."""

    step: int
    epoch: int
    loss: float
    """Nats a unit on this batch, before the step."""
    epoch_loss: float
    """Nats a unit on this epoch's batches so far, each before its step."""
    n_targets: int
    lr: float
    gradient_norm: float
    """Global norm before clipping."""
    scores: Scores | None
    """Validation scores, where this step ends with a validation."""
    improved: bool
    """Whether these are the best so far."""
    n_epochs: int
    """Epochs that training is to have."""


@dataclass
class Trainer:
    """A model, its optimizers and where training stands.

    Attributes:
        averaged: the running mean of the weights, where the settings ask for one; it is then what is scored and saved.
    """

    model: nn.Module
    settings: Training
    progress: Progress = field(default_factory=Progress)
    optimizers: list[torch.optim.Optimizer] = field(init=False)
    averaged: AveragedModel | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.optimizers = optimizers.build(self.model, self.settings)
        if self.settings.average:
            self.averaged = AveragedModel(self.model, avg_fn=_running_mean(self.settings.average))

    @property
    def best_model(self) -> nn.Module:
        """The model that is scored and saved."""
        module: nn.Module = self.model if self.averaged is None else self.averaged.module
        return module


def _running_mean(decay: float) -> Callable[[Tensor, Tensor, Tensor | int], Tensor]:
    """Exponential moving average that forgets its beginning: the decay rises to its value over the first steps, so that
    early means are not the first weights (as in TensorFlow's ExponentialMovingAverage with num_updates)."""

    def update(mean: Tensor, weight: Tensor, n_averaged: Tensor | int) -> Tensor:
        n = int(n_averaged)
        return mean.lerp(weight, 1.0 - min(decay, (1 + n) / (10 + n)))

    return update


def fit(trainer: Trainer, task: Task) -> Iterator[Step]:
    """Train until all epochs are done; stopping early is leaving the loop.

    A step takes the loss of a batch as a mean over its targets, clips the gradient and moves the weights. At the end of
    each epoch, or every `evaluate_every` steps and at the very end, the model is scored on the validation data. When a
    `Step` is yielded, the trainer holds the state after it, ready to be saved; a trainer restored from there goes on with
    the next step.

    Raises:
        TrainingError: the loss or the gradient is not finite, and the weights are those before the step; or a validation
            score is not.
    """
    settings, progress = trainer.settings, trainer.progress
    n_steps = settings.epochs * task.n_steps
    started = time.perf_counter() - progress.seconds
    while progress.epoch < settings.epochs:
        optimizers.freeze(trainer.model, settings, progress.epoch)
        for batch in itertools.islice(task.batches(progress.epoch), progress.position, None):
            lr = settings.lr * schedules.factor(settings, progress.step, n_steps, task.n_steps, progress.n_falls)
            trainer.model.train()
            loss = task.loss(trainer.model, batch, progress.carried)
            mean = loss.nats / loss.n_targets
            norm = _move(trainer, mean, lr)
            epoch, epoch_loss = progress.epoch + 1, _advance(progress, loss, task.n_steps)
            ended = progress.position == 0
            scores, improved = None, False
            if _is_due(settings, progress, ended):
                scores = task.evaluate(trainer.best_model)
                _check_finite(scores.figure, "validation score", progress.step, settings)
                improved = _note(progress, scores, settings)
            progress.seconds = time.perf_counter() - started
            figures = (mean.item(), epoch_loss, loss.n_targets, lr, norm, scores, improved)
            yield Step(progress.step, epoch, *figures, settings.epochs)


def _is_due(settings: Training, progress: Progress, epoch_ended: bool) -> bool:
    """Whether a validation comes after this step; one always comes after the last."""
    if settings.evaluate_every is None or progress.epoch == settings.epochs:
        return epoch_ended
    return progress.step % settings.evaluate_every == 0


def _advance(progress: Progress, loss: Loss, n_epoch: int) -> float:
    """Count one more step; returns the mean loss of its epoch so far."""
    progress.step += 1
    progress.position += 1
    progress.epoch_nats += loss.nats.item()
    progress.epoch_targets += loss.n_targets
    progress.carried = loss.carried
    epoch_loss = progress.epoch_nats / progress.epoch_targets
    if progress.position == n_epoch:
        progress.epoch += 1
        progress.position, progress.epoch_nats, progress.epoch_targets, progress.carried = 0, 0.0, 0, None
    return epoch_loss


def _move(trainer: Trainer, mean: Tensor, lr: float) -> float:
    """One step of the optimizers down the gradient of the mean loss; returns the gradient's norm before clipping."""
    settings, step = trainer.settings, trainer.progress.step + 1
    for optimizer in trainer.optimizers:
        optimizer.zero_grad()
    _check_finite(mean.item(), "loss", step, settings)
    mean.backward()  # type: ignore[no-untyped-call]
    weights = [weight for weight in trainer.model.parameters() if weight.grad is not None]
    if settings.l1:
        for weight in weights:
            if weight.dim() > 1 and weight.grad is not None:
                weight.grad.add_(weight.detach().sign(), alpha=settings.l1)
    norm = _clip(weights, settings)
    _check_finite(norm, "gradient", step, settings)
    for optimizer in trainer.optimizers:
        for group in optimizer.param_groups:
            group["lr"] = lr * group["scale"]
        optimizer.step()
    if trainer.averaged is not None:
        trainer.averaged.update_parameters(trainer.model)
    return norm


def _clip(weights: list[nn.Parameter], settings: Training) -> float:
    """Clip the gradients by global norm (Pascanu et al. 2013) and by value; returns the norm before both."""
    for weight in weights:
        if weight.grad is not None and weight.grad.is_sparse:
            weight.grad = weight.grad.coalesce()  # what is clipped below is then the gradient itself, not a copy
    gradients = [weight.grad for weight in weights if weight.grad is not None]
    values = [g.values() if g.is_sparse else g for g in gradients]
    norm = float(nn.utils.get_total_norm(values))
    if settings.clip and norm > settings.clip:
        for gradient in gradients:
            gradient.mul_(settings.clip / norm)
    if settings.clip_value:
        for value in values:
            value.clamp_(-settings.clip_value, settings.clip_value)
    return norm


def _check_finite(value: float, what: str, step: int, settings: Training) -> None:
    if not math.isfinite(value):
        advice = f"a smaller --lr than {settings.lr:g}" + ("" if settings.clip else ", --clip 1")
        raise TrainingError(f"the {what} is {value} at step {step}: try {advice}, or more --warmup steps")


def _note(progress: Progress, scores: Scores, settings: Training) -> bool:
    """Count a validation score; True where it is the best so far."""
    found = scores.figure, scores.at_ties if isinstance(scores, DecidesTies) else math.inf
    improved = found < (progress.best, progress.best_at_ties)
    if improved:
        progress.best, progress.best_at_ties = found
    progress.n_without_gain = 0 if improved else progress.n_without_gain + 1
    progress.n_on_plateau = 0 if improved else progress.n_on_plateau + 1
    if progress.n_on_plateau >= settings.decay_every:
        progress.n_falls += 1
        progress.n_on_plateau = 0
    return improved
