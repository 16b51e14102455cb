"""Translators on the command line: from two files to translations, scores and a picture."""

import gzip
import io
import json
import os
import subprocess
import sys
import xml.etree.ElementTree
from pathlib import Path

import numpy as np
import pytest

import seqlab
from seqlab.modeldir import open_directory
from seqlab.tasks.translated import Attention
from seqlab.training import attention_picture, pictures

WORDS = {"the": "der", "a": "ein", "red": "rot", "cat": "Katze", "dog": "Hund", "sleeps": "schläft", "eats": "frisst"}
ROWS = [
    (f"{first} {colour}{animal} {does}.", f"{WORDS[first]} {'rot ' * bool(colour)}{WORDS[animal]} {WORDS[does]}.")
    for first in ("the", "a")
    for colour in ("", "red ")
    for animal in ("cat", "dog")
    for does in ("sleeps", "eats")
]
QUICK = {"tokenizer": "word", "hidden": 16, "embedding": 12, "dropout": 0.0, "batch_size": 30, "lr": 0.03, "epochs": 25,
         "rare_as_unknown": 0.0, "evaluate_every": 100_000, "device": "cpu", "beam": 2}  # fmt: skip
TINY = ["--tokenizer", "word", "--hidden", "6", "--embedding", "6", "--epochs", "1", "--device", "cpu"]


@pytest.fixture(scope="module")
def trained_runs(tmp_path_factory):
    """A translator and one of another seed, one of Chinese, one without attention."""
    folder = tmp_path_factory.mktemp("translators")
    seqlab.train("translate", ROWS, ROWS, output=folder / "one", **QUICK)
    seqlab.train("translate", ROWS, ROWS, output=folder / "two", **QUICK | {"seed": 2})
    chinese = [("a cat.", "一只猫。"), ("a dog.", "一只狗。"), ("the cat.", "那只猫。")]
    seqlab.train("translate", chinese, chinese, output=folder / "chinese", **QUICK | {"target_tokenizer": "jieba"})
    seqlab.train("translate", ROWS, ROWS, output=folder / "blind", attention="none", **QUICK | {"epochs": 1})
    return folder


@pytest.fixture
def runs(trained_runs, tmp_path, monkeypatch):
    """Their folder; the working directory is another one, with corpora."""
    monkeypatch.chdir(tmp_path)
    sources, targets = ("".join(f"{side}\n" for side in sides) for sides in zip(*ROWS, strict=True))
    table = "".join(f"{source}\t{target}\n" for source, target in ROWS)
    contents = {
        "rows.en": sources, "rows.de": targets, "rows.tsv": table, "named.tsv": "en\tde\n" + table,
        "rows.moses": "".join(f"{source} ||| {target}\n" for source, target in ROWS),
        "rows.jsonl": "".join(json.dumps({"en": source, "de": target}) + "\n" for source, target in ROWS),
        "short.de": targets.split("\n", 1)[1], "empty.en": "", "empty.de": "",
    }  # fmt: skip
    for name, content in contents.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    (tmp_path / "rows.en.gz").write_bytes(gzip.compress(sources.encode()))
    (tmp_path / "rows.de.gz").write_bytes(gzip.compress(targets.encode()))
    (tmp_path / "latin.de").write_bytes(targets.encode("latin-1"))
    return trained_runs


@pytest.fixture
def predict(call, monkeypatch, tmp_path):
    """Runs `seqlab predict` on text from standard input; what `call` gives."""

    def run(text, *arguments):
        (tmp_path / "stdin").write_text(text, encoding="utf-8", newline="")
        with (tmp_path / "stdin").open("rb") as file:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(file))
            outcome = call("predict", *arguments)
            sys.stdin.detach()
        return outcome

    return run


# --- train


