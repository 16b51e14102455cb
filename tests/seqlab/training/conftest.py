"""A tiny language task to train on."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from seqlab.resolve import resolve
from seqlab.tasks.lm import prepare
from seqlab.tasks.neural_task import LanguageTask
from seqlab.training.fit import Trainer

WORDS = ["salt", "river", "bell", "oar", "lamp", "plum", "north", "seed"]


@pytest.fixture
def text() -> str:
    draw = np.random.default_rng(5)
    lines = [" ".join(draw.choice(WORDS, size=6)) + ".\n" for _ in range(40)]
    return "".join(lines + [f"{word} once.\n" for word in ("adze", "quay", "wimble")])


@pytest.fixture
def start(tmp_path: Path, text: str) -> Callable[..., tuple[Trainer, LanguageTask]]:
    """(settings) -> a fresh trainer and its task, always with the same first weights."""
    import torch

    def make(**settings: object) -> tuple[Trainer, LanguageTask]:
        base = {"hidden": 12, "batch_size": 4, "window": 10, "epochs": 2, "layers": 2}
        config = resolve("lm", {}, base | settings)
        folder = tmp_path / f"task-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        prepare(config, [text], None, folder)
        task = LanguageTask(config, folder, "cpu")
        torch.manual_seed(config.seed)
        return Trainer(task.build(), config.training), task

    return make
