"""The model directory of a classifier: whole, unaltered, and read without running anything."""

import json
import pickle
import shutil
from pathlib import Path

import pytest
import safetensors.numpy

import seqlab
from seqlab.errors import ModelError
from seqlab.modeldir import MANIFEST, WEIGHTS

RECORDS = [
    ("the kettle boils", "good"),
    ("the kettle leaks", "bad"),
    ("bread fresh", "good"),
    ("bread stale", "bad"),
] * 4
NETWORK = {"epochs": 1, "embedding": 4, "device": "cpu", "baseline": False}
OPTIONS = {
    "textcnn": NETWORK | {"channels": 4, "bigram_width": 3},
    "bag": NETWORK | {"feature_min_count": 1},
    "ngram": {"baseline": False},
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("folders")
    for family, options in OPTIONS.items():
        seqlab.train("classify", RECORDS, output=folder / family, model=family, **options)
    return folder


@pytest.fixture(params=OPTIONS)
def copied(runs, tmp_path, request):
    return shutil.copytree(runs / request.param, tmp_path / request.param)


def parts(run):
    return sorted(json.loads((run / MANIFEST).read_text(encoding="utf-8"))["files"])


def relisted(run, name, content):
    """Change a file and its fingerprint, as one would who means harm."""
    import hashlib

    (run / name).write_bytes(content)
    manifest = json.loads((run / MANIFEST).read_text(encoding="utf-8"))
    manifest["files"][name] = hashlib.sha256(content).hexdigest()
    (run / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")


def refusal(run):
    with pytest.raises(ModelError) as error:
        seqlab.load(run)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_no_part_is_a_pickle_or_a_program(copied):
    kinds = {Path(name).suffix for name in parts(copied)}
    assert kinds <= {".json", ".safetensors", ".npy", ".txt", ".md"}, kinds
    assert "text/labels.json" in parts(copied)


def test_a_part_that_is_missing_or_altered(copied):
    for name in parts(copied):
        kept = (copied / name).read_bytes()
        (copied / name).unlink()
        assert Path(name).name in refusal(copied)
        for content in (kept[:-1], kept[:-1] + bytes([kept[-1] ^ 1]), b""):
            if content != kept:
                (copied / name).write_bytes(content)
                assert f"altered since it was saved: {name}" in refusal(copied)
        (copied / name).write_bytes(kept)
    assert seqlab.load(copied).predict(["kettle"])[0] in ("good", "bad")


class Harm:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


def test_what_is_listed_but_no_data_is_refused_and_not_run(copied, tmp_path):
    """Each part but the settings is a pickle in turn, with the fingerprint to match; unpickled, it would leave a file."""
    harm = tmp_path / "harm"
    content = pickle.dumps(Harm(harm))
    for name in parts(copied):
        if not name.endswith(".md"):
            run = shutil.copytree(copied, tmp_path / "run")
            relisted(run, name, content)
            assert Path(name).name in refusal(run) or name.split("/")[0] in refusal(run)
            shutil.rmtree(run)
    assert not harm.exists()
    pickle.loads(content)
    assert harm.exists()


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"labels": "good"},
        {"labels": ["good", 5], "notes": []},
        {"labels": ["good", "bad"]},
        {"notes": [], "labels": None},
    ],
)
def test_labels_that_are_none(copied, content):
    relisted(copied, "text/labels.json", json.dumps(content).encode())
    assert "labels.json: does not hold a list of labels" in refusal(copied)


def test_labels_that_do_not_fit_the_model(copied):
    relisted(copied, "text/labels.json", json.dumps({"labels": ["a", "b", "c"], "notes": []}).encode())
    refusal(copied)


def test_weights_of_another_shape(runs, tmp_path):
    run = shutil.copytree(runs / "bag", tmp_path / "bag")
    weights = safetensors.numpy.load_file(run / WEIGHTS)
    name = next(name for name in weights if "table" in name)
    weights[name] = weights[name][:-1].copy()
    relisted(run, WEIGHTS, safetensors.numpy.save(weights))
    assert f"the weights do not fit config.json: {name}" in refusal(run)


@pytest.mark.parametrize("temperature", ["x", None, [], {}])
def test_a_temperature_that_is_none(copied, temperature):
    manifest = json.loads((copied / MANIFEST).read_text(encoding="utf-8"))
    manifest["training"]["temperature"] = temperature
    (copied / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    assert "altered, its figures cannot be read" in refusal(copied)
