import errno
import hashlib
import json
import os
import pickle
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import seqlab
from seqlab import modeldir
from seqlab.errors import ConfigError, DataError, ModelError
from seqlab.modeldir import MANIFEST, open_directory


def change(path, **values):
    """Change values in a JSON file; None takes one out."""
    content = json.loads(path.read_text(encoding="utf-8")) | values
    path.write_text(json.dumps({name: value for name, value in content.items() if value is not None}))


def reseal(folder, *names):
    """Make the hashes those of the files as they are now: what someone would do who wants his file loaded."""
    manifest = json.loads((folder / MANIFEST).read_text())
    for name in names:
        manifest["files"][name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    (folder / MANIFEST).write_text(json.dumps(manifest))


def refusal(folder, *says):
    with pytest.raises(ModelError) as error:
        seqlab.load(folder)
    message = str(error.value)
    assert "\n" not in message
    assert str(folder) in message
    for part in says:
        assert part in message
    return message


# --- what a model directory is


def test_it_holds_what_it_says(trained):
    manifest = json.loads((trained / MANIFEST).read_text())
    files = {p.relative_to(trained).as_posix() for p in trained.rglob("*") if p.is_file()}
    assert {"config.json", "weights.safetensors", "text/vocab.json", "text/pipeline.json"} <= set(manifest["files"])
    assert files - set(manifest["files"]) == {
        MANIFEST, "README.md", "train/log.jsonl", "train/checkpoint.safetensors",
    }  # fmt: skip
    for name, digest in manifest["files"].items():
        assert hashlib.sha256((trained / name).read_bytes()).hexdigest() == digest
    assert (manifest["format"], manifest["seqlab"], manifest["task"]) == (1, seqlab.__version__, "lm")
    assert [path.name for path in trained.parent.iterdir()] == [trained.name]


def test_the_config_of_a_model_directory_is_the_one_it_was_trained_with(trained, small):
    config = open_directory(trained).config
    assert config.to_json() == (trained / "config.json").read_text(encoding="utf-8")
    assert (config.network.hidden, config.batches.window) == (small["hidden"], small["window"])


def test_the_model_card_says_how_to_use_it_and_may_be_edited(copied):
    card = (copied / "README.md").read_text(encoding="utf-8")
    for part in ("seqlab generate", "seqlab.load", "nats a character", "bigram floor"):
        assert part in card
    (copied / "README.md").write_text("mine")
    shutil.rmtree(copied / "train")
    seqlab.load(copied)


def test_it_may_be_moved_and_loaded_by_a_relative_path(copied, model, monkeypatch):
    moved = copied.rename(copied.with_name("天 moved"))
    monkeypatch.chdir(moved.parent)
    assert np.array_equal(seqlab.load(moved.name).score("明月"), model.score("明月"))
    monkeypatch.chdir(moved)
    assert np.array_equal(seqlab.load(".").score("明月"), model.score("明月"))


# --- missing, incomplete, altered, newer, something else


def test_nothing_and_something_else(tmp_path):
    refusal(tmp_path / "nowhere", "no such folder", "`seqlab train -o`")
    (tmp_path / "file").write_text("text")
    refusal(tmp_path / "file", "a file, not a folder")
    (tmp_path / "folder").mkdir()
    refusal(tmp_path / "folder", "no model directory", MANIFEST)
    (tmp_path / "half.training").mkdir()
    refusal(tmp_path / "half", "its training is not finished", f"seqlab train lm -o {tmp_path / 'half'} --resume")


def test_every_missing_file_is_named_at_once(copied):
    (copied / "weights.safetensors").unlink()
    (copied / "text" / "vocab.json").unlink()
    refusal(copied, "incomplete, without text/vocab.json, weights.safetensors; copy the whole folder again")


@pytest.mark.parametrize("name", ["config.json", "weights.safetensors", "text/vocab.json", "text/pipeline.json"])
def test_an_altered_file_is_named(copied, name):
    content = bytearray((copied / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copied / name).write_bytes(content)
    refusal(copied, f"altered since it was saved: {name};")
    (copied / name).write_bytes(content[:-1])
    refusal(copied, name)


@pytest.mark.parametrize("what", ["hashlib.file_digest", "pathlib.Path.read_text"])
def test_files_that_cannot_be_read(copied, monkeypatch, what):
    def broken(*_, **__):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(what, broken)
    refusal(copied, "cannot be read (Input/output error)")


def test_a_file_that_is_not_listed_is_not_trusted(copied):
    manifest = json.loads((copied / MANIFEST).read_text())
    del manifest["files"]["weights.safetensors"]
    (copied / MANIFEST).write_text(json.dumps(manifest))
    refusal(copied, "altered", "weights.safetensors")


def test_a_newer_format(copied):
    change(copied / MANIFEST, format=2, seqlab="9.1")
    refusal(copied, "format 2", "written by seqlab 9.1", "install a newer seqlab")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"{", "no JSON"),
        (b"", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[]", "no JSON object"),
        (b"{}", "does not say its format"),
        (b'{"format": "1"}', "does not say its format"),
        (b'{"format": 1}', "does not list the files"),
        (b'{"format": 1, "task": "lm", "files": [], "scores": {}, "training": {}}', "does not list the files"),
    ],
)
def test_a_broken_manifest(copied, content, says):
    (copied / MANIFEST).write_bytes(content)
    assert MANIFEST in refusal(copied, says)


