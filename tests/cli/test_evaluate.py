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


# --- segmenters and taggers

CUT = [["小船", "靠", "岸", "。"], ["船", "上", "有", "人", "。"], ["人", "在", "岸上", "。"]] * 5
NAMED = [
    (["老", "周", "来", "了"], ["B-PER", "I-PER", "O", "O"]),
    (["湖", "边", "有", "船"], ["B-LOC", "I-LOC", "O", "O"]),
] * 6
OTHER = [["小船", "靠", "岸上", "。"], ["新人", "在", "船", "上", "。"]]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("evaluated")
    seqlab.train("segment", CUT, output=folder / "cut", model="hmm")
    seqlab.train("tag", NAMED, output=folder / "names", model="hmm", scheme="BIO", token_column=1, tag_column=2)
    seqlab.train("tag", NAMED, output=folder / "tags", model="hmm")
    (folder / "cut.txt").write_text("".join(" ".join(words) + "\n" for words in OTHER), encoding="utf-8")
    columns = "".join(
        f"{token}\t{tag}\n" for token, tag in zip("老周在湖边", ["B-PER", "I-PER", "O", "O", "O"], strict=True)
    )
    (folder / "names.tsv").write_text(columns, encoding="utf-8")
    (folder / "tags.txt").write_text("老/B-PER 周/O 来/O 雪/O\n", encoding="utf-8")
    return folder


def test_a_segmenter(call, runs):
    found = seqlab.load(runs / "cut").evaluate(OTHER)
    outcome = call("evaluate", runs / "cut", runs / "cut.txt")
    assert (outcome.code, outcome.err) == (0, "")
    shown = " ".join(outcome.out.split())
    scores = found.to_dict()
    for part in (
        f"F1 {scores['f1']:.4f}", f"precision {scores['precision']:.4f}", f"recall {scores['recall']:.4f}",
        f"OOV recall {scores['oov_recall']:.4f}", f"IV recall {scores['iv_recall']:.4f}", "words 9", "true predicted times",
        f"out of vocabulary {scores['oov_rate']:.2%}", *(confused.true for confused in found.confusions),
    ):  # fmt: skip
        assert part in shown
    assert json.loads(call("evaluate", runs / "cut", runs / "cut.txt", "--json").out) == json.loads(json.dumps(scores))


def test_a_tagger(call, runs):
    outcome = call("evaluate", runs / "names", runs / "names.tsv")
    assert (outcome.code, outcome.err) == (0, "")
    shown = " ".join(outcome.out.split())
    for part in ("F1 0.6667", "precision 0.5000", "recall 1.0000", "accuracy 0.6000", "F1 of LOC 0.0000",
                 "F1 of PER 1.0000", "spans 1", "out of vocabulary 20.00%", "O B-LOC 1 湖"):  # fmt: skip
        assert part in shown
    scores = json.loads(call("evaluate", runs / "names", runs / "names.tsv", "--json").out)
    assert scores["by_type"] == {"LOC": 0.0, "PER": 1.0}
    assert (scores["n_true"], scores["n_predicted"], scores["n_correct"]) == (1, 2, 1)
    shown = " ".join(call("evaluate", runs / "tags", runs / "tags.txt").out.split())
    for part in (
        "accuracy 0.",
        "OOV accuracy 1.0000",
        "IV accuracy 0.6667",
        "tags 4",
        "out of vocabulary 25.00%",
        "O I-PER 1 周",
    ):
        assert part in shown
    (runs / "known.txt").write_text("老/B-PER 周/I-PER\n", encoding="utf-8")
    assert "OOV accuracy -" in " ".join(call("evaluate", runs / "tags", runs / "known.txt").out.split())
    assert json.loads(call("evaluate", runs / "tags", runs / "known.txt", "--json").out)["oov_accuracy"] is None


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["cut", "tags.txt", "--batch-size", "3"], 2, ["--batch-size is for a language model; leave it out"]),
        (["names", "names.tsv", "--context", "3"], 2, ["--context is for a language model; leave it out"]),
        (["tags", "cut.txt"], 1, ["cut.txt, line 1: '小船' (number 1) is not word/tag"]),
        (["names", "cut.txt"], 1, ["cut.txt, line 2: 5 columns, where line 1 of the same sentence has 4"]),
        (["cut", "cut.txt", "--device", "cuda"], 2, ["device: counts are looked up by the CPU"]),
        (["cut", "nowhere.txt"], 1, ["nowhere.txt: no such file or folder"]),
    ],
)
def test_what_is_refused_of_sentences(refused, runs, monkeypatch, arguments, code, says):
    monkeypatch.chdir(runs)
    refused("evaluate", *arguments, code=code, says=says)
