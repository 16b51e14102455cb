"""Every command and every Python example on the page about segmenting runs, and what it shows of output is of that form."""

import re
import subprocess
from itertools import islice
from pathlib import Path

import pytest

from seqlab.corpora import open_segmented

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "segmenting.md").read_text(encoding="utf-8")
SMALL = ["--hidden", "8", "--embedding", "8", "--epochs", "1", "--limit", "150"]
SENTENCES = [record.words for record in islice(open_segmented("sample:segmented"), 200)]


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.M | re.S)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with the files that the page names."""
    (tmp_path / "recipes").symlink_to(ROOT / "recipes")
    in_words = "".join(" ".join(words) + "\n" for words in SENTENCES)
    files = {
        "my.seg": in_words,
        "test.seg": in_words,
        "news.txt": in_words.replace(" ", ""),
        "tagged.txt": "".join(
            " ".join(f"{word}/{'nw'[len(word) == 1]}" for word in words) + "\n" for words in SENTENCES
        ),
        "names.bmes": (ROOT / "corpora" / "samples" / "entities.txt").read_text(encoding="utf-8"),
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content, encoding="utf-8", newline="")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_commands_and_examples_run(folder, typed):
    shown = re.findall(r"^```(\w+)\n(.*?)^```", PAGE, re.M | re.S)
    outputs, examples = [], []
    for language, content in shown:
        if language == "sh":
            for command in content.splitlines():
                if not command.startswith("seqlab"):
                    subprocess.run(command, shell=True, check=True)
                    continue
                small = SMALL if command.startswith("seqlab train") and "--model" not in command else []
                outcome = typed(command, *small)
                assert outcome.code == 0, f"{command}\n{outcome.err}"
                outputs.append(outcome.out)
        elif language == "python":
            examples.append(content)
    names = {}
    for example in examples:  # each goes on where the one before ends
        exec(compile(example, "segmenting.md", "exec"), names)
    assert len(outputs) >= 12
    assert len(examples) >= 6
    for table in re.findall(r"^[0-9,]+ (\w+ .*)\n-", PAGE, re.M):
        assert any(table.split() == head.split()[1:] for out in outputs for head in out.splitlines()[:1]), table
    assert (folder / "my.seg").read_bytes() == (folder / "test.seg").read_bytes()
    assert (folder / "news.seg").read_text(encoding="utf-8").count("\n") == len(SENTENCES)


def test_the_files_shown_are_the_samples():
    first, _, names, *_ = (block for block in blocks("text") if "floor" not in block)
    assert first == "".join(" ".join(words) + "\n" for words in SENTENCES[:2])
    assert names in (ROOT / "corpora" / "samples" / "entities.txt").read_text(encoding="utf-8")
