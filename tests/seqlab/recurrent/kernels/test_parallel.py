"""The parts of a piece of work: all of them, each once, and what fails in one is heard of."""

import threading

import pytest
import torch

from seqlab.recurrent import CELLS, Weights, fused
from seqlab.recurrent.kernels import parallel


@pytest.fixture(params=["openmp", "threads of Python"])
def way(request, monkeypatch):
    """On the runtime of torch, and as where there is none."""
    if request.param != "openmp":
        monkeypatch.setattr(parallel, "_openmp", lambda: None)
    elif parallel._openmp() is None:
        pytest.skip("torch has no such runtime on this system")


def cut(n_parts):
    return [slice(10 * k, 10 * k + 10) for k in range(n_parts)]


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("n_parts", [1, 2, 3, 7])
def test_every_part_is_run_once(n_parts):
    for _ in range(20):
        seen = []
        parallel.run(seen.append, cut(n_parts))
        assert sorted(part.start for part in seen) == [part.start for part in cut(n_parts)]


@pytest.mark.usefixtures("way")
def test_parts_run_at_the_same_time():
    """Each waits for the other, which one after the other would never end."""
    both = threading.Barrier(2, timeout=30)
    parallel.run(lambda part: both.wait(), cut(2))


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("failing", [0, 1, 2])
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_in_one_part_reaches_the_caller(failing, error):
    def work(part):
        if part.start == 10 * failing:
            raise error(f"part {failing}")

    with pytest.raises(error, match=f"^part {failing}$"):
        parallel.run(work, cut(3))
    seen = []
    parallel.run(seen.append, cut(3))  # and the threads are there again
    assert len(seen) == 3


@pytest.mark.usefixtures("way")
def test_an_error_in_every_part_is_one_error():
    def work(part):
        raise ValueError("no part")

    with pytest.raises(ValueError, match=r"^no part$"):
        parallel.run(work, cut(3))


@pytest.mark.parametrize("n_threads", [1, 2, 3, 8])
@pytest.mark.parametrize("least", [1, 6])
@pytest.mark.parametrize("n_items", [1, 2, 5, 6, 7, 11, 12, 13, 100])
def test_shares_are_all_of_it(n_items, least, n_threads, monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: n_threads)
    parts = parallel.shares(n_items, least)
    assert [k for part in parts for k in range(part.start, part.stop)] == list(range(n_items))
    sizes = [part.stop - part.start for part in parts]
    assert 1 <= len(parts) <= n_threads
    assert min(sizes) >= min(least, n_items)
    assert max(sizes) - min(sizes) <= 1
    assert len(parts) == max(1, min(n_threads, n_items // least)), "as many as there can be"


@pytest.mark.parametrize("cell", ["peephole", "lstm-layer-norm"])
def test_a_kernel_gives_the_same_without_openmp(cell, monkeypatch):
    """Both sum gradients of vectors over the parts, each of which has to find its own place."""
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    draw = torch.Generator().manual_seed(1)
    randn = lambda *shape: torch.randn(shape, generator=draw, dtype=torch.float64)  # noqa: E731
    row = CELLS[cell]
    inputs, state = randn(5, 4, 3).requires_grad_(), tuple(randn(5, 7) for _ in row.states)
    weights = {name: randn(*shape).requires_grad_() for name, shape in row.parameter_shapes(3, 7).items()}

    def values_and_gradients():
        states = fused.run(row, inputs, state, Weights(weights))
        return states + torch.autograd.grad(states[0].square().sum(), [inputs, *weights.values()])

    wanted = values_and_gradients()
    monkeypatch.setattr(parallel, "_openmp", lambda: None)
    for value, expected in zip(values_and_gradients(), wanted, strict=True):
        assert torch.equal(value, expected)
