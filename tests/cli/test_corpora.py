import subprocess
import sys
from pathlib import Path

import pytest

from seqlab.corpora import SAMPLES


def test_the_samples_are_listed(call):
    outcome = call("corpora")
    assert (outcome.code, outcome.err) == (0, "")
    for sample in SAMPLES.values():
        (line,) = [line for line in outcome.out.splitlines() if f"sample:{sample.name} " in line]
        assert sample.language in line
        assert sample.summary in line
        assert f"{len(sample.path.read_text(encoding='utf-8')):,}" in line


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_printed(call, name):
    text = SAMPLES[name].path.read_text(encoding="utf-8")
    assert call("corpora", name).out == text
    assert call("corpora", f"sample:{name}").out == text


def test_an_unknown_sample(refused):
    refused(
        "corpora",
        "lyric",
        code=2,
        says=[
            "unknown sample 'lyric'; did you mean 'lyrics'? known: entities, lyrics, phrases, reviews, segmented, tales"
        ],
    )


def run(shell):
    command = ["bash", "-c", shell.replace("seqlab", f"{sys.executable} -m seqlab")]
    return subprocess.run(command, capture_output=True, check=False)


def test_a_reader_who_leaves():
    done = run("set -o pipefail; seqlab corpora tales | head -1")
    first = SAMPLES["tales"].path.read_bytes().splitlines()[0]
    assert (done.stdout.strip(), done.stderr) == (first.strip(), b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_an_output_on_a_full_disk():
    done = run("seqlab corpora tales >/dev/full")
    assert (done.returncode, done.stderr) == (1, b"seqlab: No space left on device\n")


def test_an_output_that_is_closed():
    done = run("seqlab corpora tales >&-")
    assert (done.returncode, done.stderr) == (0, b"")
