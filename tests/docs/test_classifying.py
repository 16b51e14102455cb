"""Every command and every Python example on the page about classifying runs, and output it shows is of that form."""

import csv
import re
from itertools import islice
from pathlib import Path

import pytest

from seqlab.corpora import open_labelled

PAGE = (Path(__file__).parents[2] / "docs" / "classifying.md").read_text(encoding="utf-8")
REVIEWS = [(record.text, *record.labels) for record in islice(open_labelled("sample:reviews"), 300)]
SMALL = {"lm": ["--hidden", "16", "--embedding", "12", "--epochs", "1"], "classify": ["--epochs", "2"]}


def write_csv(path: Path, rows: list[tuple[str, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([("text", "label"), *rows])


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with the files that the page names."""
    write_csv(tmp_path / "reviews.csv", REVIEWS[:200])
    write_csv(tmp_path / "test.csv", REVIEWS[200:])
    write_csv(tmp_path / "few.csv", REVIEWS[:60])
    for name in ("new.txt", "unlabelled.txt"):
        (tmp_path / name).write_text("".join(f"{text}\n" for text, _ in REVIEWS), encoding="utf-8", newline="")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_commands_and_examples_run(folder, typed):
    outputs, examples = [], []
    for language, content in re.findall(r"^```(\w+)\n(.*?)^```", PAGE, re.M | re.S):
        if language == "sh":
            for command in content.splitlines():
                words = command.split()
                small = SMALL[words[2]] if words[1] == "train" and "ngram" not in words else []
                outcome = typed(command, *small)
                assert outcome.code == 0, f"{command}\n{outcome.err}"
                outputs.append(outcome.out)
        elif language == "python":
            examples.append(content)
    names = {}
    for example in examples:  # each goes on where the one before ends
        exec(compile(example, "classifying.md", "exec"), names)
    assert len(outputs) >= 12
    assert len(examples) >= 3
    (heads,) = re.findall(r"^[0-9,]+ texts  +(accuracy .*)$", PAGE, re.M)
    assert heads.split() == outputs[0].splitlines()[0].split()[2:]
    assert (folder / "labels.txt").read_text(encoding="utf-8").count("\n") == len(REVIEWS)
    assert "<html" in (folder / "report.html").read_text(encoding="utf-8")
    assert (folder / "matrix.png").stat().st_size > 1000


def test_the_table_shown_is_the_beginning_of_the_sample():
    shown = next(
        block for block in re.findall(r"^```text\n(.*?)^```", PAGE, re.M | re.S) if block.startswith("text,label")
    )
    rows = list(csv.reader(shown.splitlines()))[1:]
    assert rows == [list(row) for row in REVIEWS[: len(rows)]]
