"""One experiment: from records to a model directory."""

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from seqlab import modeldir, precision
from seqlab.config import LanguageModelling
from seqlab.device import available
from seqlab.errors import ConfigError, DataError, ModelError
from seqlab.modeldir import CONFIG, WEIGHTS
from seqlab.resolve import read_toml, resolve
from seqlab.tasks import TASKS, load
from seqlab.tasks.base import Task
from seqlab.tasks.language_model import LanguageModel
from seqlab.training import card, checkpoint, optimizers, tensorboard
from seqlab.training.fit import Trainer, fit
from seqlab.training.interrupt import Interrupted, Interrupts
from seqlab.training.log import LOG, Log
from seqlab.training.watcher import Unwatched, Watcher

BEST, CHECKPOINT = "best.safetensors", "train/checkpoint.safetensors"


def train(
    task: str,
    records: Iterable[Any],
    validation: Iterable[Any] | None = None,
    *,
    output: str | Path | None = None,
    overwrite: bool = False,
    config: str | Path | Mapping[str, Any] | None = None,
    watcher: Watcher | None = None,
    **changes: Any,
) -> LanguageModel:
    """Train a model on records and return it, ready to use.

    Args:
        task: "lm".
        records: the training data: texts, or what `seqlab.corpora.open_text` gives; read several times.
        validation: likewise; where none is given, a share of the training text is held out.
        output: where to leave the model directory; nowhere where not given.
        overwrite: replace a model directory that stands there.
        config: an experiment file, or its tables.
        watcher: who is told how training goes.
        changes: settings over those of `config`, by the names of `seqlab train` (cell="gru", hidden=256, ...).

    Raises:
        ConfigError: unknown or unfitting settings. DataError: unfit data. TrainingError: the loss is not finite.
        ModelError: the output is taken, or cannot be written. Interrupted: Ctrl-C; with an output a checkpoint is saved.
    """
    tables = config if isinstance(config, Mapping) else read_toml(config) if config is not None else {}
    resolved = resolve(task, tables, changes)
    if isinstance(records, str | Path) or isinstance(validation, str | Path):
        raise DataError('records are a list of texts, [text], or a reader: seqlab.corpora.open_text(["FILE"])')
    if resolved.data.train:  # these are not what is read
        resolved = resolved.model_copy(update={"data": resolved.data.model_copy(update={"train": ()})})
    if validation is None and resolved.data.validation:
        raise ConfigError(
            f"data.validation: {', '.join(resolved.data.validation)} is read by the command line only; give the records: "
            "validation=seqlab.corpora.open_text([...])"
        )
    records = list(records) if isinstance(records, Iterator) else records
    validation = list(validation) if isinstance(validation, Iterator) else validation
    if output is not None:
        return run(resolved, records, validation, Path(output), overwrite=overwrite, watcher=watcher)
    try:
        with tempfile.TemporaryDirectory() as folder:
            return run(resolved, records, validation, Path(folder) / "model", watcher=watcher)
    except Interrupted:
        raise Interrupted("stopped; nothing is kept, since no output was given") from None


