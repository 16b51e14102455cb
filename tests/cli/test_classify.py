"""`seqlab train classify`, `evaluate` and `predict` of classifiers: from a table to labels."""

import gzip
import io
import json
import sys

import numpy as np
import pytest

import seqlab
from seqlab.modeldir import open_directory

ROWS = [
    ("the kettle boils fast", "good"),
    ("the kettle leaks, badly", "bad"),
    ("茶很香", "good"),
    ("茶没有味道", "bad"),
] * 5
TINY = ["--model", "softmax", "--epochs", "12", "--lr", "0.2", "--batch-size", "5", "--feature-min-count", "1",
        "--device", "cpu"]  # fmt: skip
COUNT = ["--model", "ngram", "--no-baseline"]


def tsv(rows, head="text\tlabel\n"):
    return head + "".join(f"{text}\t{label}\n" for text, label in rows)


def csv(rows, head="id,label,text\n"):
    return head + "".join(f'{n},{label},"{text}"\n' for n, (text, label) in enumerate(rows))


@pytest.fixture(scope="module")
def trained_runs(tmp_path_factory):
    """A softmax regression, an n-gram model of the same labels, one of other labels, one of several labels a text."""
    folder = tmp_path_factory.mktemp("classifiers")
    options = {"epochs": 12, "lr": 0.2, "batch_size": 5, "feature_min_count": 1, "device": "cpu", "model": "softmax"}
    seqlab.train("classify", ROWS, ROWS, output=folder / "soft", **options)
    seqlab.train("classify", ROWS, ROWS, output=folder / "count", model="ngram")
    others = [(text, label.upper()) for text, label in ROWS]
    seqlab.train("classify", others, output=folder / "other", model="ngram")
    several = [
        (text, (label, "kettle") if "kettle" in text else (label,) if label == "bad" else ()) for text, label in ROWS
    ]
    options |= {"epochs": 40, "multi_label": True}
    seqlab.train("classify", several, output=folder / "several", validation_share=0, **options)
    return folder


@pytest.fixture
def runs(trained_runs, tmp_path, monkeypatch):
    """Their folder; the working directory is another one, with tables."""
    monkeypatch.chdir(tmp_path)
    contents = {
        "rows.tsv": tsv(ROWS), "rows.csv": csv(ROWS), "plain.tsv": tsv(ROWS, head=""),
        "rows.jsonl": "".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in ROWS),
        "rows.txt": "".join(f"__label__{label} {text}\n" for text, label in ROWS),
        "named.tsv": tsv([(label, text) for text, label in ROWS], head="judged\twords\n"),
        "several.tsv": tsv([(text, f"{label};kettle") for text, label in ROWS]),
        "texts.txt": "the kettle boils\n\n茶没有味道\n",
    }  # fmt: skip
    for name, content in contents.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    (tmp_path / "gb.tsv").write_bytes(tsv(ROWS).encode("gb18030"))
    (tmp_path / "rows.csv.gz").write_bytes(gzip.compress(csv(ROWS).encode()))
    for n, (text, label) in enumerate(ROWS):
        (tmp_path / "folders" / label).mkdir(parents=True, exist_ok=True)
        (tmp_path / "folders" / label / f"{n}.txt").write_text(text, encoding="utf-8")
    return trained_runs


@pytest.fixture
def predict(call, monkeypatch, tmp_path):
    """Runs `seqlab predict` on text from standard input."""

    def run(text, *arguments):
        (tmp_path / "stdin").write_text(text, encoding="utf-8", newline="")
        with (tmp_path / "stdin").open("rb") as file:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(file))
            outcome = call("predict", *arguments)
            sys.stdin.detach()
        assert (outcome.code, outcome.err) == (0, "")
        return outcome.out.splitlines()

    return run


# --- train


