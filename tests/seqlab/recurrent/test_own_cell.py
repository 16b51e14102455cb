"""The page about cells of one's own: the very code that stands there, and the model directory that it leaves."""

import math
import os
import re
import shlex
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import seqlab
from seqlab import cell_names
from seqlab.errors import ModelError
from seqlab.recurrent import CELLS, unregister

LINE = "to be or not to be, that is the question\n"
SHARES = [count / len(LINE) for count in Counter(LINE).values()]
UNIGRAM = -sum(share * math.log(share) for share in SHARES)
"""Nats a character of a model that knows how frequent each character is and nothing else."""
PAGE = (Path(__file__).parents[3] / "docs" / "own-cell.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.M | re.S)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the page's code has run, in a process of its own."""
    folder = tmp_path_factory.mktemp("page")
    cell, training, stack = blocks("python")
    (folder / "update_gate.py").write_text(cell, encoding="utf-8", newline="")
    (folder / "page.py").write_text(training + stack + "print(tuple(outputs.shape))\n", encoding="utf-8", newline="")
    done = run(folder, [sys.executable, "-W", "error", "page.py"])
    assert (done.returncode, done.stderr) == (0, "")
    (folder / "printed").write_text(done.stdout, encoding="utf-8", newline="")
    return folder


def run(folder, command):
    environment = os.environ | {"PYTHONUTF8": "1"}
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False, env=environment
    )


@pytest.fixture
def cell(monkeypatch):
    """A function that registers the page's cell in this process."""
    yield lambda: exec(compile(blocks("python")[0], "update_gate.py", "exec"), {})
    if "update-gate" in CELLS:
        unregister("update-gate")


def test_it_is_about_fifteen_lines():
    lines = [line for line in blocks("python")[0].splitlines() if line.strip()]
    assert len(lines) <= 15


def test_the_code_of_the_page_runs_and_learns(folder):
    nats, *rest = (folder / "printed").read_text(encoding="utf-8").splitlines()
    assert 0 < float(nats) < UNIGRAM / 2
    assert rest[-1] == "(3, 10, 32)"
    assert len("".join(rest[:-1])) > 0


def test_the_model_directory_loads_where_the_cell_is_registered(folder, cell):
    cell()
    model = seqlab.load(folder / "runs" / "mine")
    assert model.model.recurrent.cell == "update-gate"
    assert model.evaluate([LINE] * 5).nats < UNIGRAM / 2


def test_and_is_refused_where_it_is_not(folder):
    with pytest.raises(ModelError) as error:
        seqlab.load(folder / "runs" / "mine")
    (shown,) = blocks("text")
    names = ", ".join(sorted(cell_names.BUILT_IN))
    wanted = shown.strip().replace("elman, ...", names)
    assert str(error.value).replace(str(folder / "runs"), "runs") == wanted


def test_the_commands_know_it_when_it_is_imported_before(folder, refused, monkeypatch):
    (command,) = blocks("sh")
    python, *arguments = shlex.split(command)
    assert python == "python"
    done = run(folder, [sys.executable, *arguments])
    assert (done.returncode, done.stderr) == (0, "")
    assert "update-gate, 1 x 32 units" in done.stdout
    monkeypatch.chdir(folder)
    refused(*arguments[2:], code=1, says=["registered first, with seqlab.recurrent.register"])
