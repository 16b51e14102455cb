"""Every cell against the fused layers of torch.nn, in one run: training, one row, one step of generation, half precision.

    python benchmarks/recurrent.py [--cells lstm peephole] [--write]

Each ratio is that of two medians over rounds in which the two take turns, since machines are noisy; below 1 is faster
than torch. `--write` keeps the ratios of training at the first shape for the table in docs/cells.md.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch

from seqlab.cli.tables import table
from seqlab.recurrent import CELLS, Recurrent

SHAPES = ((64, 32, 256), (35, 20, 650), (128, 64, 512))
"""Steps, rows, units; there are as many inputs as units."""

TARGETS = {
    "lstm": ("LSTM", 1.0),
    "peephole": ("LSTM", 1.0),
    "gru": ("GRU", 0.75),
    "gru-reset-before": ("LSTM", 1.1),
    "lstm-coupled": ("LSTM", 1.1),
    "peephole-cell": ("LSTM", 1.1),
    "peephole-cell-x": ("LSTM", 1.1),
    "fc-lstm": ("LSTM", 1.5),
    "lstm-layer-norm": ("LSTM", 1.6),
    "elman": ("RNN", 1.0),
    "elman-relu": ("RNN", 1.0),
}
"""What a cell is held against, and how much of its time it may take; those without a target are shown beside the LSTM."""

JSON = Path(__file__).with_suffix(".json")


def alternate(work: dict[str, Callable[[], None]], rounds: int) -> tuple[float, ...]:
    """Median milliseconds of each piece of work, taken in turns, after one round that does not count."""
    taken: dict[str, list[float]] = {name: [] for name in work}
    for turn in range(rounds + 1):
        for name, run in work.items():
            started = time.perf_counter()
            run()
            if turn:
                taken[name].append((time.perf_counter() - started) * 1000)
    return tuple(statistics.median(values) for values in taken.values())


def training(module: torch.nn.Module, inputs: torch.Tensor, *, half: bool = False) -> Callable[[], None]:
    """Forward and backward, with the gradient of the inputs."""

    def run() -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            outputs = module(inputs)[0]
        outputs.sum().backward()

    return run


def theirs(name: str, sizes: tuple[int, ...], layers: int = 1) -> torch.nn.Module:
    kinds = {"LSTM": torch.nn.LSTM, "GRU": torch.nn.GRU, "RNN": torch.nn.RNN}
    return kinds[name](sizes[-1], sizes[-1], layers, batch_first=True)


def ours(cell: str, sizes: tuple[int, ...], layers: int = 1) -> Recurrent:
    return Recurrent(cell, sizes[-1], sizes[-1], layers)


def row(cell: str, sizes: str, seconds: tuple[float, ...], against: str, target: float | None) -> tuple[str, ...]:
    ratio = seconds[0] / seconds[1]
    verdict = "" if target is None else "reached" if round(ratio, 2) <= target else "missed"
    aim = "" if target is None else f"{target:.2f}"
    return cell, sizes, f"{seconds[0]:.2f}", f"{seconds[1]:.2f}", f"torch.nn.{against}", f"{ratio:.2f}", aim, verdict


def train_all(cells: list[str], rounds: int) -> tuple[list[tuple[str, ...]], dict[str, dict[str, float | str]]]:
    rows, first = [], {}
    for cell in cells:
        against, target = TARGETS.get(cell, ("LSTM", None))
        for sizes in SHAPES:
            steps, batch, units = sizes
            inputs = torch.randn(batch, steps, units, requires_grad=True)
            work = {"ours": training(ours(cell, sizes), inputs), "torch": training(theirs(against, sizes), inputs)}
            taken = alternate(work, rounds)
            rows.append(row(cell, "x".join(map(str, sizes)), taken, against, target))
            first.setdefault(cell, {"ratio": round(taken[0] / taken[1], 2), "against": f"torch.nn.{against}"})
    return rows, first


@torch.no_grad()
def one_row(cells: list[str], rounds: int) -> list[tuple[str, ...]]:
    rows = []
    for cell in cells:
        for steps, _, units in SHAPES:
            sizes = (steps, 1, units)
            inputs = torch.randn(1, steps, units)
            mine, other = ours(cell, sizes).eval(), theirs("LSTM", sizes).eval()
            work = {"ours": partial(mine, inputs), "torch": partial(other, inputs)}
            rows.append(row(cell, "x".join(map(str, sizes)), alternate(work, rounds), "LSTM", 2.0))
    return rows


@torch.no_grad()
def one_step(cells: list[str], rounds: int) -> list[tuple[str, ...]]:
    rows, units = [], 512
    other = theirs("LSTM", (units,), 2).eval()
    for cell in cells:
        for batch in (1, 8):
            inputs = torch.randn(batch, units)
            mine = ours(cell, (units,), 2).eval()
            state = mine.step(inputs)[1]
            given = other(inputs.unsqueeze(1))[1]
            work = {"ours": partial(mine.step, inputs, state), "torch": partial(other, inputs.unsqueeze(1), given)}
            target = 0.5 if batch == 1 and cell == "lstm" else None
            rows.append(row(cell, f"2 layers of {units}, {batch} rows", alternate(work, rounds * 20), "LSTM", target))
    return rows


def in_half(cells: list[str], rounds: int) -> list[tuple[str, ...]]:
    rows = []
    for cell in cells:
        for sizes in SHAPES:
            inputs = torch.randn(sizes[1], sizes[0], sizes[2], requires_grad=True)
            work = {
                "ours": training(ours(cell, sizes), inputs, half=True),
                "torch": training(theirs("LSTM", sizes), inputs),
            }
            target = 0.4 if sizes == SHAPES[-1] and cell == "lstm" else None
            rows.append(row(cell, "x".join(map(str, sizes)), alternate(work, rounds), "LSTM", target))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--cells", nargs="+", choices=list(CELLS), default=list(CELLS), metavar="NAME")
    parser.add_argument("--write", action="store_true", help=f"keep the first ratios in {JSON.name}")
    arguments = parser.parse_args()
    torch.manual_seed(0)
    cells, rounds = arguments.cells, arguments.rounds
    print(f"{torch.get_num_threads()} threads, torch {torch.__version__}, medians of {rounds} rounds in turns")
    heads = ("cell", "steps x rows x units", "ms", "torch ms", "against", "ratio", "target", "")
    trained, first = train_all(cells, rounds)
    print("\nForward and backward\n" + table(heads, trained))
    print("\nOne row, forward\n" + table(heads, one_row(cells, rounds)))
    print("\nOne step, against a sequence of length 1\n" + table(heads, one_step(cells, rounds)))
    print("\nbfloat16, forward and backward, against float32\n" + table(heads, in_half(cells, rounds)))
    if arguments.write:
        JSON.write_text(json.dumps(first, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
