"""What is read of a large file: whole lines, from all over it, the same ones each time."""

import bz2
import gzip

import pytest

from seqlab.corpora.files import TextFile
from seqlab.corpora.inspection import inspect, sampling
from seqlab.corpora.inspection.sampling import sample


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(sampling, "STRETCH", 1000)
    monkeypatch.setattr(sampling, "SHORTEST", 100)


def taken(path, budget, seed=1, unit=1):
    found = sample(path, budget, seed, unit)
    return found, [(stretch.start, b"".join(stretch.data)) for stretch in found.stretches]


@pytest.mark.parametrize("suffix", ["", ".gz", ".bz2"])
@pytest.mark.parametrize(("encoding", "unit"), [("utf-8", 1), ("utf-16-le", 2), ("utf-16-be", 2), ("utf-32-be", 4)])
def test_stretches_are_whole_lines_from_all_over_the_file(tmp_path, small, suffix, encoding, unit):
    lines = [f"line {n} 号\n" for n in range(5000)]
    data = "".join(lines).encode(encoding)
    path = tmp_path / f"a.txt{suffix}"
    path.write_bytes({"": lambda x: x, ".gz": gzip.compress, ".bz2": bz2.compress}[suffix](data))
    found, stretches = taken(path, 8000, unit=unit)
    assert (found.whole, found.size) == (False, len(data))
    assert 3 <= len(stretches) <= 8
    seen = [line for _, piece in stretches for line in piece.decode(encoding).splitlines(keepends=True)]
    assert set(seen) <= set(lines)
    assert all(data[start:].startswith(piece) for start, piece in stretches)
    assert stretches[0][0] == 0
    assert stretches[-1][0] > 0.6 * len(data)


def test_the_seed_says_which_and_a_file_below_the_budget_is_read_whole(tmp_path, small):
    path = tmp_path / "a.txt"
    path.write_bytes(b"".join(b"%d\n" % n for n in range(10000)))
    assert taken(path, 5000)[1] == taken(path, 5000)[1] != taken(path, 5000, seed=2)[1]
    found, stretches = taken(path, 1 << 20)
    assert found.whole
    assert [piece for _, piece in stretches] == [path.read_bytes()]


def test_figures_of_a_sample_are_near_those_of_the_file(tmp_path, small):
    path = tmp_path / "a.txt"
    path.write_bytes(b"".join(b"%d is a number\n" % n for n in range(20000)))
    found = inspect([TextFile(path)], budget=20000)
    (facts,) = found.files
    assert facts.sampled
    assert found.sampled
    assert abs(facts.n_lines - 20000) < 600
    assert facts.n_read < 25000
    assert found.text.n_lines < 2000


def test_a_line_without_end_is_one_line(tmp_path, small):
    path = tmp_path / "a.txt"
    path.write_bytes(b"word " * 20000)
    for budget in (5000, 1 << 20):
        found = inspect([TextFile(path)], budget=budget)
        assert found.files[0].n_lines == found.text.n_lines == 1
    assert found.text.lengths.longest == 100000
