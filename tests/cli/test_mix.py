"""Several models as one, on the command line; and the model directory that holds them."""

import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

import seqlab
from seqlab import modeldir
from seqlab.errors import ModelError
from seqlab.modeldir import CARD, MANIFEST, WEIGHTS, open_directory


@pytest.fixture(scope="module")
def runs(tmp_path_factory, text, small):
    """A network and two n-gram models of the same text, which no test changes."""
    folder = tmp_path_factory.mktemp("parts")
    for name, settings in (
        ("net", small),
        ("three", {"model": "ngram", "order": 3}),
        ("one", {"model": "ngram", "order": 1}),
    ):
        seqlab.train("lm", [text], output=folder / name, **settings)
    return folder


@pytest.fixture
def fresh(tmp_path):
    """A text that no model was trained on."""
    path = tmp_path / "fresh.txt"
    path.write_text("举头明月光，\n疑是月。To be the question: or not that.\n" * 3, encoding="utf-8", newline="")
    return path


@pytest.fixture
def mixed(call, runs, fresh, tmp_path):
    """The model directory of a mixture, and what was said while it was made."""
    outcome = call("mix", runs / "three", runs / "net", "--on", fresh, "-o", tmp_path / "both")
    assert outcome.code == 0, outcome
    return tmp_path / "both", outcome


def test_what_is_printed(mixed, runs, fresh):
    folder, outcome = mixed
    model, text = seqlab.load(folder), fresh.read_text(encoding="utf-8")
    parts = [seqlab.load(runs / name) for name in ("three", "net")]
    lines = [" ".join(line.split()) for line in outcome.out.splitlines()]
    assert lines[0] == f"{len(text)} characters weight nats a character bits a character perplexity"
    assert lines[2].startswith(f"this mixture {model.evaluate([text]).nats:.4f} ")
    for line, name, part, weight in zip(lines[3:], ("three", "net"), parts, model.weights, strict=False):
        assert line.startswith(f"{runs / name} {weight:.4f} {part.evaluate([text]).nats:.4f} ")
    assert lines[5] == "0.00% of the characters are out of the vocabulary"
    assert [line.split()[0] for line in outcome.lines] == ["reading", "data", "part", "part", "note", "saved"]
    assert "so its figures flatter the mixture" in outcome.err
    assert outcome.lines[-1] == f"saved     {folder}; now: seqlab generate {folder}"
    assert model.scores["nats"] < min(model.scores["parts"])


def test_a_mixture_is_used_like_any_model(call, mixed, corpus):
    folder, _ = mixed
    model = seqlab.load(folder)
    written = call("generate", folder, "--prompt", "举头", "--length", "20", "--seed", "1", "-n", "2")
    assert (written.code, written.err) == (0, "")
    scores = json.loads(call("evaluate", folder, corpus, "--json").out)
    assert scores["nats"] == model.evaluate([corpus.read_text(encoding="utf-8")]).nats
    shown = " ".join(call("info", folder).out.split())
    first, second = model.weights
    for part in (
        "(3-gram, modified-kneser-ney, ",
        f"), weight {first:.4f}",
        "net (lstm, 1 x 16, ",
        f"parameters), weight {second:.4f}",
        "weights on",
        f"scored there {model.scores['nats']:.4f} nats a character",
    ):
        assert part in shown


def test_the_directory(mixed, runs):
    folder, _ = mixed
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    part = {"seqlab.json", "config.json", "weights.safetensors", "text/vocab.json", "text/pipeline.json", "README.md"}
    assert files == part | {f"parts/{k}/{name}" for k in (0, 1) for name in part}
    manifest = open_directory(folder).manifest
    assert set(manifest["files"]) == {*part, "parts/0/seqlab.json", "parts/1/seqlab.json"} - {CARD, MANIFEST}
    assert [each["name"] for each in manifest["training"]["parts"]] == [str(runs / "three"), str(runs / "net")]
    assert manifest["scores"]["parts"] == seqlab.load(folder).scores["parts"]
    card = (folder / CARD).read_text(encoding="utf-8")
    for says in ("flatter the mixture", f"{runs / 'net'} (lstm, 1 x 16", "Weights fitted on", f"generate {folder}"):
        assert says in card
    assert [path.name for path in folder.parent.iterdir() if path.name.startswith(".")] == []