def test_from_two_files_to_a_scored_translator(call, runs):
    flags = [part for name, value in QUICK.items() for part in (f"--{name.replace('_', '-')}", str(value))]
    validation = ["--validation", "rows.en", "--validation", "rows.de"]
    outcome = call("train", "translate", "rows.en", "rows.de", *validation, "-o", "runs/mine", *flags)
    assert outcome.code == 0, outcome
    for part in ("16 sentences", "BLEU", "chrF2", "TER", "beam 2", "copied source floor", "\nBLEU|nrefs:1|case:mixed"):
        assert part in outcome.out
    for part in (
        "16 pairs to train on, 16 to validate on, vocabularies of 8 words and 8 words",
        "16 pairs to validate on have a source sentence that is trained on too",
        "now: seqlab predict runs/mine",
    ):
        assert part in outcome.err
    config = open_directory("runs/mine").config
    assert (config.data.source_language, config.data.target_language) == ("en", "de")
    assert seqlab.load("runs/mine").scores == open_directory(runs / "one").scores
    assert "en to de" in call("info", "runs/mine").out
    card = (open_directory("runs/mine").path / "README.md").read_text(encoding="utf-8")
    assert "`rows.en`, `rows.de`" in card


@pytest.mark.parametrize(
    ("corpora", "more"),
    [
        (["rows.en", "rows.de"], []),
        (["rows.en.gz", "rows.de.gz"], []),
        (["rows.en", "rows.de"], ["--form", "text"]),
        (["rows.tsv"], []),
        (["rows.tsv"], ["--no-header", "--source-column", "1", "--target-column", "-1"]),
        (["named.tsv"], ["--source-column", "en", "--target-column", "de"]),
        (["rows.moses"], []),
        (["rows.jsonl"], ["--source-column", "en", "--target-column", "de"]),
    ],
)
def test_a_corpus_of_every_form_is_the_same(call, runs, corpora, more):
    outcome = call("train", "translate", *corpora, "-o", "run", *TINY, "--validation-share", "0", *more)
    assert outcome.code == 0, outcome
    settings = {"tokenizer": "word", "hidden": 6, "embedding": 6, "epochs": 1, "device": "cpu", "validation_share": 0}
    expected = seqlab.train("translate", ROWS, **settings)
    assert seqlab.load("run").scores["nats"] == expected.scores["nats"]
    outcome = call("evaluate", "run", *corpora, "--json")
    assert json.loads(outcome.out)["nats"] == pytest.approx(expected.scores["nats"])  # it is read as in training


def test_the_sample_and_the_columns_that_turn_it_round(call, runs):
    for source, target, cut in (("en", "zh", "zh"), ("zh", "en", "13a")):
        way = [
            "--source-column",
            source,
            "--target-column",
            target,
            "--target-tokenizer",
            "character",
            "--limit",
            "100",
        ]
        outcome = call("train", "translate", "sample:phrases", "-o", "run", "--overwrite", *TINY, *way)
        assert outcome.code == 0, outcome
        assert f"tok:{cut}" in outcome.out
        assert f"{source} to {target}" in call("info", "run").out


def test_another_encoding(call, runs):
    outcome = call("train", "translate", "latin.de", "latin.de", "-o", "run", *TINY, "--encoding", "latin-1")
    assert outcome.code == 0, outcome
    assert "schläft" in seqlab.load("run").text.source.pipeline.vocab


@pytest.mark.parametrize(
    ("corpora", "says"),
    [
        (["rows.en", "short.de"], ["rows.en", "16", "short.de", "15"]),
        (["rows.en"], ["rows.en"]),
        (["empty.en", "empty.de"], ["empty.en"]),
        (["rows.en", "missing.de"], ["missing.de: no such file"]),
        (["rows.tsv", "--source-column", "fr"], ["rows.tsv", "fr"]),
        (["rows.en", "latin.de"], ["latin.de"]),
    ],
)
def test_bad_files_are_one_line(refused, runs, corpora, says):
    refused("train", "translate", *corpora, "-o", "run", *TINY, code=1, says=says)


