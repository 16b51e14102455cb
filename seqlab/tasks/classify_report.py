"""The scores of a text classifier as one reads them."""

from typing import Any

from seqlab.tasks import gap
from seqlab.tasks.base import Table
from seqlab.tasks.scored_on import FOLDS, SEEN, scored_on
from seqlab.tasks.sentence_report import share
from seqlab.wording import counted

MOST_CLASSES = 30
"""Up to how many classes the matrix of confusions is shown whole."""
UNCALIBRATED = "nats and ECE are those before calibration"
_SEEN = "nothing was held out: these figures are of the texts it is trained on, and no scores"


def table(scores: dict[str, Any]) -> Table:
    """The model and the floors, by their figures; or the folds, where it is cross-validated."""
    if scored_on(scores) == FOLDS:
        return _of_folds(scores)
    heads, names = zip(*figures(scores), strict=True)
    models = [("this model", scores), *((f"{name} floor", floor) for name, floor in scores["floors"].items())]
    rows = [(model, *(share(reached[name]) for name in names)) for model, reached in models]
    remarks = [_SEEN] if scored_on(scores) == SEEN else [*_remarks(scores), *_before_calibration(scores)]
    return Table((counted(scores["n_texts"], "text"), *heads), rows, remarks)


def lines(scores: dict[str, Any]) -> list[tuple[str, str]]:
    """The same as lines under names."""
    if scored_on(scores) == FOLDS:
        return _lines_of_folds(scores)
    if scored_on(scores) == SEEN:
        return [("on what it has seen", f"{brief(scores)}: nothing was held out, so no score")]
    return [
        ("validation", brief(scores)),
        ("", counted(scores["n_texts"], "text")),
        *((f"{name} floor", brief(floor)) for name, floor in scores["floors"].items()),
        *_of_training(scores),
    ]


def _of_training(scores: dict[str, Any]) -> list[tuple[str, str]]:
    """What was reached on training texts, and what follows from it."""
    remark = gap.remark(scores)
    if remark is None:
        return []
    training, (head, name) = scores["training"], figures(scores)[0]
    reached = f"{head} {share(training[name])}, {counted(training['n_texts'], 'text')}"
    return [("training texts", reached), ("fit", remark.partition(": ")[2].partition(";")[0])]


def _of_folds(scores: dict[str, Any]) -> Table:
    """A row a fold, their mean and spread, all texts together, and the means of the floors."""
    folds, shown = scores["folds"], figures(scores)[:2]
    n_folds, pooled = len(folds["n_texts"]), folds["pooled"]
    rows = [
        (f"fold {k + 1}, {counted(folds['n_texts'][k], 'text')}", *(share(folds[name][k]) for _, name in shown))
        for k in range(n_folds)
    ]
    means = [("mean", folds["mean"]), ("spread", folds["spread"]), ("all texts together", pooled)]
    means += [(f"{name} floor, mean", floor["mean"]) for name, floor in folds["floors"].items()]
    rows += [(head, *(share(values[name]) for _, name in shown)) for head, values in means]
    remarks = [
        "spread: the sample standard deviation over the folds",
        *_remarks(pooled),
        f"the model that is kept is trained on all texts; on these it has {brief(scores)}, which is no score",
        *filter(None, [gap.remark(scores)]),
    ]
    return Table((f"{pooled['n_texts']:,} texts in {n_folds} folds", *(head for head, _ in shown)), rows, remarks)


def _lines_of_folds(scores: dict[str, Any]) -> list[tuple[str, str]]:
    folds = scores["folds"]
    mean, spread = folds["mean"], folds["spread"]
    said = [f"{head} {share(mean[name])} (spread {share(spread[name])})" for head, name in figures(scores)[:2]]
    return [
        ("cross-validated", ", ".join(said)),
        ("", f"{len(folds['n_texts'])} folds of {folds['pooled']['n_texts']:,} texts, by models of the others"),
        ("on what it has seen", f"{brief(scores)}: of the texts it is trained on, so no score"),
        *((f"{name} floor", brief(floor["mean"])) for name, floor in folds["floors"].items()),
    ]


def brief(scores: dict[str, Any]) -> str:
    """The figures that matter most, in a few words."""
    return ", ".join(f"{head} {share(scores[name])}" for head, name in figures(scores)[:2])


def figures(scores: dict[str, Any]) -> list[tuple[str, str]]:
    """The heads and the names of the figures that are shown, the one that counts most first."""
    if gap.figure_of(scores) == "accuracy":
        return [("accuracy", "accuracy"), ("macro F1", "macro_f1"), ("nats a text", "nats"), ("ECE", "ece")]
    return [
        ("micro F1", "micro_f1"),
        ("macro F1", "macro_f1"),
        ("exact match", "exact_match"),
        ("Hamming loss", "hamming_loss"),
    ]


def _before_calibration(scores: dict[str, Any]) -> list[str]:
    """Which figures are others in use, where the probabilities are divided by what was fitted on these very texts."""
    if gap.figure_of(scores) != "accuracy":
        return []
    return [f"{UNCALIBRATED}, which is fitted on these texts; seqlab evaluate shows those after it"]


def _remarks(scores: dict[str, Any]) -> list[str]:
    """The interval of the accuracy, and the gap between training and validation."""
    said = []
    if "interval" in scores:
        low, high = map(share, scores["interval"])  # strokes where texts with no label at all were drawn
        said.append(f"the 95 % interval of the {figures(scores)[0][0]}, by bootstrap over the texts: {low} to {high}")
    if (fit := gap.remark(scores)) is not None:
        said.append(fit)
    if scores.get("n_unseen"):
        found = counted(scores["n_unseen"], "text has", "texts have")
        said.append(f"{found} a label that training never saw, which counts as missed")
    return said
