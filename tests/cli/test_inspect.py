"""`seqlab inspect`: what it says, on standard output, of good files and bad ones."""

import gzip
import json
import os
import re
import shlex
import warnings
from pathlib import Path

import click
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import seqlab
from seqlab.cli.inspect_page import page
from seqlab.corpora import TextFile
from seqlab.corpora.inspection import inspect

ENGLISH = "The harbour was quiet.\nTwo boats came in, and nobody spoke.\n"
CHINESE = "小船靠岸了，船上有人。\n风停了以后，大家都在岸上等消息，没有人说话。\n"


PIECES = [
    b"\n",
    b"\r\n",
    b"a b",
    "您".encode(),
    b"\xff",
    b"\0",
    b"\x1b[31m",
    "\u202e\u2028\x85".encode(),
    "Ã©".encode(),
    b"<b>",
]


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def written(name, content):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return name

    return written


def test_a_clean_file_is_told_in_few_lines(call, write):
    outcome = call("inspect", write("a.txt", ENGLISH * 30))
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.splitlines() == [
        "a.txt",
        "  what it is  short lines of text",
        "  size        1.8 kB",
        "  encoding    ASCII, and so UTF-8",
        "  lines       60 lines, ended by LF",
        "  train       seqlab train lm a.txt -o runs/a",
        "",
        "Length of lines  in characters",
        "  median 22   mean 29.0   90% up to 36   99% up to 36   longest 36 (line 2)",
        f"  20-49  {'█' * 30}  60",
        "",
        "Letters  by script",
        "  Latin 100.0%",
        "",
        "Tokens  words by Unicode rules",
        "              tokens  types  ratio  once  most frequent",
        "  characters   1,470     22  0.015    0%  o  a  e  b  n  s  .  T  d  h",
        "  words          420     13  0.031    0%  .  The  harbour  was  quiet  Two  boats  came  in  ,",
        "",
        "Repeated lines  58 of 60 (96.7%)",
        "  30 x  The harbour was quiet.",
        "  30 x  Two boats came in, and nobody spoke.",
    ]


def test_what_is_wrong_is_shown(call, write):
    text = CHINESE * 20 + "<b>x</b>\r\nbad \x1b[31m\u200b sign\nÃ©tude et cafÃ©\n"
    out = call("inspect", write("a.txt", text.encode() + b"no \xff text")).out
    for part in (
        "UTF-8, but 1 byte not in it",
        "44 lines, ended in mixed ways: LF 42, CRLF 1, the last without one",
        "Han ", "(simplified)", "--encoding-errors replace",
        "U+001B  control character", "escape", "U+200B  invisible", "zero width space", "undecodable bytes", "0xff",
        "mojibake", "was é", "Suspicious lines", "line 41  HTML", "line 42  control characters", "line 44  not decodable",
        "␛[31m",
    ):  # fmt: skip
        assert part in out, part
    assert "\x1b" not in out


def test_the_command_that_is_proposed_works(call, write):
    call_of = {
        write("words.txt", "小船 靠 岸 了 ，\n船 上 有 人 。\n" * 20): ("segment", ["--model", "max-match"]),
        write("gb.txt", (CHINESE * 30).encode("gb18030")): ("lm", ["--model", "ngram", "--order", "2"]),
        write("table.txt", "pos\tit is a good day\nneg\tit is a bad day\n" * 20): ("classify", ["--model", "ngram"]),
    }
    for name, (task, options) in call_of.items():
        found = json.loads(call("inspect", name, "--json").out)
        command = shlex.split(found["command"])
        assert command[:3] == ["seqlab", "train", task]
        outcome = call(*command[1:], *options)
        assert outcome.code == 0, outcome.err


def test_json_has_all_of_it(call, write):
    found = json.loads(call("inspect", write("a.txt", ENGLISH + "bad \x01\n"), "--json").out)
    assert found["files"][0]["encoding"] == "ascii"
    assert found["files"][0]["form"]["task"] == "lm"
    assert found["text"]["lengths"]["longest_at"] == {"file": "a.txt", "line": 2, "byte": 0}
    assert found["text"]["odd"][0]["name"] == "START OF HEADING"
    assert found["text"]["first_suspicious"][0]["place"]["line"] == 3