def test_a_training_that_was_stopped_goes_on_from_the_command_line(call, runs, monkeypatch):
    from seqlab.training import descent

    class Stopped(descent.Interrupts):
        def __enter__(self):
            interrupts = super().__enter__()
            interrupts.requested = True
            return interrupts

    with monkeypatch.context() as changed:
        changed.setattr(descent, "Interrupts", Stopped)
        assert call("train", "translate", "rows.en", "rows.de", "-o", "run", *TINY).code == 130
    outcome = call("train", "translate", "-o", "run", "--resume")
    assert outcome.code == 0
    assert "copied source floor" in outcome.out


# --- predict


def test_a_line_for_a_line(predict, runs):
    outcome = predict("the red cat sleeps.\n\na dog eats.\n   \nthe dog eats.", runs / "one")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == "der rot Katze schläft.\n\nein Hund frisst.\n\nder Hund frisst.\n"


def test_the_best_translations_with_their_scores(predict, runs):
    model = seqlab.load(runs / "one")
    outcome = predict("the cat sleeps.\n\n", runs / "one", "--n-best", "2", "--beam", "3")
    best = model.translate(["the cat sleeps."], beam=3, n_best=2)[0]
    expected = "".join(f"{one.score:.4f}\t{one.text}\n" for one in best)
    assert outcome.out == f"{expected}\n0.0000\t\n\n"
    outcome = predict("the cat sleeps.\n\n", runs / "one", "--format", "json", "--n-best", "2")
    found = [json.loads(line) for line in outcome.out.splitlines()]
    assert [len(line["translations"]) for line in found] == [2, 1]
    assert found[0]["source"] == "the cat sleeps."
    assert set(found[0]["translations"][0]) == {"text", "score", "log_prob"}


def test_the_penalties_of_the_search(predict, call, runs):
    plain = predict("the red cat sleeps.\n", runs / "one", "--n-best", "1").out
    for option, value in (("--length-penalty", "0"), ("--coverage-penalty", "2")):
        assert predict("the red cat sleeps.\n", runs / "one", "--n-best", "1", option, value).out != plain
    outcome = call("evaluate", runs / "one", "rows.tsv", "--length-penalty", "0", "--json")
    assert json.loads(outcome.out)["bleu"] == pytest.approx(100.0)


def test_chinese_is_written_without_blanks(predict, runs):
    assert predict("a dog.\n", runs / "chinese").out == "一只狗。\n"


def test_several_runs_are_one(predict, runs):
    one = predict("the red cat sleeps.\n", runs / "one", runs / "two")
    assert (one.code, one.out) == (0, "der rot Katze schläft.\n")
    scores = [predict("a cat eats.\n", *which, "--n-best", "1").out for which in
              ([runs / "one"], [runs / "two"], [runs / "one", runs / "two"])]  # fmt: skip
    assert len(set(scores)) == 3


@pytest.mark.parametrize("text", ["狗☃ the \x00", "the " * 5000, "the cat\u2028sleeps."])
def test_any_line_is_translated_to_one_line(predict, runs, text):
    outcome = predict(f"{text}\nthe cat sleeps.\n", runs / "one")
    assert outcome.code == 0, outcome
    assert outcome.out.count("\n") == 2
    assert outcome.out.endswith("\nder Katze schläft.\n")


def test_lines_that_are_no_sources_are_doubted_once(predict, runs):
    odd = "der Hund frisst.\n" * 300
    outcome = predict(odd, runs / "one")
    assert (outcome.code, len(outcome.lines)) == (0, 1)
    assert "more like targets than like sources of the training data: is it the right way round?" in outcome.err
    assert "unknown or were never seen in a source" in predict("Ξένη γλώσσα εδώ και τώρα\n", runs / "one").err
    assert "a text has 5,001 tokens" in predict("the " * 5000 + ".", runs / "one").err


