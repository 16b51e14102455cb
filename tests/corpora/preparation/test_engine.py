"""Shards cleaned by a cluster: the same bytes, also where a worker is killed in the middle."""

import hashlib
import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from seqlab.corpora.preparation import plan
from seqlab.corpora.preparation.engine import Engine
from seqlab.errors import ConfigError, DataError

distributed = pytest.importorskip("distributed", reason="pip install 'seqlab[cluster]'")
pytestmark = pytest.mark.filterwarnings("ignore")  # of a cluster that is shut down
OPTIONS = ("--exact", "--split-by", "record", "--validation", 100)


@pytest.fixture(scope="module")
def cluster():
    """A cluster of two processes."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    ) as cluster:
        yield cluster
    left = [thread for thread in threading.enumerate() if thread.name == "IO loop"]
    for thread in left:
        thread.join(10)
    assert not any(thread.is_alive() for thread in left), "a client was not closed"


@pytest.fixture
def corpus(tmp_path, monkeypatch):
    """The name of a corpus of many shards, in the folder that the test is in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plan, "SHARD", 5000)
    text = "".join(f"line {i % 900} of it, &lt;b&gt; and more\n" for i in range(6000))
    Path("corpus.txt").write_text(text, encoding="utf-8", newline="")
    return "corpus.txt"


def digests(folder):
    paths = [path for path in sorted(Path(folder).rglob("*")) if path.is_file()]
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def test_the_same_bytes_as_here(cluster, corpus, call):
    assert call("prepare", "lm", corpus, "-o", "here", "--processes", 1, *OPTIONS).code == 0
    assert call("prepare", "lm", corpus, "-o", "there", "--engine", cluster.scheduler_address, *OPTIONS).code == 0
    assert digests("here") == digests("there")


def test_a_worker_that_is_killed_loses_nothing(cluster, corpus, call):
    assert call("prepare", "lm", corpus, "-o", "here", "--processes", 1, *OPTIONS).code == 0
    killed, shards = [], Path("there.preparing/shards")
    with distributed.Client(cluster.scheduler_address, set_as_default=False) as client:
        pid = next(iter(client.run(os.getpid).values()))

    def kill():
        while len(list(shards.glob("0*"))) < 5:
            time.sleep(0.001)
        os.kill(pid, signal.SIGKILL)
        killed.append(len(list(shards.glob("0*"))))

    threading.Thread(target=kill, daemon=True).start()
    assert call("prepare", "lm", corpus, "-o", "there", "--engine", cluster.scheduler_address, *OPTIONS).code == 0
    assert killed[0] < 30, "in the middle"
    assert digests("here") == digests("there")


def test_what_a_worker_refuses_is_said(cluster, tmp_path, refused):
    broken = tmp_path / "broken.tsv"
    broken.write_text("text\tlabel\n" + "a text\tgood\n" * 50 + "a text alone\n", encoding="utf-8", newline="")
    flags = ("-o", tmp_path / "out", "--engine", cluster.scheduler_address)
    refused("prepare", "classify", broken, *flags, code=1, says=[f"{broken}, line 52: 1 cell"])
    assert not (tmp_path / "out").exists()


def test_nobody_answers(tmp_path, monkeypatch):
    monkeypatch.setattr("seqlab.corpora.preparation.engine._SECONDS", 1)
    for address in ("tcp://127.0.0.1:9", "nonsense://x"):
        with pytest.raises(DataError, match="no scheduler answers"):
            Engine(address, tmp_path)


def test_without_dask(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ConfigError, match=r"pip install 'seqlab\[cluster\]'"):
        Engine("tcp://127.0.0.1:9", tmp_path)


def test_workers_that_do_not_see_the_folder(cluster, tmp_path):
    with pytest.raises(DataError, match="a folder that all workers share"):
        Engine(cluster.scheduler_address, tmp_path / "elsewhere")


def test_a_cluster_or_processes(refused, tmp_path):
    flags = ("-o", tmp_path / "out", "--engine", "tcp://127.0.0.1:9", "--processes", 2)
    refused("prepare", "lm", "sample:tales", *flags, code=2, says=["leave out one of both"])
