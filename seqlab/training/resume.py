"""Going on with a training that was stopped, or with a model that is finished."""

import functools
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from seqlab import modeldir
from seqlab.config import NETWORKS, Classification, Experiment
from seqlab.errors import ConfigError, DataError, ModelError
from seqlab.modeldir import BEST, CONFIG, DATA, WEIGHTS, ModelDirectory, read_json, writing
from seqlab.resolve import resolve, settings
from seqlab.tasks import labelled_kept
from seqlab.training import descent, prepared
from seqlab.training.descent import CHECKPOINT
from seqlab.training.experiment import complete
from seqlab.training.watcher import Unscored, Unwatched, Watcher
from seqlab.wording import counted

MAY_CHANGE = ("epochs", "patience", "lr", "clip", "clip_value", "evaluate_every", "checkpoint_every", "device")
AFTER_FOLDS = ("checkpoint_every", "device")
"""What may change where folds have been trained with the other settings, which their figures are of."""


def resume(
    output: str | Path,
    changes: Mapping[str, Any] = MappingProxyType({}),
    *,
    records: Iterable[Any] | None = None,
    validation: Iterable[Any] | None = None,
    watcher: Watcher | None = None,
) -> Any:
    """Go on with a training that was stopped, as if it had not been; or train a finished model for more epochs.

    Args:
        output: the model directory that the training is to leave, or has left.
        changes: settings by name; those in `MAY_CHANGE` may have other values than before.
        records, validation: the data again, for a finished model only: it no longer has them.
        watcher: who is told how training goes.

    Raises:
        ModelError: there is nothing to go on from. ConfigError: a setting that cannot change. DataError: other data.
    """
    output, watcher = Path(output), watcher or Unwatched()
    folder = modeldir.training_folder(output)
    finished = not folder.is_dir()
    if not finished and not (folder / CONFIG).exists():
        raise ModelError(f"{folder}: was stopped before training began; start anew with --overwrite")
    if finished:
        directory = modeldir.open_directory(output)
        saved = directory.config
    else:
        tables = read_json(folder / CONFIG)
        saved = resolve(str(tables.get("task", "lm")), tables, {})
    check(saved, output)
    if finished and _n_folds(saved):
        raise ConfigError(
            f"{output}: its figures are those of {_n_folds(saved)} folds that were trained for as many epochs; to train "
            "for more, begin anew with --overwrite"
        )
    config = _changed(saved, changes)
    descent.check(config)
    if finished:
        _reopen(directory, folder, config, records, validation, watcher)
    else:
        with modeldir.written_beside(folder / CONFIG) as beside:
            beside.write_text(config.to_json(), encoding="utf-8", newline="")
    if config.training.schedule in ("cosine", "one-cycle") and config.training.epochs != saved.training.epochs:
        watcher.noted(
            f"the {config.training.schedule} schedule now covers {config.training.epochs} epochs: the learning rate jumps"
        )
    if isinstance(config, Classification) and not labelled_kept.holds_out(folder):
        watcher = Unscored(watcher)
    outcome = descent.train(config, folder, output, watcher, resumed=True, finished=finished)
    return complete(config, outcome, folder, output, watcher)


def check(config: Experiment, output: Path) -> None:
    """Refuse to go on with what has no steps.

    Raises:
        ConfigError: the model is no network.
    """
    if config.model not in NETWORKS:
        raise ConfigError(
            f"{output}: its model is {config.model}, which is made at one go, so there is nothing to go on with; make it "
            "anew with --overwrite"
        )


def _changed(saved: Experiment, changes: Mapping[str, Any]) -> Experiment:
    """The saved settings with changes over them.

    Raises:
        ConfigError: one that cannot change has another value than before.
    """
    config = resolve(saved.task, saved.model_dump(mode="json"), changes)
    may_change = AFTER_FOLDS if _n_folds(saved) else MAY_CHANGE
    for path, _ in settings(type(saved)):
        before, after = (functools.reduce(getattr, path.split("."), whole) for whole in (saved, config))
        if before != after and path.rpartition(".")[2] not in may_change:
            raise ConfigError(
                f"{path}: is {before!r} and cannot change when training goes on; what can: {', '.join(may_change)}"
            )
    return config


def _n_folds(config: Experiment) -> int:
    return config.data.folds if isinstance(config, Classification) else 0


def _reopen(
    directory: ModelDirectory,
    folder: Path,
    config: Experiment,
    records: Iterable[Any] | None,
    validation: Iterable[Any] | None,
    watcher: Watcher,
) -> None:
    """Make a training folder of a finished model directory again, over the same data."""
    output, training = directory.path, directory.manifest["training"]
    done = training.get("epochs", 0)
    if config.training.epochs <= done:
        epochs = counted(done, "epoch is", "epochs are")
        raise ConfigError(f"{output}: its {epochs} done; to go on, give more: --resume --epochs {2 * done}")
    if not (output / CHECKPOINT).exists():
        raise ModelError(f"{output}: has no {CHECKPOINT} to go on from; copy it back, or train a new model")
    if records is None:
        raise DataError(f"{output}: to train it further its data are needed again: give them, or their paths")
    watcher.reading(config)
    new = folder.with_name(f".{folder.name}")
    shutil.rmtree(new, ignore_errors=True)
    try:
        with writing(new):
            shutil.copytree(output / "train", new / "train")
            prepared.prepare(config, records, validation, new)
            shutil.rmtree(new / "text")  # the model's own stays: a word list may have changed since
            shutil.copytree(output / "text", new / "text")
            shutil.copy(output / WEIGHTS, new / BEST)
            (new / CONFIG).write_text(config.to_json(), encoding="utf-8", newline="")
        if modeldir.fingerprint(new / DATA) != training.get("data"):
            raise DataError(f"{output}: the data are not those it was trained on; train a new model on them")
        new.rename(folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)