def test_lines_are_written_as_they_come(runs):
    command = [sys.executable, "-m", "seqlab", "predict", str(runs / "one")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=dict(os.environ)) as process:
        for text, expected in (
            ("the cat sleeps.", "der Katze schläft."),
            ("", ""),
            ("a dog eats.", "ein Hund frisst."),
        ):
            process.stdin.write(f"{text}\n".encode())
            process.stdin.flush()
            assert process.stdout.readline().decode() == f"{expected}\n"
        process.stdin.close()
        assert process.wait() == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["one", "--beam", "0"], "beam: a whole number from 1 to 1,000, not 0"),
        (["one", "--n-best", "9"], "n_best: a beam of 2 finds 1 to 2 translations, not 9"),
        (["one", "--length-penalty", "-1"], "length_penalty: a number from 0 to 10, not -1"),
        (["one", "--coverage-penalty", "inf"], "coverage_penalty: a number from 0 to 10, not inf"),
        (["blind", "--coverage-penalty", "1"], "coverage_penalty: this network has no attention"),
        (["one", "--proba"], "--proba is for a classifier"),
        (["one", "--format", "bmes"], "--format bmes is not for a translator"),
        (["one", "chinese"], "these translators have different vocabularies"),
        (["one", "--userdict", "w.txt"], "--userdict is for a segmenter"),
    ],
)
def test_what_cannot_be_predicted_is_refused(refused, runs, arguments, says):
    paths = [runs / part if (runs / part).exists() else part for part in arguments]
    refused("predict", *paths, code=2, says=[says])


def test_what_is_for_translators_is_refused_of_others(refused, runs, trained, tmp_path):
    rows = [("good", "yes"), ("bad", "no")] * 5
    seqlab.train("classify", rows, output=tmp_path / "classifier", model="ngram", validation_share=0, baseline=False)
    refused("predict", "classifier", "--beam", "2", code=2, says=["--beam is for a translator"])
    refused("predict", "classifier", "--n-best", "2", code=2, says=["--n-best is for a translator"])
    refused("predict", "classifier", "--length-penalty", "2", code=2, says=["--length-penalty is for a translator"])
    refused("evaluate", trained, "rows.en", "--beam", "2", code=2, says=["--beam is for a translator"])
    says = ["is of the task classify; several are for classifiers or translators only"]
    refused("predict", runs / "one", "classifier", code=2, says=says)


# --- evaluate


def test_the_scores_of_two_files_with_their_signatures(call, runs):
    outcome = call("evaluate", runs / "one", "rows.en", "rows.de", "--beam", "1")
    assert (outcome.code, outcome.err) == (0, "")
    for part in ("BLEU", "chrF2", "TER", "nats a word", "greedy", "100.00", "\nTER|nrefs:1"):
        assert part in outcome.out
    outcome = call("evaluate", runs / "one", "rows.tsv", "--json")
    found = json.loads(outcome.out)
    assert (found["beam"], found["n_sentences"], found["bleu"]) == (2, 16, pytest.approx(100.0))
    several = json.loads(call("evaluate", runs / "one", "rows.tsv", "--json", "--with", runs / "two").out)
    assert several["nats"] != found["nats"]


def test_pairs_the_other_way_round_are_doubted(call, runs):
    outcome = call("evaluate", runs / "one", "rows.de", "rows.en")
    assert outcome.code == 0
    assert "is it the right way round?" in outcome.err


def test_pairs_with_an_empty_side_are_counted(call, runs, tmp_path):
    (tmp_path / "holes.tsv").write_text("the cat sleeps.\tder Katze schläft.\na dog\t\n", encoding="utf-8")
    outcome = call("evaluate", runs / "one", "holes.tsv")
    assert "1 pairs with an empty side are left out" in outcome.err


def test_what_cannot_be_scored_is_refused(refused, runs):
    refused("evaluate", runs / "one", "rows.en", "short.de", code=1, says=["16", "15"])
    refused("evaluate", runs / "one", "rows.tsv", "--beam", "0", code=2, says=["beam: a whole number"])
    refused("evaluate", runs / "one", "rows.tsv", "--errors", "3", code=2, says=["--errors and --report are for a"])
    refused(
        "evaluate", runs / "one", "rows.tsv", "--batch-size", "3", code=2, says=["--batch-size is for a language model"]
    )


