"""A training step and generation, against a bare PyTorch loop of the same model, in one run.

    python benchmarks/language_model.py

Each figure is a median over alternating rounds; the ratio is what counts, since machines are noisy. The target is a
training step of at most 1.10 times the bare one.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from seqlab.cli.tables import table
from seqlab.config import LanguageModelling
from seqlab.resolve import resolve
from seqlab.tasks.lm import prepare
from seqlab.tasks.neural_lm import NeuralLanguageModel
from seqlab.tasks.neural_task import LanguageTask
from seqlab.training.fit import Trainer, fit

BATCH, WINDOW, LAYERS, DROPOUT = 32, 64, 2, 0.2


class Bare(nn.Module):
    """What one would write without this package."""

    def __init__(self, n_types: int, hidden: int):
        super().__init__()
        self.embedding = nn.Embedding(n_types, hidden)
        self.lstm = nn.LSTM(hidden, hidden, LAYERS, dropout=DROPOUT, batch_first=True)
        self.output = nn.Linear(hidden, n_types)

    def forward(self, ids, state=None):
        outputs, state = self.lstm(self.embedding(ids), state)
        return self.output(F.dropout(outputs, DROPOUT, self.training)), state


def bare_steps(model: Bare, ids: torch.Tensor) -> Iterator[float]:
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, fused=True)
    length = (len(ids) - 1) // BATCH
    inputs = ids[: BATCH * length].view(BATCH, length)
    targets = ids[1 : BATCH * length + 1].view(BATCH, length)
    while True:
        state = None
        for start in range(0, length - WINDOW, WINDOW):
            if state is not None:
                state = tuple(part.detach() for part in state)
            logits, state = model(inputs[:, start : start + WINDOW], state)
            loss = F.cross_entropy(logits.flatten(0, 1), targets[:, start : start + WINDOW].flatten())
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            yield loss.item()


@torch.no_grad()
def bare_generation(model: Bare, n: int, length: int) -> None:
    model.eval()
    ids, state = torch.full((n, 1), 4), None
    for _ in range(length):
        logits, state = model(ids, state)
        ids = torch.multinomial(torch.softmax(logits[:, 0], -1), 1)


def alternate(work: dict[str, Callable[[], None]], rounds: int) -> dict[str, float]:
    """Median seconds of each piece of work, taken in turns."""
    seconds: dict[str, list[float]] = {name: [] for name in work}
    for turn in range(rounds + 1):
        for name, run in work.items():
            started = time.perf_counter()
            run()
            if turn:
                seconds[name].append(time.perf_counter() - started)
    return {name: statistics.median(values) for name, values in seconds.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--steps", type=int, default=8, help="steps of a round")
    arguments = parser.parse_args()
    draw = np.random.default_rng(0)
    text = "".join(map(chr, 97 + draw.integers(0, 60, 400_000)))
    rows = []
    for hidden in (256, 512):
        with tempfile.TemporaryDirectory() as folder:
            rows += measure(text, hidden, Path(folder), arguments.rounds, arguments.steps)
    print(
        f"{torch.get_num_threads()} threads, torch {torch.__version__}, medians of {arguments.rounds} alternating rounds"
    )
    print(table(("work", "seqlab", "bare PyTorch", "ratio", "target"), rows))


def measure(text: str, hidden: int, folder: Path, rounds: int, steps: int) -> list[tuple[str, ...]]:
    config: LanguageModelling = resolve(
        "lm", {}, {"hidden": hidden, "layers": LAYERS, "dropout": DROPOUT, "batch_size": BATCH, "window": WINDOW}
    )
    prepare(config, [text], None, folder)
    task = LanguageTask(config, folder, "cpu")
    ours = fit(Trainer(task.build(), config.training), task)
    bare_model = Bare(len(task.text.vocab), hidden)
    bare = bare_steps(bare_model, torch.from_numpy(task.train.astype(np.int64)))

    def ours_round() -> None:
        for _ in range(steps):
            next(ours)

    def bare_round() -> None:
        bare_model.train()
        for _ in range(steps):
            next(bare)

    rows = []
    seconds = alternate({"ours": ours_round, "bare": bare_round}, rounds)
    rows.append(_row(f"training step, {LAYERS}x{hidden}, {BATCH}x{WINDOW}", seconds, steps, "1.10"))
    model = NeuralLanguageModel(config, task.text, task.build())
    for n in (1, 32):
        work = {
            "ours": lambda n=n: [None for _ in model.stream(n=n, length=100, seed=1)],
            "bare": lambda n=n: bare_generation(bare_model, n, 100),
        }
        rows.append(_row(f"generation, {LAYERS}x{hidden}, {n} side by side", alternate(work, rounds), 100, ""))
    return rows


def _row(name: str, seconds: dict[str, float], steps: int, target: str) -> tuple[str, ...]:
    ours, bare = seconds["ours"] / steps * 1000, seconds["bare"] / steps * 1000
    return name, f"{ours:.2f} ms", f"{bare:.2f} ms", f"{ours / bare:.2f}", target


if __name__ == "__main__":
    main()
