"""Words and tags from the command line: formats, pipes, and text of every kind."""

import io
import itertools
import json
import os
import subprocess
import sys

import pytest

import seqlab

CUT = [
    line.split()
    for line in """
    小船 慢慢 靠 了 岸 。
    岸上 的 人 在 等 船 。
    老人 走 上 小船 ， 船 上 有 12 人 。
    ABC 号 没有 来 。
    """.strip().splitlines()
]
NAMED = [
    (list("老周在青石镇说话"), ["B-PER", "I-PER", "O", "B-LOC", "I-LOC", "I-LOC", "O", "O"]),
    (list("湖边有人"), ["B-LOC", "I-LOC", "O", "O"]),
    (list("阿梅看湖边"), ["B-PER", "I-PER", "O", "B-LOC", "I-LOC"]),
]
SPOKEN = [(["the", "boat", "left"], ["DET", "NOUN", "VERB"]), (["a", "boat", "sank"], ["DET", "NOUN", "VERB"])]
TINY = {"hidden": 8, "epochs": 1, "baseline": False, "device": "cpu", "validation_share": 0}
ODD = {
    "joined emoji": "船👩‍👩‍👧‍👦人",
    "flags": "🇩🇪🇫🇷来",
    "combining marks": "e\u0301a\u0308的",
    "control characters": "船\x00\x01\x1b[31m人\x7f",
    "blanks of all kinds": "船\u3000人\u00a0来\u2003了\t。",
    "an unknown script": "สวัสดี ሰላም",
    "a private sign": "\ue000\U0010ffff",
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("predicting")
    hmm = {"model": "hmm", "baseline": False, "validation_share": 0}
    seqlab.train("segment", CUT, output=folder / "max-match", **hmm | {"model": "max-match"})
    seqlab.train("segment", CUT, output=folder / "words", **hmm)
    seqlab.train("segment", CUT, output=folder / "network", **TINY)
    seqlab.train("tag", NAMED, output=folder / "names", scheme="BIO", **hmm)
    seqlab.train("tag", SPOKEN, output=folder / "speech", **hmm)
    return folder


@pytest.fixture
def predict(call, monkeypatch, tmp_path):
    """Runs `seqlab predict` on bytes or text from standard input."""

    def run(model, text, *options):
        (tmp_path / "stdin").write_bytes(text if isinstance(text, bytes) else text.encode())
        with (tmp_path / "stdin").open("rb") as file:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(file))
            outcome = call("predict", model, *options)
            sys.stdin.detach()
        return outcome

    return run


def written(outcome):
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.endswith("\n")
    return outcome.out.removesuffix("\n").split("\n")


# --- formats


def test_the_formats_of_a_segmenter(predict, runs):
    text = "小船 靠了岸。\n\n 船 12人\n"
    assert written(predict(runs / "max-match", text)) == ["小船 靠 了 岸 。", "", "船 12 人"]
    assert written(predict(runs / "max-match", text, "--format", "bmes")) == [
        "小\tB", "船\tE", "靠\tS", "了\tS", "岸\tS", "。\tS", "", "",
        "船\tS", "1\tB", "2\tE", "人\tS", "",
    ]  # fmt: skip
    assert written(predict(runs / "max-match", text, "--format", "offsets")) == [
        "0\t2\t小船", "3\t4\t靠", "4\t5\t了", "5\t6\t岸", "6\t7\t。", "", "",
        "1\t2\t船", "3\t5\t12", "5\t6\t人", "",
    ]  # fmt: skip
    found = [json.loads(line) for line in written(predict(runs / "max-match", text, "--format", "json"))]
    assert found == [
        {"text": "小船 靠了岸。", "words": [[0, 2, "小船"], [3, 4, "靠"], [4, 5, "了"], [5, 6, "岸"], [6, 7, "。"]]},
        {"text": "", "words": []},
        {"text": " 船 12人", "words": [[1, 2, "船"], [3, 5, "12"], [5, 6, "人"]]},
    ]
    assert "小船" in predict(runs / "max-match", text, "--format", "json").out


