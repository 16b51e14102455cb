"""N-gram models on the command line."""

import json

import pytest

import seqlab


@pytest.fixture
def run(call, corpus, tmp_path):
    """A model directory of n-grams, and what was said while it was made."""
    outcome = call("train", "lm", corpus, "-o", tmp_path / "run", "--model", "ngram", "--order", "4")
    assert outcome.code == 0, outcome
    return tmp_path / "run", outcome


def test_from_a_corpus_to_a_model(run, corpus, text):
    folder, outcome = run
    for line in (
        f"reading   {corpus}",
        "data      ",
        "n-grams   ",
        "discounts of the counts 1, 2, 3 and more (by order): ",
        f"saved     {folder}; now: seqlab generate {folder}",
    ):
        assert sum(said.startswith(line) for said in outcome.lines) == 1, outcome.err
    model = seqlab.load(folder)
    assert f"{model.scores['nats']:.4f}" in outcome.out
    for row in ("this model", "unigram floor", "bigram floor", "out of the vocabulary"):
        assert row in outcome.out
    assert "4-gram" not in outcome.out, "no floor under itself"
    assert model.score(text).tolist() == seqlab.train("lm", [text], model="ngram", order=4).score(text).tolist()


def test_what_a_network_is_printed_beside(call, corpus, tmp_path, flags, text):
    outcome = call("train", "lm", corpus, "-o", tmp_path / "run", *flags)
    floors = seqlab.load(tmp_path / "run").scores["floors"]
    assert floors["7-gram"] == seqlab.train("lm", [text], model="ngram").scores["nats"]
    assert f"7-gram floor {floors['7-gram']:.4f}" in " ".join(outcome.out.split())
    assert call("train", "lm", corpus, "-o", tmp_path / "bare", "--no-baseline", *flags).out.count("floor") == 0


def test_it_tells_of_itself(call, run):
    folder, _ = run
    shown = " ".join(call("info", folder).out.split())
    sizes = json.loads(call("info", folder, "--json").out)["training"]["n_grams"]
    assert f"n-grams order 4, modified-kneser-ney size {sum(sizes):,} n-grams in 0.0 MB" in shown
    assert ", ".join(f"{size:,}" for size in sizes) in shown
    assert "network" not in shown


def test_it_writes_and_scores(call, run, corpus):
    folder, _ = run
    written = call("generate", folder, "--prompt", "举头", "--length", "20", "--seed", "1", "-n", "2")
    assert (written.code, written.err) == (0, "")
    assert [len(text) for text in written.out.split("\n---\n")] == [22, 23], "the last line ends"
    scores = json.loads(call("evaluate", folder, corpus, "--json").out)
    assert scores["nats"] == seqlab.load(folder).evaluate([corpus.read_text(encoding="utf-8")]).nats


def test_what_is_refused(refused, run, corpus, tmp_path):
    folder, _ = run
    for flag, says in (
        (["--hidden", "3"], "network.hidden: the model is ngram, which has no such setting"),
        (["--device", "cpu"], "training.device: the model is ngram"),
        (["--order", "21"], "ngram.order: input should be less than or equal to 20, not 21"),
        (["--smoothing", "kneser"], "unknown smoothing 'kneser'; did you mean 'kneser-ney'? known: absolute"),
        (
            ["--smoothing", "arpa"],
            "ngram.smoothing: arpa is that of models which `seqlab convert` has read; choose another",
        ),
        (["--memory", "much"], "ngram.memory: 'much' is no amount of memory"),
    ):
        refused("train", "lm", corpus, "-o", tmp_path / "new", "--model", "ngram", *flag, code=2, says=[says])
    says = ["ngram.order: the model is rnn, which has no such setting; leave it out, or set model to ngram"]
    refused("train", "lm", corpus, "-o", tmp_path / "new", "--order", "3", code=2, says=says)
    says = ["a mixture is made of models that are trained already, by `seqlab mix`"]
    refused("train", "lm", corpus, "-o", tmp_path / "new", "--model", "mixture", code=2, says=says)
    says = ["fewer than the order 20: give more text, or a lower"]
    (tmp_path / "short.txt").write_text("to be", encoding="utf-8")
    short = (tmp_path / "short.txt", "-o", tmp_path / "new", "--model", "ngram", "--validation-share", "0")
    refused("train", "lm", *short, "--order", "20", code=1, says=says)
    assert not (tmp_path / "new").exists()
    refused("generate", folder, "--device", "cuda", code=2, says=["device: n-grams are looked up by the CPU"])


def test_there_is_nothing_to_go_on_with_wherever_the_corpus_is(refused, run, corpus):
    folder, _ = run
    corpus.unlink()
    says = ["its model is ngram, which is made at one go", "make it anew with --overwrite"]
    refused("train", "lm", "-o", folder, "--resume", code=2, says=says)


def test_there_are_no_curves_to_draw(refused, run, tmp_path):
    says = ["no run with a log; the training of a network writes train/log.jsonl"]
    refused("plot", run[0], "-o", tmp_path / "curves.svg", code=1, says=says)


def test_what_a_killed_training_leaves_is_not_to_be_resumed(run, call, refused, corpus):
    folder, _ = run
    folder.rename(f"{folder}.training")
    anew = ["train", "lm", corpus, "-o", folder, "--model", "ngram"]
    refused(*anew, code=1, says=[f"an unfinished training of {folder}; give --overwrite to start anew"])
    refused("generate", folder, code=1, says=["its training was broken off: train it anew, with --overwrite"])
    assert call(*anew, "--overwrite").code == 0
    assert call("generate", folder).code == 0
