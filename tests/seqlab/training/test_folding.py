"""Cross-validation: each text is scored once, by a model that has not seen it, and nothing of it stays behind."""

import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

import seqlab
from seqlab.errors import ConfigError, DataError
from seqlab.modeldir import MANIFEST, open_directory
from seqlab.tasks import classify_folds
from seqlab.tasks.labelled_kept import Example
from seqlab.training import folding
from seqlab.training.interrupt import Interrupted
from seqlab.training.watcher import Unwatched

GOOD, BAD = ("fine", "warm", "bright", "kind"), ("dull", "cold", "broken", "rude")
TINY = {"model": "softmax", "tokenizer": "word", "epochs": 3, "lr": 0.1, "batch_size": 8, "device": "cpu"}


def texts(n: int, seed: int = 3) -> list[tuple[str, str]]:
    """Labelled texts, a few of which say the opposite."""
    draw, made = np.random.default_rng(seed), []
    for number in range(n):
        label = ("good", "bad")[number % 2]
        words = draw.choice(GOOD if (label == "good") != (draw.random() < 0.15) else BAD, 3)
        made.append((" ".join([*words, f"n{number}"]), label))
    return made


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


class Heard(Unwatched):
    """Keeps what is told and noted."""

    def __init__(self) -> None:
        self.told_of: list[tuple[str, str]] = []
        self.notes: list[str] = []
        self.shown: list[dict[str, object]] = []
        self.n_validations = 0

    def told(self, name: str, fact: str) -> None:
        self.told_of.append((name, fact))

    def noted(self, message: str) -> None:
        self.notes.append(message)

    def stepped(self, step) -> None:
        self.n_validations += step.scores is not None

    def finished(self, task: str, scores: dict[str, object]) -> None:
        self.shown.append(scores)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A cross-validated model, and what was heard of it."""
    folder, heard = tmp_path_factory.mktemp("folds"), Heard()
    seqlab.train("classify", texts(47), output=folder / "run", folds=5, watcher=heard, **TINY)
    return folder / "run", heard


labels = st.lists(st.sampled_from("abcd"), min_size=1, max_size=60)


@effort(max_examples=60, deadline=None)
@given(labels, st.integers(2, 9), st.integers(0, 5))
def test_each_text_is_in_one_fold_and_folds_are_alike(found, n_folds, seed):
    examples = [Example(f"text {number}", (label,)) for number, label in enumerate(found)]
    if len(examples) < n_folds:
        with pytest.raises(DataError, match=rf"{len(examples)} texts? (is|are) too few for {n_folds} folds"):
            classify_folds.parts(examples, n_folds, seed)
        return
    parts = classify_folds.parts(examples, n_folds, seed)
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(examples)))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1
    for label in set(found):
        of_label = [sum(found[number] == label for number in part) for part in parts]
        assert max(of_label) - min(of_label) <= 1
    again = classify_folds.parts(examples, n_folds, seed)
    assert all(np.array_equal(one, other) for one, other in zip(parts, again, strict=True))


def test_the_seed_draws_the_folds():
    examples = [Example(text, (label,)) for text, label in texts(40)]
    assert classify_folds.parts(examples, 4, 1)[0].tolist() != classify_folds.parts(examples, 4, 2)[0].tolist()


def test_a_model_is_trained_on_the_others_and_scores_the_fold(run):
    """By hand: a model of the texts that are not in the fold, which holds nothing out and keeps its last weights."""
    records = texts(47)
    examples = [Example(text, (label,)) for text, label in records]
    folds = seqlab.load(run[0]).scores["folds"]
    parts = classify_folds.parts(examples, 5, 1)
    assert folds["n_texts"] == [len(part) for part in parts]
    for number in (0, 3):
        own = set(parts[number].tolist())
        others = [record for at, record in enumerate(records) if at not in own]
        model = seqlab.train("classify", others, validation_share=0.0, evaluate_every=10**6, baseline=False, **TINY)
        scores = model.evaluate([records[at] for at in sorted(own)])
        assert folds["accuracy"][number] == scores.accuracy
        assert folds["macro_f1"][number] == scores.macro_f1


def test_figures_of_the_folds(run):
    folds = seqlab.load(run[0]).scores["folds"]
    for name in ("accuracy", "macro_f1"):
        values = folds[name]
        mean = sum(values) / 5
        assert folds["mean"][name] == pytest.approx(mean)
        assert folds["spread"][name] == pytest.approx((sum((value - mean) ** 2 for value in values) / 4) ** 0.5)
    assert folds["spread"]["accuracy"] > 0
    correct = [round(value * n) for value, n in zip(folds["accuracy"], folds["n_texts"], strict=True)]
    assert folds["pooled"]["accuracy"] == sum(correct) / 47
    assert folds["pooled"]["n_texts"] == 47
    assert np.array(folds["pooled"]["confusion"]["counts"]).sum() == 47
    assert set(folds["floors"]) == {"most frequent class", "n-gram"}
    assert len(folds["floors"]["n-gram"]["accuracy"]) == 5


def test_the_kept_model_is_that_of_all_texts_with_the_last_weights(run):
    model = seqlab.load(run[0])
    plain = seqlab.train("classify", texts(47), validation_share=0.0, evaluate_every=10**6, baseline=False, **TINY)
    np.testing.assert_array_equal(
        model.log_probs(["fine dull"], calibrated=False), plain.log_probs(["fine dull"], calibrated=False)
    )
    manifest = json.loads((run[0] / MANIFEST).read_text())
    assert manifest["training"]["sizes"]["train"] == 47
    assert manifest["scores"]["floors"] == {}, "on texts that they have counted they are none to beat"
    assert model.temperature == manifest["training"]["temperature"] != plain.temperature
    config = open_directory(run[0]).config
    assert (config.data.folds, config.data.validation_share) == (5, 0.0)
    assert json.loads((run[0] / "config.json").read_text()) == config.model_dump(mode="json")


def test_the_settings_of_a_run_give_the_same_run(run):
    again = seqlab.train("classify", texts(47), config=json.loads((run[0] / "config.json").read_text()))
    assert again.scores == seqlab.load(run[0]).scores


def test_what_one_is_told_of(run):
    heard = run[1]
    told = [fact for name, fact in heard.told_of if name == "fold"]
    assert [fact.split(":")[0] for fact in told] == [f"{k} of 5" for k in range(1, 6)]
    assert "accuracy" in told[0]
    assert heard.notes == [], "that nothing is held out is how it is meant"
    assert len(heard.shown) == 1, "one table"
    assert heard.n_validations == 0, "the texts that are trained on would be scored"
    assert names(run[0].parent) == ["run"]


@pytest.mark.parametrize("model", ["ngram", "bag"])
def test_other_models_and_several_labels(tmp_path, model):
    options = {"model": model, "tokenizer": "word"} | ({} if model == "ngram" else TINY | {"model": model})
    found = seqlab.train("classify", texts(30), output=tmp_path / "run", folds=3, **options).scores["folds"]
    assert len(found["accuracy"]) == 3
    assert 0.5 < found["mean"]["accuracy"] <= 1
    if model == "ngram":
        return
    several = [(text, (label, "long") if len(text) > 20 else (label,)) for text, label in texts(30)] + [("n", ())] * 3
    model = seqlab.train("classify", several, output=tmp_path / "several", folds=3, multi_label=True, **options)
    assert set(model.scores["folds"]["mean"]) == {"micro_f1", "macro_f1"}
    assert model.scores["folds"]["pooled"]["n_texts"] == 33


def test_rare_labels_are_told_of_and_not_fatal(tmp_path):
    heard = Heard()
    records = [*texts(24), ("odd one", "odd"), ("", "good")]
    model = seqlab.train("classify", records, folds=4, output=tmp_path / "run", watcher=heard, **TINY)
    assert any("'odd' there are fewer texts than the 4 folds" in note for note in heard.notes)
    assert "odd" in model.labels
    folds = model.scores["folds"]
    assert sum(folds["n_texts"]) == 25, "an empty text is left out"
    assert folds["pooled"]["by_class"]["odd"]["recall"] == 0.0
    assert np.isfinite(model.temperature)


def test_a_limit_is_of_all_texts():
    scores = seqlab.train("classify", texts(60), folds=2, limit=20, **TINY).scores
    assert scores["folds"]["n_texts"] == [10, 10]
    assert scores["n_texts"] == 20


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"folds": 1}, "data.folds: a single one leaves no text to train on"),
        ({"folds": 3, "validation_share": 0.3}, "data.folds: each text is held out once; leave out validation_share"),
        ({"folds": 3, "validation_split": "end"}, "data.folds: each text is held out once"),
        ({"folds": 3, "patience": 2}, "training.patience: in cross-validation no text is held out that 2 could go by"),
        ({"folds": 3, "evaluate_every": 5}, "training.evaluate_every: "),
        ({"folds": 3, "schedule": "plateau"}, "training.schedule: "),
    ],
)
def test_what_is_refused(settings, says):
    with pytest.raises(ConfigError) as error:
        seqlab.train("classify", texts(20), **TINY, **settings)
    assert says in str(error.value)


def test_what_is_refused_of_the_texts(tmp_path):
    with pytest.raises(ConfigError, match="give no validation"):
        seqlab.train("classify", texts(20), texts(4), folds=3, **TINY)
    with pytest.raises(DataError, match="4 texts are too few for 5 folds"):
        seqlab.train("classify", texts(4), folds=5, output=tmp_path / "run", **TINY)
    with pytest.raises(DataError, match=r"fold \d of 2: the training texts have 1 label"):
        seqlab.train("classify", [("a", "x")] * 6 + [("b", "y")], folds=2, output=tmp_path / "run", **TINY)
    assert names(tmp_path) == []


class StopIn(Unwatched):
    """Presses Ctrl-C in a training, counted from 1."""

    def __init__(self, number: int) -> None:
        self.left = number

    def started(self, unit: str, total: int, done: int = 0) -> None:
        self.left -= 1

    def stepped(self, step) -> None:
        if not self.left and step.step == 2:
            os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_in_a_fold_leaves_nothing_and_says_so(tmp_path: Path):
    with pytest.raises(Interrupted, match="stopped in fold 2 of 3; nothing of the folds is kept"):
        seqlab.train("classify", texts(30), folds=3, output=tmp_path / "run", watcher=StopIn(2), **TINY)
    assert names(tmp_path) == []


def test_ctrl_c_after_the_folds_can_be_gone_on_with(tmp_path: Path):
    whole = seqlab.train("classify", texts(30), folds=3, output=tmp_path / "whole", **TINY)
    with pytest.raises(Interrupted, match="go on with: seqlab train classify"):
        seqlab.train("classify", texts(30), folds=3, output=tmp_path / "run", watcher=StopIn(4), **TINY)
    with pytest.raises(
        ConfigError, match=r"training.epochs: is 3 and cannot change .* what can: checkpoint_every, device"
    ):
        seqlab.resume(tmp_path / "run", {"epochs": 5})
    resumed = seqlab.resume(tmp_path / "run")
    assert resumed.scores == whole.scores
    assert resumed.temperature == whole.temperature
    weights = [(tmp_path / name / "weights.safetensors").read_bytes() for name in ("whole", "run")]
    assert weights[0] == weights[1]
    with pytest.raises(ConfigError, match="its figures are those of 3 folds"):
        seqlab.resume(tmp_path / "run", {"epochs": 5}, records=texts(30))


def test_an_output_that_is_taken_is_refused_before_anything_is_trained(run, monkeypatch):
    monkeypatch.setattr(folding, "cross_validate", lambda *_: pytest.fail("trained"))
    with pytest.raises(seqlab.errors.ModelError, match="holds a model already"):
        seqlab.train("classify", texts(47), output=run[0], folds=5, **TINY)


def test_the_command_line(call, refused, run, tmp_path):
    corpus = tmp_path / "texts.tsv"
    corpus.write_text("".join(f"{label}\t{text}\n" for text, label in texts(47)), encoding="utf-8")
    flags = [part for name, value in TINY.items() for part in (f"--{name.replace('_', '-')}", str(value))]
    columns = ["--text-column", "2", "--label-column", "1", "--no-header"]
    train = ["train", "classify", corpus, "-o", tmp_path / "run", "--folds", "5", *columns, *flags]
    outcome = call(*train)
    assert outcome.code == 0, outcome
    found = seqlab.load(tmp_path / "run").scores
    assert found == seqlab.load(run[0]).scores
    folds = found["folds"]
    lines = {line.split("  ")[0]: line.split() for line in outcome.out.splitlines()}
    assert lines["47 texts in 5 folds"][-3:] == ["accuracy", "macro", "F1"]
    assert lines["fold 2, 10 texts"][-2:] == [f"{folds[name][1]:.4f}" for name in ("accuracy", "macro_f1")]
    for head in ("mean", "spread"):
        assert lines[head][-2:] == [f"{folds[head][name]:.4f}" for name in ("accuracy", "macro_f1")]
    assert lines["all texts together"][-2:] == [f"{folds['pooled'][name]:.4f}" for name in ("accuracy", "macro_f1")]
    assert "which is no score" in outcome.out
    assert outcome.out.count("fold 1,") == 1
    card = (tmp_path / "run/README.md").read_text(encoding="utf-8")
    assert "each text once, in 5 folds, by models of the others (this one is trained on all of them)" in card
    assert f"| mean | {folds['mean']['accuracy']:.4f} |" in card
    told = call("info", tmp_path / "run").out
    assert "cross-validated" in told
    assert f"accuracy {folds['mean']['accuracy']:.4f} (spread {folds['spread']['accuracy']:.4f})" in told
    assert "of the texts it is trained on, so no score" in told
    resume = ["train", "classify", "-o", tmp_path / "run", "--resume"]
    refused(*resume, "--folds", "5", code=2, says=["--resume goes on with one training, and folds are several"])
    refused(*resume, "-s", "folds=3", code=2, says=["--resume goes on with one training"])
    refused(*train, "--overwrite", "--validation", corpus, code=2, says=["data.folds: each text is held out once"])
    refused(*train[:5], "-o", tmp_path / "x", *flags, "--folds", "1", code=2, says=["data.folds: a single one"])