def test_a_classifier_from_a_table(call, runs):
    outcome = call("train", "classify", "rows.tsv", "-o", "runs/mine", *TINY, "--validation-share", "0.2")
    assert outcome.code == 0, outcome
    for part in ("this model", "most frequent class floor", "n-gram floor", "accuracy", "macro F1", "95 % interval"):
        assert part in outcome.out
    for part in (
        "reading   rows.tsv",
        "16 texts to train on, 4 to validate on, 2 labels",
        "now: seqlab predict runs/mine",
    ):
        assert part in outcome.err
    in_code = seqlab.train(
        "classify", ROWS, model="softmax", epochs=12, lr=0.2, batch_size=5, feature_min_count=1, device="cpu",
        validation_share=0.2,
    )  # fmt: skip
    model = seqlab.load("runs/mine")
    assert model.scores == in_code.scores
    assert model.predict(["the kettle leaks"]) == in_code.predict(["the kettle leaks"]) == ["bad"]
    card = open_directory("runs/mine").path / "README.md"
    assert "`rows.tsv`" in card.read_text(encoding="utf-8")
    assert "seqlab predict runs/mine" in card.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("corpus", "more"),
    [
        ("rows.tsv", ()),
        ("rows.csv", ()),
        ("rows.csv.gz", ()),
        ("plain.tsv", ()),
        ("plain.tsv", ("--no-header", "--text-column", "1", "--label-column", "-1")),
        ("rows.jsonl", ()),
        ("rows.txt", ()),
        ("gb.tsv", ("--encoding", "gb18030")),
        ("named.tsv", ("--text-column", "words", "--label-column", "judged")),
        ("rows.txt", ("--form", "fasttext")),
    ],
)
def test_a_corpus_of_every_form_is_the_same(call, runs, corpus, more):
    outcome = call("train", "classify", corpus, "-o", "run", *COUNT, *more)
    assert outcome.code == 0, outcome
    expected = seqlab.train("classify", ROWS, model="ngram", baseline=False)
    found = seqlab.load("run")
    assert found.predict_proba(["kettle"]).tolist() == expected.predict_proba(["kettle"]).tolist()
    outcome = call("evaluate", "run", corpus, "--json")
    assert json.loads(outcome.out)["n_texts"] == 20, outcome  # it is read as in training


def test_another_encoding_can_be_given(call, refused, runs):
    for encoding, corpus in (("gb18030", "gb.tsv"), ("utf-8", "rows.tsv")):
        assert call("train", "classify", corpus, "-o", encoding, *COUNT, "--encoding", encoding).code == 0
    refused("evaluate", "gb18030", "rows.tsv", code=1, says=["rows.tsv", "gb18030"])
    assert call("evaluate", "gb18030", "rows.tsv", "--encoding", "utf-8").code == 0
    assert call("compare", "gb18030", "utf-8", "--on", "gb.tsv").code == 0  # by the first one's
    refused("compare", "utf-8", "gb18030", "--on", "gb.tsv", code=1, says=["gb.tsv", "is not utf-8"])
    assert call("compare", "utf-8", "gb18030", "--on", "gb.tsv", "--encoding", "gb18030").code == 0


def test_corpora_laid_out_otherwise_than_those_of_training(call, refused, runs, tmp_path):
    scores = json.loads(call("evaluate", runs / "soft", "rows.tsv", "--json").out)
    told = ["--text-column", "words", "--label-column", "judged"]
    assert json.loads(call("evaluate", runs / "soft", "named.tsv", *told, "--json").out) == scores
    told = ["--label-column", "judged"]
    says = ["named.tsv, line 1: no column that is known to hold the text", "name it by --text-column"]
    refused("evaluate", runs / "soft", "named.tsv", *told, code=1, says=says)
    (tmp_path / "tabs.csv").write_text(tsv(ROWS), encoding="utf-8")
    refused("evaluate", runs / "soft", "tabs.csv", code=1, says=["give --form tsv"])
    assert json.loads(call("evaluate", runs / "soft", "tabs.csv", "--form", "tsv", "--json").out) == scores
    assert json.loads(call("evaluate", runs / "soft", "plain.tsv", "--no-header", "--json").out) == scores
    refused("evaluate", runs / "soft", "rows.tsv", "--form", "xml", code=2, says=["xml"])
    says = ["--source-column is not for the task classify"]
    refused("evaluate", runs / "soft", "rows.tsv", "--source-column", "1", code=2, says=says)


def test_blank_texts_are_counted(call, runs, tmp_path):
    (tmp_path / "blank.tsv").write_text(tsv([*ROWS, ("", "good"), (" ", "bad")]), encoding="utf-8")
    outcome = call("evaluate", runs / "soft", "blank.tsv", "--json")
    says = "seqlab: 2 texts have nothing but blanks, and what the model makes of nothing is scored"
    assert (outcome.code, outcome.lines) == (0, [says])
    assert json.loads(outcome.out)["n_texts"] == len(ROWS) + 2


def test_a_folder_for_each_class(call, runs):
    assert call("train", "classify", "folders", "-o", "run", *COUNT).code == 0
    assert seqlab.load("run").labels == ("bad", "good")
    assert json.loads(call("evaluate", "run", "folders", "--json").out)["n_texts"] == 20


