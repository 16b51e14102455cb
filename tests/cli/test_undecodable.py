"""Corpora that are not all in one encoding: found out, refused, replaced, or read without the lines; columns of text."""

import json
from pathlib import Path

import pytest

import seqlab
from seqlab.modeldir import open_directory

LINES = ["小船 慢慢 靠 了 岸 。", "岸上 的 人 在 等 船 。", "老人 走 上 小船 。", "船 上 有 人 。"] * 5
ROWS = ["很好\tyes", "不好\tno", "真好\tyes", "坏了\tno"] * 5
PAIRS = [f"第{n} 船\tboat number {n}" for n in range(24)]
TAGGED = ["小船/n 靠/v 了/u 岸/n", "人/n 等/v 船/n"] * 8
TINY = ["--hidden", "8", "--epochs", "1", "--device", "cpu"]
FAST = {
    "lm": ("lm", LINES, ["--model", "ngram", "--order", "2"]),
    "segment": ("segment", LINES, ["--model", "hmm"]),
    "tag": ("tag", TAGGED, ["--model", "hmm"]),
    "classify": ("classify", ROWS, ["--model", "ngram", "--order", "2"]),
    "translate": ("translate", PAIRS, [*TINY, "--tokenizer", "word", "--longest-output", "5", "--beam", "1"]),
}


@pytest.fixture(params=FAST)
def corpora(request, tmp_path, monkeypatch):
    """The task, a corpus in GB18030, the same with one bad line, and flags for a fast training."""
    monkeypatch.chdir(tmp_path)
    task, lines, flags = FAST[request.param]
    good = "\n".join([*lines, ""]).encode("gb18030")
    (tmp_path / "good.txt").write_bytes(good)
    bad = (
        lines[1]
        .encode("gb18030")
        .replace("好".encode("gb18030"), b"\xff", 1)
        .replace("船".encode("gb18030"), b"\xff", 1)
    )
    (tmp_path / "bad.txt").write_bytes(good + bad + b"\n")
    return task, flags


def scores(call, run, *more):
    return json.loads(call("evaluate", run, "bad.txt", "--json", *more).out)


def test_the_encoding_is_found_out_and_undecodable_bytes_are_refused_replaced_or_left_out(call, refused, corpora):
    task, flags = corpora
    assert call("train", task, "good.txt", "-o", "named", "--encoding", "gb18030", *flags).code == 0
    assert call("train", task, "good.txt", "-o", "found", "--encoding", "auto", *flags).code == 0
    assert open_directory("found").scores == open_directory("named").scores
    line = Path("bad.txt").read_bytes().count(b"\n")
    says = [f"bad.txt, line {line}: byte", "is not gb18030; use --encoding NAME"]
    refused("train", task, "bad.txt", "-o", "strict", "--encoding", "auto", *flags, code=1, says=says)
    refused("evaluate", "found", "bad.txt", code=1, says=says)
    whole = json.loads(call("evaluate", "found", "good.txt", "--json").out)
    assert scores(call, "found", "--encoding-errors", "skip-line") == whole
    assert scores(call, "found", "--encoding-errors", "replace") != whole
    for way in ("replace", "skip-line"):
        outcome = call("train", task, "bad.txt", "-o", way, "--encoding", "auto", "--encoding-errors", way, *flags)
        assert outcome.code == 0, outcome
        assert open_directory(way).config.data.encoding_errors == way
    assert open_directory("skip-line").scores == open_directory("named").scores
    refused(
        "evaluate", "found", "bad.txt", "--encoding-errors", "skip", code=2, says=["unknown way with undecodable bytes"]
    )


def test_the_column_of_a_text(call, refused, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [f"{n},{line.replace(' ', '')},x{n}" for n, line in enumerate(LINES)]
    (tmp_path / "rows.csv").write_text("\n".join(["number,said,note", *rows]), encoding="utf-8")
    (tmp_path / "plain.txt").write_text("\n".join([line.replace(" ", "") for line in LINES] + [""]), encoding="utf-8")
    flags = FAST["lm"][2]
    says = ["rows.csv, line 1: no column that is known to hold the text; there are number, said, note: name it by"]
    refused("train", "lm", "rows.csv", "-o", "run", *flags, code=1, says=says)
    assert call("train", "lm", "rows.csv", "-o", "run", "--text-column", "said", *flags).code == 0
    assert call("train", "lm", "plain.txt", "-o", "plain", *flags).code == 0
    assert seqlab.load("run").scores == seqlab.load("plain").scores

    def figures(run, corpus, *more):
        found = json.loads(call("evaluate", run, corpus, "--json", *more).out)
        return found["n_tokens"], found["nats"]

    assert figures("run", "rows.csv") == figures("plain", "plain.txt")
    by_name, by_number = (figures("run", "rows.csv", "--text-column", column) for column in ("note", "3"))
    assert by_number[0] - by_name[0] == len("note\n")  # a number says nothing of a heading
    assert figures("run", "rows.csv", "--text-column", "note") != figures("run", "rows.csv")
