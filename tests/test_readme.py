"""Every command and every Python example of the README and of the documentation runs."""

import csv
import re
import shlex
from pathlib import Path

import pytest

from seqlab.corpora import open_labelled, open_parallel

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
NETWORK = ["--epochs", "1", "--hidden", "16"]
LIMIT = {
    "lm": "4000",
    "segment": "200",
    "tag": "200",
    "classify": "200",
    "translate": "100",
}  # characters, or sentences


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.M | re.S)


def commands() -> list[str]:
    lines = [line for block in blocks("sh") for line in block.replace("\\\n", " ").splitlines()]
    return [line.split("  #")[0].strip() for line in lines if line.startswith("seqlab")]


def shrinking(command: str) -> list[str]:
    """What makes a training short; nothing for other commands."""
    words = shlex.split(command)
    if words[1] != "train" or "--resume" in words:
        return []
    network = [] if "--model" in words else NETWORK + ["--embedding", "16"] * ("--tied" in words)
    return [*network, "--limit", LIMIT[words[2]]]


def test_the_readme_opens_with_the_two_commands() -> None:
    assert (
        blocks("sh")[0].split("\n")[:2] == [line for line in blocks("sh")[0].split("\n") if line.startswith("make")][:2]
    )
    targets = re.findall(r"^make ([\w-]+)", "\n".join(blocks("sh")), re.M)
    assert targets[:2] == ["demo", "test"]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert all(re.search(rf"^{target}:", makefile, re.M) for target in targets)


def test_the_commands_and_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "recipes").symlink_to(ROOT / "recipes")
    (tmp_path / "my.txt").write_text("one line of my own text, and another one.\n" * 60, encoding="utf-8", newline="")
    for name in ("input.txt", "other.txt"):
        (tmp_path / name).symlink_to(tmp_path / "my.txt")
    with (tmp_path / "my.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *((r.text, *r.labels) for r in open_labelled("sample:reviews"))])
    for language, side in (("en", "source"), ("zh", "target")):
        sentences = [getattr(record, side) for record in open_parallel("sample:phrases")]
        (tmp_path / f"my.{language}").write_text(
            "".join(f"{text}\n" for text in sentences), encoding="utf-8", newline=""
        )
    (tmp_path / "my.seg").symlink_to(ROOT / "corpora" / "samples" / "segmented.txt")
    assert len(commands()) >= 8
    for command in commands():
        outcome = typed(command, *shrinking(command))
        assert outcome.code == 0, f"{command}\n{outcome.err}"
    for example in blocks("python"):
        exec(compile(example, "README.md", "exec"), {})


@pytest.mark.parametrize("path", sorted((ROOT / "docs").glob("*.md")), ids=lambda path: path.name)
def test_files_that_the_documentation_names_are_there(path: Path) -> None:
    text = path.read_text(encoding="utf-8") + README
    for name in re.findall(r"`((?:recipes|benchmarks|docs|cli|tests|corpora)/[\w./-]+\.(?:py|toml|md))`", text):
        assert (ROOT / name).exists(), name
