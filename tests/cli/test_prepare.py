"""`seqlab prepare` as it is typed: what it says, what stops it, and how it goes on."""

import hashlib
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from seqlab.cli import settings
from seqlab.cli.prepare import command
from seqlab.config import SCHEMAS
from seqlab.config.preparation import PREPARATIONS, fitted
from seqlab.resolve import settings as all_settings

SAMPLES = {"lm": "tales", "segment": "segmented", "tag": "entities", "classify": "reviews", "translate": "phrases"}


def digests(folder):
    paths = [path for path in sorted(Path(folder).rglob("*")) if path.is_file()]
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


@pytest.fixture
def texts(tmp_path):
    """A folder of forty files, a shard each."""
    folder = tmp_path / "texts"
    folder.mkdir()
    for i in range(40):
        text = "".join(f"Line {j} of file {i % 30}, with &amp; and <b>tags</b>.\n" for j in range(200))
        (folder / f"{i:02}.txt").write_text(text, encoding="utf-8", newline="")
    return folder


OPTIONS = ["--exact", "--split-by", "record", "--validation", "500", "--test", "0.05", "--processes", "2"]


def begun(texts, output, *more, **attributes):
    arguments = [sys.executable, "-m", "seqlab", "prepare", "lm", str(texts), "-o", str(output), *OPTIONS, *more]
    return subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **attributes)


def killed_and_resumed(texts, output, seconds):
    """How many shards were done when a preparation was killed after so many seconds; it is done afterwards."""
    process = begun(texts, output)
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    n_done = len(list(output.with_name(f"{output.name}.preparing").glob("shards/0*")))
    process = begun(texts, output, "--resume")
    assert process.wait() == 0, process.stderr.read()
    process.communicate()
    return n_done


def undisturbed(texts, output):
    """How long a preparation takes, and what it leaves."""
    begin = time.perf_counter()
    process = begun(texts, output)
    _, said = process.communicate()
    assert process.returncode == 0, said
    return time.perf_counter() - begin, digests(output)


def test_killed_in_the_middle_and_resumed(texts, tmp_path):
    _, wanted = undisturbed(texts, tmp_path / "whole")
    process = begun(texts, tmp_path / "killed")
    shards = tmp_path / "killed.preparing" / "shards"
    while len(list(shards.glob("0*"))) < 3:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert 3 <= len(list(shards.glob("0*"))) < 40
    times = {path: path.stat().st_mtime_ns for path in shards.glob("0*/counts.json")}
    process = begun(texts, tmp_path / "killed", "--resume")
    process.communicate()
    assert times, "these are not done again"
    assert digests(tmp_path / "killed") == wanted
    assert not (tmp_path / "killed.preparing").exists()


@pytest.mark.slow
def test_killed_at_twenty_random_moments(texts, tmp_path):
    seconds, wanted = undisturbed(texts, tmp_path / "whole")
    draw = random.Random(1)
    done = []
    for number in range(20):
        done.append(killed_and_resumed(texts, tmp_path / f"{number}", draw.uniform(0.2, 1.0) * seconds))
        assert digests(tmp_path / f"{number}") == wanted
    assert len(set(done)) > 2, done


