"""Training a network: gradient descent, with a log, checkpoints and the best weights kept on the way."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch
from torch import nn

from seqlab import precision, weights
from seqlab.config import Experiment, LanguageModelling, Translation
from seqlab.config.classification import BAGS, NOT_RECURRENT
from seqlab.device import available
from seqlab.errors import ConfigError
from seqlab.modeldir import BEST, WEIGHTS, writing
from seqlab.tasks import TASKS
from seqlab.tasks.base import NetworkTask, Scores
from seqlab.training import checkpoint, optimizers, tensorboard
from seqlab.training.fit import Trainer, fit
from seqlab.training.interrupt import Interrupted, Interrupts
from seqlab.training.log import LOG, Log
from seqlab.training.watcher import Watcher
from seqlab.training.ways import Outcome
from seqlab.wording import counted

CHECKPOINT = "train/checkpoint.safetensors"
"""Where it stands in a model directory."""


@runtime_checkable
class ScoresTraining(Protocol):
    """A task that also scores a trained model on what it was trained on."""

    def training_scores(self, model: nn.Module) -> dict[str, Any]:
        """The figures by name; none where training and validation are the same."""


@runtime_checkable
class ScoresUse(Protocol):
    """A task whose trained model is used otherwise than it is validated, and is to be scored as it is used."""

    def scores_in_use(self, model: nn.Module) -> Scores:
        """The scores of a model on the validation data."""


def check(config: Experiment) -> None:
    """Refuse an optimizer, a device or a precision that cannot be had here.

    Raises:
        ConfigError: with what to do.
    """
    optimizers.check(config.training)
    if config.training.tensorboard:
        tensorboard.check()
    device = available(config.training.device)
    if isinstance(config, LanguageModelling | Translation):
        precision.check(config.network.precision, device)
    sparse = config.training.optimizer == "sparse-adam"
    if sparse and not isinstance(config, LanguageModelling) and config.model not in BAGS:
        raise ConfigError(
            "training.optimizer: sparse-adam is for language models and for bags of n-grams; take another, such as adam"
        )
    if config.training.optimizer == "muon" and config.model in NOT_RECURRENT:
        raise ConfigError(f"training.optimizer: {optimizers.NEEDS['muon']}")


def check_text(config: Experiment, folder: Path) -> None:
    """Refuse data that are too few, and settings or files of vectors that do not fit the network.

    Raises:
        DataError, ConfigError: with what to do.
    """
    task = TASKS[config.task].network_task(config, folder, "cpu")
    if not isinstance(config, LanguageModelling):
        with _own_random(config.seed, "cpu"):
            task.build()


def can_go_on(folder: Path) -> bool:
    """Whether there is a checkpoint."""
    return (folder / CHECKPOINT).exists()


def train(
    config: Experiment,
    folder: Path,
    output: Path,
    watcher: Watcher,
    *,
    resumed: bool = False,
    finished: bool = False,
) -> Outcome:
    """Train on the text prepared in a folder, and write the best weights there.

    `resumed` goes on from the checkpoint in the folder, `finished` says that it is one of a finished model: its patience
    begins anew.
    """
    training, device = config.training, available(config.training.device)
    task = TASKS[config.task].network_task(config, folder, device)
    with _own_random(config.seed, device), writing(folder):
        trainer = Trainer(task.build(), training)
        if resumed and can_go_on(folder):
            checkpoint.restore(trainer, folder / CHECKPOINT)
        if trainer.progress.step > training.epochs * task.n_steps:
            raise ConfigError(f"epochs: {training.epochs} are done already, and more; give more to go on")
        if finished:
            trainer.progress.n_without_gain = 0
        _tell(watcher, trainer, task)
        _descend(trainer, task, folder, output, watcher)
        return _outcome(trainer, task, folder)


def _tell(watcher: Watcher, trainer: Trainer, task: NetworkTask) -> None:
    """Say what is trained on what."""
    n_epochs, n_steps, done = trainer.settings.epochs, trainer.settings.epochs * task.n_steps, trainer.progress.step
    runs_on = ", ".join(dict.fromkeys(task.runs_on(trainer.model)))
    watcher.told("data", task.summary())
    watcher.told("network", f"{_n_parameters(trainer):,} parameters, {runs_on} on {task.device}")
    for note in task.notes:
        watcher.noted(note)
    going_on = f", going on after step {done:,}" if done else ""
    watcher.told("training", f"{counted(n_steps, 'step')} in {counted(n_epochs, 'epoch')}{going_on}")
    watcher.started(task.unit, n_steps, done)


def _descend(trainer: Trainer, task: NetworkTask, folder: Path, output: Path, watcher: Watcher) -> None:
    """All steps, and what is kept of them."""
    training, saved = trainer.settings, trainer.progress.step
    logs: list[Log | tensorboard.Board] = [Log(folder / LOG, saved)]
    if training.tensorboard:
        logs.append(tensorboard.Board(folder / tensorboard.BOARD, saved))
    try:
        with Interrupts() as interrupts:
            for step in fit(trainer, task) if not _patience_is_out(trainer) else ():
                for log in logs:
                    log.add(step, trainer.progress.seconds)
                watcher.stepped(step)
                if step.improved:
                    weights.save(trainer.best_model, folder / BEST)
                stop = interrupts.requested
                if step.scores is not None or step.step % training.checkpoint_every == 0 or stop:
                    checkpoint.save(trainer, folder / CHECKPOINT)
                    saved = step.step
                if stop:
                    raise Interrupted(
                        f"stopped after step {step.step}; go on with: seqlab train {task.config.task} -o {output} --resume"
                    )
                if _patience_is_out(trainer):
                    waited = counted(trainer.progress.n_without_gain, "validation")
                    watcher.noted(f"no better score in {waited}: stopped; the best are kept")
                    break
    finally:
        for log in logs:
            log.close()
    if saved < trainer.progress.step:
        checkpoint.save(trainer, folder / CHECKPOINT)


def _patience_is_out(trainer: Trainer) -> bool:
    patience = trainer.settings.patience
    return patience is not None and trainer.progress.n_without_gain >= patience


def _n_parameters(trainer: Trainer) -> int:
    return sum(weight.numel() for weight in trainer.model.parameters())


def _outcome(trainer: Trainer, task: NetworkTask, folder: Path) -> Outcome:
    """Score the best weights and write them into the folder."""
    model = trainer.best_model
    if (folder / BEST).exists():
        weights.load(model, folder / BEST)
    weights.save(model, folder / WEIGHTS)
    reached_in_use = task.scores_in_use(model) if isinstance(task, ScoresUse) else task.evaluate(model)
    scores = reached_in_use.to_dict() | {"floors": task.floors()}
    if isinstance(task, ScoresTraining) and (reached := task.training_scores(model)):
        scores["training"] = reached
    training = {
        "steps": trainer.progress.step,
        "epochs": trainer.progress.epoch,
        "seconds": round(trainer.progress.seconds, 1),
        "device": task.device,
        "n_parameters": _n_parameters(trainer),
        "runs_on": task.runs_on(model),
        "sizes": task.sizes,
        **task.facts(),
    }
    return Outcome(scores, training)


@contextmanager
def _own_random(seed: int, device: str) -> Iterator[None]:
    """Torch's generators, seeded for this training and afterwards as they were before."""
    with torch.random.fork_rng(devices=[device] if device.startswith("cuda") else []):
        torch.manual_seed(seed)
        yield