def test_the_formats_of_a_tagger_of_characters(predict, runs):
    text = "老周 在湖边\n\n"
    assert written(predict(runs / "names", text)) == ["老/B-PER 周/I-PER 在/O 湖/B-LOC 边/I-LOC", ""]
    assert written(predict(runs / "names", text, "--format", "bmes")) == [
        "老\tB-PER", "周\tI-PER", "在\tO", "湖\tB-LOC", "边\tI-LOC", "", "",
    ]  # fmt: skip
    assert written(predict(runs / "names", text, "--format", "offsets")) == [
        "0\t2\tPER\t老周",
        "3\t5\tLOC\t湖边",
        "",
        "",
    ]
    assert [json.loads(line) for line in written(predict(runs / "names", text, "--format", "json"))] == [
        {
            "tokens": list("老周在湖边"),
            "tags": ["B-PER", "I-PER", "O", "B-LOC", "I-LOC"],
            "spans": [[0, 2, "PER"], [3, 5, "LOC"]],
        },
        {"tokens": [], "tags": [], "spans": []},
    ]


def test_the_formats_of_a_tagger_of_words(predict, runs):
    text = "the  boat\n"
    assert written(predict(runs / "speech", text)) == ["the/DET boat/NOUN"]
    assert written(predict(runs / "speech", text, "--format", "bmes")) == ["the\tDET", "boat\tNOUN", ""]
    assert written(predict(runs / "speech", text, "--format", "offsets")) == ["0\t1\tDET\tthe", "1\t2\tNOUN\tboat", ""]
    assert json.loads(predict(runs / "speech", text, "--format", "json").out) == {
        "tokens": ["the", "boat"], "tags": ["DET", "NOUN"],
    }  # fmt: skip


@pytest.mark.parametrize("name", ["max-match", "words", "network", "names", "speech"])
def test_what_is_written_is_what_the_model_says(predict, runs, name):
    model, text = seqlab.load(runs / name), "小船 the boat\n老周靠了岸。\n"
    if model.config.task == "segment":
        expected = [" ".join(model.lcut(line, whitespace="drop")) for line in text.splitlines()]
    else:
        tokens = [list("".join(line.split())) if model.reads_characters else line.split() for line in text.splitlines()]
        expected = [" ".join(map("/".join, zip(own, model.tag(own), strict=True))) for own in tokens]
    assert written(predict(runs / name, text)) == expected


# --- text of every kind


def test_line_ends_marks_and_empty_lines(predict, runs):
    expected = ["小船 靠", "", "岸上"]
    for text in ("小船靠\n\n岸上\n", "小船靠\r\n\r\n岸上\r\n", "小船靠\n\n岸上", "\ufeff小船靠\n\n岸上\n"):
        assert written(predict(runs / "max-match", text)) == expected
    outcome = predict(runs / "max-match", "")
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "")
    assert written(predict(runs / "max-match", "\n")) == [""]


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
@pytest.mark.parametrize("name", ["network", "words", "names"])
def test_signs_of_every_kind(predict, runs, name, text):
    kept = "".join(text.split())
    found = [json.loads(line) for line in written(predict(runs / name, f"{text}\n", "--format", "json"))]
    assert len(found) == 1
    if name == "names":
        assert "".join(found[0]["tokens"]) == kept
        return
    assert found[0]["text"] == text
    assert "".join(word for *_, word in found[0]["words"]) == kept
    assert all(text[start:end] == word for start, end, word in found[0]["words"])
    signs = [line.partition("\t")[0] for line in predict(runs / name, text, "--format", "bmes").out.split("\n")]
    assert "".join(signs) == kept


def test_files_and_encodings(call, runs, tmp_path):
    (tmp_path / "gb.txt").write_bytes("小船靠\n".encode("gb18030"))
    assert call("predict", runs / "max-match", tmp_path / "gb.txt", "--encoding", "gb18030").out == "小船 靠\n"


# --- what is refused


def test_text_that_is_broken(predict, runs, tmp_path, call):
    outcome = predict(runs / "max-match", "小船\n靠".encode() + b"\xff\n")
    assert outcome.code == 1
    assert "standard input, line 2: byte" in outcome.err
    assert "is not utf-8" in outcome.err
    assert len(outcome.lines) == 1
    (tmp_path / "bad.txt").write_bytes("小船\n靠".encode() + b"\xff\n")
    outcome = call("predict", runs / "max-match", tmp_path / "bad.txt")
    assert outcome.code == 1
    assert f"{tmp_path}/bad.txt, line 2: byte" in outcome.err


