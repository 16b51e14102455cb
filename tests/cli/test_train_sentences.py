"""`seqlab train segment` and `seqlab train tag`: from corpora to model directories, and what is refused on the way."""

import json

import pytest

import seqlab
from seqlab.modeldir import open_directory

LINES = ["小船 慢慢 靠 了 岸 。", "岸上 的 人 在 等 船 。", "老人 走 上 小船 。", "船 上 有 人 。"] * 4
NAMED = "老\tx\tB-PER\n周\tx\tI-PER\n来\tx\tO\n\n湖\tx\tB-LOC\n边\tx\tI-LOC\n有\tx\tO\n船\tx\tO\n\n" * 6
SPOKEN = "the/DET boat/NOUN left/VERB\na/DET boat/NOUN sank/VERB\n1/2/NUM boats/NOUN left/VERB\n" * 5
TINY = ["--hidden", "8", "--epochs", "1", "--device", "cpu", "--batch-size", "100"]


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A folder with corpora, which is the working directory."""
    monkeypatch.chdir(tmp_path)
    contents = {
        "cut.txt": "\n".join(LINES), "more.txt": "船 靠 岸 。\n", "names.tsv": NAMED, "spoken.txt": SPOKEN,
        "bars.txt": SPOKEN.replace("/", "|"), "untagged.txt": SPOKEN + "the/DET boat left/VERB\n",
        "no-word.txt": "the/DET /NOUN\n" * 20, "columns.tsv": NAMED + "老\tB-PER\n老\n\n",
        "list.txt": "小 船\n慢慢 5 a b\n", "empty.txt": "", "blank.txt": " \n\u3000\n", "few.txt": "船 靠\n" * 3,
        "words.txt": "小船\n慢慢 5 a\n", "vectors.txt": "小 1 2 3\n船 4 5 6\n",
    }  # fmt: skip
    for name, content in contents.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    (tmp_path / "bytes.txt").write_bytes("小船 靠\n".encode() * 12 + b"\xff \xfe\n")
    (tmp_path / "gb.txt").write_bytes("\n".join(LINES).encode("gb18030"))
    return tmp_path


@pytest.mark.parametrize("family", ["rnn", "hmm", "max-match"])
def test_a_segmenter_from_a_corpus(call, files, family):
    flags = TINY if family == "rnn" else []
    outcome = call("train", "segment", "cut.txt", "-o", "runs/cut", "--model", family, *flags)
    assert outcome.code == 0, outcome
    for part in ("this model", "floor", "F1", "OOV recall", "words are not among those of the training data (OOV)"):
        assert part in outcome.out
    for part in ("reading   cut.txt", "words to train on", "now: seqlab predict runs/cut"):
        assert part in outcome.err
    options = {"hidden": 8, "epochs": 1, "device": "cpu", "batch_size": 100} if family == "rnn" else {}
    in_code = seqlab.train("segment", [line.split() for line in LINES], model=family, **options)
    model = seqlab.load("runs/cut")
    assert model.scores == in_code.scores
    assert model.lcut("小船靠了岸。") == in_code.lcut("小船靠了岸。")
    assert [path.name for path in (files / "runs").iterdir()] == ["cut"]
    card = (files / "runs" / "cut" / "README.md").read_text(encoding="utf-8")
    assert "`cut.txt`" in card
    assert "seqlab predict runs/cut" in card


def test_a_tagger_from_columns_and_from_lines(call, files):
    columns = ("--token-column", "1", "--tag-column", "-1", "--scheme", "BIO")
    outcome = call("train", "tag", "names.tsv", "-o", "names", *columns, *TINY)
    assert outcome.code == 0, outcome
    assert "most frequent tag floor" in outcome.out
    assert "tokens to train on" in outcome.err
    config = open_directory("names").config
    assert config.data.columns == (1, -1)
    assert set(seqlab.load("names").tags) == {"O", "B-LOC", "B-PER", "I-LOC", "I-PER"}
    hmm = ("--model", "hmm", "--no-baseline")
    assert call("train", "tag", "names.tsv", "-o", "second", *hmm, "--token-column", "1", "--tag-column", "2").code == 0
    assert seqlab.load("second").tags == ("x",)
    assert call("train", "tag", "names.tsv", "-o", "first", *hmm, "--token-column", "2", "--tag-column", "1").code == 0
    assert seqlab.load("first").words == {"x"}
    for name, more in (("spoken.txt", ()), ("bars.txt", ("--separator", "|"))):
        assert call("train", "tag", name, "-o", "spoken", "--overwrite", *hmm, *more).code == 0
        assert set(seqlab.load("spoken").tags) == {"DET", "NOUN", "NUM", "VERB"}
    assert "1|2" in seqlab.load("spoken").words


def test_a_validation_corpus_and_the_encoding(call, refused, files):
    hmm = ("--model", "hmm")
    assert call("train", "segment", "cut.txt", "-o", "run", "--validation", "more.txt", *hmm).code == 0
    sizes = open_directory("run").manifest["training"]["sizes"]
    assert (sizes["validation"], sizes["train"]) == (4, sum(len(line.split()) for line in LINES))
    says = ["gb.txt, line 1: byte 2 (0xb4)", "is not utf-8; use --encoding NAME (gb18030"]
    refused("train", "segment", "gb.txt", "-o", "gb", *hmm, code=1, says=says)
    assert call("train", "segment", "gb.txt", "-o", "gb", "--encoding", "gb18030", *hmm).code == 0
    assert seqlab.load("gb").words == seqlab.load("run").words


def test_samples(call, files):
    assert call("train", "segment", "sample:segmented", "-o", "s", "--model", "max-match", "--limit", "50").code == 0
    hmm = ("--model", "hmm", "--scheme", "BMES", "--limit", "50")
    assert call("train", "tag", "sample:entities", "-o", "t", *hmm).code == 0
    for run, sample in (("s", "sample:segmented"), ("t", "sample:entities")):
        assert json.loads(call("evaluate", run, sample, "--json").out)["f1"] > 0.2


def test_resume(call, refused, files):
    assert call("train", "segment", "cut.txt", "-o", "whole", *TINY, "--epochs", "2").code == 0
    assert call("train", "segment", "cut.txt", "-o", "run", *TINY).code == 0
    refused("train", "tag", "-o", "run", "--resume", code=2, says=["run: is of the task segment; go on with"])
    assert call("train", "segment", "-o", "run", "--resume", "--epochs", "2").code == 0
    assert seqlab.load("run").scores == seqlab.load("whole").scores
    assert call("train", "segment", "cut.txt", "-o", "hmm", "--model", "hmm").code == 0
    refused("train", "segment", "-o", "hmm", "--resume", "--epochs", "2", code=2, says=["its model is hmm"])


@pytest.mark.parametrize(
    ("task", "arguments", "code", "says"),
    [
        ("segment", [], 2, ["no corpus to train on"]),
        ("segment", ["nowhere.txt"], 1, ["nowhere.txt: no such file or folder"]),
        ("segment", ["empty.txt"], 1, ["empty.txt: empty, there is no word to read"]),
        ("segment", ["blank.txt"], 1, ["blank.txt", "no word to read"]),
        (
            "segment",
            ["few.txt"],
            1,
            ["there are 3 sentences to train on, too few to hold out a share: give more, or --v"],
        ),
        ("segment", ["bytes.txt"], 1, ["bytes.txt, line 13: byte 132 (0xff)", "is not utf-8"]),
        ("segment", ["cut.txt", "--validation", "empty.txt"], 1, ["empty.txt: empty, there is no word to read"]),
        (
            "segment",
            ["cut.txt", "--lexicons", "list.txt"],
            1,
            ["list.txt:1: '小 船' is not a word, its frequency and its"],
        ),
        ("segment", ["cut.txt", "--lexicons", "nowhere.txt"], 1, ["nowhere.txt: cannot be read"]),
        ("segment", ["cut.txt", "--vectors", "nowhere.txt"], 1, ["nowhere.txt: cannot be read"]),
        (
            "segment",
            ["cut.txt", "--vectors", "vectors.txt"],
            2,
            ["network.embedding: the vectors of vectors.txt are 3 wide"],
        ),
        (
            "segment",
            ["cut.txt", "--model", "hmm", "--lexicons", "words.txt"],
            2,
            ["features.lexicons: the model is hmm"],
        ),
        ("segment", ["cut.txt", "--model", "lstm"], 2, ["model: unknown model 'lstm'", "known: hmm, max-match, rnn"]),
        ("segment", ["cut.txt", "--model", "hmm", "--case", "lower"], 2, ["text.case: the model is hmm"]),
        ("segment", ["cut.txt", "--scheme", "BIO"], 2, ["No such option '--scheme'"]),
        ("segment", ["cut.txt", "--resume"], 1, ["there is no training to go on with"]),
        ("tag", ["spoken.txt", "--scheme", "BIOS"], 2, ["data.scheme: unknown scheme 'BIOS'; did you mean 'BIOES'?"]),
        ("tag", ["spoken.txt", "--scheme", "BIO"], 1, ["spoken.txt, line 1: 'DET' is no tag of the scheme BIO"]),
        ("tag", ["untagged.txt"], 1, ["untagged.txt, line 16: 'boat' (number 2) is not word/tag; write each word so"]),
        ("tag", ["no-word.txt"], 1, ["no-word.txt, line 1: '/NOUN' (number 2) is not word/tag"]),
        ("tag", ["cut.txt"], 1, ["cut.txt, line 1: '小船' (number 1) is not word/tag", "which columns"]),
        (
            "tag",
            ["names.tsv", "--token-column", "1", "--tag-column", "7"],
            1,
            ["names.tsv, line 1: 3 columns", "column 7"],
        ),
        ("tag", ["names.tsv", "--token-column", "1", "--tag-column", "1"], 2, ["give two different ones"]),
        (
            "tag",
            ["columns.tsv", "--token-column", "1"],
            1,
            ["columns.tsv, line 56: 1 column, where line 55 of the same"],
        ),
        ("tag", ["names.tsv", "--token-column", "1", "--separator", "|"], 2, ["separator: columns have none"]),
        ("tag", ["spoken.txt", "--separator", " "], 2, ["the separator of word and tag is ' '"]),
        (
            "tag",
            ["spoken.txt", "--lexicons", "words.txt"],
            1,
            ["features.lexicons: they are for tokens of one character"],
        ),
        ("tag", ["spoken.txt", "--lexicons", "train"], 2, ["lexicons: train", "is for a segmenter"]),
        ("tag", ["empty.txt", "--model", "hmm"], 1, ["empty.txt: empty, there is no word to read"]),
    ],
)
def test_what_is_refused_leaves_nothing(refused, files, task, arguments, code, says):
    before = sorted(files.rglob("*"))
    tiny = [] if "--model" in arguments or "--resume" in arguments else TINY
    refused("train", task, "-o", "run", *arguments, *tiny, code=code, says=says)
    assert sorted(files.rglob("*")) == before


@pytest.mark.parametrize("arguments", [["--token-column", "0"], ["--token-column", "2", "--tag-column", "0"]])
def test_a_column_0_is_refused(refused, files, arguments):
    refused("train", "tag", "names.tsv", "-o", "run", *arguments, code=2, says=["0", "counted from 1"])


def test_sentences_with_illegal_tags_are_told_of(call, files):
    (files / "bad.tsv").write_text("老\tI-PER\n来\tO\n\n" + NAMED.replace("\tx", ""), encoding="utf-8")
    for model in (["--model", "hmm"], TINY):
        outcome = call(
            "train", "tag", "bad.tsv", "-o", "run", "--overwrite", "--token-column", "1", "--scheme", "BIO", *model
        )
        assert outcome.code == 0
        assert (
            "note      1 sentences with illegal tags are left out of training; the first is bad.tsv, line 1: "
            in outcome.err
        )


def test_a_training_that_was_stopped_ends_with_its_own_table(call, tmp_path, monkeypatch):
    from seqlab.training import descent

    class Stopped(descent.Interrupts):
        def __enter__(self):
            interrupts = super().__enter__()
            interrupts.requested = True
            return interrupts

    monkeypatch.setattr(descent, "Interrupts", Stopped)
    command = ["train", "segment", "-o", tmp_path / "run"]
    small = ["sample:segmented", "--limit", "60", "--hidden", "8", "--epochs", "1", "--no-baseline"]
    assert call(*command, *small).code == 130
    monkeypatch.undo()
    outcome = call(*command, "--resume")
    assert outcome.code == 0
    assert "OOV recall" in outcome.out


def test_a_tagger_of_a_sample_in_columns_reads_files_of_that_form(call, tmp_path):
    assert (
        call("train", "tag", "sample:entities", "-o", tmp_path / "run", "--model", "hmm", "--scheme", "BMES").code == 0
    )
    (tmp_path / "own.bmes").write_text("南 B-LOC\n京 E-LOC\n", encoding="utf-8", newline="")
    assert "spans" in call("evaluate", tmp_path / "run", tmp_path / "own.bmes").out


def test_going_on_with_another_task_is_refused(refused, tmp_path):
    folder = tmp_path / "run.training"
    folder.mkdir()
    (folder / "config.json").write_text('{"task": "segment"}')
    refused(
        "train", "lm", "-o", tmp_path / "run", "--resume", code=2, says=["is of the task segment; go on with: seqlab"]
    )
