"""Model directories of n-grams to ARPA files, and back."""

import gzip
import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

import seqlab
from seqlab.cli.convert import command
from seqlab.modeldir import CARD, open_directory
from seqlab.ngram.smoothing import SMOOTHINGS
from seqlab.tasks.arpa import CUT_BY
from seqlab.text.tokenizers import TOKENIZERS

WORDS = "the moon is up .\nthe sun is down .\nis the moon down ?\nthe sun is up !\n"
FILE = r"""\data\
ngram 1=5
ngram 2=3

\1-grams:
-1	<unk>
-99	<s>	-0.5
-0.3	</s>
-0.5	the	-0.25
-1.5	moon

\2-grams:
-0.125	<s> the
-0.25	the moon
-2	the </s>

\end\
"""


@pytest.fixture
def trained_on(tmp_path):
    """Makes a model directory of n-grams."""

    def train(text=WORDS * 20, **settings):
        seqlab.train("lm", [text], output=tmp_path / "run", model="ngram", overwrite=True, **settings)
        return tmp_path / "run"

    return train


@pytest.fixture
def written(tmp_path):
    """An ARPA file with lines."""
    path = tmp_path / "small.arpa"
    path.write_text(FILE, encoding="utf-8")
    return path


def there_and_back(call, run, tmp_path, tokenizer, name="file.arpa"):
    """The model that was read again from the file that was written of a run."""
    assert call("convert", run, tmp_path / name, "--overwrite").out == f"wrote {tmp_path / name}\n"
    outcome = call("convert", tmp_path / name, tmp_path / "again", "--tokenizer", tokenizer, "--overwrite")
    assert (outcome.code, outcome.out) == (0, ""), outcome
    return seqlab.load(tmp_path / "again")


@pytest.mark.parametrize("tokenizer", [*CUT_BY[:-1], pytest.param(CUT_BY[-1], marks=pytest.mark.slow)])
@pytest.mark.parametrize("sentences", ["lines", "none"])
def test_there_and_back_nothing_changes(call, trained_on, tmp_path, tokenizer, sentences):
    run = trained_on(tokenizer=tokenizer, sentences=sentences, order=3)
    model, text = seqlab.load(run), "sun down ? ☃\n\nthe moon " + WORDS
    again = there_and_back(call, run, tmp_path, tokenizer)
    assert np.array_equal(again.score(text), model.score(text))
    assert again.text.vocab == model.text.vocab
    assert again.generate("is", n=2, length=30, seed=1) == model.generate("is", n=2, length=30, seed=1)
    assert again.config.ngram.sentences == sentences
    assert again.config.ngram.order == again.model.order == 3


@pytest.mark.parametrize("smoothing", sorted(set(SMOOTHINGS) - {"stupid-backoff"}))
def test_any_smoothing_but_one(call, trained_on, tmp_path, smoothing):
    run = trained_on(tokenizer="word", smoothing=smoothing, order=3)
    again = there_and_back(call, run, tmp_path, "word", "file.arpa.gz")
    assert np.array_equal(again.score(WORDS + "moon sun"), seqlab.load(run).score(WORDS + "moon sun"))
    with gzip.open(tmp_path / "file.arpa.gz") as file:
        assert file.readline() == b"\\data\\\n"


def test_a_vocabulary_without_line_ends(call, trained_on, tmp_path):
    run = trained_on("to be or not to be that is the question " * 20, tokenizer="whitespace")
    again = there_and_back(call, run, tmp_path, "whitespace")
    assert again.model.end is None
    assert np.array_equal(again.score("to be\nor not"), seqlab.load(run).score("to be\nor not"))


def test_pieces_and_bytes_can_be_written_too(call, trained_on, tmp_path):
    for settings in ({"tokenizer": "byte"}, {"tokenizer": "sentencepiece", "max_size": 300}):
        run = trained_on(order=2, **settings)
        assert call("convert", run, tmp_path / "file.arpa", "--overwrite").code == 0
        outcome = call("convert", tmp_path / "file.arpa", tmp_path / "again", "--overwrite")
        assert outcome.code == 0
        assert seqlab.load(tmp_path / "again").model.order == 2