def test_several_files_are_a_line_each_and_one_summary(call, write):
    write("in/a.txt", ENGLISH)
    write("in/deep/b.txt.gz", gzip.compress((CHINESE * 9 + "bad \x01\n").encode()))
    write("in/c.png", b"\x89PNG\r\n\x1a\n\0")
    write("in/.hidden", "x")
    outcome = call("inspect", "in")
    assert (outcome.code, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert lines[0] == "in"
    assert [line.split()[0] for line in lines[2:6]] == ["a.txt", "c.png", "deep/b.txt.gz", "3"]
    assert "a PNG image" in lines[3]
    assert lines[5].split()[-1] == "21"
    assert "deep/b.txt.gz line 19  control characters" in outcome.out
    assert outcome.out == call("inspect", "in/*").out.replace("in/*", "in")


def test_two_files_of_as_many_lines_may_be_translations(call, write):
    write("a.en", ENGLISH * 5)
    write("a.zh", CHINESE * 5)
    assert "seqlab train translate a.en a.zh -o runs/a" in call("inspect", "a.en", "a.zh").out
    write("a.zh", CHINESE * 4)
    assert "seqlab train lm a.en a.zh -o runs/a" in call("inspect", "a.en", "a.zh").out


def test_a_large_file_is_sampled_and_says_so(call, write):
    name = write("a.txt", "".join(f"{n} boats in the harbour\n" for n in range(50000)))
    whole = call("inspect", name).out
    out = call("inspect", name, "--sample", "300k").out
    assert "50,000 lines" in whole
    assert "sample" not in whole
    assert "a sample of " in out
    assert "What follows is of the sample of " in out
    assert "about " in out
    assert call("inspect", name, "--sample", "300k").out == call("inspect", name, "--sample", "300k").out
    assert call("inspect", name, "--sample", "300k", "--seed", "7").out != call("inspect", name, "--sample", "300k").out


def test_the_encoding_can_be_said(call, write):
    name = write("a.txt", "Fünf\n".encode("latin-1") * 30)
    assert "cp1252" in call("inspect", name, "--encoding", "cp1252").out
    assert "30 bytes not in it" in call("inspect", name, "--encoding", "utf-8").out


def test_samples_standard_input_and_datasets(call, write, tmp_path, monkeypatch):
    assert "seqlab train translate sample:phrases -o runs/phrases" in call("inspect", "sample:phrases").out
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import datasets
    datasets.disable_progress_bars()
    data = datasets.Dataset.from_dict({"text": ["good\nday", "bye"] * 3, "label": [0, 1] * 3, "id": list(range(6))})
    data.save_to_disk(tmp_path / "saved")
    data.to_parquet(tmp_path / "saved.parquet")
    datasets.enable_progress_bars()
    for name, what in (("hf:./saved", "a dataset"), ("saved.parquet", "a Parquet table")):
        out = call("inspect", name).out
        for part in (
            f"{what} with the columns text, label, id",
            "rows        6",
            f"classify {name} -o",
            "3 x  good day",
        ):
            assert part in out, part
        assert "encoding" not in out


def test_what_a_model_does_not_know(call, write, trained, tmp_path):
    out = call("inspect", write("a.txt", "床前明月光，疑是地上霜。\n渔夫渔\n"), "--run", trained).out
    assert "Unknown  to" in out
    assert "17.65% of 17 characters (2 of 15 types)" in out
    assert "渔 2  夫 1" in out
    found = json.loads(call("inspect", "a.txt", "--run", trained, "--json").out)
    (part,) = found["unknown"]
    assert (part["n_unknown"], part["n_unknown_types"], part["most_frequent"][0]) == (3, 2, ["渔", 2])
    seqlab.train("segment", [["小船", "靠", "岸"], ["人", "来", "了"]] * 9, output=tmp_path / "cut", model="max-match")
    write("cut.txt", "小船 到 岸 了\n人 来 了 。\n")
    assert "25.00% of 8 words (2 of 7 types)" in call("inspect", "cut.txt", "--run", tmp_path / "cut").out
    write("raw.txt", "小船到岸了，人也来了，大家都很高兴\n")
    assert " of 17 characters" in call("inspect", "raw.txt", "--run", tmp_path / "cut").out


def test_a_table_is_read_as_its_form_says_for_a_model(call, write, tmp_path):
    labelled = [("good day", "pos"), ("bad day", "neg")] * 10
    seqlab.train("classify", labelled, output=tmp_path / "run", model="ngram", tokenizer="word")
    write("a.tsv", "sign\twhat was said\n" + "1\tgood evening to you\n0\tbad day to you\n" * 5)
    found = json.loads(call("inspect", "a.tsv", "--run", tmp_path / "run", "--json").out)["unknown"][0]
    assert dict(found["most_frequent"]) == {"evening": 5, "to": 10, "you": 10}
    assert found["n_tokens"] == 40


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"\n \n", "nothing but white space"),
        (b"%PDF-1.4\n%\xe2\xe3\xcf\xd3", "a PDF document"),
        (bytes(range(256)) * 10, "binary"),
    ],
)
def test_what_is_no_text_is_an_answer_too(call, write, content, says):
    outcome = call("inspect", write("a", content))
    assert (outcome.code, outcome.err) == (0, "")
    assert says in outcome.out


def test_what_cannot_be_read_is_one_line(refused, write):
    refused("inspect", "nowhere.txt", code=1, says=["nowhere.txt: no such file or folder"])
    write("none/.hidden", "x")
    refused("inspect", "none", code=1, says=["none: no file below this folder"])
    name = write("a.txt.gz", gzip.compress(bytes(range(256)) * 20)[:100])
    refused("inspect", name, code=1, says=["a.txt.gz: the .gz file is cut short"])
    name = write("a.txt", ENGLISH)
    refused("inspect", name, "--encoding", "utf8000", code=2, says=["unknown encoding 'utf8000'"])
    refused("inspect", name, "--sample", "much", code=2, says=["--sample much: is no number of bytes; write it as"])
    refused("inspect", "sample:nothing", code=2, says=["unknown sample 'nothing'"])
    refused("inspect", name, "--run", "nowhere", code=1, says=["nowhere: no such folder"])
    if os.geteuid():
        os.chmod(name, 0)  # noqa: PTH101
        refused("inspect", name, code=1, says=["a.txt: no permission to read it"])


def test_the_page_on_it_shows_what_is_printed(call):
    page = (Path(__file__).parents[2] / "docs" / "corpora.md").read_text(encoding="utf-8")
    shown = page.partition("$ seqlab inspect sample:reviews\n")[2].partition("```")[0]
    assert call("inspect", "sample:reviews").out == shown


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=60).map(b"".join))
def test_no_text_breaks_the_page(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("any") / "a.txt"
    path.write_bytes(content)
    lines = list(page(inspect([TextFile(path)])))
    assert not re.search("[\0-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]", "".join(map(click.unstyle, lines)))
