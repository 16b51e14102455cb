"""Several models in one table."""

import json
import math
import shutil
import sys

import pytest

import seqlab
from seqlab.corpora import open_segmented
from seqlab.metrics.bootstrap import f1_of, paired_bootstrap
from seqlab.modeldir import MANIFEST

SETTINGS = {
    "two": {"model": "ngram", "order": 2},
    "four": {"model": "ngram", "order": 4},
    "words": {"model": "ngram", "tokenizer": "word", "order": 2},
    "backoff": {"model": "ngram", "smoothing": "stupid-backoff"},
    "seed": {"model": "ngram", "seed": 2},
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory, text, small):
    """Model directories that no test changes."""
    folder = tmp_path_factory.mktemp("runs")
    for name, settings in {"net": small, **SETTINGS}.items():
        seqlab.train("lm", [text], output=folder / name, **settings)
    seqlab.mix([folder / "two", folder / "net"], [text[:200]], output=folder / "both")
    return folder


@pytest.fixture
def fresh(tmp_path):
    """A text that no model was trained on."""
    path = tmp_path / "fresh.txt"
    path.write_text("举头望明月，that is to be.\nOr not to be: 思故乡。\n" * 5, encoding="utf-8", newline="")
    return path


def rows(outcome):
    """The cells of each row, as far as blanks part them, by the name of the run."""
    assert outcome.code == 0, outcome
    lines = outcome.out.splitlines()[2:]
    return {line.split()[0].rpartition("/")[2]: line.split() for line in lines}


def best(outcome):
    return [name for name, cells in rows(outcome).items() if cells[1] == "*"]


def test_the_scores_of_training(call, runs):
    outcome = call("compare", runs / "two", runs / "net", runs / "four")
    assert outcome.err == ""
    heads = " ".join(outcome.out.splitlines()[0].split())
    assert heads == "run model size nats a character bits a character perplexity characters OOV"
    nats = {}
    for name, cells in rows(outcome).items():
        scores = seqlab.load(runs / name).scores
        nats[name] = scores["nats"]
        figures = [f"{scores['nats']:.4f}", f"{scores['nats'] / math.log(2):.4f}", f"{scores['perplexity']:.4g}"]
        assert cells[-5:] == [*figures, f"{scores['n_tokens']:,}", f"{scores['oov_rate']:.2%}"]
    assert best(outcome) == [min(nats, key=nats.get)]
    assert "2-gram, modified-kneser-ney" in outcome.out
    parameters = json.loads((runs / "net" / MANIFEST).read_text())["training"]["n_parameters"]
    assert f"lstm, 1 x 16                 {parameters:,} parameters" in outcome.out


def test_the_scores_on_a_text(call, runs, fresh):
    names = ["two", "net", "four", "both", "seed"]
    outcome = call("compare", *(runs / name for name in names), "--on", fresh)
    assert outcome.err == ""
    text = fresh.read_text(encoding="utf-8")
    nats = {name: seqlab.load(runs / name).evaluate([text]).nats for name in names}
    assert {name: cells[-5] for name, cells in rows(outcome).items()} == {k: f"{v:.4f}" for k, v in nats.items()}
    assert best(outcome) == [min(nats, key=nats.get)]
    assert "mixture: 2-gram + lstm       2 models" in outcome.out


def test_several_texts_are_one(call, runs, fresh, corpus):
    once = call("compare", runs / "two", "--on", fresh, "--on", corpus, "--json")
    text = fresh.read_text(encoding="utf-8") + corpus.read_text(encoding="utf-8")
    assert json.loads(once.out)[0]["nats"] == seqlab.load(runs / "two").evaluate([text]).nats


def test_figures_that_are_not_comparable(call, runs):
    for name, why in (("words", "per different tokens"), ("seed", "of different texts or vocabularies")):
        outcome = call("compare", runs / "two", runs / name)
        assert outcome.lines == [
            f"seqlab: these figures are not comparable, since they are {why}; give --on and a text"
        ]
        assert best(outcome) == []
    assert " nats a token " in call("compare", runs / "two", runs / "words").out