def test_it_needs_its_parts_no_more_and_cards_may_be_edited(call, runs, fresh, tmp_path):
    for name in ("three", "one"):
        shutil.copytree(runs / name, tmp_path / name)
    assert call("mix", tmp_path / "three", tmp_path / "one", "--on", fresh, "-o", tmp_path / "both").code == 0
    shutil.rmtree(tmp_path / "three")
    shutil.rmtree(tmp_path / "one")
    (tmp_path / "both" / "parts" / "0" / CARD).write_text("mine")
    (tmp_path / "both" / "parts" / "1" / CARD).unlink()
    moved = (tmp_path / "both").rename(tmp_path / "moved")
    assert call("generate", moved, "--length", "5").code == 0
    again = call("mix", moved, runs / "net", "--on", fresh, "-o", tmp_path / "again")
    assert again.code == 0, again
    assert (tmp_path / "again" / "parts" / "0" / "parts" / "1" / WEIGHTS).exists()
    assert np.isfinite(seqlab.load(tmp_path / "again").score("明月")).all()


def test_a_part_may_be_replaced_by_the_mixture(call, runs, fresh, tmp_path):
    run = shutil.copytree(runs / "three", tmp_path / "three")
    before = seqlab.load(run).score("明月")
    assert call("mix", run, runs / "net", "--on", fresh, "-o", run, "--overwrite").code == 0
    assert np.array_equal(seqlab.load(run).parts[0].score("明月"), before)


@pytest.mark.parametrize("name", ["parts/0/weights.safetensors", "parts/1/config.json", "parts/1/seqlab.json", WEIGHTS])
def test_an_altered_part(mixed, name):
    folder, _ = mixed
    path = folder / name
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(ModelError, match=r"altered since it was saved: .*; copy the folder again"):
        seqlab.load(folder)
    path.unlink()
    with pytest.raises(ModelError, match="incomplete, without"):
        seqlab.load(folder)


