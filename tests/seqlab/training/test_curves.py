"""Pictures and TensorBoard events of a run hold what the run did."""

import json
import xml.etree.ElementTree
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure

import seqlab
from seqlab.errors import ConfigError, ModelError
from seqlab.training import curves
from seqlab.training.log import read

SETTINGS = {"hidden": 12, "batch_size": 4, "window": 10, "epochs": 2}


def panels(runs: list[Path], output: Path) -> list[Any]:
    """The panels of the picture of some runs."""
    with pytest.MonkeyPatch.context() as changed:
        drawn: list[Any] = []
        save = Figure.savefig
        changed.setattr(Figure, "savefig", lambda figure, *a, **k: (drawn.append(figure), save(figure, *a, **k)))
        curves.draw(runs, output)
    return list(drawn[0].axes)


def test_a_picture_of_two_runs(tmp_path: Path, text: str) -> None:
    for name, cell in (("one", "lstm"), ("two", "gru")):
        seqlab.train("lm", [text], output=tmp_path / name, cell=cell, **SETTINGS)
    curves.draw([tmp_path / "one", tmp_path / "two"], tmp_path / "curves.svg")
    xml.etree.ElementTree.parse(tmp_path / "curves.svg")
    curves.draw([tmp_path / "one"], tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["curves.png", "curves.svg", "one", "two"]
    (panel,) = panels([tmp_path / "one", tmp_path / "two"], tmp_path / "curves.svg")
    assert (panel.get_title(), panel.get_ylabel()) == ("validation (thick) and training loss (thin)", "nats a token")
    assert [line.get_linewidth() for line in panel.get_lines()] == [0.8, 2, 0.8, 2]


def test_characters_of_a_run_without_a_font_are_given_back(tmp_path: Path, text: str, caplog: Any) -> None:
    """Warnings are errors in tests: matplotlib's own are not to be seen."""
    seqlab.train("lm", [text], output=tmp_path / "\U000f0000", **SETTINGS)
    assert curves.draw([tmp_path / "\U000f0000"], tmp_path / "curves.png") in ("", "\U000f0000")
    assert caplog.messages == []
    (tmp_path / "\U000f0000").rename(tmp_path / "one")
    assert curves.draw([tmp_path / "one"], tmp_path / "curves.png") == ""


LABELLED = [(word, label) for word, label in (("a fine day", "good"), ("a foul day", "bad")) for _ in range(6)]
TAGGED = [(["Ann", "is", "here"], ["B-PER", "O", "O"]), (["so", "is", "Bob"], ["O", "O", "B-PER"])] * 6
SMALL = {"baseline": False, "device": "cpu", "epochs": 2}


@pytest.mark.parametrize(
    ("task", "records", "settings", "loss", "validation"),
    [
        ("segment", [["a", "bc"], ["bc", "d"]] * 6, {"hidden": 4}, "nats a token", "1 - F1"),
        ("tag", TAGGED, {"hidden": 4}, "nats a token", "1 - accuracy"),
        ("tag", TAGGED, {"hidden": 4, "scheme": "BIO"}, "nats a token", "1 - F1"),
        ("classify", LABELLED, {"model": "bag"}, "nats a text", "1 - accuracy"),
        ("classify", LABELLED, {"model": "bag", "multi_label": True}, "nats a text", "1 - micro F1"),
        ("classify", LABELLED, {"model": "bag", "loss": "squared-error"}, "squared error a text", "1 - accuracy"),
    ],
)
def test_loss_and_validation_figure_have_a_panel_each(
    tmp_path: Path, task: str, records: list[Any], settings: dict[str, Any], loss: str, validation: str
) -> None:
    seqlab.train(task, records, output=tmp_path / "run", **SMALL, **settings)
    left, right = panels([tmp_path / "run"], tmp_path / "curves.svg")
    assert (left.get_title(), left.get_ylabel()) == ("training loss", loss)
    assert (right.get_title(), right.get_ylabel()) == ("validation", validation)
    steps = read(tmp_path / "run/train/log.jsonl")
    (losses,), (figures,) = left.get_lines(), right.get_lines()
    assert losses.get_xydata().tolist() == [[step["step"], step["epoch_loss"]] for step in steps]
    assert figures.get_xydata().tolist() == [[s["step"], s["validation"]] for s in steps if "validation" in s]
    scores = seqlab.modeldir.open_directory(tmp_path / "run").scores
    reached = scores[validation.removeprefix("1 - ").replace(" ", "_").lower()]
    assert min(figures.get_ydata()) == pytest.approx(1 - reached, abs=1e-6)


def test_what_has_one_figure_is_drawn_together_whatever_its_loss(tmp_path: Path, text: str) -> None:
    for loss in ("cross-entropy", "squared-error"):
        seqlab.train("classify", LABELLED, output=tmp_path / loss, model="bag", loss=loss, **SMALL)
    left, right = panels([tmp_path / "cross-entropy", tmp_path / "squared-error"], tmp_path / "curves.svg")
    assert left.get_ylabel() == "nats a text or squared error a text"
    assert [line.get_color() for line in left.get_lines()] == [line.get_color() for line in right.get_lines()]
    seqlab.train("lm", [text], output=tmp_path / "lm", **SETTINGS)
    with pytest.raises(ConfigError, match=r"cross-entropy is validated by 1 - accuracy and .*lm by nats a token; draw"):
        curves.draw([tmp_path / "cross-entropy", tmp_path / "lm"], tmp_path / "apart.svg")
    assert not (tmp_path / "apart.svg").exists()


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