@pytest.mark.parametrize("values", [{"scores": 3}, {"training": None}, {"task": None}, {"files": "all"}])
def test_a_manifest_without_a_part(copied, values):
    change(copied / MANIFEST, **values)
    refusal(copied, "does not list the files, the task, the scores and the training")


@pytest.mark.parametrize("task", ["ml", ["lm"], 3])
def test_a_manifest_of_an_unknown_task(copied, task):
    change(copied / MANIFEST, task=task)
    refusal(copied, "unknown task")


# --- loading runs no code and takes nothing that the schema does not know


class Payload:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (Path(self.path),)


def test_weights_that_are_a_pickle_are_refused_and_not_run(copied, tmp_path):
    (copied / "weights.safetensors").write_bytes(pickle.dumps(Payload(tmp_path / "ran")))
    refusal(copied, "altered", "weights.safetensors")
    reseal(copied, "weights.safetensors")
    refusal(copied, "weights.safetensors", "no weights in safetensors")
    assert not (tmp_path / "ran").exists()
    pickle.loads((copied / "weights.safetensors").read_bytes())
    assert (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("section", "values", "says"),
    [
        ("network", {"cell": "os.system"}, "unknown cell 'os.system'"),
        ("network", {"class": "os.system"}, "unknown setting 'network.class'"),
        ("network", {"hidden": "16"}, "network.hidden: needs a whole number"),
        ("networks", {"hidden": 16}, "unknown section 'networks'; did you mean 'network'?"),
        ("text", {"tokenizer": "eval"}, "unknown tokenizer 'eval'"),
    ],
)
def test_a_config_that_the_schema_does_not_know(copied, section, values, says):
    config = json.loads((copied / "config.json").read_text(encoding="utf-8"))
    change(copied / "config.json", **{section: config.get(section, {}) | values})
    reseal(copied, "config.json")
    refusal(copied, "config.json", says)


def test_weights_that_do_not_fit_are_listed_by_name(copied):
    config = json.loads((copied / "config.json").read_text(encoding="utf-8"))
    change(copied / "config.json", network=config["network"] | {"hidden": 17, "layers": 2})
    reseal(copied, "config.json")
    message = refusal(copied, "do not fit config.json", "recurrent.weight_hh_l1 is missing")
    assert "recurrent.weight_hh_l0 is (64, 16) torch.float32, not (68, 17) torch.float32" in message


def test_a_vocabulary_of_another_model_does_not_fit(copied, tmp_path, small):
    seqlab.train("lm", ["abcabd " * 100], output=tmp_path / "other", **small)
    shutil.copy(tmp_path / "other" / "text" / "vocab.json", copied / "text" / "vocab.json")
    reseal(copied, "text/vocab.json")
    refusal(copied, "embedding.weight")


# --- a place that is taken


