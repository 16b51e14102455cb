"""Stopped and resumed training equals training that never stopped, bit for bit."""

import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open

import seqlab
from seqlab.errors import ConfigError, DataError, ModelError
from seqlab.training import checkpoint
from seqlab.training.fit import fit
from seqlab.training.interrupt import Interrupted, Interrupts
from seqlab.training.watcher import Unwatched

CASES = [
    {"optimizer": "adamw", "dropout": 0.3},
    {"cell": "gru", "optimizer": "sgd", "optimizer_options": {"momentum": 0.9}, "embedding_dropout": 0.2},
    {"cell": "elman", "optimizer": "asgd", "sampling": "random", "schedule": "one-cycle"},
    {"optimizer": "muon", "average": 0.9, "schedule": "plateau", "evaluate_every": 2},
    {"optimizer": "sparse-adam", "backend": "reference", "dropout": 0.1},
    {"optimizer": "nadam", "tied": True, "l1": 1e-4, "clip_value": 0.01},
    {"optimizer": "adafactor", "input": "one-hot", "dropout": 0.1},
]


def state(trainer) -> list[torch.Tensor]:
    return [weight.detach().clone() for weight in (*trainer.model.parameters(), *trainer.best_model.parameters())]


@pytest.mark.parametrize("settings", CASES, ids=lambda settings: settings["optimizer"])
def test_n_steps_equal_k_steps_stop_and_the_rest(start, tmp_path: Path, settings: dict[str, object]) -> None:
    n_steps = 40
    whole, task = start(epochs=3, **settings)
    assert task.n_steps < n_steps, "an epoch ends in between"
    figures = [(step.step, step.loss, step.lr, step.epoch_loss) for step in itertools.islice(fit(whole, task), n_steps)]
    wanted = state(whole)

    for stop in (1, 5, 11):
        first, task = start(epochs=3, **settings)
        before = [(s.step, s.loss, s.lr, s.epoch_loss) for s in itertools.islice(fit(first, task), stop)]
        checkpoint.save(first, tmp_path / "checkpoint")
        torch.manual_seed(999)

        second, task = start(epochs=3, **settings)
        torch.manual_seed(77)
        checkpoint.restore(second, tmp_path / "checkpoint")
        after = [(s.step, s.loss, s.lr, s.epoch_loss) for s in itertools.islice(fit(second, task), n_steps - stop)]
        assert before + after == figures, stop
        assert all(torch.equal(a, b) for a, b in zip(wanted, state(second), strict=True)), stop


def test_a_checkpoint_is_safetensors_and_json(start, tmp_path: Path) -> None:
    trainer, task = start()
    next(fit(trainer, task))
    checkpoint.save(trainer, tmp_path / "checkpoint")
    with safe_open(tmp_path / "checkpoint", framework="pt") as file:
        assert json.loads(file.metadata()["progress"])["step"] == 1
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["checkpoint"]


@pytest.mark.parametrize("content", [b"", b"\x00" * 100, b"not a checkpoint at all"])
def test_a_broken_checkpoint_is_refused(start, tmp_path: Path, content: bytes) -> None:
    trainer, _ = start()
    (tmp_path / "checkpoint").write_bytes(content)
    with pytest.raises(ModelError, match="no checkpoint to go on from"):
        checkpoint.restore(trainer, tmp_path / "checkpoint")


def test_a_checkpoint_of_another_model_is_refused(start, tmp_path: Path) -> None:
    trainer, _ = start(hidden=8)
    checkpoint.save(trainer, tmp_path / "checkpoint")
    other, _ = start(hidden=9)
    with pytest.raises(ModelError, match="no checkpoint to go on from"):
        checkpoint.restore(other, tmp_path / "checkpoint")


class StopAfter(Unwatched):
    """Presses Ctrl-C after some steps."""

    def __init__(self, n_steps: int):
        self.n_steps = n_steps

    def stepped(self, step) -> None:
        if step.step == self.n_steps:
            os.kill(os.getpid(), signal.SIGINT)


SETTINGS = {"hidden": 12, "batch_size": 4, "window": 10, "epochs": 3, "dropout": 0.2}


