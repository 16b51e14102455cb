import json

import numpy as np
import pytest

import seqlab


def test_the_table(call, trained, corpus, model, text):
    outcome = call("evaluate", trained, corpus)
    scores = model.evaluate([text])
    assert (outcome.code, outcome.err) == (0, "")
    shown = " ".join(outcome.out.split())
    for part in (
        f"nats a character {scores.nats:.4f}", f"bits a character {scores.bits:.4f}", f"characters {len(text):,}",
        f"perplexity a character {scores.perplexity:.4g}", "out of vocabulary 0.00%", str(corpus), str(trained),
    ):  # fmt: skip
        assert part in shown


def test_json_and_that_the_batch_size_changes_no_figure(call, trained, corpus, model, text):
    outcomes = [call("evaluate", trained, corpus, "--json", "--batch-size", size) for size in (1, 2, 64)]
    figures = [json.loads(outcome.out) for outcome in outcomes]
    nats = [each["nats"] for each in figures]
    assert nats == pytest.approx([nats[0]] * 3, rel=1e-6)
    assert figures[2] == model.evaluate([text]).to_dict()
    names = {"nats", "bits", "perplexity", "unit", "n_tokens", "n_unknown", "oov_rate"}
    assert figures[0].keys() == names | {"nats_known", "perplexity_known"}
    assert figures[0]["n_tokens"] == len(text)


def test_several_corpora_are_one_text(call, trained, corpus, tmp_path, text):
    (tmp_path / "more.txt").write_text("明月☃", encoding="utf-8")
    figures = json.loads(call("evaluate", trained, corpus, tmp_path / "more.txt", "--json").out)
    assert (figures["n_tokens"], figures["n_unknown"]) == (len(text) + 3, 1)


def test_unknown_tokens_can_be_left_out_of_the_perplexity(call, trained, tmp_path, model):
    (tmp_path / "odd.txt").write_text("明月☃光。", encoding="utf-8")
    log_probs = model.score("明月☃光。")[[0, 1, 3, 4]]
    figures = json.loads(call("evaluate", trained, tmp_path / "odd.txt", "--json").out)
    assert figures["nats_known"] == pytest.approx(-log_probs.mean(), rel=1e-6)
    assert figures["perplexity_known"] == pytest.approx(np.exp(-log_probs.mean()), rel=1e-6)
    shown = call("evaluate", trained, tmp_path / "odd.txt").out
    assert "perplexity without these" in shown
    (tmp_path / "none.txt").write_text("☃", encoding="utf-8")
    assert json.loads(call("evaluate", trained, tmp_path / "none.txt", "--json").out)["nats_known"] is None


def test_the_encoding(call, refused, trained, tmp_path, text):
    (tmp_path / "gb.txt").write_bytes(text.encode("gb18030"))
    says = ["gb.txt, line 1: byte 0 (0xb4) is not utf-8; use --encoding NAME (gb18030"]
    refused("evaluate", trained, tmp_path / "gb.txt", code=1, says=says)
    figures = json.loads(call("evaluate", trained, tmp_path / "gb.txt", "--encoding", "gb18030", "--json").out)
    assert (figures["n_tokens"], figures["n_unknown"]) == (len(text), 0)


def test_more_context_is_nearer_to_one_sequence(call, trained, corpus, model, text):
    corpus.write_text(text * 4, encoding="utf-8")
    nats = {
        c: json.loads(call("evaluate", trained, corpus, "--json", "--context", c).out)["nats"] for c in (0, 1, 10_000)
    }
    assert nats[10_000] == pytest.approx(-model.score(text * 4).mean(), rel=1e-5)
    assert len(set(nats.values())) == 3


def test_a_corpus_that_was_never_seen(call, trained, tmp_path):
    (tmp_path / "x.txt").write_text("☃☃☃", encoding="utf-8")
    assert json.loads(call("evaluate", trained, tmp_path / "x.txt", "--json").out)["oov_rate"] == 1.0


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ([], 2, ["Missing argument 'CORPUS...'; see `seqlab evaluate --help`"]),
        (["nowhere.txt"], 1, ["nowhere.txt: no such file or folder"]),
        (["empty.txt"], 1, ["empty.txt: empty, there is no text to read"]),
        (["."], 1, ["looks like a binary file"]),
        (["sample:tale"], 2, ["unknown sample 'tale'; did you mean 'tales'?"]),
        (["empty.txt", "--batch-size", "0"], 2, ["'--batch-size': 0 is not in the range x>=1"]),
        (["empty.txt", "--device", "gpu"], 2, ["device: cannot compute on 'gpu' here"]),
        (["empty.txt", "--encoding", "utf-9"], 2, ["unknown encoding 'utf-9'; did you mean utf_8"]),
    ],
)
def test_what_is_refused(refused, trained, tmp_path, monkeypatch, arguments, code, says):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.txt").touch()
    (tmp_path / "binary.txt").write_bytes(b"\0\1\2\3" * 100)
    refused("evaluate", trained, *arguments, code=code, says=says)


def test_no_model(refused, tmp_path, corpus):
    refused("evaluate", tmp_path / "nowhere", corpus, code=1, says=["nowhere: no such folder"])
    refused("evaluate", corpus, corpus, code=1, says=["corpus.txt: a file, not a folder"])


def test_other_units(call, tmp_path, corpus, small, text):
    seqlab.train("lm", [text], output=tmp_path / "bytes", tokenizer="byte", **small)
    figures = json.loads(call("evaluate", tmp_path / "bytes", corpus, "--json").out)
    assert (figures["unit"], figures["n_tokens"]) == ("byte", len(text.encode()))