@pytest.fixture
def disk():
    """Gives files a largest size, as a full disk does; None for none."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limited(size):
        resource.setrlimit(resource.RLIMIT_FSIZE, before if size is None else (size, before[1]))

    yield limited
    limited(None)


@pytest.mark.parametrize("size", [50_000, 150_000], ids=["a shard", "a part"])
def test_a_full_disk_leaves_nothing_half_done(size, disk, call, refused, tmp_path):
    paths = [tmp_path / f"{i}.txt" for i in range(4)]
    for i, path in enumerate(paths):
        path.write_text("".join(f"Line {j} of file {i}.\n" for j in range(5000)), encoding="utf-8", newline="")
    assert 100_000 < paths[0].stat().st_size < 150_000
    flags = ("prepare", "lm", *paths, "--processes", 1, "-o")
    assert call(*flags, tmp_path / "whole").code == 0
    disk(size)
    refused(*flags, tmp_path / "full", code=1, says=["cannot be written (File too large)", "go on with --resume"])
    assert not (tmp_path / "full").exists()
    disk(None)
    assert call(*flags, tmp_path / "full", "--resume").code == 0
    assert digests(tmp_path / "full") == digests(tmp_path / "whole")


def test_interrupted(refused, monkeypatch, tmp_path, texts):
    def stopped(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("seqlab.corpora.preparation.run._check_sources", stopped)
    flags = ("prepare", "lm", texts, "-o", tmp_path / "out", "--processes", 1)
    refused(*flags, code=130, says=["with --resume goes on"])
    assert len(list((tmp_path / "out.preparing" / "shards").iterdir())) == 40
    refused(*flags, "--resume", "--overwrite", code=2, says=["leave out one of both"])


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_no_permission(tmp_path, refused):
    (tmp_path / "closed").mkdir(mode=0o500)
    out = tmp_path / "closed" / "out"
    refused("prepare", "lm", "sample:tales", "-o", out, code=1, says=["cannot be written", "Permission denied"])


def test_a_file_where_a_folder_is_needed(corpus, refused):
    refused("prepare", "lm", "sample:tales", "-o", corpus / "out", code=1, says=["Not a directory"])


@pytest.mark.parametrize("task", SAMPLES)
def test_every_sample_and_what_is_told(task, call, tmp_path):
    outcome = call(
        "prepare", task, f"sample:{SAMPLES[task]}", "-o", tmp_path / "out", "--test", "0.1", "--processes", 1
    )
    assert outcome.code == 0, outcome
    head, _, *rows = outcome.out.splitlines()
    assert head.split() == ["train", "validation", "test"]
    manifest = json.loads((tmp_path / "out" / "corpus.json").read_text(encoding="utf-8"))
    left = manifest["counts"]["parts"]
    assert [int(cell.replace(",", "")) for cell in rows[-1].split()[-3:]] == [left[name] for name in head.split()]
    assert outcome.lines[-1] == f"now: seqlab train {task} {tmp_path / 'out'} -o RUN"
    stages = [line.split()[0] for line in outcome.lines[:-1]]
    assert stages == ["reading", "cleaning", "writing", "fitting"]
    assert outcome.lines[1].endswith("MB/s")
    again = call(
        "prepare", task, f"sample:{SAMPLES[task]}", "-o", tmp_path / "again", "--test", "0.1", "--processes", 1
    )
    assert again.out == outcome.out
    assert digests(tmp_path / "out") == digests(tmp_path / "again")


def test_standard_input(typed, tmp_path, corpus, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert typed(f"seqlab prepare lm - -o out --processes 1 < {corpus}").code == 0
    manifest = json.loads(Path("out/corpus.json").read_text(encoding="utf-8"))
    assert [source["name"] for source in manifest["sources"]] == ["standard input"]


def test_an_experiment_file_with_sections_of_its_own(call, refused, tmp_path, corpus):
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        f'[data]\ntrain = ["{corpus}"]\n[text]\ncase = "lower"\n[network]\nhidden = 8\n'
        '[cleaning]\nhtml = false\n[duplicates]\nexact = true\n[splits]\nvalidation = 0.2\nsplit_by = "record"\n',
        encoding="utf-8",
    )
    assert call("prepare", "lm", "--config", recipe, "-o", tmp_path / "out", "--processes", 1, "--test", 1).code == 0
    options = json.loads((tmp_path / "out" / "corpus.json").read_text(encoding="utf-8"))["options"]
    assert (options["cleaning"]["html"], options["duplicates"]["exact"]) == (False, True)
    assert options["splits"]["validation"] == ["0.2"]
    assert options["splits"]["test"] == ["1"]
    recipe.write_text("[data]\nvalidation_share = 0.2\n", encoding="utf-8")
    out = tmp_path / "other"
    flags = ("prepare", "lm", corpus, "--config", recipe, "-o", out)
    refused(*flags, code=2, says=["data.validation_share", "section splits"])
    recipe.write_text("[splits]\nvalidatoin = 0.2\n", encoding="utf-8")
    refused(*flags, code=2, says=["splits.validatoin", "splits.validation"])
    refused("prepare", "lm", "-o", out, code=2, says=["no corpus to prepare"])


@pytest.mark.parametrize("task", SCHEMAS)
def test_a_flag_for_each_setting_that_matters(task):
    paths = [path for path, _ in all_settings(SCHEMAS[task])]
    wanted = {"seed", *(path.rpartition(".")[2] for path in fitted(task, paths))}
    own = [path.rpartition(".")[2] for path, _ in all_settings(PREPARATIONS[task])]
    flags = [option.name for option in command.commands[task].params if isinstance(option, settings.SettingOption)]
    assert sorted(flags) == sorted([*wanted, *own]), "each once"
