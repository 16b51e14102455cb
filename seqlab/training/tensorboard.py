"""The curves of a training run for TensorBoard."""

import importlib
from pathlib import Path

from seqlab.errors import ConfigError
from seqlab.training.fit import Step

BOARD = "train/tensorboard"
"""Where the events stand in a model directory."""


def check() -> None:
    """Refuse to begin where TensorBoard is missing.

    Raises:
        ConfigError: with what to install.
    """
    try:
        importlib.import_module("torch.utils.tensorboard")
    except ImportError:
        raise ConfigError("tensorboard: is not installed: pip install 'seqlab[tensorboard]'") from None


class Board:
    """Writes every step and every validation as events; after a resume, events behind the checkpoint are superseded.

    Args:
        folder: where to.
        step: steps taken so far.
    """

    def __init__(self, folder: Path, step: int):
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(str(folder), purge_step=step + 1 if step else None)

    def add(self, step: Step, seconds: float) -> None:
        """Write a step.

        Args:
            step: the step. seconds: time spent in training so far.
        """
        figures = {
            "loss/step": step.loss,
            "loss/epoch": step.epoch_loss,
            "lr": step.lr,
            "gradient norm": step.gradient_norm,
        }
        if step.scores is not None:
            figures["loss/validation"] = step.scores.figure
        for name, value in figures.items():
            self._writer.add_scalar(name, value, step.step)

    def close(self) -> None:
        """Write what is left."""
        self._writer.close()
