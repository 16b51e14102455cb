import json

import pytest

import seqlab
from seqlab.modeldir import MANIFEST, open_directory


def test_what_a_model_directory_holds(call, trained, model):
    outcome = call("info", trained)
    assert (outcome.code, outcome.err) == (0, "")
    manifest = open_directory(trained).manifest
    for part in (
        str(trained), "lm", "seqlab 0.1.0, format 1", "character, vocabulary of", "lstm, 1 x 16 units", "torch kernel",
        "records given from Python", "2 epochs", f"{model.scores['nats']:.4f} nats a character", "unigram floor",
        "bigram floor", f"{manifest['training']['n_parameters']:,} parameters",
    ):  # fmt: skip
        assert part in outcome.out


def test_json(call, trained, model):
    found = json.loads(call("info", trained, "--json").out)
    assert found["config"] == json.loads((trained / "config.json").read_text(encoding="utf-8"))
    assert found["scores"] == model.scores
    assert (found["format"], found["task"]) == (1, "lm")


def test_what_is_infinite_is_null_in_json(call, tmp_path, text):
    """JSON has no word for it, though Python writes and reads one."""
    seqlab.train("lm", [text], output=tmp_path / "ml", model="ngram", smoothing="maximum-likelihood")
    words = []
    found = json.loads(call("info", tmp_path / "ml", "--json").out, parse_constant=words.append)
    assert words == []
    assert found["scores"]["nats"] is None
    assert "inf nats a character" in call("info", tmp_path / "ml").out


def test_it_needs_no_torch_kernels_but_whole_files(refused, tmp_path, copied):
    refused("info", tmp_path / "nowhere", code=1, says=["no such folder; a model directory is what `seqlab train -o`"])
    (copied / "config.json").write_text("{}")
    refused(
        "info", copied, code=1, says=["altered since it was saved: config.json; copy the folder again or train anew"]
    )


@pytest.mark.parametrize("part", ["scores", "training"])
def test_figures_that_were_taken_out(refused, copied, part):
    manifest = json.loads((copied / MANIFEST).read_text())
    (copied / MANIFEST).write_text(json.dumps(manifest | {part: {}}))
    refused("info", copied, code=1, says=[MANIFEST, "its figures cannot be read"])