def test_kenlm_reads_what_is_written(call, trained_on, tmp_path):
    kenlm = pytest.importorskip("kenlm")
    run = trained_on(tokenizer="whitespace", order=4)
    call("convert", run, tmp_path / "file.arpa")
    theirs, model = kenlm.Model(str(tmp_path / "file.arpa")), seqlab.load(run)
    for line in ("the moon is down .", "up up the sun", "snow is up", ""):
        assert theirs.score(line) * np.log(10) == pytest.approx(model.score(line + "\n").sum(), abs=1e-4)


def test_by_hand(call, written, tmp_path):
    """-0.125 of `<s> the`, -0.25 of `the moon`, -0.3 of `</s>`; then -0.5 -1 of a word that it lacks, -0.5 of `the`."""
    outcome = call("convert", written, tmp_path / "run")
    assert [line.split()[0] for line in outcome.lines] == ["reading", "n-grams", "saved"]
    assert outcome.lines[1] == "n-grams   7, 3 of order 1 to 2"
    model = seqlab.load(tmp_path / "run")
    assert model.text.vocab.tokens == ("\n", "the", "moon")
    found = model.score("the  moon\nThe the") / np.log(10)
    assert found == pytest.approx([-0.125, -0.25, -0.3, -0.5 - 1, -0.5], rel=1e-6)
    scores = model.evaluate(["the\tmoon\n"])
    assert scores.nats == pytest.approx(np.log(10) * 0.675 / 3, rel=1e-6)


def test_what_was_read_is_used_like_any_model(call, written, tmp_path, corpus):
    run, other = tmp_path / "run", tmp_path / "other"
    call("convert", written, run)
    (tmp_path / "flat.arpa").write_text(FILE.replace("-0.25\tthe moon", "-0.75\tthe moon"), encoding="utf-8")
    call("convert", tmp_path / "flat.arpa", other)
    shown = " ".join(call("info", run).out.split())
    for part in (
        "whitespace, vocabulary of 7",
        "order 2, arpa",
        f"read from {written}",
        "scores none yet; seqlab evaluate",
    ):
        assert part in shown
    assert json.loads(call("info", run, "--json").out)["scores"] == {}
    assert call("generate", run, "--prompt", "the", "--length", "5", "--seed", "1").out.startswith("the moon")
    assert json.loads(call("evaluate", run, corpus, "--json").out)["n_unknown"] > 0
    outcome = call("compare", run, other)
    assert outcome.lines == [f"seqlab: {run}, {other}: not scored yet; to have them scored on a text, give --on"]
    assert outcome.out.splitlines()[2].split()[-5:] == ["-"] * 5
    (tmp_path / "on.txt").write_text("the moon\nthe the moon\n", encoding="utf-8")
    outcome = call("compare", run, other, "--on", tmp_path / "on.txt")
    assert outcome.code == 0
    assert "run *" in outcome.out
    outcome = call("mix", run, other, "--on", tmp_path / "on.txt", "-o", tmp_path / "both")
    assert outcome.code == 0, outcome
    assert "2-gram, arpa, 10 n-grams" in call("info", tmp_path / "both").out
    card = (run / CARD).read_text(encoding="utf-8")
    for part in (str(written), "is not known here; `seqlab evaluate` scores it", f"seqlab generate {run}"):
        assert part in card
    assert open_directory(run).manifest["training"]["source"] == str(written)
    assert call("train", "lm", corpus, "-o", run, "--resume").code == 2