def test_ctrl_c_saves_and_resume_gives_the_same_model(tmp_path: Path, text: str) -> None:
    whole = seqlab.train("lm", [text], output=tmp_path / "whole", **SETTINGS)
    with pytest.raises(Interrupted, match=r"stopped after step 7; go on with: seqlab train lm -o \S+stopped --resume"):
        seqlab.train("lm", [text], output=tmp_path / "stopped", watcher=StopAfter(7), **SETTINGS)
    assert not (tmp_path / "stopped").exists()
    resumed = seqlab.resume(tmp_path / "stopped", {})
    assert resumed.scores == whole.scores
    weights = [(tmp_path / name / "weights.safetensors").read_bytes() for name in ("whole", "stopped")]
    assert weights[0] == weights[1]
    assert _log(tmp_path / "whole") == _log(tmp_path / "stopped")


def _log(run: Path) -> list[dict[str, float]]:
    lines = [json.loads(line) for line in (run / "train/log.jsonl").read_text(encoding="utf-8").splitlines()]
    return [{name: value for name, value in line.items() if name != "seconds"} for line in lines]


def test_a_finished_model_can_be_trained_further(tmp_path: Path, text: str) -> None:
    whole = seqlab.train("lm", [text], output=tmp_path / "whole", **(SETTINGS | {"epochs": 4}))
    seqlab.train("lm", [text], output=tmp_path / "parts", **(SETTINGS | {"epochs": 2}))
    further = seqlab.resume(tmp_path / "parts", {"epochs": 4}, records=[text])
    assert further.scores == whole.scores
    with pytest.raises(ConfigError, match="its 4 epochs are done; to go on, give more: --resume --epochs 8"):
        seqlab.resume(tmp_path / "parts", {}, records=[text])