def run(
    config: LanguageModelling,
    records: Iterable[Any],
    validation: Iterable[Any] | None,
    output: Path,
    *,
    overwrite: bool = False,
    watcher: Watcher | None = None,
) -> LanguageModel:
    """Train the model that `config` describes into the model directory `output`; see `train`."""
    if validation is not None:  # nothing is held out, and config.json says so
        config = config.model_copy(update={"data": config.data.model_copy(update={"validation_share": 0.0})})
    folder = modeldir.training_folder(output)
    _refuse_taken(output, folder, overwrite)
    optimizers.check(config.training)
    if config.training.tensorboard:
        tensorboard.check()
    device = available(config.training.device)
    precision.check(config.network.precision, device)
    watcher = watcher or Unwatched()
    watcher.reading(config)
    new = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    try:
        with writing(new):
            (new / "train").mkdir(parents=True)
            TASKS[config.task].prepare(config, records, validation, new)
            (new / CONFIG).write_text(config.to_json(), encoding="utf-8", newline="")
        TASKS[config.task].open(config, new, device)  # what does not fit shows before anything is replaced
        shutil.rmtree(folder, ignore_errors=True)
        new.rename(folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    try:
        return carry_out(config, TASKS[config.task].open(config, folder, device), folder, output, watcher)
    except BaseException:
        if not (folder / CHECKPOINT).exists():  # there is nothing to go on from
            shutil.rmtree(folder, ignore_errors=True)
        raise


def carry_out(
    config: LanguageModelling,
    task: Task,
    folder: Path,
    output: Path,
    watcher: Watcher,
    *,
    resumed: bool = False,
    finished: bool = False,
) -> LanguageModel:
    """The training proper, from a prepared folder to the finished directory.

    `resumed` goes on from the checkpoint in the folder, `finished` says that it is one of a finished model: its patience
    begins anew.
    """
    training, saved = config.training, 0
    with _own_random(config.seed, available(training.device)), writing(folder):
        trainer = Trainer(task.build(), training)
        if resumed and (folder / CHECKPOINT).exists():
            checkpoint.restore(trainer, folder / CHECKPOINT)
            saved = trainer.progress.step
        if trainer.progress.step > training.epochs * task.n_steps:
            raise ConfigError(f"epochs: {training.epochs} are done already, and more; give more to go on")
        if finished:
            trainer.progress.n_without_gain = 0
        watcher.started(trainer, task)
        logs: list[Log | tensorboard.Board] = [Log(folder / LOG, trainer.progress.step)]
        if training.tensorboard:
            logs.append(tensorboard.Board(folder / tensorboard.BOARD, trainer.progress.step))
        try:
            with Interrupts() as interrupts:
                for step in fit(trainer, task) if not _patience_is_out(trainer) else ():
                    for log in logs:
                        log.add(step, trainer.progress.seconds)
                    watcher.stepped(step)
                    if step.improved:
                        modeldir.save_weights(trainer.best_model, folder / BEST)
                    stop = interrupts.requested
                    if step.scores is not None or step.step % training.checkpoint_every == 0 or stop:
                        checkpoint.save(trainer, folder / CHECKPOINT)
                        saved = step.step
                    if stop:
                        raise Interrupted(
                            f"stopped after step {step.step}; go on with: seqlab train {config.task} -o {output} --resume"
                        )
                    if _patience_is_out(trainer):
                        watcher.noted(f"no better score in {training.patience} validations: stopped; the best are kept")
                        break
        finally:
            for log in logs:
                log.close()
        if saved < trainer.progress.step:
            checkpoint.save(trainer, folder / CHECKPOINT)
        scores = _finish(config, task, trainer, folder, output)
    watcher.finished(scores)
    return load(output, training.device)


def _patience_is_out(trainer: Trainer) -> bool:
    patience = trainer.settings.patience
    return patience is not None and trainer.progress.n_without_gain >= patience


def _finish(config: LanguageModelling, task: Task, trainer: Trainer, folder: Path, output: Path) -> dict[str, Any]:
    """Score the best weights and move the finished model directory into place; returns the scores."""
    model = trainer.best_model
    if (folder / BEST).exists():
        modeldir.load_weights(model, folder / BEST)
    scores = task.evaluate(model).to_dict() | {"floors": task.floors() if config.baseline else {}}
    modeldir.save_weights(model, folder / WEIGHTS)
    training = {
        "steps": trainer.progress.step,
        "epochs": trainer.progress.epoch,
        "seconds": round(trainer.progress.seconds, 1),
        "device": available(config.training.device),
        "n_parameters": sum(weight.numel() for weight in model.parameters()),
        "runs_on": task.runs_on(model),
        "sizes": task.sizes,
        "data": modeldir.fingerprint(folder / "data"),
    }
    card.write(folder, str(output), config, scores, training)
    modeldir.seal(folder, config.task, scores, training)
    modeldir.move_into_place(folder, output)
    (output / BEST).unlink(missing_ok=True)
    shutil.rmtree(output / "data", ignore_errors=True)  # last: until here a failure leaves all that --resume needs
    return scores


def _refuse_taken(output: Path, folder: Path, overwrite: bool) -> None:
    for path, mark in ((output, modeldir.MANIFEST), (folder, "train")):
        if path.exists() and not (path / mark).exists() and (not path.is_dir() or any(path.iterdir())):
            raise ModelError(f"{path}: is there and holds something other than a model; choose another -o")
    if overwrite:
        return
    if (output / modeldir.MANIFEST).exists():
        raise ModelError(f"{output}: holds a model already; give --overwrite to replace it, or another -o")
    if folder.exists():
        raise ModelError(
            f"{folder}: an unfinished training of {output}; give --resume to go on with it, or --overwrite to start anew"
        )


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Failures of the disk within this context name the folder and say what to do."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise ModelError(modeldir.unwritten(folder, error)) from None


@contextmanager
def _own_random(seed: int, device: str) -> Iterator[None]:
    """Torch's generators, seeded for this training and afterwards as they were before."""
    with torch.random.fork_rng(devices=[device] if device.startswith("cuda") else []):
        torch.manual_seed(seed)
        yield