def test_what_one_may_overlook(call, written, tmp_path):
    written.write_text(FILE.replace("-1\t<unk>\n", "").replace("1=5", "1=4"), encoding="utf-8")
    outcome = call("convert", written, tmp_path / "run")
    assert (
        "note      the file gives <unk> no probability, so a text with a word that it lacks is impossible"
        in outcome.err
    )
    assert np.isneginf(seqlab.load(tmp_path / "run").score("snow")).all()
    text = FILE.replace("the", "t").replace("moon", "m")
    written.write_text(text, encoding="utf-8")
    outcome = call("convert", written, tmp_path / "characters")
    assert "if tokens are not parted by blanks, give --tokenizer character" in outcome.err
    outcome = call("convert", written, tmp_path / "characters", "--tokenizer", "character", "--overwrite")
    assert "note" not in outcome.err
    assert seqlab.load(tmp_path / "characters").score("tm\n") == pytest.approx(
        np.log(10) * np.array([-0.125, -0.25, -0.3])
    )


def test_a_file_whose_lines_do_not_end(call, written, tmp_path):
    """Both are one endless text: without `</s>`, and with it beside a word that is the line end."""
    none = FILE.replace("-0.3\t</s>", "-99\t</s>").replace("-2\tthe </s>\n", "").replace("2=3", "2=2")
    both = FILE.replace("-1.5\tmoon", "-1.5\tmoon\n-1.25\t<U+000A>").replace("1=5", "1=6")
    for text in (none, both):
        written.write_text(text, encoding="utf-8")
        call("convert", written, tmp_path / "run", "--overwrite")
        model = seqlab.load(tmp_path / "run")
        assert model.model.end is None
        assert model.config.ngram.sentences == "none"
        ids = model.text.encode("the moon the\nthe")
        state, last = model.begin(), model.text.start
        for wanted, token in zip(model.score("the moon the\nthe"), ids.tolist(), strict=True):
            log_probs, state = model.step(np.array([last]), state)
            assert log_probs[0, token] == pytest.approx(wanted)
            last = token


def test_the_tokenizers():
    (option,) = (option for option in command.params if option.name == "tokenizer")
    assert tuple(option.type.choices) == CUT_BY
    assert set(CUT_BY) == set(TOKENIZERS) - {"byte", "sentencepiece"}


def test_what_has_no_arpa_form(refused, trained, trained_on, tmp_path, text):
    run, target = trained_on(), tmp_path / "file.arpa"
    says = [f"{trained}: holds a recurrent language model, and ARPA files hold n-grams; name a run of those"]
    refused("convert", trained, target, code=1, says=says)
    seqlab.mix([run, run], [WORDS], output=tmp_path / "both")
    refused("convert", tmp_path / "both", target, code=1, says=["both: holds a mixture of language models, and"])
    says = ["a model of smoothing 'stupid-backoff' weighs contexts that it has never seen"]
    refused("convert", trained_on(smoothing="stupid-backoff"), target, code=1, says=says)
    assert not target.exists()


def test_what_is_refused(refused, call, trained_on, written, tmp_path):
    run = trained_on()
    refused("convert", run, tmp_path / "file.txt", code=2, says=["the name of an ARPA file ends in .arpa or .arpa.gz"])
    refused(
        "convert", run, tmp_path / "a.arpa", "--tokenizer", "word", code=2, says=["is for an ARPA file that is read"]
    )
    refused("convert", run, written, code=1, says=["is there already; give --overwrite to replace it"])
    (tmp_path / "folder.arpa").mkdir()
    refused("convert", run, tmp_path / "folder.arpa", "--overwrite", code=1, says=["is there and no file"])
    refused("convert", run, tmp_path / "no" / "a.arpa", code=1, says=["cannot be written (No such file or directory)"])
    refused("convert", tmp_path / "no", tmp_path / "a.arpa", code=1, says=["no: no such folder; a model directory"])
    refused("convert", tmp_path / "no.arpa", tmp_path / "new", code=1, says=["no.arpa: no such file; give the path"])
    refused("convert", written, tmp_path / "b.arpa", code=2, says=["one of the two has to be a model directory"])
    refused("convert", written, run, code=1, says=["holds a model already; give --overwrite to replace it"])
    says = ["something other than a model; choose another output"]
    refused("convert", written, written.parent, "--overwrite", code=1, says=says)
    refused("convert", written, "..", code=2, says=["give the model directory a name of its own"])
    says = ["small.arpa: its words are no characters, such as 'the'; leave out --tokenizer"]
    refused("convert", written, tmp_path / "new", "--tokenizer", "character", code=2, says=says)
    written.write_text(FILE.replace("-0.25\tthe moon", "quarter\tthe moon"), encoding="utf-8")
    refused("convert", written, tmp_path / "new", code=1, says=["small.arpa:14", "'quarter' is no number"])
    written.write_text("to be or not to be", encoding="utf-8")
    refused("convert", written, tmp_path / "new", code=1, says=["name an ARPA file, plain or compressed by gzip"])
    assert not (tmp_path / "new").exists()
    assert seqlab.load(run).config.ngram.smoothing != "arpa"
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
    assert call("convert", run, written, "--overwrite").code == 0
    assert call("convert", written, run, "--overwrite", "--tokenizer", "character").code == 0
    assert seqlab.load(run).config.ngram.smoothing == "arpa"