def test_different_tokens_are_compared_by_the_character(call, runs, fresh):
    """The sum over the tokens of a text, divided by the length of the text."""
    outcome = call("compare", runs / "two", runs / "words", "--on", fresh)
    assert outcome.lines == [
        "seqlab: nats a character: a model of words is not asked for the blanks between them, which flatters it",
        "seqlab: the vocabularies differ, and what is out of one is scored as the unknown token: mind the OOV",
    ]
    assert outcome.out.splitlines()[0].rstrip().endswith("OOV  nats a character")
    text, found = fresh.read_text(encoding="utf-8"), {}
    for name in ("two", "words"):
        found[name] = -seqlab.load(runs / name).score(text).sum() / len(text)
    assert {name: cells[-1] for name, cells in rows(outcome).items()} == {k: f"{v:.4f}" for k, v in found.items()}
    assert best(outcome) == [], "what is unknown to one is known to the other"
    assert rows(outcome)["two"][-3] == "characters"
    assert rows(outcome)["words"][-3] == "words"
    figures = json.loads(call("compare", runs / "two", runs / "words", "--on", fresh, "--json").out)
    assert [row["nats_a_character"] for row in figures] == pytest.approx(list(found.values()), rel=1e-6)
    assert not any(row["best"] for row in figures)
    assert figures[0]["nats_a_character"] == pytest.approx(figures[0]["nats"])


def test_json_holds_all_figures(call, runs):
    figures = json.loads(call("compare", runs / "two", "--json").out)
    scores = seqlab.load(runs / "two").scores
    names = ("nats", "bits", "perplexity", "unit", "n_tokens", "oov_rate")
    about = {"run": str(runs / "two"), "what": "2-gram, modified-kneser-ney", "probabilities": True, "best": False}
    sizes = json.loads((runs / "two" / MANIFEST).read_text())["training"]["n_grams"]
    about["size"] = f"{sum(sizes):,} n-grams"
    assert figures == [{name: scores[name] for name in names} | about]


def test_what_is_infinite(call, runs, fresh, text, tmp_path):
    seqlab.train("lm", [text], output=tmp_path / "ml", model="ngram", smoothing="maximum-likelihood")
    outcome = call("compare", tmp_path / "ml", runs / "two", "--on", fresh)
    assert rows(outcome)["ml"][-5:-2] == ["inf", "inf", "inf"]
    assert best(outcome) == [], "one alone is not the best"
    figures = json.loads(call("compare", tmp_path / "ml", runs / "two", "--on", fresh, "--json").out)
    assert figures[0]["nats"] is None


def test_the_best_is_bold_on_a_terminal(call, runs, monkeypatch):
    names = (runs / "two", runs / "four")
    marked = best(call("compare", *names))
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("click.utils.should_strip_ansi", lambda *_: False)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    lines = call("compare", *names).out.splitlines()
    bold = [line for line in lines if line.startswith("\x1b[1m") and line.endswith("\x1b[0m")]
    assert [line.split()[0].rpartition("/")[2] for line in bold] == marked
    assert " * " not in "".join(lines)
    monkeypatch.setenv("NO_COLOR", "1")
    assert best(call("compare", *names)) == marked


def test_equals_are_all_the_best(call, runs, tmp_path):
    shutil.copytree(runs / "four", tmp_path / "same")
    assert best(call("compare", runs / "four", tmp_path / "same", runs / "net")) == ["four", "same"]
    assert best(call("compare", runs / "four")) == []


def test_what_one_has_to_know_of_figures(call, runs, fresh, tmp_path, text):
    outcome = call("compare", runs / "two", runs / "backoff", runs / "four")
    assert "backoff: the figures of stupid-backoff are no probabilities" in outcome.err
    assert best(outcome) == ["four"]
    seqlab.train("lm", [text], output=tmp_path / "few", model="ngram", tokenizer="word", min_count=40)
    outcome = call("compare", runs / "words", tmp_path / "few", "--on", fresh)
    assert len(outcome.lines) == 1
    assert "mind the OOV" in outcome.err
    seqlab.mix([runs / "two", runs / "four"], [text[300:700]], output=tmp_path / "mixed")
    outcome = call("compare", tmp_path / "mixed", runs / "both", tmp_path / "mixed")
    assert "not comparable" in outcome.err
    outcome = call("compare", tmp_path / "mixed", tmp_path / "mixed")
    assert outcome.lines == ["seqlab: the weights of a mixture are the best for this very text; give --on and another"]