def test_several_labels_in_a_cell(call, refused, runs):
    several = ("--multi-label", "--label-separator", ";")
    assert call("train", "classify", "several.tsv", "-o", "run", *TINY, *several).code == 0
    assert seqlab.load("run").labels == ("bad", "good", "kettle")
    says = ["several.tsv, line 2: a text with 2 labels; give each one, or set --multi-label"]
    refused("train", "classify", "several.tsv", "-o", "other", *TINY, *several[1:], code=1, says=says)


def test_a_text_without_labels_in_a_table(call, runs, tmp_path):
    (tmp_path / "none.tsv").write_text(tsv([*ROWS, ("snow", ""), ("sun", " ")]), encoding="utf-8")
    several = ("--multi-label", "--validation-share", "0")
    assert call("train", "classify", "none.tsv", "-o", "run", *TINY, *several).code == 0
    assert seqlab.load("run").labels == ("bad", "good")
    assert json.loads(call("evaluate", "run", "none.tsv", "--json").out)["n_texts"] == 22


def test_a_validation_corpus_with_a_label_that_training_never_saw(call, runs, tmp_path):
    (tmp_path / "held.tsv").write_text(tsv([*ROWS[:4], ("a new cup", "odd")]), encoding="utf-8")
    outcome = call("train", "classify", "rows.tsv", "--validation", "held.tsv", "-o", "run", *TINY)
    assert outcome.code == 0
    assert "1 text to validate on has a label that training never saw ('odd')" in outcome.err
    assert "1 text has a label that training never saw, which counts as missed" in outcome.out


# --- evaluate


def test_the_table(call, runs):
    outcome = call("evaluate", runs / "soft", "rows.csv")
    assert (outcome.code, outcome.err) == (0, "")
    shown = " ".join(outcome.out.split())
    for part in (
        "accuracy 1.0000", "macro F1 1.0000", "nats a text", "95 % interval", "texts 20", "class precision recall F1 texts",
        "bad 1.0000 1.0000 1.0000 10", "true, taken for bad good", "bad 10 0", "good 0 10", str(runs / "soft"), "rows.csv",
    ):  # fmt: skip
        assert part in shown, part


def test_figures_as_json(call, runs):
    found = json.loads(call("evaluate", runs / "soft", "rows.tsv", "rows.csv", "--json").out)
    assert found["n_texts"] == 40
    model = seqlab.load(runs / "soft")
    assert found == json.loads(json.dumps(model.evaluate(ROWS * 2).to_dict()))
    several = json.loads(call("evaluate", runs / "several", "rows.tsv", "--json").out)
    assert {"micro_f1", "exact_match", "hamming_loss"} <= several.keys()
    assert "micro F1" in call("evaluate", runs / "several", "rows.tsv").out


def test_with_another_one(call, runs):
    outcome = call("evaluate", runs / "soft", "rows.tsv", "--with", runs / "count", "--json")
    models = [seqlab.load(runs / name) for name in ("soft", "count")]
    from seqlab.tasks.classifier_ensemble import ClassifierEnsemble

    assert json.loads(outcome.out) == json.loads(json.dumps(ClassifierEnsemble(models).evaluate(ROWS).to_dict()))
    table = call("evaluate", runs / "soft", "rows.tsv", "--with", runs / "count").out
    assert " ".join(f"{runs / 'soft'} + {runs / 'count'}".split()) in " ".join(table.split())


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["soft", "rows.tsv", "--batch-size", "3"], 2, ["--batch-size is for a language model"]),
        (
            ["soft", "rows.tsv", "--with", "other"],
            2,
            ["these classifiers have different labels (bad, good; BAD, GOOD)"],
        ),
        (["soft", "rows.tsv", "--with", "several"], 2, ["different labels"]),
        (["soft", "rows.tsv", "--with", "nowhere"], 1, ["nowhere: no such folder"]),
        (["soft", "nowhere.tsv"], 1, ["nowhere.tsv: no such file or folder"]),
        (["soft", "texts.txt"], 1, ["texts.txt, line 1: "]),
        (["soft", "gb.tsv"], 1, ["gb.tsv, line 4: byte", "is not utf-8; use --encoding NAME (gb18030"]),
    ],
)
def test_what_cannot_be_scored(refused, runs, arguments, code, says):
    names = ("soft", "other", "several", "nowhere")
    refused("evaluate", *(runs / part if part in names else part for part in arguments), code=code, says=says)


def test_a_language_model_among_classifiers(refused, runs, trained):
    says = [f"{trained}: is of the task lm; several are for classifiers or translators only"]
    refused("evaluate", runs / "soft", "rows.tsv", "--with", trained, code=2, says=says)
    refused("predict", runs / "soft", trained, "texts.txt", code=2, says=says)