def test_an_order_that_no_setting_allows(refused, tmp_path):
    grams = "".join(f"\n\\{n}-grams:\n" + ("-1\t" + " ".join("a" * n) + "\n") for n in range(2, 22))
    ngrams = "".join(f"ngram {n}=1\n" for n in range(2, 22))
    text = f"\\data\\\nngram 1=2\n{ngrams}\n\\1-grams:\n-1\t<unk>\n-1\ta\n{grams}\n\\end\\\n"
    (tmp_path / "long.arpa").write_text(text)
    says = ["long.arpa: ngram.order: input should be less than or equal to 20, not 21"]
    refused("convert", tmp_path / "long.arpa", tmp_path / "run", code=2, says=says)


@pytest.mark.parametrize("what", ["os.fsync", "pathlib.Path.write_text", "pathlib.Path.replace"])
def test_a_full_disk_loses_nothing(written, trained_on, tmp_path, monkeypatch, refused, what):
    run = trained_on()
    shutil.copy(written, tmp_path / "kept.arpa")

    def full(*_, **__):
        raise OSError(28, os.strerror(28))

    before = sorted(path.name for path in tmp_path.iterdir())
    with monkeypatch.context() as patch:
        patch.setattr(what, full)
        refused("convert", written, run, "--overwrite", code=1, says=["No space left on device", "free some space"])
        if what != "pathlib.Path.write_text":
            refused("convert", run, tmp_path / "kept.arpa", "--overwrite", code=1, says=["No space left on device"])
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert (tmp_path / "kept.arpa").read_text() == FILE
    assert seqlab.load(run).config.ngram.smoothing != "arpa"


def test_no_torch_is_needed(written, tmp_path):
    run, back = str(tmp_path / "run"), str(tmp_path / "back.arpa")
    code = f"""
import sys
from seqlab.cli import main
for arguments in (["convert", {str(written)!r}, {run!r}], ["convert", {run!r}, {back!r}], ["compare", {run!r}]):
    try:
        main(arguments)
    except SystemExit as left:
        assert not left.code, left.code
assert "torch" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_what_other_programs_cannot_read_is_said(call, tmp_path, text):
    (tmp_path / "text.txt").write_text(text, encoding="utf-8")
    run = tmp_path / "run"
    for options, said in (
        (("--order", 7), ["order 7: KenLM reads orders up to 6"]),
        (("--tokenizer", "byte", "--order", 3), ["tokens are bytes: other programs"]),
        (("--order", 3), []),
    ):
        flags = [str(option) for option in options]
        assert (
            call("train", "lm", tmp_path / "text.txt", "-o", run, "--model", "ngram", "--overwrite", *flags).code == 0
        )
        lines = call("convert", run, tmp_path / "text.arpa", "--overwrite").lines
        assert len(lines) == len(said)
        assert all(part in line for part, line in zip(said, lines, strict=True))