def test_training_further_on_other_data_is_refused_and_leaves_the_model(tmp_path: Path, text: str) -> None:
    seqlab.train("lm", [text], output=tmp_path / "run", **SETTINGS)
    with pytest.raises(DataError, match="not those it was trained on"):
        seqlab.resume(tmp_path / "run", {"epochs": 9}, records=[text + "one more line.\n"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run"]
    assert seqlab.load(tmp_path / "run").scores


def test_resume_changes_only_what_may_change(tmp_path: Path, text: str) -> None:
    with pytest.raises(Interrupted):
        seqlab.train("lm", [text], output=tmp_path / "run", watcher=StopAfter(40), **SETTINGS)
    with pytest.raises(ConfigError, match=r"network.hidden: is 12 and cannot change when training goes on"):
        seqlab.resume(tmp_path / "run", {"hidden": 7})
    with pytest.raises(ConfigError, match="epochs: 1 are done already"):
        seqlab.resume(tmp_path / "run", {"epochs": 1, "lr": 0.01})
    seqlab.resume(tmp_path / "run", SETTINGS | {"epochs": 4})  # the same values again are no change
    assert seqlab.load(tmp_path / "run").config.training.epochs == 4


def test_patience_stops_early_and_keeps_the_best(tmp_path: Path, text: str) -> None:
    settings = SETTINGS | {"epochs": 60, "lr": 0.05, "patience": 2, "dropout": 0.0}
    model = seqlab.train("lm", [text], output=tmp_path / "run", **settings)
    validations = [line["validation"] for line in _log(tmp_path / "run") if "validation" in line]
    assert len(validations) < 60
    best = validations.index(min(validations))
    assert len(validations) == best + 1 + 2
    assert model.scores["nats"] == pytest.approx(min(validations), abs=1e-5)


def test_a_model_that_stopped_early_can_be_trained_further(tmp_path: Path, text: str) -> None:
    settings = SETTINGS | {"epochs": 30, "lr": 1e-30, "patience": 2}
    seqlab.train("lm", [text], output=tmp_path / "run", **settings)
    before = len(_log(tmp_path / "run"))
    seqlab.resume(tmp_path / "run", {"lr": 0.01}, records=[text])
    assert len(_log(tmp_path / "run")) > before


class Notes(Unwatched):
    """Keeps what is noted."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def noted(self, message: str) -> None:
        self.notes.append(message)


def test_more_epochs_under_a_schedule_that_ends_are_noted(tmp_path: Path, text: str) -> None:
    seqlab.train("lm", [text], output=tmp_path / "run", schedule="cosine", **SETTINGS)
    notes = Notes()
    seqlab.resume(tmp_path / "run", {"epochs": 4}, records=[text], watcher=notes)
    assert notes.notes == ["the cosine schedule now covers 4 epochs: the learning rate jumps"]


def test_a_held_out_text_that_is_gone_is_not_replaced_by_the_training_text(tmp_path: Path, text: str) -> None:
    with pytest.raises(Interrupted):
        seqlab.train("lm", [text], output=tmp_path / "run", watcher=StopAfter(2), **SETTINGS)
    (tmp_path / "run.training/data/validation.npy").unlink()
    with pytest.raises(DataError, match=r"validation.npy: is missing"):
        seqlab.resume(tmp_path / "run", {})


def test_overwrite_keeps_an_unfinished_training_until_the_new_corpus_is_read(tmp_path: Path, text: str) -> None:
    with pytest.raises(Interrupted):
        seqlab.train("lm", [text], output=tmp_path / "run", watcher=StopAfter(2), **SETTINGS)
    for bad in ([""], ["too short"]):
        with pytest.raises(DataError):
            seqlab.train("lm", bad, output=tmp_path / "run", overwrite=True, **SETTINGS)
    assert [path.name for path in tmp_path.iterdir()] == ["run.training"]
    assert seqlab.resume(tmp_path / "run", {}).scores


@pytest.mark.parametrize("line", ["\0\0\0", "3", "{}", '{"step": 1', '{"step": "x"}'])
def test_a_log_that_a_crash_has_spoilt_does_not_stop_a_resume(tmp_path: Path, text: str, line: str) -> None:
    with pytest.raises(Interrupted):
        seqlab.train("lm", [text], output=tmp_path / "run", watcher=StopAfter(12), **SETTINGS)
    with (tmp_path / "run.training/train/log.jsonl").open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    seqlab.resume(tmp_path / "run", {})
    steps = [entry["step"] for entry in _log(tmp_path / "run")]
    assert steps == sorted(set(steps))


def test_the_callers_generator_is_left_alone(text: str) -> None:
    torch.manual_seed(3)
    expected = torch.rand(3)
    torch.manual_seed(3)
    seqlab.train("lm", [text], **(SETTINGS | {"epochs": 1}))
    assert torch.equal(torch.rand(3), expected)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Python's own way with Ctrl-C, which it does not take where the signal is ignored when it starts, as in the background
    of a shell."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_a_second_interrupt_is_not_held_back() -> None:
    with Interrupts() as interrupts:
        os.kill(os.getpid(), signal.SIGINT)
        assert interrupts.requested
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


KILLER = """
import os, signal, sys
import seqlab.training.log as log
from seqlab.cli import main
add = log.Log.add
def add_or_die(self, step, seconds):
    if step.step == 9:
        os.kill(os.getpid(), signal.SIGKILL)
    add(self, step, seconds)
log.Log.add = add_or_die
main(sys.argv[1:])
"""


def test_a_killed_training_goes_on_from_its_checkpoint(tmp_path: Path, text: str, call: Callable[..., Any]) -> None:
    """SIGKILL in the middle of training, then --resume in another process: the same weights as undisturbed."""
    corpus = tmp_path / "text.txt"
    corpus.write_text(text, encoding="utf-8", newline="")
    numbers = {"hidden": 12, "batch-size": 4, "window": 10, "epochs": 3, "dropout": 0.2, "checkpoint-every": 1}
    options = [word for name, value in numbers.items() for word in (f"--{name}", str(value))]

    def command(name: str, *more: str) -> list[str]:
        return ["train", "lm", "-o", str(tmp_path / name), *more]

    assert call(*command("whole", str(corpus), *options)).code == 0
    killed = [sys.executable, "-c", KILLER, *command("killed", str(corpus), *options)]
    assert subprocess.run(killed, check=False, capture_output=True).returncode == -signal.SIGKILL
    assert call(*command("killed", "--resume")).code == 0
    weights = [(tmp_path / name / "weights.safetensors").read_bytes() for name in ("whole", "killed")]
    assert weights[0] == weights[1]