def test_a_model_is_replaced_only_with_overwrite(copied, text, small, model):
    with pytest.raises(ModelError, match="holds a model already; give --overwrite"):
        seqlab.train("lm", [text], output=copied, **small)
    assert np.array_equal(seqlab.load(copied).score("明月"), model.score("明月"))
    seqlab.train("lm", [text], output=copied, overwrite=True, **small | {"hidden": 8})
    assert seqlab.load(copied).config.network.hidden == 8
    assert [path.name for path in copied.parent.iterdir()] == [copied.name]


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_is_no_model_is_never_replaced(tmp_path, text, small, overwrite):
    for name in ("thesis", "thesis.training"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "chapter.txt").write_text("years of work")
        with pytest.raises(ModelError, match="something other than a model; choose another output"):
            seqlab.train("lm", [text], output=tmp_path / "thesis", overwrite=overwrite, **small)
        assert (tmp_path / name / "chapter.txt").read_text() == "years of work"
        (tmp_path / name).rename(tmp_path / f"kept {name}")
    (tmp_path / "file").write_text("years of work")
    with pytest.raises(ModelError, match="something other than a model"):
        seqlab.train("lm", [text], output=tmp_path / "file", overwrite=overwrite, **small)
    assert (tmp_path / "file").read_text() == "years of work"


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_special_file_is_never_replaced(tmp_path, text, small, overwrite):
    """A device such as /dev/null is neither a file nor a folder."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ModelError, match="something other than a model; choose another output"):
        seqlab.train("lm", [text], output=tmp_path / "pipe", overwrite=overwrite, **small)
    assert (tmp_path / "pipe").is_fifo()
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


def test_an_output_that_is_a_link(tmp_path, text, small):
    (tmp_path / "disk").mkdir()
    (tmp_path / "run").symlink_to(tmp_path / "disk" / "model", target_is_directory=True)
    for epochs in (1, 2):
        seqlab.train("lm", [text], output=tmp_path / "run", overwrite=True, **small | {"epochs": epochs})
        assert (tmp_path / "run").is_symlink()
        assert open_directory(tmp_path / "run").config.training.epochs == epochs
        assert [path.name for path in (tmp_path / "disk").iterdir()] == ["model"]


def test_an_empty_folder_may_be_the_output(tmp_path, text, small):
    (tmp_path / "empty").mkdir()
    seqlab.train("lm", [text], output=tmp_path / "empty", **small)
    seqlab.load(tmp_path / "empty")


@pytest.mark.parametrize("output", [".", "", "..", "a/..", "\udcff"])
def test_an_output_without_a_name_of_its_own(tmp_path, monkeypatch, text, small, output):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"output '.*give"):
        seqlab.train("lm", [text], output=output, **small)


def test_an_output_below_a_file(tmp_path, text, small):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ModelError, match="Not a directory"):
        seqlab.train("lm", [text], output=tmp_path / "file" / "run", **small)


# --- a full disk


def full(*_, **__):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def fails_at(monkeypatch, number):
    """Let the disk be full at the `number`th file that is put into place (never, where None); returns the files."""
    placed = []
    replace = Path.replace

    def counting(self, target):
        if len(placed) == number:
            full()
        placed.append(Path(target).name)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", counting)
    return placed


def test_a_full_disk_at_any_file_loses_nothing(copied, text, small, model, monkeypatch):
    """Wherever the disk is full, the old model stays; what is left is nothing, or a training that can go on."""
    settings = small | {"hidden": 8}
    scores = seqlab.train("lm", [text], **settings).scores
    with monkeypatch.context() as patch:
        placed = fails_at(patch, None)
        seqlab.train("lm", [text], **settings)
    assert placed[-1] == MANIFEST
    assert {"best.safetensors", "checkpoint.safetensors", "weights.safetensors", "train.npy"} <= set(placed)
    beside = copied.with_name(f"{copied.name}.training")
    for number, name in enumerate(placed):
        with monkeypatch.context() as patch:
            fails_at(patch, number)
            with pytest.raises((ModelError, DataError), match=rf"{name}.*No space left on device") as error:
                seqlab.train("lm", [text], output=copied, overwrite=True, **settings)
        assert "\n" not in str(error.value)
        assert np.array_equal(seqlab.load(copied).score("明月"), model.score("明月"))
        checkpointed = "checkpoint.safetensors" in placed[:number]
        assert {path.name for path in copied.parent.iterdir()} == {copied.name} | (
            {beside.name} if checkpointed else set()
        )
        if checkpointed:
            assert not [path.name for path in beside.rglob(".*")]
            resumed = seqlab.resume(copied, {})
            assert resumed.scores == scores
            shutil.rmtree(copied)
            seqlab.train("lm", [text], output=copied, **small)


@pytest.mark.parametrize("what", ["safetensors.torch.save_file", "pathlib.Path.write_text", "os.fsync"])
def test_a_full_disk_in_any_way_of_writing(copied, text, small, model, monkeypatch, what):
    with monkeypatch.context() as patch:
        patch.setattr(what, full)
        with pytest.raises(ModelError, match="No space left on device; free some space"):
            seqlab.train("lm", [text], output=copied, overwrite=True, **small)
    assert np.array_equal(seqlab.load(copied).score("明月"), model.score("明月"))
    assert [path.name for path in copied.parent.iterdir()] == [copied.name]


def test_a_full_disk_while_the_log_is_written(copied, text, small, model, monkeypatch):
    from seqlab.training.log import Log

    with monkeypatch.context() as patch:
        patch.setattr(Log, "add", full)
        with pytest.raises(ModelError, match="No space left on device; free some space"):
            seqlab.train("lm", [text], output=copied, overwrite=True, **small)
    assert np.array_equal(seqlab.load(copied).score("明月"), model.score("明月"))


def test_a_rename_that_fails_leaves_both_models(copied, text, small, model, monkeypatch):
    rename = Path.rename

    def refuse(self, target):
        if self.name.endswith(".training"):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return rename(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", refuse)
        with pytest.raises(ModelError, match="the new model is in"):
            seqlab.train("lm", [text], output=copied, overwrite=True, **small | {"hidden": 8})
    assert np.array_equal(seqlab.load(copied).score("明月"), model.score("明月"))
    assert seqlab.load(copied.with_name(f"{copied.name}.training")).config.network.hidden == 8


@pytest.fixture
def small_disk(tmp_path):
    """A disk of half a megabyte."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(place)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting needs root")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_disk_that_is_really_full(small_disk, trained, corpus, model, flags, call):
    run = shutil.copytree(trained, small_disk / "run")
    outcome = call("train", "lm", corpus, "-o", run, "--overwrite", *flags, "--hidden", "200")
    assert outcome.code == 1
    assert outcome.lines[-1].startswith("seqlab: ")
    assert "No space left on device" in outcome.lines[-1] or "disk full" in outcome.lines[-1]
    assert "Traceback" not in outcome.err
    assert np.array_equal(seqlab.load(run).score("明月"), model.score("明月"))
    assert [path.name for path in small_disk.iterdir()] == ["run"]


