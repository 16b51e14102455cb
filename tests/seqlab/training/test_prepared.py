"""Training from what `seqlab prepare` has left is training from its files, byte for byte."""

import hashlib
import json
import shutil

import numpy as np
import pytest

import seqlab
from seqlab.corpora import SAMPLES
from seqlab.errors import ConfigError, DataError
from seqlab.training.prepared import open_prepared

TASKS = {
    "lm": ("tales", ".txt", ["--hidden", "8", "--window", "32", "--epochs", "1"], []),
    "segment": ("segmented", ".txt", ["--hidden", "8", "--epochs", "1"], []),
    "tag": ("entities", ".conll", ["--hidden", "8", "--epochs", "1"], ["--token-column", "1", "--tag-column", "2"]),
    "classify": ("reviews", ".jsonl", ["--hidden", "8", "--epochs", "1"], []),
    "translate": ("phrases", ".jsonl", ["--hidden", "8", "--epochs", "1", "--tokenizer", "character"], []),
}
NO_FLOORS = ["--no-baseline", "--device", "cpu"]


def digests(run):
    """The files that a model is: its weights and its text parts."""
    paths = [path for path in sorted(run.rglob("*")) if path.is_file()]
    kept = [path for path in paths if path.name == "weights.safetensors" or "text" in path.relative_to(run).parts]
    assert len(kept) > 1
    return {path.relative_to(run).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in kept}


@pytest.mark.parametrize("task", TASKS)
def test_the_model_is_that_of_the_files(task, call, tmp_path):
    sample, suffix, flags, reading = TASKS[task]
    path = SAMPLES[sample].path
    corpus = tmp_path / path.name
    corpus.write_text("".join(path.read_text(encoding="utf-8").splitlines(True)[:400]), encoding="utf-8", newline="")
    prepared, one, other = tmp_path / "corpus", tmp_path / "one", tmp_path / "other"
    text = flags[flags.index("--tokenizer") :] if "--tokenizer" in flags else []
    assert call("prepare", task, corpus, "-o", prepared, "--processes", 1, *text, *reading).code == 0
    flags = [*flags, *NO_FLOORS]
    assert call("train", task, prepared, "-o", one, *flags).code == 0
    train, validation = (prepared / f"{part}{suffix}" for part in ("train", "validation"))
    assert call("train", task, train, "--validation", validation, "-o", other, *reading, *flags).code == 0
    assert digests(one) == digests(other)
    manifests = [json.loads((run / "seqlab.json").read_text(encoding="utf-8")) for run in (one, other)]
    assert manifests[0]["scores"] == manifests[1]["scores"]
    assert manifests[0]["training"]["data"] == manifests[1]["training"]["data"], (
        "so that either goes on with the other's"
    )


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A prepared corpus that no test changes."""
    from seqlab.cli import main

    folder = tmp_path_factory.mktemp("prepared") / "tales"
    with pytest.raises(SystemExit) as left:
        main(["prepare", "lm", "sample:tales", "-o", str(folder), "--processes", "1", "--case", "lower"])
    assert left.value.code == 0
    return folder


@pytest.fixture
def copied(prepared, tmp_path):
    """A copy that a test may damage."""
    return shutil.copytree(prepared, tmp_path / "copied")


def test_settings_are_taken_over(prepared, call, tmp_path):
    assert call("train", "lm", prepared, "-o", tmp_path / "run", "--model", "ngram", "--order", 2).code == 0
    config = json.loads((tmp_path / "run" / "config.json").read_text(encoding="utf-8"))
    assert config["text"]["case"] == "lower"
    assert config["data"]["train"] == [str(prepared)]


def test_a_finished_training_goes_on_from_it(prepared, call, tmp_path, small):
    flags = [part for name, value in small.items() for part in (f"--{name.replace('_', '-')}", value)]
    assert call("train", "lm", prepared, "-o", tmp_path / "run", "--no-baseline", *flags).code == 0
    assert call("train", "lm", "-o", tmp_path / "run", "--resume", "--epochs", 3).code == 0


def test_from_python(prepared, small):
    model = seqlab.train("lm", open_prepared(prepared), baseline=False, **small)
    assert model.config.text.case == "lower"
    with pytest.raises(DataError, match="what to validate on is in it"):
        seqlab.train("lm", open_prepared(prepared), ["some text to validate on"], **small)


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--case", "keep"], "text.case"),
        (["--validation-share", "0.2"], "data.validation_share"),
        (["--validation", "sample:tales"], "data.validation"),
        (["--encoding", "gb18030"], "data.encoding"),
        (["--limit", "100"], "data.limit"),
    ],
)
def test_other_settings_are_refused_by_name(prepared, refused, tmp_path, flags, says):
    refused("train", "lm", prepared, "-o", tmp_path / "run", *flags, code=2, says=[says, "was prepared with"])


def test_what_is_no_whole_corpus_is_refused(copied, refused, tmp_path):
    run = tmp_path / "run"
    refused("train", "classify", copied, "-o", run, code=2, says=["prepared for the task lm"])
    refused("train", "lm", copied, "sample:tales", "-o", run, code=2, says=["trained on alone"])
    (copied / "data" / "train.npy").write_bytes(b"short")
    refused("train", "lm", copied, "-o", run, code=1, says=["data/train.npy", "prepare the corpus again"])
    manifest = json.loads((copied / "corpus.json").read_text(encoding="utf-8"))
    (copied / "corpus.json").write_text(json.dumps(manifest | {"format": 9}), encoding="utf-8")
    refused("train", "lm", copied, "-o", run, code=1, says=["format 9"])
    (copied / "corpus.json").write_text("{}", encoding="utf-8")
    refused("train", "lm", copied, "-o", run, code=1, says=["altered"])


def test_a_run_to_begin_with_has_text_parts_of_its_own(call, tmp_path):
    prepared = tmp_path / "reviews"
    assert call("prepare", "classify", "sample:reviews", "-o", prepared, "--processes", 1).code == 0
    with pytest.raises(ConfigError, match="from_run"):
        open_prepared(prepared).experiment("classify", {}, {"from_run": "runs/of-another"})


def test_training_leaves_the_corpus_as_it_was(copied, call, tmp_path):
    before = {path: path.read_bytes() for path in copied.rglob("*") if path.is_file()}
    assert call("train", "lm", copied, "-o", tmp_path / "run", "--model", "ngram").code == 0
    vocabulary = tmp_path / "run" / "text" / "vocab.json"
    vocabulary.write_text("edited", encoding="utf-8")
    assert before == {path: path.read_bytes() for path in copied.rglob("*") if path.is_file()}


def test_nothing_is_read_to_open_one(copied, monkeypatch):
    """A corpus of any size opens at once: only the names and sizes of its files are looked at."""
    np.lib.format.open_memmap(copied / "data" / "train.npy")  # it is there
    monkeypatch.setattr("hashlib.file_digest", None)
    assert open_prepared(copied).task == "lm"