def reseal(folder, *names):
    manifest = json.loads((folder / MANIFEST).read_text())
    for name in names:
        manifest["files"][name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    (folder / MANIFEST).write_text(json.dumps(manifest))


def test_weights_that_are_something_else(mixed, runs):
    import safetensors.numpy

    folder, _ = mixed
    for content, says in (
        (b"something else", "no weights of a mixture"),
        ((runs / "three" / WEIGHTS).read_bytes(), "no weights of a mixture"),
        (safetensors.numpy.save({"mixture.weights": np.array([0.5, 0.6])}), "which sum to 1, not"),
        (safetensors.numpy.save({"mixture.weights": np.array(1.0)}), r"of shape \(\)"),
        (safetensors.numpy.save({"mixture.weights": np.array([0.2, 0.3, 0.5])}), "parts/2: no such folder"),
    ):
        (folder / WEIGHTS).write_bytes(content)
        reseal(folder, WEIGHTS)
        with pytest.raises(ModelError, match=says) as error:
            seqlab.load(folder)
        assert str(folder) in str(error.value)


def test_files_outside_the_folder_are_no_part_of_it(mixed):
    folder, _ = mixed
    for name in ("../secret", "parts/../../secret", "/etc/hostname"):
        manifest = json.loads((folder / MANIFEST).read_text())
        (folder / MANIFEST).write_text(json.dumps(manifest | {"files": manifest["files"] | {name: "0"}}))
        with pytest.raises(ModelError, match="names files outside the folder"):
            seqlab.load(folder)


def test_what_is_refused(refused, call, runs, fresh, tmp_path, text):
    three, net, output = runs / "three", runs / "net", tmp_path / "new"
    refused(
        "mix", three, "--on", fresh, "-o", output, code=2, says=["a mixture has two parts or more; name another run"]
    )
    refused("mix", three, net, "-o", output, code=2, says=["Missing option '--on'"])
    says = [f"{tmp_path / 'nowhere'}: no such folder; a model directory is what"]
    refused("mix", three, tmp_path / "nowhere", "--on", fresh, "-o", output, code=1, says=says)
    refused("mix", three, net, "--on", tmp_path / "nothing", "-o", output, code=1, says=["no such file or folder"])
    (tmp_path / "empty.txt").write_text("")
    refused("mix", three, net, "--on", tmp_path / "empty.txt", "-o", output, code=1, says=["empty, there is no text"])
    seqlab.train("lm", [text], output=tmp_path / "words", model="ngram", tokenizer="word")
    says = [f"{three} and {tmp_path / 'words'}: their tokenizers differ (character and word), and"]
    refused("mix", three, tmp_path / "words", "--on", fresh, "-o", output, code=2, says=says)
    says = ["holds a model already; give --overwrite to replace it, or another output"]
    refused("mix", three, net, "--on", fresh, "-o", three, code=1, says=says)
    for more in ((), ("--overwrite",)):
        says = ["something other than a model; choose another output"]
        refused("mix", three, net, "--on", fresh, "-o", fresh, *more, code=1, says=says)
    refused("mix", three, net, "--on", fresh, "-o", "..", code=2, says=["a name of its own"])
    refused("mix", three, runs / "one", "--on", fresh, "-o", output, "--device", "cuda", code=2, says=["by the CPU"])
    refused("mix", three, net, "--on", fresh, "-o", output, "--encoding", "utf-9", code=2, says=["unknown encoding"])
    assert not output.exists()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_models_in_use_have_no_directory_to_copy(runs, tmp_path):
    models = [seqlab.load(runs / name) for name in ("three", "one")]
    with pytest.raises(seqlab.errors.ConfigError, match="is made of model directories; give their paths"):
        seqlab.mix(models, ["明月"], output=tmp_path / "both")
    in_use = seqlab.mix(models, ["明月"])
    saved = seqlab.mix([runs / "three", str(runs / "one")], ["明月"], output=tmp_path / "both")
    assert np.array_equal(in_use.weights, saved.weights)
    assert np.array_equal(in_use.score("月明"), saved.score("月明"))


def full(*_, **__):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize(
    "what",
    ["shutil.copyfile", "pathlib.Path.write_text", "pathlib.Path.write_bytes", "os.fsync", "pathlib.Path.replace"],
)
def test_a_full_disk_loses_nothing(mixed, runs, monkeypatch, what):
    folder, _ = mixed
    before = seqlab.load(folder).score("明月")
    with monkeypatch.context() as patch:
        patch.setattr(what, full)
        with pytest.raises(seqlab.errors.SeqlabError, match="No space left on device") as error:
            seqlab.mix([runs / "net", runs / "one"], ["明月光。"], output=folder, overwrite=True)
    assert "\n" not in str(error.value)
    assert np.array_equal(seqlab.load(folder).score("明月"), before)
    assert sorted(path.name for path in folder.parent.iterdir()) == ["both", "fresh.txt"]


@pytest.mark.parametrize(
    "what", ["seqlab.tasks.mixture.mixture_weights", "seqlab.modeldir.copy", "seqlab.modeldir.seal"]
)
def test_ctrl_c_loses_nothing(mixed, runs, fresh, call, monkeypatch, what):
    folder, _ = mixed

    def pressed(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(what, pressed)
    outcome = call("mix", runs / "net", runs / "one", "--on", fresh, "-o", folder, "--overwrite")
    assert (outcome.code, outcome.lines[-1]) == (130, "seqlab: interrupted")
    assert sorted(path.name for path in folder.parent.iterdir()) == ["both", "fresh.txt"]
    assert [part.config.model for part in seqlab.load(folder).parts] == ["ngram", "rnn"]


def test_ctrl_c_between_the_two_renames(tmp_path, copied, monkeypatch):
    new = shutil.copytree(copied, tmp_path / "new")
    rename = type(new).rename

    def pressed(self, target):
        if self.name == "new":
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(type(new), "rename", pressed)
    with pytest.raises(KeyboardInterrupt):
        modeldir.move_into_place(new, copied)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copied", "new"]


def test_a_part_whose_figures_were_altered(refused, runs, fresh, tmp_path):
    part = shutil.copytree(runs / "three", tmp_path / "part")
    manifest = json.loads((part / MANIFEST).read_text())
    for training in ({}, {"n_grams": None}, {"n_grams": "abc"}):
        (part / MANIFEST).write_text(json.dumps(manifest | {"training": training}))
        says = [f"{part / MANIFEST}: altered, its figures cannot be read"]
        refused("mix", part, runs / "one", "--on", fresh, "-o", tmp_path / "both", code=1, says=says)
        assert not (tmp_path / "both").exists()


def test_n_grams_alone_need_no_torch(runs, fresh, tmp_path):
    command = ["mix", str(runs / "three"), str(runs / "one"), "--on", str(fresh), "-o", str(tmp_path / "both")]
    code = f"""
import sys
from seqlab.cli import main
for arguments in ({command}, ["generate", {str(tmp_path / "both")!r}], ["info", {str(tmp_path / "both")!r}]):
    try:
        main(arguments)
    except SystemExit as left:
        assert not left.code, left.code
assert "torch" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
