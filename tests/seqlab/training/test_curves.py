"""Pictures and TensorBoard events of a run hold what the run did."""

import json
import xml.etree.ElementTree
from pathlib import Path

import pytest

import seqlab
from seqlab.errors import ConfigError, ModelError
from seqlab.training import curves
from seqlab.training.log import read

SETTINGS = {"hidden": 12, "batch_size": 4, "window": 10, "epochs": 2}


def test_a_picture_of_two_runs(tmp_path: Path, text: str) -> None:
    for name, cell in (("one", "lstm"), ("two", "gru")):
        seqlab.train("lm", [text], output=tmp_path / name, cell=cell, **SETTINGS)
    curves.draw([tmp_path / "one", tmp_path / "two"], tmp_path / "curves.svg")
    xml.etree.ElementTree.parse(tmp_path / "curves.svg")
    curves.draw([tmp_path / "one"], tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["curves.png", "curves.svg", "one", "two"]


def test_what_cannot_be_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"curves.txt: the picture's name ends in .png, .svg, .pdf"):
        curves.draw([tmp_path], tmp_path / "curves.txt")
    with pytest.raises(ModelError, match="no run with a log"):
        curves.draw([tmp_path], tmp_path / "curves.png")
    (tmp_path / "train").mkdir()
    (tmp_path / "train/log.jsonl").write_text(json.dumps({"step": 10, "epoch_loss": 1.0}) + "\n", encoding="utf-8")
    with pytest.raises(ModelError, match="not been validated yet"):
        curves.draw([tmp_path], tmp_path / "curves.png")
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    with pytest.raises(ConfigError, match=r"pip install 'seqlab\[plots\]'"):
        curves.draw([tmp_path], tmp_path / "curves.png")


def test_a_line_that_a_crash_cut_off_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text('{"step": 1}\n{"step": 2', encoding="utf-8")
    assert read(tmp_path / "log.jsonl") == [{"step": 1}]


@pytest.mark.filterwarnings("default")
def test_tensorboard_events_are_the_steps(tmp_path: Path, text: str) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    seqlab.train("lm", [text], output=tmp_path / "run", tensorboard=True, **SETTINGS)
    seqlab.resume(tmp_path / "run", {"epochs": 3}, records=[text])
    events = EventAccumulator(str(tmp_path / "run/train/tensorboard"))
    events.Reload()
    log = {line["step"]: line for line in read(tmp_path / "run/train/log.jsonl")}
    losses = {event.step: event.value for event in events.Scalars("loss/step")}
    assert sorted(losses) == list(range(1, max(log) + 1))
    assert all(losses[step] == pytest.approx(line["loss"], abs=1e-5) for step, line in log.items())
    validations = [event.value for event in events.Scalars("loss/validation")]
    assert validations == pytest.approx([line["validation"] for line in log.values() if "validation" in line], abs=1e-5)


def test_tensorboard_that_is_not_installed(tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "torch.utils.tensorboard", None)
    with pytest.raises(ConfigError, match=r"pip install 'seqlab\[tensorboard\]'"):
        seqlab.train("lm", [text], output=tmp_path / "run", tensorboard=True, **SETTINGS)
    assert not list(tmp_path.iterdir())
