"""Text classifiers in one table, with McNemar's test and a paired bootstrap."""

import json
import shutil

import numpy as np
import pytest

import seqlab
from seqlab.corpora import open_labelled
from seqlab.metrics.bootstrap import accuracy_of, f1_of, paired_bootstrap
from seqlab.metrics.mcnemar import mcnemar
from seqlab.modeldir import MANIFEST

GOOD, BAD = ("fine", "warm", "bright", "kind"), ("dull", "cold", "broken", "rude")
TINY = {"tokenizer": "word", "device": "cpu", "lr": 0.05, "epochs": 4}


def texts(n, seed):
    """Labelled texts, some of which say the opposite."""
    draw, made = np.random.default_rng(seed), []
    for number in range(n):
        label = ("good", "bad")[number % 2]
        words = draw.choice(GOOD if (label == "good") != (draw.random() < 0.2) else BAD, 2)
        made.append((" ".join([*words, f"n{draw.integers(40)}"]), label))
    return made


def written(path, rows):
    path.write_text("text\tlabel\n" + "".join("\t".join(row) + "\n" for row in rows), encoding="utf-8", newline="")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Model directories that no test changes, and corpora."""
    folder, train = tmp_path_factory.mktemp("runs"), texts(60, 1)
    made = {
        "soft": {"model": "softmax"},
        "counted": {"model": "ngram", "order": 2},
        "seed": {"model": "ngram", "order": 2, "seed": 5},
        "folds": {"model": "ngram", "order": 2, "folds": 3},
        "others": {"model": "ngram", "order": 1, "folds": 4},
        "seen": {"model": "ngram", "order": 2, "validation_share": 0.0},
    }
    for name, settings in made.items():
        network = {name: value for name, value in TINY.items() if name == "tokenizer" or settings["model"] != "ngram"}
        seqlab.train("classify", train, output=folder / name, **(network | settings))
    several = [(text, ("pos", "warm") if "warm" in text else (label,)) for text, label in train]
    for name in ("many", "more"):
        options = {"model": "softmax", "multi_label": True, "seed": 1} | TINY
        seqlab.train("classify", several, output=folder / name, **options | {"epochs": 4 if name == "many" else 30})
    written(folder / "on.tsv", texts(50, 2))
    (folder / "several.jsonl").write_text(
        "".join(json.dumps({"text": text, "label": list(labels)}) + "\n" for text, labels in several), encoding="utf-8"
    )
    return folder


def rows(outcome):
    """The cells of each row, as far as blanks part them, by the name of the run."""
    assert outcome.code == 0, outcome
    lines = [line for line in outcome.out.splitlines()[2:] if "/" in line.split()[0]]
    return {line.split()[0].rpartition("/")[2]: line.split() for line in lines}


def test_the_scores_of_training(call, runs):
    outcome = call("compare", runs / "soft", runs / "counted")
    assert outcome.err == ""
    heads = " ".join(outcome.out.splitlines()[0].split())
    assert heads == "run model size accuracy macro F1 nats a text ECE texts"
    found = rows(outcome)
    reached = {name: seqlab.load(runs / name).scores for name in found}
    for name, cells in found.items():
        figures = [f"{reached[name][figure]:.4f}" for figure in ("accuracy", "macro_f1", "nats", "ece")]
        assert cells[-5:] == [*figures, str(reached[name]["n_texts"])]
    top = max(scores["accuracy"] for scores in reached.values())
    assert [name for name, cells in found.items() if cells[1] == "*"] == [
        name for name, scores in reached.items() if scores["accuracy"] == top
    ]
    assert "2-gram, modified-kneser-ney" in outcome.out
    assert "softmax, word n-grams to 3" in outcome.out


def test_the_scores_on_a_corpus_and_the_tests(call, runs):
    outcome = call("compare", runs / "soft", runs / "counted", "--on", runs / "on.tsv", "--json")
    assert outcome.err == ""
    one, other = json.loads(outcome.out)
    records = list(open_labelled(runs / "on.tsv"))
    scores = {name: seqlab.load(runs / name).evaluate(records) for name in ("soft", "counted")}
    for row, found in zip((one, other), scores.values(), strict=True):
        for name in ("accuracy", "macro_f1", "nats", "ece", "n_texts"):
            assert row[name] == getattr(found, name)
    best, behind = (one, other) if one["accuracy"] >= other["accuracy"] else (other, one)
    assert (best["best"], best["behind_best"], best["mcnemar"]) == (True, None, None)
    first, second = sorted(scores.values(), key=lambda found: -found.accuracy)
    bootstrap = paired_bootstrap(first.counts, second.counts, accuracy_of, n_resamples=2000)
    assert behind["behind_best"] == bootstrap.to_dict()
    test = mcnemar(first.correct, second.correct)
    assert behind["mcnemar"] == test.to_dict()
    assert test.n_first_only + test.n_second_only > 0
    assert test.n_first_only - test.n_second_only == first.n_correct - second.n_correct
    shown = call("compare", runs / "soft", runs / "counted", "--on", runs / "on.tsv")
    heads = "behind the best 95 % interval only the best right only this right p"
    assert " ".join(shown.out.splitlines()[0].split()).endswith(heads)
    name = "counted" if behind is other else "soft"
    cells = rows(shown)[name]
    assert cells[-3:] == [f"{test.n_first_only}", f"{test.n_second_only}", f"{test.p:.3g}"]
    assert f"{bootstrap.difference:.4f}  {bootstrap.low:.4f} to {bootstrap.high:.4f}" in shown.out
    assert "McNemar's exact test" in shown.out


def test_scores_of_training_are_compared_where_the_same_texts_were_held_out(call, runs):
    for one, other in (("soft", "seed"), ("soft", "folds")):
        outcome = call("compare", runs / one, runs / other)
        assert outcome.lines == [
            "seqlab: these figures are not comparable, since they are of different texts; give --on and a corpus"
        ]
        assert "*" not in outcome.out
    assert "*" in call("compare", runs / "soft", runs / "seed", "--on", runs / "on.tsv").out


def test_a_cross_validated_one_is_compared_by_the_texts_of_its_folds(call, runs):
    """Folds may be others: each text is scored once by a model that has not seen it."""
    outcome = call("compare", runs / "folds", runs / "others")
    assert outcome.err == ""
    for name, cells in rows(outcome).items():
        pooled = seqlab.load(runs / name).scores["folds"]["pooled"]
        assert cells[-5:-3] == [f"{pooled['accuracy']:.4f}", f"{pooled['macro_f1']:.4f}"]
        assert cells[-1] == "60"
    assert "*" in outcome.out


def test_figures_of_seen_texts_are_none_to_compare(call, runs):
    outcome = call("compare", runs / "seen", runs / "soft")
    assert len(outcome.lines) == 2
    assert "seen: its figures are of the very texts it was trained on" in outcome.lines[0]
    assert "*" not in outcome.out


def test_several_labels_a_text(call, runs, refused):
    outcome = call("compare", runs / "many", runs / "more", "--on", runs / "several.jsonl", "--json")
    records = list(open_labelled(runs / "several.jsonl"))
    scores = [seqlab.load(runs / name).evaluate(records) for name in ("many", "more")]
    found = json.loads(outcome.out)
    assert [row["micro_f1"] for row in found] == [score.micro_f1 for score in scores]
    assert [row["best"] for row in found] == [False, True]
    bootstrap = paired_bootstrap(scores[1].counts, scores[0].counts, f1_of, n_resamples=2000)
    assert found[0]["behind_best"] == bootstrap.to_dict()
    assert found[0]["mcnemar"] == mcnemar(scores[1].correct, scores[0].correct).to_dict()
    assert " ".join(call("compare", runs / "many").out.splitlines()[0].split()).endswith(
        "size micro F1 macro F1 exact match Hamming loss texts"
    )
    refused("compare", runs / "many", runs / "soft", code=2, says=["one label a text and others any number"])


def test_equals_are_all_the_best_and_one_alone_is_none(call, runs, tmp_path):
    same = shutil.copytree(runs / "soft", tmp_path / "same")
    found = json.loads(call("compare", runs / "soft", same, "--on", runs / "on.tsv", "--json").out)
    assert [row["best"] for row in found] == [True, True]
    assert found[1]["mcnemar"] == {"n_first_only": 0, "n_second_only": 0, "p": 1.0}
    assert not json.loads(call("compare", runs / "soft", "--json").out)[0]["best"]


def test_json_holds_all_figures(call, runs):
    (row,) = json.loads(call("compare", runs / "soft", "--json").out)
    about = {"run", "what", "size", "best", "behind_best", "mcnemar"}
    assert {"accuracy", "macro_f1", "nats", "ece", "n_texts"} | about <= row.keys()
    assert not {"confusion", "by_class", "floors"} & row.keys()


def test_what_is_refused(refused, runs, trained, tmp_path):
    refused("compare", runs / "soft", trained, code=2, says=["models of different tasks, classify and lm"])
    refused("compare", runs / "soft", "--on", tmp_path / "nothing", code=1, says=["no such file or folder"])
    swapped = [(f"{text}\t{label}", "other") for text, label in texts(12, 4)]
    (tmp_path / "three.tsv").write_text("".join("\t".join(row) + "\n" for row in swapped), encoding="utf-8")
    columns = {"text_column": "1", "label_column": "3", "header": False}
    rest = {"text_column": "1", "label_column": "2", "header": False}
    for name, places in (("third", columns), ("second", rest)):
        seqlab.train("classify", texts(40, 1), output=tmp_path / name, model="ngram", tokenizer="word", **places)
    says = ["second: reads other texts or labels in", "than", "third, by the columns it was trained with"]
    refused("compare", tmp_path / "third", tmp_path / "second", "--on", tmp_path / "three.tsv", code=2, says=says)
    upper = [(text, label.upper()) for text, label in texts(40, 1)]
    seqlab.train("classify", upper, output=tmp_path / "upper", model="ngram", tokenizer="word")
    says = ["upper: has other labels (BAD, GOOD) than", "soft (bad, good)"]
    refused("compare", runs / "soft", tmp_path / "upper", "--on", runs / "on.tsv", code=2, says=says)
    copy = shutil.copytree(runs / "soft", tmp_path / "copy")
    manifest = json.loads((copy / MANIFEST).read_text())
    for change in ({"training": {}}, {"scores": {"accuracy": 1.0}}, {"scores": manifest["scores"] | {"ece": "low"}}):
        (copy / MANIFEST).write_text(json.dumps(manifest | change))
        refused("compare", copy, runs / "soft", code=1, says=["altered, its figures cannot be read"])
