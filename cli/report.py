"""What a report on a classifier tells, gathered before any of it is laid out."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from seqlab.metrics.calibration import ReliabilityBin, expected_calibration_error, reliability, with_temperature
from seqlab.metrics.classification import ClassificationScores
from seqlab.metrics.multi_label import MultiLabelScores
from seqlab.modeldir import ModelDirectory, open_directory
from seqlab.tasks.classifier import Classifier, Floats
from seqlab.tasks.labelled_kept import examples_of
from seqlab.tasks.mistakes import Mistake, mistakes

LOG = Path("train/log.jsonl")
"""Where the steps of a training stand in a model directory."""


class Calibration(NamedTuple):
    """How far the probabilities can be believed."""

    temperature: float
    """What the log-probabilities are divided by."""
    before: float
    """Expected calibration error without the temperature,"""
    after: float
    """and with it."""
    bins: list[ReliabilityBin]
    """With the temperature: of texts, the probability of the predicted class and the share that is right; where a text may
    have several labels, of each label of each text, its probability and the share that has it."""


@dataclass(frozen=True)
class Report:
    """Everything on the page."""

    directory: ModelDirectory
    """The run."""
    corpora: tuple[str, ...]
    """What was predicted and scored."""
    multi_label: bool
    labels: tuple[str, ...]
    scores: dict[str, Any]
    """On the corpora, as `seqlab evaluate` prints them."""
    calibration: Calibration
    steps: list[dict[str, Any]]
    """Of the training, where it has gone step by step; see `seqlab.training.log`."""
    mistakes: list[Mistake]
    n_mistakes: int
    """How many there are in all."""


def gathered(run: Path, model: Classifier, records: Sequence[Any], corpora: Sequence[str], n: int) -> Report:
    """Predict and score the records, and bring together what else is known of the run; up to n mistakes are explained.

    Raises:
        DataError: there is no record, or one is no labelled text.
    """
    examples = examples_of(records, multi_label=model.multi_label)
    log_probs = model.log_probs([example.text for example in examples], calibrated=False)
    calibrated = log_probs if model.temperature == 1.0 else with_temperature(log_probs, model.temperature)
    scores, probabilities = model.score_of(examples, calibrated), np.exp(calibrated)
    surest, n_mistakes = mistakes(model, examples, probabilities, n, [record.source for record in records])
    return Report(
        directory=open_directory(run),
        corpora=tuple(corpora),
        multi_label=model.multi_label,
        labels=model.labels,
        scores=scores.to_dict(),
        calibration=_calibration(scores, np.exp(log_probs), probabilities, model.temperature),
        steps=_steps(run),
        mistakes=surest,
        n_mistakes=n_mistakes,
    )


def _calibration(
    scores: ClassificationScores | MultiLabelScores, raw: Floats, calibrated: Floats, temperature: float
) -> Calibration:
    """From the probabilities (N, K) without and with the temperature."""
    if isinstance(scores, MultiLabelScores):
        right = scores.true[:, : len(scores.labels)].ravel()
        before, after = raw.ravel(), calibrated.ravel()
    else:
        right = scores.correct
        before, after = raw.max(1), calibrated.max(1)
    before, after = np.minimum(before, 1.0), np.minimum(after, 1.0)
    raw_error, error = (expected_calibration_error(confidences, right) for confidences in (before, after))
    return Calibration(temperature, raw_error, error, reliability(after, right))


def _steps(run: Path) -> list[dict[str, Any]]:
    if not (run / LOG).is_file():
        return []
    from seqlab.training.log import read

    return read(run / LOG)
