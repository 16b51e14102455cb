import subprocess
import sys
from pathlib import Path

import pytest

import seqlab
from seqlab.cli import COMMANDS

HEAVY = ("torch", "pydantic", "numpy", "safetensors", "rich", "jieba", "sentencepiece")


@pytest.mark.parametrize("code", ["import seqlab", "from seqlab.cli import main\nmain(['--help'])"])
def test_nothing_heavy_is_imported_for_the_help(code):
    report = f"print(sorted({set(HEAVY)} & set(sys.modules)), file=sys.stderr)"
    command = [sys.executable, "-c", f"import atexit, sys\natexit.register(lambda: {report})\n{code}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "[]\n")


def test_the_entry_point_and_the_module_are_the_same_command():
    answers = [
        subprocess.run([*command, "--version"], capture_output=True, text=True, check=True).stdout
        for command in ([sys.executable, "-m", "seqlab"], [Path(sys.executable).with_name("seqlab")])
    ]
    assert answers == [f"seqlab, version {seqlab.__version__}\n"] * 2


@pytest.mark.parametrize(
    "arguments", [["--help"], ["-h"], *([name, "-h"] for name in COMMANDS), ["train", "lm", "--help"]]
)
def test_help(call, arguments):
    outcome = call(*arguments)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith("Usage: seqlab")
    assert all(len(line) <= 80 or "|" in line for line in outcome.out.splitlines())  # a list of choices is not broken


def test_the_help_on_classifiers_speaks_of_texts(call):
    shown = " ".join(call("train", "classify", "--help").out.split())
    for part in ("Share of the texts that is held out", "Read only this many texts", "is added to the loss per text"):
        assert part in shown, part
    assert not any(part in shown for part in ("or sentences", "per token"))


def test_the_help_lists_every_command_with_its_sentence(call):
    outcome = call("--help")
    for name, sentence in COMMANDS.items():
        assert f"{name} " in outcome.out
        assert sentence in outcome.out


def test_no_command_shows_the_help_and_is_wrong_usage(call):
    outcome = call()
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("Usage: seqlab")


def test_unknown_commands_and_options(refused):
    refused("trian", code=2, says=["unknown command 'trian'; did you mean 'train'? known: compare, co"])
    refused("--verison", code=2, says=["No such option '--verison'", "--version", "see `seqlab --help`"])


def test_python_is_told_what_is_not_there():
    with pytest.raises(AttributeError, match="no attribute 'lode'"):
        seqlab.lode  # noqa: B018
    assert {"load", "train", "LanguageModel"} <= set(dir(seqlab))
