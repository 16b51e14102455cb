"""The folds of cross-validation: which texts each has, and the figures of all of them together. No torch."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqlab.config import Classification
from seqlab.errors import DataError
from seqlab.metrics.calibration import fit_temperature
from seqlab.metrics.classification import ClassificationScores
from seqlab.metrics.multi_label import MultiLabelScores
from seqlab.tasks import classify, classify_floors, classify_report, labelled_kept
from seqlab.tasks.classifier import Classifier, Floats
from seqlab.tasks.labelled_kept import Example
from seqlab.wording import counted


class Folds(NamedTuple):
    """What cross-validation has come to."""

    scores: dict[str, Any]
    """For the figures of each fold a list under their names, their `mean` and their `spread` (sample standard deviation)
    by name; `n_texts` of each; which `model` it is; `pooled`, the scores of all texts together; and `floors`, the same
    figures of simple models by their names."""
    temperature: float
    """That of the log-probabilities of all texts together (Guo et al. 2017)."""


class Scored(NamedTuple):
    """What a model has found of the texts of a fold."""

    labels: tuple[str, ...]
    """The K labels that it can give."""
    log_probs: Floats
    """(N, K) not calibrated."""
    scores: dict[str, Any]
    floors: dict[str, Any]
    """The scores of simple models of the same texts, by their names."""


def parts(examples: Sequence[Example], n_folds: int, seed: int) -> list[NDArray[np.int64]]:
    """The numbers of the texts of each fold, in their order: each text is in one, drawn by the seed.

    Folds differ by at most one text of each set of labels, and by at most one in all.

    Raises:
        DataError: there are fewer texts than folds.
    """
    if len(examples) < n_folds:
        few = counted(len(examples), "text is", "texts are")
        raise DataError(f"{few} too few for {n_folds} folds: give more texts, or fewer folds")
    drawn = np.concatenate(labelled_kept.stratified(examples, seed))
    return [np.sort(drawn[first::n_folds]) for first in range(n_folds)]


def scored(config: Classification, model: Classifier, train: Sequence[Example], held_out: Sequence[Example]) -> Scored:
    """Score a model, and the floors, on the texts of a fold.

    Args:
        config: as that of the model, but with `baseline` as it is wanted here.
        train: what it has been trained on. held_out: the fold.
    """
    log_probs = model.log_probs([example.text for example in held_out], calibrated=False)
    floors = classify_floors.floors(config, model.labels, model.text, train, held_out)
    return Scored(model.labels, log_probs, model.score_of(held_out, log_probs).to_dict(), floors)


def together(
    config: Classification, examples: Sequence[Example], held: Sequence[NDArray[np.int64]], scored: Sequence[Scored]
) -> Folds:
    """The figures of all folds, and those of all texts; `held` says which texts each fold has."""
    labels = sorted({label for example in examples for label in example.labels})
    log_probs = np.full((len(examples), len(labels)), -np.inf)  # a label that a model has not seen it never gives
    for rows, fold in zip(held, scored, strict=True):
        columns = np.array([labels.index(label) for label in fold.labels])
        log_probs[np.ix_(rows, columns)] = fold.log_probs
    pooled: ClassificationScores | MultiLabelScores
    temperature = 1.0
    if config.data.multi_label:
        pooled = MultiLabelScores.of([example.labels for example in examples], np.exp(log_probs), labels)
    else:
        pooled = ClassificationScores.of([example.labels[0] for example in examples], log_probs, labels)
        true = classify.targets(examples, labels)
        known = np.isfinite(log_probs[np.arange(len(true)), true])
        temperature = fit_temperature(log_probs[known], true[known], pseudo_count=1) if known.any() else 1.0
    scores = {
        "n_texts": [len(rows) for rows in held],
        "model": config.model,
        **_figures([fold.scores for fold in scored]),
        "pooled": pooled.to_dict(),
        "floors": {name: _figures([fold.floors[name] for fold in scored]) for name in _in_all(scored)},
    }
    return Folds(scores, temperature)


def _in_all(scored: Sequence[Scored]) -> list[str]:
    """The simple models that each fold has."""
    return [name for name in scored[0].floors if all(name in fold.floors for fold in scored)]


def _figures(folds: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The two figures that matter most, of each fold, and their mean and spread; None over nothing."""
    values = {name: [fold[name] for fold in folds] for _, name in classify_report.figures(folds[0])[:2]}
    known = {name: [value for value in column if value is not None] for name, column in values.items()}
    return values | {
        "mean": {name: float(np.mean(column)) if column else None for name, column in known.items()},
        "spread": {name: float(np.std(column, ddof=1)) if len(column) > 1 else None for name, column in known.items()},
    }