# --- single files


def test_written_beside_keeps_the_old_file_where_the_new_one_fails(tmp_path):
    path = tmp_path / "value.json"
    modeldir.write_json(path, {"old": 1})
    with pytest.raises(TypeError):
        modeldir.write_json(path, {"new": object()})

    def half_written():
        with modeldir.written_beside(path) as beside:
            beside.write_text("half")
            full()

    with pytest.raises(ModelError, match="what stood there before is unchanged"):
        half_written()
    assert json.loads(path.read_text()) == {"old": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["value.json"]


@pytest.mark.parametrize("changes", [{}, {"tied": True}, {"input": "one-hot"}, {"layers": 2, "cell": "gru"}])
def test_weights_come_back_bit_for_bit(tmp_path, text, small, changes):
    model = seqlab.train("lm", [text], output=tmp_path / "run", **small | changes)
    again = seqlab.load(tmp_path / "run")
    for name, weight in model.model.state_dict().items():
        assert weight.equal(again.model.state_dict()[name]), name
    assert again.model.output.weight is again.model.embedding.weight if "tied" in changes else True


def test_the_weights_may_be_read_by_whom_the_rest_may(copied):
    modes = {(copied / name).stat().st_mode for name in ("config.json", "weights.safetensors", "seqlab.json")}
    assert len(modes) == 1
