"""The log of a training run: one JSON object a line, for curves and for reading."""

import json
from pathlib import Path

from seqlab.training.fit import Step

EVERY = 10


class Log:
    """Writes every tenth step and every validation to `log.jsonl`; after a resume it goes on behind the checkpoint.

    Args:
        path: the file.
        step: steps taken so far; lines of later steps are dropped.
    """

    def __init__(self, path: Path, step: int):
        kept = []
        if path.exists():
            with path.open(encoding="utf-8", newline="") as file:
                kept = [line for line in file if line.endswith("\n") and json.loads(line)["step"] <= step]
        self._file = path.open("w", encoding="utf-8", newline="")
        self._file.writelines(kept)

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
            line["validation"] = round(step.scores.nats, 6)
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
