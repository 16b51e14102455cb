"""`seqlab plot RUN --confusion -o PICTURE`."""

import xml.etree.ElementTree

import pytest

import seqlab
from seqlab.training import pictures

TEXTS = [(f"{word}{end}", label) for end in "甲乙丙丁戊己" for word, label in (("好看", "好评"), ("难看", "$差评"))]
SETTINGS = {"epochs": 1, "device": "cpu", "baseline": False, "validation_share": 0.34, "model": "softmax"}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A classifier whose classes have Chinese names."""
    folder = tmp_path_factory.mktemp("confusion") / "run"
    seqlab.train("classify", TEXTS, output=folder, **SETTINGS)
    return folder


def test_the_matrix(call, run, tmp_path):
    for name in ("matrix.png", "matrix.svg"):
        outcome = call("plot", run, "--confusion", "-o", tmp_path / name)
        assert (outcome.code, outcome.out) == (0, f"wrote {tmp_path / name}\n")
    assert (tmp_path / "matrix.png").read_bytes().startswith(b"\x89PNG")
    xml.etree.ElementTree.parse(tmp_path / "matrix.svg")


def test_characters_without_a_font_are_named_in_a_line(call, run, tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "fonts_for", lambda text: ([pictures.USUAL], "好差评"))
    outcome = call("plot", run, "--confusion", "-o", tmp_path / "matrix.png")
    assert (outcome.code, len(outcome.lines)) == (0, 1)
    assert "no font here has 好差评, which are drawn as boxes; install one" in outcome.err


def test_an_emoji_is_told_of_in_a_line(call, tmp_path, caplog):
    """Matplotlib has a font with a box for each character that there is, and warns when it takes that."""
    texts = [(text, "👨‍👩‍👧" if label == "好评" else label) for text, label in TEXTS]
    seqlab.train("classify", texts, output=tmp_path / "run", **SETTINGS)
    outcome = call("plot", tmp_path / "run", "--confusion", "-o", tmp_path / "matrix.png")
    assert outcome.code == 0
    assert all("no font here has" in line for line in outcome.lines)
    assert caplog.messages == []
    assert not any(pictures.LAST_RESORT in font for font in pictures.fonts_for("👨‍👩‍👧")[0])


def test_fonts_are_looked_for_only_where_the_usual_one_lacks_a_character():
    assert pictures.fonts_for("negative é") == ([pictures.USUAL], "")
    fonts, missing = pictures.fonts_for("a\U000f0000好")
    assert fonts[0] == pictures.USUAL
    assert (len(fonts) > 1) == ("好" not in missing)


def test_what_cannot_be_drawn(refused, run, trained, tmp_path):
    says = ["--confusion draws the matrix of one run, not of 2"]
    refused("plot", run, run, "--confusion", "-o", tmp_path / "m.png", code=2, says=says)
    refused("plot", trained, "--confusion", "-o", tmp_path / "m.png", code=2, says=["is of the task lm"])
    refused("plot", run, "--confusion", "-o", tmp_path / "m.gif", code=2, says=["ends in .png, .svg, .pdf"])
    several = [(text, (label,)) for text, label in TEXTS]
    seqlab.train("classify", several, output=tmp_path / "several", multi_label=True, **SETTINGS)
    refused("plot", tmp_path / "several", "--confusion", "-o", tmp_path / "m.png", code=2, says=["several labels"])
