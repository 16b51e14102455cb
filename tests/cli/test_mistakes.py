"""`seqlab evaluate RUN FILE --errors N`."""

import json

import pytest
from rich.cells import cell_len

import seqlab
from seqlab.cli.plain import amount, plain, shortened

TEXTS = [(f"{word}{end}", label) for end in "甲乙丙丁" for word, label in (("好看", "好评"), ("难看", "差评"))]
SETTINGS = {"epochs": 8, "lr": 0.1, "batch_size": 4, "device": "cpu", "validation_share": 0, "baseline": False}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A classifier of good and bad."""
    folder = tmp_path_factory.mktemp("mistakes") / "run"
    seqlab.train("classify", TEXTS, output=folder, model="softmax", **SETTINGS)
    return folder


@pytest.fixture
def labelled(tmp_path):
    """Three texts with labels, the second and the third wrong."""
    path = tmp_path / "test.tsv"
    path.write_text("好看甲\t好评\n难看乙难看\t好评\n好看丙\t差评\n", encoding="utf-8")
    return path


def test_the_mistakes_are_printed(call, run, labelled):
    outcome = call("evaluate", run, labelled, "--errors", 1)
    assert (outcome.code, outcome.err) == (0, "")
    *_, head, blank, first, text, spoke, spoke_against, _ = outcome.out.split("\n")
    classifier = seqlab.load(run)
    explained = classifier.explain("难看乙难看")
    assert (head, blank) == ("the 1 surest of 2 mistakes in 3 texts", "")
    assert first.split("(")[0] == f"  1  true 好评, predicted 差评, probability {explained.probability:.4f}  "
    assert f"{labelled}, line 2)" in first
    assert text == "     难看乙难看"
    bad = sum(weight.weight for weight in explained.weights if weight.token != "乙")
    assert f"难看 {amount(bad)}" in spoke
    assert spoke.startswith("     for ")
    assert spoke_against.startswith("     against    乙 -")


def test_none(call, run, tmp_path):
    (tmp_path / "right.tsv").write_text("好看甲\t好评\n", encoding="utf-8")
    assert call("evaluate", run, tmp_path / "right.tsv", "--errors", 3).out.endswith("\n\nno mistakes in 1 text\n")


def test_as_json(call, run, labelled):
    figures = json.loads(call("evaluate", run, labelled, "--errors", 5, "--json").out)
    assert figures["accuracy"] == pytest.approx(1 / 3)
    shown = {(mistake["text"], mistake["predicted"]) for mistake in figures["mistakes"]}
    assert shown == {("好看丙", "好评"), ("难看乙难看", "差评")}
    assert {"start", "end", "token", "weight"} == figures["mistakes"][0]["weights"][0].keys()


def test_a_text_is_shortened_by_columns():
    assert shortened("short", 10) == "short"
    assert shortened("一二三四五", 10) == "一二三四五"
    assert shortened("一二三四五六", 10) == "一二三四…"
    assert cell_len(shortened("好" * 1_000_000, 100)) <= 100


def test_amounts():
    assert [amount(weight) for weight in (3.214, -0.5, 0.1, 0.0349, -0.00071, 0.0)] == [
        "+3.21", "-0.50", "+0.10", "+0.03", "-0.0007", "+0.00",
    ]  # fmt: skip


def test_control_characters_do_nothing():
    assert plain("a\x1b[31mb\nc\x00d") == "a␛[31mb c␀d"
    assert plain("\u202eabc\ud800") == "\ufffdabc\ufffd"