# --- predict


def test_a_label_for_each_line(predict, call, runs):
    text = "the kettle boils\r\n\n茶没有味道"
    model = seqlab.load(runs / "soft")
    expected = model.predict(["the kettle boils", "", "茶没有味道"])
    assert predict(text, runs / "soft") == expected
    assert expected[::2] == ["good", "bad"]
    assert predict("", runs / "soft") == []
    assert call("predict", runs / "soft", "texts.txt").out.splitlines() == expected


def test_probabilities(predict, runs):
    lines = predict("the kettle boils\n\n", runs / "soft", "--proba")
    model = seqlab.load(runs / "soft")
    for line, row in zip(lines, model.predict_proba(["the kettle boils", ""]).tolist(), strict=True):
        cells = line.split("\t")
        found = dict(zip(cells[::2], map(float, cells[1::2]), strict=True))
        assert found == pytest.approx(dict(zip(model.labels, row, strict=True)), abs=1e-6)
        assert list(found.values()) == sorted(found.values(), reverse=True)
        assert sum(found.values()) == pytest.approx(1, abs=1e-5)


def test_objects(predict, runs):
    text = 'the "kettle" boils\t👩‍👩‍👧'
    for more in ((), ("--proba",)):
        (line,) = predict(f"{text}\n", runs / "soft", "--format", "json", *more)
        found = json.loads(line)
        assert found["text"] == text
        assert found["label"] == max(found["probabilities"], key=found["probabilities"].__getitem__)
        assert sum(found["probabilities"].values()) == pytest.approx(1)
        assert "👩" in line


def test_several_labels_a_line(predict, runs):
    text = "the kettle leaks, badly\n茶很香\n"
    assert predict(text, runs / "several") == ["bad,kettle", ""]
    found = [json.loads(line) for line in predict(text, runs / "several", "--format", "json")]
    assert [each["label"] for each in found] == [["bad", "kettle"], []]


def test_two_runs(predict, call, runs):
    text = "the kettle boils\n茶\n"
    models = [seqlab.load(runs / name) for name in ("soft", "count")]
    mean = sum(model.predict_proba(text.splitlines()) for model in models) / 2
    found = [json.loads(line) for line in predict(text, runs / "soft", runs / "count", "--format", "json")]
    assert np.array([list(each["probabilities"].values()) for each in found]) == pytest.approx(mean)
    by_file = call("predict", runs / "soft", runs / "count", "texts.txt")
    assert by_file.out.splitlines()[::2] == ["good", "bad"]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (
            ["soft", "texts.txt", "--format", "bmes"],
            2,
            ["--format bmes is not for a classifier; take json, or leave it"],
        ),
        (["soft", "texts.txt", "--format", "offsets"], 2, ["--format offsets is not for a classifier"]),
        (["soft", "texts.txt", "--userdict", "texts.txt"], 2, ["--userdict is for a segmenter; leave it out"]),
        (["soft", "other", "texts.txt"], 2, ["different labels"]),
        (["soft", "texts.txt", "rows.tsv"], 2, ["rows.tsv: one file can be read at a time, behind the runs"]),
        (["soft", "nowhere.txt"], 1, ["nowhere.txt: ", "o such file"]),
        (["soft", "gb.tsv"], 1, ["gb.tsv, line 4: byte", "is not utf-8"]),
        (["soft", "texts.txt", "--device", "gpu"], 2, ["device: cannot compute on 'gpu' here"]),
        (["count", "texts.txt", "--device", "cuda:9"], 2, ["device: "]),
    ],
)
def test_what_cannot_be_predicted(call, runs, arguments, code, says):
    outcome = call("predict", *(runs / part if part in ("soft", "other", "count") else part for part in arguments))
    assert outcome.code == code, outcome
    (line,) = outcome.lines
    assert line.startswith("seqlab: ")
    assert all(part in line for part in says), line


def test_proba_is_for_classifiers(refused, trained, tmp_path):
    seqlab.train("segment", [["船", "靠岸"]], model="max-match", validation_share=0, output=tmp_path / "words")
    refused("predict", tmp_path / "words", "--proba", code=2, says=["--proba is for a classifier; leave it out"])
    for flag, value in (("--with", tmp_path), ("--errors", "3"), ("--report", tmp_path / "page.html")):
        says = [f"{flag} is for a classifier{' or translator' * (flag == '--with')}; leave it out"]
        refused("evaluate", trained, tmp_path / "words", flag, value, code=2, says=says)