@pytest.mark.parametrize(
    ("name", "arguments", "code", "says"),
    [
        ("max-match", ["nowhere.txt"], 1, ["nowhere.txt: ", "o such file"]),
        ("max-match", ["nothere", "file.txt"], 2, ["nothere: there is no such run"]),
        ("max-match", ["--format", "xml"], 2, ["'xml' is not one of"]),
        ("max-match", ["--encoding", "utf-9"], 2, ["unknown encoding 'utf-9'"]),
        ("max-match", ["--userdict", "nowhere.txt"], 1, ["nowhere.txt: cannot be read"]),
        ("names", ["--userdict", "user.txt"], 2, ["--userdict is for a segmenter; leave it out"]),
        ("nowhere", [], 1, ["nowhere: no such folder"]),
        ("network", ["--device", "gpu"], 2, ["device: cannot compute on 'gpu' here"]),
        ("words", ["--device", "gpu"], 2, ["device: "]),
        ("names", ["--device", "cuda:9"], 2, ["device: "]),
    ],
)
def test_what_is_refused(refused, runs, tmp_path, monkeypatch, name, arguments, code, says):
    monkeypatch.chdir(tmp_path)
    refused("predict", runs / name, *arguments, code=code, says=says)


def test_a_language_model_is_told_what_to_use(refused, trained):
    says = [f"{trained}: is a model of the task lm", f"use: seqlab generate {trained}"]
    refused("predict", trained, code=1, says=says)


def test_a_segmenter_where_language_models_are_wanted(refused, runs, corpus, tmp_path):
    says = ["words: is a model of the task segment, which writes no new text; use: seqlab predict "]
    refused("generate", runs / "words", code=1, says=says)
    says = ["names: is a model of the task tag, and language models alone can be mixed"]
    refused("mix", runs / "names", runs / "words", "--on", corpus, "-o", tmp_path / "mixed", code=2, says=says)
    refused("convert", runs / "words", tmp_path / "x.arpa", code=1, says=["words: holds a word segmenter"])


def test_words_of_the_user(predict, refused, runs, tmp_path):
    (tmp_path / "user.txt").write_text("靠了 5 v\n\n了岸\n", encoding="utf-8")
    assert written(predict(runs / "max-match", "小船靠了岸\n")) == ["小船 靠 了 岸"]
    for name in ("max-match", "words", "network"):
        assert "靠了" in written(predict(runs / name, "小船靠了岸\n", "--userdict", tmp_path / "user.txt"))[0].split()
    (tmp_path / "user.txt").write_text("靠了\n了 岸 人 山\n", encoding="utf-8")
    says = [f"{tmp_path}/user.txt, line 2: '了 岸 人 山' is not a word, a frequency and a tag"]
    refused("predict", runs / "max-match", "--userdict", tmp_path / "user.txt", code=1, says=says)


# --- in a process of its own


@pytest.fixture
def process(runs):
    command = [sys.executable, "-m", "seqlab", "predict", str(runs / "max-match")]
    started = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    yield started
    started.kill()
    for stream in (started.stdin, started.stdout, started.stderr):
        stream.close()
    started.wait()


def test_a_line_comes_out_before_the_next_one_goes_in(process):
    for text, words in (("小船靠岸\n", "小船 靠 岸\n"), ("12人\n", "12 人\n"), ("\n", "\n")):
        for byte in text.encode():  # in the smallest pieces
            process.stdin.write(bytes([byte]))
            process.stdin.flush()
        assert process.stdout.readline().decode() == words
    process.stdin.write("岸上".encode())  # without a line end
    process.stdin.close()
    assert process.stdout.read().decode() == "岸上\n"
    assert process.wait() == 0
    assert process.stderr.read() == b""


def test_a_closed_pipe_is_no_traceback(runs, tmp_path):
    (tmp_path / "long.txt").write_text("小船靠岸\n" * 200_000, encoding="utf-8")
    read, write = os.pipe()
    command = [sys.executable, "-m", "seqlab", "predict", str(runs / "max-match"), str(tmp_path / "long.txt")]
    with subprocess.Popen(command, stdout=write, stderr=subprocess.PIPE) as started:
        os.close(write)
        assert os.read(read, 16) != b""
        os.close(read)
        said = started.stderr.read()
    assert (started.returncode, said) == (1, b"")


def test_no_torch_for_what_counts(runs, tmp_path):
    (tmp_path / "text.txt").write_text("小船靠岸\n", encoding="utf-8")
    for name, expected in (("max-match", "小船 靠 岸\n"), ("words", None)):
        arguments = repr(["predict", str(runs / name), str(tmp_path / "text.txt")])
        code = f"import sys\nsys.modules['torch'] = None\nfrom seqlab.cli import main\nmain({arguments})"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        assert expected in (None, done.stdout)


def test_lines_are_kept_apart(predict, runs):
    lines = ["".join(words) for words in CUT]
    for pair in itertools.permutations(lines, 2):
        both = written(predict(runs / "words", "\n".join(pair)))
        assert both == [written(predict(runs / "words", line))[0] for line in pair]
