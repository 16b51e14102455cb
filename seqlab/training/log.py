"""The log of a training run: one JSON object a line, for curves and for reading."""

import json
from pathlib import Path
from typing import Any

from seqlab.modeldir import written_beside
from seqlab.training.fit import Step

LOG = "train/log.jsonl"
"""Where it stands in a model directory."""
EVERY = 10


def read(path: Path) -> list[dict[str, Any]]:
    """The steps in a log; what a crash has left of a line is passed over, and so is one with a value that is no number."""
    steps = []
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        for line in file:
            try:
                step = json.loads(line)
            except ValueError:
                continue
            if isinstance(step, dict) and isinstance(step.get("step"), int) and all(map(_is_number, step.values())):
                steps.append(step)
    return steps


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


class Log:
    """Writes every tenth step and every validation to `log.jsonl`; after a resume it goes on behind the checkpoint.

    Args:
        path: the file.
        step: steps taken so far; lines of later steps are dropped.
    """

    def __init__(self, path: Path, step: int):
        kept = [line for line in read(path) if line["step"] <= step] if path.exists() else []
        with written_beside(path) as beside:
            beside.write_text("".join(json.dumps(line) + "\n" for line in kept), encoding="utf-8", newline="")
        self._file = path.open("a", encoding="utf-8", newline="")

    def add(self, step: Step, seconds: float) -> None:
        """Write a step, if it is one that is written.

        Args:
            step: the step. seconds: time spent in training so far.
        """
        if step.scores is None and step.step % EVERY:
            return
        line = {
            "step": step.step,
            "epoch": step.epoch,
            "loss": round(step.loss, 6),
            "epoch_loss": round(step.epoch_loss, 6),
            "lr": step.lr,
            "gradient_norm": round(step.gradient_norm, 6),
            "seconds": round(seconds, 2),
        }
        if step.scores is not None:
            line["validation"] = round(step.scores.figure, 6)
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
