"""One experiment: from records to a model directory."""

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from seqlab import modeldir
from seqlab.config import Classification, Experiment
from seqlab.errors import ConfigError, DataError, ModelError
from seqlab.modeldir import CONFIG, DATA, writing
from seqlab.resolve import read_toml, resolve
from seqlab.tasks import TASKS, labelled_kept, load
from seqlab.training import card, few_texts, folding, prepared
from seqlab.training.interrupt import Interrupted
from seqlab.training.watcher import Unscored, Unwatched, Watcher
from seqlab.training.ways import Outcome, way


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
) -> Any:
    """Train a model on records and return it, ready to use.

    Args:
        task: "lm", "segment", "tag", "classify" or "translate".
        records: the training data, read several times: texts for "lm", sentences as lists of words for "segment", pairs of
            tokens and tags for "tag", pairs of a text and its label (or labels) for "classify", pairs of a source and its
            target for "translate", or what `open_text`, `open_segmented`, `open_tagged`, `open_labelled` and
            `open_parallel` of `seqlab.corpora` give; or what `open_prepared` of `seqlab.training.prepared` gives.
        validation: likewise; where none is given, a share of the training data is held out, or of "classify" with folds=5
            each text once.
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
    if isinstance(records, prepared.PreparedCorpus):
        resolved = records.experiment(task, tables, changes)
    else:
        resolved = resolve(task, tables, changes)
    if isinstance(records, str | Path) or isinstance(validation, str | Path):
        raise DataError(f'records are a list, or a reader, such as seqlab.corpora.{TASKS[task].reader}(["FILE"])')
    if resolved.data.train:  # these are not what is read
        resolved = resolved.model_copy(update={"data": resolved.data.model_copy(update={"train": ()})})
    if validation is None and resolved.data.validation:
        reader = f"seqlab.corpora.{TASKS[task].reader}"
        raise ConfigError(
            f"data.validation: {', '.join(resolved.data.validation)} is read by the command line only; give the records: "
            "validation=" + reader + "([...])"
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
    config: Experiment,
    records: Iterable[Any],
    validation: Iterable[Any] | None,
    output: Path,
    *,
    overwrite: bool = False,
    watcher: Watcher | None = None,
) -> Any:
    """Train the model that `config` describes into the model directory `output`; see `train`."""
    if validation is not None:  # nothing is held out, and config.json says so
        config = config.model_copy(update={"data": config.data.model_copy(update={"validation_share": 0.0})})
    folder = modeldir.training_folder(output)
    _refuse_taken(output, folder, overwrite)
    config = TASKS[config.task].completed(config)
    trained_by = way(config)
    trained_by.check(config)
    watcher = watcher or Unwatched()
    watcher.reading(config)
    folds = None
    if isinstance(config, Classification) and config.data.folds:
        config, folds = folding.cross_validate(config, records, validation, output, watcher, run)
    new = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    try:
        with writing(new):
            config = _prepared(config, records, validation, new, watcher)
            if folds is not None:
                folding.keep(folds, new)
        trained_by.check_text(config, new)  # what does not fit shows before anything is replaced
        if isinstance(config, Classification) and not labelled_kept.holds_out(new):
            watcher = Unscored(watcher)
        shutil.rmtree(folder, ignore_errors=True)
        new.rename(folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    try:
        outcome = trained_by.train(config, folder, output, watcher)
        return complete(config, outcome, folder, output, watcher)
    except BaseException:
        if not trained_by.can_go_on(folder):
            shutil.rmtree(folder, ignore_errors=True)
        raise


def _prepared(
    config: Experiment, records: Iterable[Any], validation: Iterable[Any] | None, folder: Path, watcher: Watcher
) -> Experiment:
    """Prepare the data in a new folder, and write the settings beside them, with those that follow from the data."""
    (folder / "train").mkdir(parents=True)
    prepared.prepare(config, records, validation, folder)
    if isinstance(config, Classification):
        config, note = few_texts.settled(config, labelled_kept.n_to_train_on(folder))
        if note:
            watcher.noted(note)
    (folder / CONFIG).write_text(config.to_json(), encoding="utf-8", newline="")
    return config


def complete(config: Experiment, outcome: Outcome, folder: Path, output: Path, watcher: Watcher) -> Any:
    """Make the folder of a training that is done a model directory, move it into place and load it."""
    with writing(folder):
        outcome = folding.with_folds(outcome, folder)
        training = outcome.training | {"data": modeldir.fingerprint(folder / DATA)}
        card.write(folder, str(output), config, outcome.scores, training)
        modeldir.seal(folder, config.task, outcome.scores, training)
        modeldir.move_into_place(folder, output)
    watcher.finished(config.task, outcome.scores)
    return load(output, config.training.device)


def _refuse_taken(output: Path, folder: Path, overwrite: bool) -> None:
    modeldir.refuse_other(folder, "train")
    modeldir.refuse_taken(output, overwrite)
    if folder.exists() and not overwrite:
        going_on = "--resume to go on with it, or " if modeldir.has_steps(folder) else ""
        raise ModelError(f"{folder}: an unfinished training of {output}; give {going_on}--overwrite to start anew")
