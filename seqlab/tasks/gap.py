"""The gap between training and validation: has a classifier learned too little, or its training texts by heart? No torch.

>>> verdict(0.99, 0.85, 0.80).partition(":")[0]
'overfitting'
>>> verdict(0.62, 0.61, 0.70).partition(":")[0]
'underfitting'
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from seqlab.metrics.classification import ClassificationScores, figure_or_none
from seqlab.metrics.multi_label import MultiLabelScores
from seqlab.tasks.classifier import Classifier
from seqlab.tasks.labelled_kept import Example

MOST_TEXTS = 10_000
"""How many training texts are scored at most."""
WIDE, TIMES, VERY_WIDE = 0.05, 2.0, 0.1
"""From which gap on, together with how many times the errors, validation is far worse than training; and from which gap on
whatever the errors."""
NARROW = 0.02
"""Up to which gap a model knows its training texts hardly better than others."""


def training_scores(classifier: Classifier, examples: Sequence[Example], seed: int) -> dict[str, Any]:
    """What a trained classifier reaches on texts that it was trained on; up to `MOST_TEXTS`, drawn by the seed."""
    if len(examples) > MOST_TEXTS:
        drawn = np.random.default_rng([seed, 4]).choice(len(examples), MOST_TEXTS, replace=False)
        examples = [examples[number] for number in np.sort(drawn).tolist()]
    found = classifier.evaluate(examples)
    return {found.DECIDING: figure_or_none(getattr(found, found.DECIDING)), "n_texts": len(examples)}


def figure_of(scores: dict[str, Any]) -> str:
    """The name of the figure that is compared: accuracy, or micro F1 where a text may have several labels."""
    return ClassificationScores.DECIDING if ClassificationScores.DECIDING in scores else MultiLabelScores.DECIDING


def highest_floor(scores: dict[str, Any]) -> tuple[str, float] | None:
    """The floor that is the highest, its name and figure; None where there are no floors."""
    name, folds = figure_of(scores), scores.get("folds")
    floors = {floor: own["mean"] for floor, own in folds["floors"].items()} if folds else scores.get("floors", {})
    figures = [(floor, float(reached[name] or 0.0)) for floor, reached in floors.items()]
    return max(figures, key=lambda named: named[1], default=None)


def remark(scores: dict[str, Any]) -> str | None:
    """The three figures side by side and the verdict on them, in one line; None where training was not scored.

    Of a cross-validation these are what the model that is kept reaches on all texts, on which it was trained, and the means
    over the folds.
    """
    name, folds = figure_of(scores), scores.get("folds")
    if folds:
        training, validation, called = scores[name], folds["mean"][name], "folds, mean"
    else:
        training, validation, called = scores.get("training", {}).get(name), scores.get(name), "validation"
    if training is None or validation is None:
        return None
    floor = highest_floor(scores)
    beside = f", {floor[0]} floor {floor[1]:.4f}" if floor else ""
    judged = verdict(training, validation, floor[1] if floor else None)
    return f"training {training:.4f}, {called} {validation:.4f}{beside}: {judged}"


def verdict(training: float, validation: float, baseline: float | None = None) -> str:
    """Say whether a model underfits or overfits, and what may help.

    The rules, the first that holds:

    1. underfitting: training is below the baseline, so that not even the texts it was trained on are known as well as a
       simple model knows new ones;
    2. overfitting: validation is lower than training by `VERY_WIDE` or more, or by `WIDE` or more with at least `TIMES` as
       many errors;
    3. underfitting: the gap is at most `NARROW` and validation is not above the baseline;
    4. neither.

    Args:
        training, validation: accuracies, or F1, from 0 to 1; the higher, the better.
        baseline: the same of a simple model on the validation texts; None where there is none.
    """
    gap = round(training - validation, 9)
    beaten = baseline is None or validation > baseline
    if baseline is not None and training < baseline:
        return (
            "underfitting: it knows its own training texts less well than the floor knows new ones; train longer, with a "
            "higher learning rate, or give the model more room"
        )
    if gap >= VERY_WIDE or (gap >= WIDE and 1 - validation >= TIMES * (1 - training)):
        worth = "" if baseline is None else " though it beats the floor" if beaten else " and does not beat the floor"
        return (
            f"overfitting: it knows its training texts far better than new ones{worth}; more texts, more dropout, weight "
            "decay or fewer epochs may help"
        )
    if gap <= NARROW and not beaten:
        return (
            "underfitting: it knows its training texts hardly better than new ones and does not beat the floor; train "
            "longer, or give the model more room"
        )
    worth = "" if baseline is None else ", and it beats the floor" if beaten else ", but it does not beat the floor"
    apart = (
        "training and validation lie close together" if gap < WIDE else "training is somewhat better than validation"
    )
    return f"neither under- nor overfitting: {apart}{worth}"
