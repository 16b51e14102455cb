"""Data that no classifier can be made of: one line that says what, where and what to do; and data that are only odd."""

import json
import shutil

import pytest

import seqlab

ROWS = [
    ("the kettle boils fast", "good"),
    ("the kettle leaks, badly", "bad"),
    ("茶很香", "good"),
    ("茶没有味道", "bad"),
] * 5
TINY = ["--model", "softmax", "--epochs", "2", "--feature-min-count", "1", "--device", "cpu"]
COUNT = ["--model", "ngram", "--no-baseline"]


def tsv(rows, head="text\tlabel\n"):
    return head + "".join(f"{text}\t{label}\n" for text, label in rows)


def csv(rows, head="id,label,text\n"):
    return head + "".join(f'{n},{label},"{text}"\n' for n, (text, label) in enumerate(rows))


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A model that stands where another one is to be."""
    folder = tmp_path_factory.mktemp("kept") / "run"
    seqlab.train("classify", ROWS, model="ngram", output=folder)
    return folder


BAD = {
    "rows.csv": csv(ROWS), "rows.txt": "".join(f"__label__{label} {text}\n" for text, label in ROWS),
    "rows.jsonl": json.dumps({"text": "tea", "label": "good"}) + "\n",
    "empty.tsv": "", "head.tsv": "text\tlabel\n", "blank.tsv": "text\tlabel\n \tgood\n\t bad\n",
    "one-class.tsv": tsv([(text, "good") for text, _ in ROWS]), "few.tsv": tsv(ROWS[:4]),
    "turned.tsv": "".join(f"{label}\t{text} {n}\n" for n, (text, label) in enumerate([*ROWS, *ROWS[:10]])),
    "ragged.csv": csv(ROWS) + "99,good\n", "wide.csv": csv(ROWS[:3]) + "4,good,tea,more\n" + csv(ROWS, head=""),
    "open.csv": csv(ROWS) + '98,good,"the cup\n',
    "nan.csv": csv(ROWS) + "97,nan,tea\n", "none.csv": csv(ROWS) + "96,,tea\n",
    "cut.csv": csv(ROWS) + '95,"very\ngood",tea\n',
    "null.jsonl": json.dumps({"text": "tea", "label": "good"}) + '\n{"text": "tea", "label": null}\n',
    "nan.jsonl": json.dumps({"text": "tea", "label": "good"}) + '\n{"text": "tea", "label": NaN}\n',
    "keys.jsonl": '{"words": "tea", "label": "good"}\n', "broken.jsonl": '{"text": "tea", "label": "good"}\n{"text": \n',
    "lines.txt": "__label__good tea\ntea without a label\n",
}  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ([], 2, ["no corpus to train on"]),
        (["nowhere.csv"], 1, ["nowhere.csv: no such file or folder"]),
        (["empty.tsv"], 1, ["empty.tsv: empty"]),
        (["head.tsv"], 1, ["head.tsv"]),
        (["blank.tsv"], 1, ["there is no text to train on"]),
        (["few.tsv"], 1, ["4 texts to train on are too few to hold out a share", "--validation-share 0"]),
        (["one-class.tsv"], 1, ["have 1 label (good), and at least 2 are needed", "look at --label-column"]),
        (["turned.tsv"], 1, ["of 27 training texts 27 have a label that no other has", "--label-column"]),
        (["rows.csv", "--feature-min-count", "99"], 1, ["no n-gram is seen 99 times or more", "a lower --feature-min-"]),
        (["rows.csv", "--text-column", "review"], 1, ["rows.csv", "'review'", "id, label, text"]),
        (["rows.csv", "--label-column", "7", "--header"], 1, ["rows.csv", "7", "id, label, text"]),
        (["rows.csv", "--label-column", "0"], 2, ["there is no column 0: columns count from 1"]),
        (["rows.csv", "--label-column", "text", "--text-column", "text"], 2, ["both read from column text"]),
        (["rows.jsonl", "--text-column", "words"], 1, ["rows.jsonl, line 1", "words", "text, label"]),
        (["rows.txt", "--label-column", "2"], 2, ["rows.txt is read in the form fasttext, which has no columns"]),
        (["rows.csv", "--form", "xml"], 2, ["data.form: unknown form 'xml'"]),
        (["ragged.csv"], 1, ["ragged.csv, line 22", "2", "3"]),
        (["wide.csv"], 1, ["wide.csv, line 5", "4", "3"]),
        (["open.csv"], 1, ["open.csv, line 22", "quote"]),
        (["nan.csv"], 1, ["nan.csv, line 22: the label is nan, a missing value; fill it in, or leave this text out"]),
        (["none.csv"], 1, ["none.csv, line 22: a text without a label; fill it in"]),
        (["cut.csv"], 1, ["cut.csv, line 22: the label 'very\\ngood' has a line end"]),
        (["null.jsonl"], 1, ["null.jsonl, line 2: the label is null, a missing value"]),
        (["nan.jsonl"], 1, ["nan.jsonl, line 2: the label is NaN, a missing value"]),
        (["keys.jsonl"], 1, ["keys.jsonl, line 1", "words"]),
        (["broken.jsonl"], 1, ["broken.jsonl, line 2"]),
        (["lines.txt"], 1, ["lines.txt, line 2"]),
        (["gb.tsv"], 1, ["gb.tsv, line 4: byte", "is not utf-8; use --encoding NAME (gb18030"]),
        (["rows.csv", "--validation", "nan.csv"], 1, ["nan.csv, line 22: the label is nan"]),
        (["rows.csv", "--validation", "empty.tsv"], 1, ["empty.tsv: empty"]),
        (["rows.csv", "--model", "svm"], 2, ["model: unknown model 'svm'"]),
        (["rows.csv", "--channels", "9"], 2, ["convolution.channels: the model is softmax"]),
        (["rows.csv", "--lr", "fast"], 2, ["fast"]),
        (["rows.csv", "--vectors", "nowhere.txt", "--model", "textcnn"], 1, ["nowhere.txt: cannot be read"]),
        (["rows.csv", "--from", "nowhere", "--model", "rnn"], 1, ["nowhere: no such folder"]),
        (["rows.csv", "--resume"], 1, ["there is no training to go on with"]),
    ],
)  # fmt: skip
def test_bad_data_is_one_line_and_loses_nothing(refused, kept, tmp_path, monkeypatch, arguments, code, says):
    monkeypatch.chdir(tmp_path)
    for name, content in BAD.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    (tmp_path / "gb.tsv").write_bytes(tsv(ROWS).encode("gb18030"))
    before = shutil.copytree(kept, tmp_path / "kept")
    output = () if "--resume" in arguments else ("--overwrite",)
    model = () if {"--vectors", "--from"} & set(arguments) else ("--model", "softmax", "--feature-min-count", "1")
    there = "new" if "--resume" in arguments else "kept"
    listed = sorted(path.name for path in tmp_path.iterdir())
    refused("train", "classify", *model, *arguments, "--device", "cpu", "-o", there, *output, code=code, says=says)
    assert sorted(path.name for path in tmp_path.iterdir()) == listed
    assert seqlab.load(before).scores == seqlab.load(kept).scores


def test_a_class_with_one_example_and_an_empty_text(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "odd.tsv").write_text(tsv([*ROWS, ("a cup of its own", "rare"), (" ", "good")]), encoding="utf-8")
    for model in (TINY, COUNT):
        outcome = call("train", "classify", "odd.tsv", "-o", "run", "--overwrite", *model)
        assert outcome.code == 0, outcome
        assert "of 'rare' there is one training text alone: nothing general can be learned from it" in outcome.err
        assert "1 empty text is left out of training" in outcome.err
        assert seqlab.load("run").labels == ("bad", "good", "rare")


def test_a_text_of_a_million_characters(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    long = ("the kettle boils " * 60_000)[:1_000_000]
    (tmp_path / "long.tsv").write_text(tsv([*ROWS, (long, "good")]), encoding="utf-8")
    (tmp_path / "long.txt").write_text(f"{long}\ntea\n", encoding="utf-8")
    for model in (TINY, COUNT):
        assert call("train", "classify", "long.tsv", "-o", "run", "--overwrite", *model, "--no-baseline").code == 0
        outcome = call("predict", "run", "long.txt")
        assert (outcome.code, len(outcome.out.splitlines())) == (0, 2)
