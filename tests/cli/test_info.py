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


CUT = [["小船", "靠", "岸", "。"], ["船", "上", "有", "人", "。"], ["人", "在", "岸上", "。"]] * 5
NAMED = [
    (["老", "周", "来", "了"], ["B-PER", "I-PER", "O", "O"]),
    (["湖", "边", "有", "船"], ["B-LOC", "I-LOC", "O", "O"]),
] * 6
NETWORK = {"hidden": 8, "epochs": 1, "batch_size": 50, "device": "cpu"}


@pytest.mark.parametrize(
    ("task", "records", "options", "says"),
    [
        ("segment", CUT, NETWORK | {"lexicons": ["train"]}, [
            "lstm, bidirectional, 1 x 8 units", "tokens, ", "bigrams", "the words of train", "softmax", " kernel",
            "1 epoch, ", "max-match floor", "hmm floor", "words, 0.00% of the words are not among those of ",
        ]),
        ("segment", CUT, {"model": "hmm", "order": 2}, ["model of order 2, modified-kneser-ney", "max-match floor"]),
        ("segment", CUT, {"model": "max-match", "direction": "backward"}, ["backward maximum matching, 10 words"]),
        ("tag", NAMED, NETWORK | {"scheme": "BIO", "crf": True}, ["CRF", "spans, ", "frequent tag floor", "hmm floor"]),
        ("tag", NAMED, {"model": "hmm"}, ["Markov model of order 3", "tags, ", "most frequent tag floor", "accuracy "]),
    ],
)  # fmt: skip
def test_segmenters_and_taggers(call, tmp_path, task, records, options, says):
    model = seqlab.train(task, records, output=tmp_path / "run", **options)
    outcome = call("info", tmp_path / "run")
    assert (outcome.code, outcome.err) == (0, "")
    for part in (task, "seqlab 0.1.0, format 1", "records given from Python", *says):
        assert part in outcome.out
    found = json.loads(call("info", tmp_path / "run", "--json").out)
    assert (found["task"], found["scores"]) == (task, model.scores)
    assert found["config"] == model.config.model_dump(mode="json")
    card = (tmp_path / "run" / "README.md").read_text(encoding="utf-8")
    assert "None" not in card
    assert f"seqlab predict {tmp_path}/run" in card
