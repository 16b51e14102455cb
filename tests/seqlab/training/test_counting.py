"""Training n-gram models: the same directories, refusals and nothing lost, and no torch."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import seqlab
from seqlab.errors import ConfigError, ModelError
from seqlab.modeldir import WEIGHTS, open_directory
from seqlab.tasks import floors
from seqlab.training.watcher import Unwatched


class Noting(Unwatched):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told_of: dict[str, str] = {}
        self.notes: list[str] = []
        self.shares: list[float] = []

    def told(self, name: str, fact: str) -> None:
        self.told_of[name] = fact

    def noted(self, message: str) -> None:
        self.notes.append(message)

    def counted(self, share: float) -> None:
        self.shares.append(share)


def test_what_the_family_is_made_of(tmp_path: Path, text: str) -> None:
    model = seqlab.train("lm", [text], output=tmp_path / "run", model="ngram", order=3)
    directory = open_directory(tmp_path / "run")
    training = directory.manifest["training"]
    assert training["n_grams"] == [len(level) for level in model.model.levels]
    assert training["n_bytes"] == (tmp_path / "run" / WEIGHTS).stat().st_size
    assert directory.config.model == "ngram"
    assert {path.name for path in (tmp_path / "run").iterdir()} == {
        "README.md", "config.json", "seqlab.json", "text", "train", WEIGHTS,
    }  # fmt: skip
    card = (tmp_path / "run" / "README.md").read_text(encoding="utf-8")
    for part in ("An n-gram language model, over characters", "order 3, modified-kneser-ney", "| bigram floor |"):
        assert part in card
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_it_is_told_what_was_counted(text: str) -> None:
    watcher = Noting()
    model = seqlab.train("lm", [text], model="ngram", order=3, watcher=watcher)
    sizes = ", ".join(f"{len(level):,}" for level in model.model.levels)
    assert watcher.told_of["n-grams"] == f"{sizes} of order 1 to 3, modified-kneser-ney"
    assert "to train on" in watcher.told_of["data"]
    assert watcher.told_of["discounts"].count("(") == 4, "one row an order, and one for the words"
    assert watcher.shares == sorted(watcher.shares)
    assert watcher.shares[-1] == 1.0


def test_discounts_that_the_text_does_not_give_are_noted_once() -> None:
    watcher = Noting()
    seqlab.train("lm", ["ab" * 40], model="ngram", order=3, watcher=watcher)
    assert sum("counts of counts" in note for note in watcher.notes) == 1


def test_figures_that_are_no_probabilities_are_noted(text: str) -> None:
    watcher = Noting()
    seqlab.train("lm", [text], model="ngram", smoothing="stupid-backoff", watcher=watcher)
    assert watcher.notes == ["the figures of stupid-backoff do not sum to one, so compare them with no other model's"]


def test_text_that_needs_more_memory_goes_by_way_of_the_disk(
    tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from seqlab.ngram import external

    calls = []
    count_on_disk = external.count_on_disk
    monkeypatch.setattr(external, "count_on_disk", lambda *given: calls.append(given) or count_on_disk(*given))
    found = {}
    for memory in ("2G", "4K"):
        seqlab.train("lm", [text], output=tmp_path / memory, model="ngram", memory=memory)
        found[memory] = (tmp_path / memory / WEIGHTS).read_bytes()
        assert not (tmp_path / memory / "counts").exists()
    assert len(calls) == 1
    assert found["2G"] == found["4K"]


@pytest.mark.parametrize("finished", [True, False])
def test_there_is_nothing_to_go_on_with(tmp_path: Path, text: str, finished: bool) -> None:
    seqlab.train("lm", [text], output=tmp_path / "run", model="ngram")
    if not finished:
        (tmp_path / "run").rename(tmp_path / "run.training")
    with pytest.raises(ConfigError, match=r"its model is ngram.*nothing to go on with; make it anew with --overwrite"):
        seqlab.resume(tmp_path / "run", {}, records=[text])


class Stopping(Unwatched):
    """Presses Ctrl-C while n-grams are counted."""

    def counted(self, share: float) -> None:
        raise KeyboardInterrupt


def test_ctrl_c_leaves_nothing_and_the_model_that_was_there(tmp_path: Path, text: str) -> None:
    before = seqlab.train("lm", [text], output=tmp_path / "run", model="ngram", order=2)
    with pytest.raises(KeyboardInterrupt):
        seqlab.train("lm", [text], output=tmp_path / "run", overwrite=True, model="ngram", watcher=Stopping())
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    assert np.array_equal(seqlab.load(tmp_path / "run").score("salt"), before.score("salt"))


def test_a_full_disk_leaves_the_model_that_was_there(
    tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = seqlab.train("lm", [text], output=tmp_path / "run", model="ngram", order=2)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(ModelError, match="No space left on device"):
            seqlab.train("lm", [text], output=tmp_path / "run", overwrite=True, model="ngram")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    assert np.array_equal(seqlab.load(tmp_path / "run").score("salt"), before.score("salt"))


def test_a_text_that_does_not_fit_replaces_nothing(tmp_path: Path, text: str) -> None:
    seqlab.train("lm", [text], output=tmp_path / "run", model="ngram")
    for refused, changes in (("ab" * 9, {"order": 20}), ("ab" * 99, {"sentences": "lines"})):
        with pytest.raises(seqlab.errors.SeqlabError):
            seqlab.train("lm", [refused], output=tmp_path / "run", overwrite=True, model="ngram", **changes)
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_mixture_is_not_trained(tmp_path: Path, text: str) -> None:
    with pytest.raises(
        ConfigError, match="model: a mixture is made of models that are trained already, by `seqlab mix`"
    ):
        seqlab.train("lm", [text], output=tmp_path / "run", model="mixture")


def test_a_network_beside_a_text_too_long_has_no_long_floor(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"hidden": 4, "epochs": 1, "window": 10}
    monkeypatch.setattr(floors, "MOST_TOKENS", 100)
    watcher = Noting()
    assert list(seqlab.train("lm", [text], watcher=watcher, **settings).scores["floors"]) == ["unigram", "bigram"]
    assert "no 7-gram floor: the text has more than 100 tokens; --model ngram trains one by itself" in watcher.notes
    silent = Noting()
    seqlab.train("lm", [text], watcher=silent, baseline=False, **settings)
    assert not any("floor" in note for note in silent.notes)


def test_a_network_of_a_text_too_short_for_long_n_grams() -> None:
    model = seqlab.train("lm", ["abcab"], hidden=4, epochs=1, window=2, validation_share=0.0)
    assert list(model.scores["floors"]) == ["unigram", "bigram"]


WITHOUT_TORCH = """
import sys
from seqlab.cli import main
for arguments in {commands}:
    try:
        main(arguments)
    except SystemExit as left:
        assert left.code == 0, arguments
print(sorted({{"torch", "numba", "safetensors"}} & set(sys.modules)), file=sys.stderr)
"""


def test_no_command_needs_torch_for_n_grams(tmp_path: Path, text: str) -> None:
    (tmp_path / "text.txt").write_text(text, encoding="utf-8", newline="")
    run, corpus = str(tmp_path / "run"), str(tmp_path / "text.txt")
    commands = [
        ["train", "lm", corpus, "-o", run, "--model", "ngram", "--tokenizer", "word"],
        ["generate", run, "--prompt", "salt", "--length", "5"],
        ["evaluate", run, corpus],
        ["info", run],
    ]
    program = [sys.executable, "-c", WITHOUT_TORCH.format(commands=commands)]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1] == "[]"
