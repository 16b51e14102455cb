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
LEARN_MORE = {
    "": "train longer, with a higher learning rate, or give the model more room",
    "softmax": "train longer, or with a higher learning rate",
    "ngram": "a higher order may help, or a network",
}
"""What may help a model that has learned too little: by its name where it has fewer settings than the others."""
LEARN_LESS = {
    "": "more texts, more dropout, weight decay or fewer epochs may help",
    "ngram": "more texts, a lower order or a larger background share may help",
}
"""Likewise one that knows its texts by heart."""


def training_scores(classifier: Classifier, examples: Sequence[Example], seed: int) -> dict[str, Any]:
    """What a trained classifier reaches on texts that it was trained on, up to `MOST_TEXTS`, drawn by the seed; and which
    model it is."""
    if len(examples) > MOST_TEXTS:
        drawn = np.random.default_rng([seed, 4]).choice(len(examples), MOST_TEXTS, replace=False)
        examples = [examples[number] for number in np.sort(drawn).tolist()]
    found = classifier.evaluate(examples)
    reached = figure_or_none(getattr(found, found.DECIDING))
    return {found.DECIDING: reached, "n_texts": len(examples), "model": classifier.config.model}


def figure_of(scores: dict[str, Any]) -> str:
    """The name of the figure that is compared: accuracy, or micro F1 where a text may have several labels."""
    return ClassificationScores.DECIDING if ClassificationScores.DECIDING in scores else MultiLabelScores.DECIDING


def highest_floor(scores: dict[str, Any]) -> tuple[str, float] | None:
    """The floor that is the highest, its name and figure; None where there are no floors."""
    return max(_floors(scores), key=lambda named: named[1], default=None)


def _floors(scores: dict[str, Any]) -> list[tuple[str, float]]:
    """The name and the figure of each floor."""
    name, folds = figure_of(scores), scores.get("folds")
    floors = {floor: own["mean"] for floor, own in folds["floors"].items()} if folds else scores.get("floors", {})
    return [(floor, float(reached[name] or 0.0)) for floor, reached in floors.items()]


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
    judged = verdict(
        training,
        validation,
        floor[1] if floor else None,
        at_large=_at_large(scores),
        margin=_margin(scores),
        model=(folds or scores["training"]).get("model", ""),
    )
    return f"training {training:.4f}, {called} {validation:.4f}{beside}: {judged}"


def _at_large(scores: dict[str, Any]) -> float | None:
    """The figure of the floor that looks at no text: the most frequent class, or labels; None where it is not known."""
    return next((reached for floor, reached in _floors(scores) if floor.startswith("most frequent")), None)


def _margin(scores: dict[str, Any]) -> float:
    """By how much two figures of the texts may differ by chance: half of the widest 95 % interval, of the model or a floor.

    The interval of a model that has every text right, or none, has no width. 0 where there is no interval.
    """
    folds = scores.get("folds")
    scored = [folds.get("pooled", {})] if folds else [scores, *scores.get("floors", {}).values()]
    intervals = [own["interval"] for own in scored if None not in own.get("interval", [None])]
    return max(((high - low) / 2 for low, high in intervals), default=0.0)


def verdict(
    training: float,
    validation: float,
    baseline: float | None = None,
    *,
    at_large: float | None = None,
    margin: float = 0.0,
    model: str = "",
) -> str:
    """Say whether a model underfits or overfits, and what may help.

    The rules, the first that holds:

    1. at chance level: neither training nor validation is above what the most frequent class reaches, by more than
       `NARROW` and by more than chance;
    2. underfitting: training is below the baseline beyond chance, so that not even the texts it was trained on are known
       as well as a simple model knows new ones;
    3. overfitting: validation is lower than training by `VERY_WIDE` or more, or by `WIDE` or more with at least `TIMES` as
       many errors;
    4. underfitting: the gap is at most `NARROW` and validation is below the baseline beyond chance;
    5. neither.

    Args:
        training, validation: accuracies, or F1, from 0 to 1; the higher, the better.
        baseline: the same of a simple model on the validation texts; None where there is none.
        at_large: that of giving every text the most frequent class, or labels; None where it is not known.
        margin: by how much two figures of the validation texts may differ by chance.
        model: its name, for what may help.
    """
    gap = round(training - validation, 9)
    to_learn, to_forget = LEARN_MORE.get(model, LEARN_MORE[""]), LEARN_LESS.get(model, LEARN_LESS[""])
    if at_large is not None and training <= at_large + NARROW and validation <= at_large + margin:
        return f"at chance level: it is no better than naming what is the most frequent, whatever the text; {to_learn}"
    if baseline is not None and training < baseline - margin:
        return f"underfitting: it knows its own training texts less well than the floor knows new ones; {to_learn}"
    worth = _worth(validation, baseline, margin)
    if gap >= VERY_WIDE or (gap >= WIDE and 1 - validation >= TIMES * (1 - training)):
        return f"overfitting: it knows its training texts far better than new ones{worth}; {to_forget}"
    if gap <= NARROW and baseline is not None and validation < baseline - margin:
        return f"underfitting: it knows its training texts hardly better than new ones{worth}; {to_learn}"
    better = "hardly" if gap <= NARROW else "somewhat"
    return f"neither under- nor overfitting: it knows its training texts {better} better than new ones{worth}"


def _worth(validation: float, baseline: float | None, margin: float) -> str:
    """How the validation stands to the floor, as the end of a sentence; nothing where there is none."""
    if baseline is None:
        return ""
    if abs(validation - baseline) <= margin:
        return ", and the floor is as good within chance"
    return ", and it beats the floor" if validation > baseline else ", and it does not beat the floor"
