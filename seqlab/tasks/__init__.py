"""Text, model and metric brought together: the only room that knows all three."""

from pathlib import Path

from seqlab import modeldir
from seqlab.tasks import families
from seqlab.tasks.base import TaskRow
from seqlab.tasks.language_model import LanguageModel
from seqlab.tasks.lm import prepare

TASKS: dict[str, TaskRow] = {"lm": TaskRow(prepare, families.load)}


def load(path: str | Path, device: str = "cpu") -> LanguageModel:
    """The predictor that a model directory holds, ready to use; no code of the directory is run.

    Args:
        path: a model directory, as `seqlab train` leaves it.
        device: "cpu", "cuda", "cuda:1", ..., or "auto"; where the model was trained does not matter.

    Raises:
        ConfigError: there is no such device.
        ModelError: it is no model directory, incomplete, altered, or from a newer format.
    """
    directory = modeldir.open_directory(path)
    predictor: LanguageModel = TASKS[directory.config.task].load(directory, device)
    return predictor