def test_what_is_refused(refused, runs, fresh, tmp_path):
    refused("compare", code=2, says=["Missing argument 'RUN...'"])
    says = [f"{tmp_path / 'nowhere'}: no such folder"]
    refused("compare", runs / "two", tmp_path / "nowhere", code=1, says=says)
    refused("compare", runs / "two", "--on", tmp_path / "nothing", code=1, says=["no such file or folder"])
    refused("compare", runs / "two", "--on", fresh, "--encoding", "utf-9", code=2, says=["unknown encoding 'utf-9'"])
    refused(
        "compare", runs / "two", "--on", fresh, "--device", "cuda", code=2, says=["counts are looked up by the CPU"]
    )
    (tmp_path / "empty.txt").write_text("")
    refused("compare", runs / "two", "--on", tmp_path / "empty.txt", code=1, says=["empty, there is no text"])
    copy = shutil.copytree(runs / "two", tmp_path / "copy")
    manifest = json.loads((copy / MANIFEST).read_text())
    for change, says in (
        ({"task": "taggg"}, "unknown task 'taggg'; did you mean 'tag'? known: classify, lm, segment, tag"),
        ({"training": {}}, "altered, its figures cannot be read ('n_grams'); copy it again"),
        ({"scores": {"nats": 1.0}}, "altered, its figures cannot be read"),
        ({"scores": manifest["scores"] | {"nats": "1.0"}}, "altered, its figures cannot be read"),
        ({"scores": manifest["scores"] | {"oov_rate": None}}, "altered, its figures cannot be read"),
    ):
        (copy / MANIFEST).write_text(json.dumps(manifest | change))
        refused("compare", copy, runs / "two", code=1, says=[says])


@pytest.fixture(scope="module")
def segmenters(tmp_path_factory):
    """Model directories of segmenters and of a tagger, and a corpus in words."""
    folder = tmp_path_factory.mktemp("segmenters")
    sentences = [[*"天还没亮", "他们", "就", "出门", "了", "。"], ["河", "水", "慢慢", "流", "。"]] * 8
    for name, direction in (("one", "forward"), ("two", "backward")):
        seqlab.train("segment", sentences, output=folder / name, model="max-match", direction=direction, seed=1)
    seqlab.train("segment", sentences[1:], output=folder / "other", model="hmm")
    seqlab.train("tag", [(words, ["X"] * len(words)) for words in sentences], output=folder / "tagger", model="hmm")
    (folder / "gold.seg").write_text("他们 慢慢 出门 了 。\n河水 流 。\n", encoding="utf-8", newline="")
    return folder


def test_segmenters_are_compared_by_a_paired_bootstrap(call, segmenters):
    outcome = call("compare", segmenters / "one", segmenters / "other", "--on", segmenters / "gold.seg", "--json")
    one, other = json.loads(outcome.out)
    assert (one["what"], other["what"]) == ("max-match, forward", "hmm, order 3")
    scores = [
        seqlab.load(segmenters / name).evaluate(open_segmented(segmenters / "gold.seg")) for name in ("one", "other")
    ]
    assert [one["f1"], other["f1"]] == [found.scores.f1 for found in scores]
    best, behind = (one, other) if one["f1"] >= other["f1"] else (other, one)
    assert (best["best"], best["behind_best"]) == (True, None)
    first, second = sorted(scores, key=lambda found: -found.scores.f1)
    expected = paired_bootstrap(first.counts, second.counts, f1_of, n_resamples=2000)
    assert behind["behind_best"] == expected.to_dict()
    shown = call("compare", segmenters / "one", segmenters / "other", "--on", segmenters / "gold.seg")
    assert "paired bootstrap over sentences" in shown.out
    assert f"{expected.low:.4f} to {expected.high:.4f}" in shown.out


def test_scores_of_training_are_compared_where_the_same_sentences_were_held_out(call, segmenters):
    outcome = call("compare", segmenters / "one", segmenters / "two")
    assert outcome.err == ""
    assert " *  max-match" in outcome.out
    outcome = call("compare", segmenters / "one", segmenters / "other")
    assert "these figures are not comparable, since they are of different sentences" in outcome.err
    assert "*" not in outcome.out


def test_models_of_different_tasks_are_not_compared(refused, segmenters, trained):
    refused("compare", segmenters / "one", trained, code=2, says=["models of different tasks, lm and segment"])
    refused("compare", segmenters / "one", segmenters / "tagger", code=2, says=["tasks, segment and tag"])
