"""Every command and every Python example on the page about translating runs, and output it shows is of that form."""

import re
from pathlib import Path

import pytest

from seqlab.corpora import open_parallel

PAGE = (Path(__file__).parents[2] / "docs" / "translating.md").read_text(encoding="utf-8")
PAIRS = [(record.source, record.target) for record in open_parallel("sample:phrases")]
SMALL = ["--hidden", "16", "--embedding", "12", "--epochs", "1", "--limit", "150"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with the files that the page names."""
    for name, pairs in (("train", PAIRS[:200]), ("val", PAIRS[200:220]), ("test", PAIRS[220:240])):
        for language, sentences in zip(("en", "zh"), zip(*pairs, strict=True), strict=True):
            text = "".join(f"{sentence}\n" for sentence in sentences)
            (tmp_path / f"{name}.{language}").write_text(text, encoding="utf-8", newline="")
    table = "".join(f"{source}\t{target}\n" for source, target in PAIRS[:200])
    (tmp_path / "pairs.txt").write_text(table, encoding="utf-8", newline="")
    (tmp_path / "new.txt").write_text("Where is the station?\n\nIt is cold today.\n", encoding="utf-8", newline="")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_commands_and_examples_run(folder, typed):
    outputs, examples = [], []
    for language, content in re.findall(r"^```(\w+)\n(.*?)^```", PAGE, re.M | re.S):
        if language == "sh":
            for command in content.splitlines():
                outcome = typed(command, *(SMALL if command.split()[1] == "train" else []))
                assert outcome.code == 0, f"{command}\n{outcome.err}"
                outputs.append(outcome.out)
        elif language == "python":
            examples.append(content)
    names = {}
    for example in examples:  # each goes on where the one before ends
        exec(compile(example, "translating.md", "exec"), names)
    assert len(outputs) >= 9
    assert len(examples) >= 3
    assert (folder / "translated.txt").read_text(encoding="utf-8").count("\n") == 3
    for name in ("attention.png", "curves.png"):
        assert (folder / name).stat().st_size > 1000
    (shown,) = (block for block in re.findall(r"^```text\n(.*?)^```", PAGE, re.M | re.S))
    first = outputs[0].splitlines()
    assert shown.splitlines()[0].split()[2:] == first[0].split()[2:]
    signatures = [line for line in shown.splitlines() if "|" in line]
    assert [line.rpartition("|")[0] for line in signatures] == [line.rpartition("|")[0] for line in first[-3:]]


def test_the_sample_has_as_many_pairs_as_the_page_says():
    assert f"{len(PAIRS):,} pairs of everyday sentences" in PAGE