# --- plot, info


def test_the_picture_of_attention(call, runs):
    for run, text in (("one", "the red cat sleeps."), ("chinese", "a dog.")):
        seen = seqlab.load(runs / run).attention(text)
        missing = pictures.fonts_for("".join((*seen.source, *seen.target)))[1]
        for name in ("matrix.png", "matrix.svg"):
            outcome = call("plot", runs / run, "--attention", text, "-o", name)
            assert (outcome.code, outcome.out) == (0, f"wrote {name}\n")
            content = Path(name).read_bytes()
            assert content.startswith(b"\x89PNG") or xml.etree.ElementTree.fromstring(content).tag.endswith("svg")
            assert (f"no font here has {missing}," in outcome.err) if missing else (outcome.err == "")


def test_what_the_picture_of_attention_shows():
    weights = np.array([[0.1, 0.2, 0.7], [0.6, 0.3, 0.1]], np.float32)
    axes = attention_picture._figure(Attention(("the", "cat", "$x^2$"), ("die", "Katze"), weights)).axes[0]
    np.testing.assert_array_equal(axes.images[0].get_array(), weights)  # a row for each token of the target
    assert [label.get_text() for label in axes.get_xticklabels()] == ["the", "cat", "$x^2$"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["die", "Katze"]
    assert [*axes.get_xticks()] == [0, 1, 2]
    assert [*axes.get_yticks()] == [0, 1]


def test_an_empty_translation_is_not_drawn(refused, runs, monkeypatch):
    nothing = Attention(("a",), (), np.zeros((0, 1), np.float32))
    monkeypatch.setattr("seqlab.tasks.translator.Translator.attention", lambda *_, **__: nothing)
    refused("plot", runs / "one", "--attention", "a", "-o", "m.png", code=1, says=["the translation is empty"])


def test_characters_without_a_font_are_named_in_a_line(call, runs, monkeypatch):
    monkeypatch.setattr(pictures, "fonts_for", lambda text: ([pictures.USUAL], "一狗"))
    outcome = call("plot", runs / "chinese", "--attention", "a dog.", "-o", "m.png")
    assert (outcome.code, len(outcome.lines)) == (0, 1)
    assert "no font here has 一狗, which are drawn as boxes; install one" in outcome.err


def test_what_cannot_be_drawn_is_refused(refused, runs, trained):
    one = runs / "one"
    for arguments, code, says in (
        ([one, runs / "two", "--attention", "a"], 2, "--attention draws the matrix of one run, not of 2"),
        ([one, "--attention", "a", "--confusion"], 2, "are two pictures; ask for one at a time"),
        ([one, "--attention", " "], 1, "an empty text has no tokens to look at"),
        ([one, "--attention", "the " * 151], 1, "151 tokens are too many to be read in a picture"),
        ([trained, "--attention", "a"], 2, "is of the task lm; --attention is for translators"),
        ([runs / "blind", "--attention", "a"], 2, "attention none, so there is nothing to look at"),
        ([one, "--confusion"], 2, "is of the task translate; --confusion is for classifiers"),
    ):
        refused("plot", *arguments, "-o", "m.png", code=code, says=[says])
    refused("plot", one, "--attention", "a", "-o", "m.gif", code=2, says=["ends in .png, .svg, .pdf"])


def test_curves_have_the_figure_that_decides(call, runs):
    outcome = call("plot", runs / "one", runs / "two", "-o", "curves.svg")
    assert outcome.code == 0
    assert "1 - BLEU / 100" in Path("curves.svg").read_text(encoding="utf-8")


def test_info_tells_what_a_translator_is(call, runs):
    told = call("info", runs / "one").out
    for part in ("word tokens read, word tokens written", "general attention", "copied source floor", "BLEU|nrefs:1"):
        assert part in told
    assert json.loads(call("info", runs / "one", "--json").out)["task"] == "translate"
