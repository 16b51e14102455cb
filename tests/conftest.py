"""What several tests share: a small trained model, and the command line in this process."""

import hashlib
import os
import shlex
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

import seqlab
from seqlab.cli import main

VERSE = "床前明月光，疑是地上霜。\n举头望明月，低头思故乡。\nTo be, or not to be: that is the question.\n"
ROOT = Path(__file__).parents[1]
SETTINGS = {"hidden": 16, "epochs": 2, "batch_size": 8, "window": 16, "lr": 0.01, "device": "cpu"}


def of_these_kernels():
    """Where numba keeps what it compiled of the kernels as they stand.

    It looks at the file of a function alone to find out whether it has changed, not at those of the functions that were
    compiled into it. So a change in any of them has to lead to another folder.
    """
    state = hashlib.sha256()
    for path in sorted((ROOT / "seqlab" / "recurrent" / "kernels").rglob("*.py")):
        state.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return ROOT / ".cache" / "numba" / state.hexdigest()[:16]


os.environ["NUMBA_CACHE_DIR"] = str(of_these_kernels())  # numba reads it when it is imported


class Outcome(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def lines(self):
        """What stands on standard error, line by line."""
        return self.err.splitlines()


@pytest.fixture(scope="session")
def text():
    """About 2,000 characters."""
    return VERSE * 30


@pytest.fixture(scope="session")
def small():
    """Settings with which a model trains in a fraction of a second."""
    return dict(SETTINGS)


@pytest.fixture(scope="session")
def flags():
    """The same settings for the command line."""
    return [part for name, value in SETTINGS.items() for part in (f"--{name.replace('_', '-')}", str(value))]


@pytest.fixture(scope="session")
def trained(tmp_path_factory, text):
    """A model directory that no test changes."""
    folder = tmp_path_factory.mktemp("trained") / "verse"
    seqlab.train("lm", [text], output=folder, **SETTINGS)
    return folder


@pytest.fixture(scope="session")
def model(trained):
    """The predictor of `trained`."""
    return seqlab.load(trained)


@pytest.fixture
def copied(trained, tmp_path):
    """A copy of `trained` that a test may damage."""
    return shutil.copytree(trained, tmp_path / "copied")


@pytest.fixture
def corpus(tmp_path, text):
    """The text in a file."""
    path = tmp_path / "corpus.txt"
    path.write_text(text, encoding="utf-8", newline="")
    return path


@pytest.fixture
def call(capsys):
    """Runs the command line in this process: its exit code, standard output and standard error."""

    def run(*arguments):
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main([str(argument) for argument in arguments])
        written = capsys.readouterr()
        return Outcome(left.value.code, written.out, written.err)

    return run


@pytest.fixture
def typed(call, monkeypatch):
    """Runs a command as it is typed, `seqlab ... < FILE > FILE`, and with more arguments; what `call` gives."""

    def run(line, *more):
        arguments, files = shlex.split(line), {}
        while len(arguments) > 2 and arguments[-2] in ("<", ">"):
            files[arguments[-2]] = arguments[-1]
            del arguments[-2:]
        assert arguments.pop(0) == "seqlab", line
        with Path(files.get("<", os.devnull)).open(encoding="utf-8") as given, monkeypatch.context() as changed:
            changed.setattr("sys.stdin", given)
            outcome = call(*arguments, *more)
        if ">" in files:
            Path(files[">"]).write_text(outcome.out, encoding="utf-8", newline="")
        return outcome

    return run


@pytest.fixture
def refused(call):
    """Runs a command that has to fail with one line on standard error and nothing on standard output."""

    def run(*arguments, code, says):
        outcome = call(*arguments)
        assert outcome.code == code, outcome
        assert outcome.out == ""
        progress = (
            "reading ",
            "data ",
            "part ",
            "network ",
            "training ",
            "epoch ",
            "n-grams ",
            "discounts ",
            "note ",
            "cleaning ",
            "writing ",
            "fitting ",
        )
        said = [line for line in outcome.lines if not line.startswith(progress)]
        assert len(said) == 1, outcome.err
        assert said[0].startswith("seqlab: ")
        for part in says:
            assert part in said[0]
        return said[0]

    return run
