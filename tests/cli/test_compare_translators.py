"""Translators in one table, with a paired bootstrap of BLEU and chrF."""

import json
import shutil
from itertools import islice

import pytest

import seqlab
from seqlab.corpora import open_parallel
from seqlab.metrics.bootstrap import paired_bootstrap
from seqlab.metrics.translation import bleu_of, chrf_of, corpus_scores, sentence_counts
from seqlab.modeldir import MANIFEST

TINY = {"tokenizer": "word", "hidden": 24, "embedding": 24, "lr": 0.02, "device": "cpu", "beam": 2}
PAIRS = [(pair.target, pair.source) for pair in islice(open_parallel("sample:phrases"), 40)]


def written(path, pairs, heads="zh\ten\n"):
    path.write_text(heads + "".join("\t".join(pair) + "\n" for pair in pairs), encoding="utf-8", newline="")
    return path


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Model directories that no test changes, and corpora: Chinese to English, one of them the other way round."""
    folder = tmp_path_factory.mktemp("runs")
    columns = {"source_column": "zh", "target_column": "en"}
    made = {
        "good": {"epochs": 30, "validation_share": 0.1, **columns},
        "weak": {"epochs": 4, "validation_share": 0.1, **columns},
        "seed": {"epochs": 1, "validation_share": 0.1, "seed": 5, **columns},
        "seen": {"epochs": 1, "validation_share": 0.0, **columns},
        "back": {"epochs": 1, "validation_share": 0.1, "source_column": "en", "target_column": "zh"},
        "cut": {"epochs": 1, "validation_share": 0.1, "target_language": "zh", **columns},
    }
    for name, settings in made.items():
        pairs = [pair[::-1] for pair in PAIRS] if name == "back" else PAIRS
        seqlab.train("translate", pairs, output=folder / name, **(TINY | settings))
    written(folder / "on.tsv", [*PAIRS, ("空。", ""), ("", "Empty.")])
    return folder


def rows(outcome):
    """The cells of each row, as far as blanks part them, by the name of the run."""
    assert outcome.code == 0, outcome
    lines = [line for line in outcome.out.splitlines()[2:] if "/" in line.split()[0]]
    return {line.split()[0].rpartition("/")[2]: line.split() for line in lines}


def test_the_scores_of_training(call, runs):
    outcome = call("compare", runs / "good", runs / "weak")
    assert outcome.err == ""
    heads, _, *_ = outcome.out.splitlines()
    assert " ".join(heads.split()) == "run model size BLEU chrF2 TER sentences"
    found = rows(outcome)
    reached = {name: seqlab.load(runs / name).scores for name in found}
    for name, cells in found.items():
        figures = [f"{reached[name][figure]:.2f}" for figure in ("bleu", "chrf", "ter")]
        assert cells[-4:] == [*figures, str(reached[name]["n_sentences"])]
    top = max(scores["bleu"] for scores in reached.values())
    assert {name for name, cells in found.items() if cells[1] == "*"} == {
        name for name, scores in reached.items() if scores["bleu"] == top
    }
    assert outcome.out.count("BLEU|nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:") == 1
    assert outcome.out.count("TER|nrefs:1") == outcome.out.count("chrF2|nrefs:1") == 1


def test_the_scores_on_a_corpus_and_the_bootstrap(call, runs):
    outcome = call("compare", runs / "weak", runs / "good", "--on", runs / "on.tsv", "--json")
    assert outcome.err == ""
    weak, good = json.loads(outcome.out)
    sources, references = [list(side) for side in zip(*PAIRS, strict=True)]
    counts = []
    for row, name in ((weak, "weak"), (good, "good")):
        translations = seqlab.load(runs / name).translate(sources)
        expected = corpus_scores(translations, references).to_dict()
        for figure in ("bleu", "chrf", "ter", "n_sentences", "signatures"):
            assert row[figure] == expected[figure]
        counts.append(sentence_counts(translations, references))
    assert good["n_sentences"] == len(PAIRS)
    assert good["bleu"] > weak["bleu"] + 10
    assert (good["best"], weak["best"], good["behind_best"]) == (True, False, None)
    for name, figure in (("bleu", bleu_of), ("chrf", chrf_of)):
        own, best = (getattr(of_one, name) for of_one in counts)
        assert weak["behind_best"][name] == paired_bootstrap(best, own, figure, n_resamples=2000).to_dict()
    behind = weak["behind_best"]["bleu"]
    assert behind["p"] < 0.01
    assert 0 < behind["low"] < good["bleu"] - weak["bleu"] < behind["high"]
    shown = call("compare", runs / "weak", runs / "good", "--on", runs / "on.tsv")
    heads = " ".join(shown.out.splitlines()[0].split())
    assert heads.endswith("sentences BLEU behind 95 % interval p chrF2 behind 95 % interval p")
    assert f"{behind['difference']:.2f}  {behind['low']:.2f} to {behind['high']:.2f}" in shown.out
    assert rows(shown)["good"][-6:] == ["-"] * 6
    assert shown.out.splitlines()[-1].startswith("paired bootstrap over sentences, 2,000 resamples; p: how likely")


def test_equals_are_all_the_best_and_one_alone_is_none(call, runs, tmp_path):
    same = shutil.copytree(runs / "weak", tmp_path / "same")
    found = json.loads(call("compare", runs / "weak", same, "--on", runs / "on.tsv", "--json").out)
    assert [row["best"] for row in found] == [True, True]
    assert found[1]["behind_best"]["bleu"]["p"] == found[1]["behind_best"]["chrf"]["p"] == 1
    assert not json.loads(call("compare", runs / "weak", "--json").out)[0]["best"]


def test_scores_of_training_are_compared_where_they_are_of_the_same_pairs_in_one_way(call, runs):
    for name, why in (("seed", "they are of different pairs"), ("cut", "their signatures differ")):
        outcome = call("compare", runs / "good", runs / name)
        assert outcome.lines == [f"seqlab: these figures are not comparable, since {why}; give --on and a corpus"]
        assert "*" not in outcome.out
    found = call("compare", runs / "good", runs / "cut", "--on", runs / "on.tsv")
    assert "*" in found.out
    assert "|tok:13a|" in found.out
    assert "|tok:zh|" not in found.out


def test_figures_of_seen_pairs_are_none_to_compare(call, runs):
    outcome = call("compare", runs / "seen", runs / "seen")
    assert "its figures are of the very pairs it was trained on, since nothing was held out" in outcome.lines[0]
    assert "*" not in outcome.out


def test_sources_of_another_language_are_told_of(call, runs, tmp_path):
    odd = written(tmp_path / "odd.tsv", [(english, chinese) for chinese, english in PAIRS])
    outcome = call("compare", runs / "good", "--on", odd)
    assert outcome.code == 0
    assert outcome.lines[-1].startswith(f"seqlab: {runs / 'good'}: ")


def test_what_is_refused(refused, runs, trained, tmp_path):
    refused("compare", runs / "good", trained, code=2, says=["models of different tasks, lm and translate"])
    refused("compare", runs / "good", "--on", tmp_path / "nothing.tsv", code=1, says=["no such file or folder"])
    says = ["back: reads other pairs in", "than", "good, by the columns it was trained with"]
    refused("compare", runs / "good", runs / "back", "--on", runs / "on.tsv", code=2, says=says)
    empty = written(tmp_path / "empty.tsv", [("空。", "")])
    refused("compare", runs / "good", "--on", empty, code=1, says=["empty.tsv: there is no pair of sentences to score"])
    copy = shutil.copytree(runs / "weak", tmp_path / "copy")
    manifest = json.loads((copy / MANIFEST).read_text())
    for change in ({"scores": {"bleu": 1.0}}, {"scores": manifest["scores"] | {"chrf": "low"}}):
        (copy / MANIFEST).write_text(json.dumps(manifest | change))
        refused("compare", copy, runs / "good", code=1, says=["altered, its figures cannot be read"])
