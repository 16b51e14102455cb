"""Cross-validation of a text classifier: each text is scored by a model that has not seen it (Stone 1974).

A model is trained for each fold, on the texts of the others, as the one that is kept is trained on all of them: nothing
else is held out, and the last weights count. The texts of a fold have no say in anything of the model that scores them.
"""

import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqlab import modeldir
from seqlab.config import NETWORKS, Classification
from seqlab.config.classification import AT_THE_END
from seqlab.errors import ConfigError, DataError
from seqlab.tasks import classify, classify_folds, classify_report, labelled_kept
from seqlab.tasks.classify_folds import Folds, Scored
from seqlab.tasks.labelled_kept import Example
from seqlab.training.interrupt import Interrupted
from seqlab.training.watcher import HowFar, Watcher
from seqlab.training.ways import Outcome

KEPT = "train/folds.json"
"""Where what the folds have come to stands in a model directory."""
Train = Callable[..., Any]
"""`seqlab.training.experiment.run`."""


def cross_validate(
    config: Classification,
    records: Iterable[Any],
    validation: Iterable[Any] | None,
    output: Path,
    watcher: Watcher,
    train: Train,
) -> tuple[Classification, Folds]:
    """Train and score a model for each fold, in a folder beside the output that is removed in the end.

    Returns:
        the settings for the model of all texts, and what the folds have come to.

    Raises:
        ConfigError: there are texts to validate on, too. DataError: too few texts. Interrupted: Ctrl-C; nothing is kept.
    """
    if validation is not None:
        raise ConfigError("data.folds: each text is held out once, so give no validation; leave out one of both")
    config, n_folds = _without_validation(config), config.data.folds
    examples, _, _ = labelled_kept.divided(config, records, None)
    held = classify_folds.parts(examples, n_folds, config.seed)
    _note_rare(examples, n_folds, watcher)
    folder = modeldir.training_folder(output).with_name(f".{output.name}.folds")
    scored = []
    with _removed(folder):
        for number, rows in enumerate(held, start=1):
            with _named(f"fold {number} of {n_folds}"):
                scored.append(_fold(config, examples, rows, folder / str(number), watcher, train))
            shutil.rmtree(folder, ignore_errors=True)
            watcher.told("fold", f"{number} of {n_folds}: {classify_report.brief(scored[-1].scores)}")
    watcher.told("all texts", f"the model that is kept is trained on all {len(examples):,}, and scored by the folds")
    return config, classify_folds.together(config, examples, held, scored)


def _without_validation(config: Classification) -> Classification:
    """The settings of a training that holds nothing out and keeps the last weights."""
    update: dict[str, Any] = {"data": config.data.model_copy(update={"validation_share": 0.0})}
    if config.model in NETWORKS:
        update["training"] = config.training.model_copy(update={"evaluate_every": AT_THE_END})
    return config.model_copy(update=update)


def _fold(
    config: Classification,
    examples: Sequence[Example],
    rows: NDArray[np.int64],
    folder: Path,
    watcher: Watcher,
    train: Train,
) -> Scored:
    """Train a model on all texts but those of some rows, and score it on these."""
    data = config.data.model_copy(update={"folds": 0, "limit": None})
    config = config.model_copy(update={"data": data})
    own = set(rows.tolist())
    others = [example for number, example in enumerate(examples) if number not in own]
    held = [examples[number] for number in rows.tolist()]
    model = train(config.model_copy(update={"baseline": False}), others, None, folder, watcher=HowFar(watcher))
    return classify_folds.scored(config, model, others, held)


def _note_rare(examples: Sequence[Example], n_folds: int, watcher: Watcher) -> None:
    counts = Counter(label for example in examples for label in example.labels)
    if few := [label for label, count in sorted(counts.items()) if count < n_folds]:
        watcher.noted(
            f"of {classify.listed(few)} there are fewer texts than the {n_folds} folds: not every fold has one to score"
        )


@contextmanager
def _removed(folder: Path) -> Iterator[None]:
    """A folder that is gone before and after, whatever happens."""
    shutil.rmtree(folder, ignore_errors=True)
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _named(fold: str) -> Iterator[None]:
    """Failures within this context name the fold, and Ctrl-C says that nothing is left to go on with."""
    try:
        yield
    except (Interrupted, KeyboardInterrupt):
        raise Interrupted(f"stopped in {fold}; nothing of the folds is kept, so begin anew") from None
    except DataError as error:
        raise DataError(f"{fold}: {error}") from None


def keep(folds: Folds, folder: Path) -> None:
    """Write down in a training folder what the folds have come to."""
    modeldir.write_json(folder / KEPT, folds._asdict())


def with_folds(outcome: Outcome, folder: Path) -> Outcome:
    """What a training has come to, with what `keep` has left in its folder beside: the scores as `folds`, and the
    temperature, which the texts that a model has been trained on cannot tell."""
    if not (folder / KEPT).exists():
        return outcome
    kept = modeldir.read_json(folder / KEPT)
    with modeldir.figures_read(folder):
        scores, temperature = dict(kept["scores"]), float(kept["temperature"])
    return Outcome(outcome.scores | {"folds": scores}, outcome.training | {"temperature": temperature})
