"""How many target tokens a second a translator writes, greedily and by beam search.

    python benchmarks/translating.py [--batches 1 64 200] [--beams 1 5] [--threads 2] [--rounds 3] [--profile]
    python benchmarks/translating.py --run RUN --file FILE [--beams 1 5] [--threads 2] [--rounds 3]

RUN is a model directory that `seqlab train translate` left, and FILE holds a sentence of its source language a line.
`translate` is timed as a whole, from texts to texts, after it has read them once.

Without these the network has first weights: LSTM, 2 layers of 256 units on each side, learned vectors of 256, 8,000 types
on both sides, general attention. Sources have 6 to 25 tokens, and each translation is as long as its source, since the end
is made impossible before. What is timed goes from the ids of the sources to the hypotheses, the encoder included, all
sentences in batches of about one length.

The best of the rounds counts, since other programs only ever make one slower. With --profile the operations that take
longest are listed instead.
"""

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

import seqlab
from seqlab.cli.tables import table
from seqlab.decoding.beam import beam_search
from seqlab.models.translator import RecurrentTranslator

BEGIN, END, N_TYPES = 2, 3, 8000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run")
    parser.add_argument("--file", type=Path)
    parser.add_argument("--sentences", type=int, default=200)
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 64, 200])
    parser.add_argument("--beams", type=int, nargs="+", default=[1, 5])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--attention", default="general")
    parser.add_argument("--cell", default="lstm")
    parser.add_argument("--input-feeding", action="store_true")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.run:
        trained(options)
        return
    model, sources = network(options), sentences(options.sentences)
    if options.profile:
        profile(model, sources, options)
        return
    rows = []
    for beam in options.beams:
        for n_rows in options.batches:
            some = sources[: max(n_rows, min(len(sources), 20 * n_rows))]
            best = min(seconds(model, some, n_rows, beam) for _ in range(options.rounds))
            n_tokens = sum(len(source) for source in some)
            rows.append((str(beam), str(n_rows), f"{n_tokens / best:,.0f}", f"{1000 * best / len(some):.1f}"))
    print(table(("beam", "sentences a batch", "target tokens/s", "ms a sentence"), rows))


def trained(options: argparse.Namespace) -> None:
    """Print the speed of a model directory."""
    if not options.file.is_file():
        print(f"skipped: no sentences at {options.file}")
        return
    texts = options.file.read_text(encoding="utf-8").splitlines()
    model, rows = seqlab.load(options.run), []
    for beam in options.beams:
        n_tokens = sum(1 + len(best[0].tokens) for best in model.translate(texts, beam=beam, n_best=1))
        best = float("inf")
        for _ in range(options.rounds):
            started = time.perf_counter()
            model.translate(texts, beam=beam)
            best = min(best, time.perf_counter() - started)
        rows.append((str(beam), f"{n_tokens / best:,.0f}", f"{len(texts) / best:,.0f}"))
    print(table(("beam", f"target tokens/s of {options.run}", "sentences/s"), rows))


def network(options: argparse.Namespace) -> RecurrentTranslator:
    torch.manual_seed(0)
    chosen: dict[str, Any] = {name: getattr(options, name) for name in ("attention", "cell", "input_feeding")}
    model = RecurrentTranslator(N_TYPES, N_TYPES, hidden=256, layers=2, **chosen).to(options.device).eval()
    with torch.no_grad():
        model.output.bias[END] = -1e9
    return model


def sentences(n: int) -> list[np.ndarray]:
    draws = np.random.default_rng(0)
    return [draws.integers(4, N_TYPES, length) for length in draws.integers(6, 26, n)]


@torch.inference_mode()
def seconds(model: RecurrentTranslator, sources: list[np.ndarray], n_rows: int, beam: int) -> float:
    """How long all sources take in batches of `n_rows`, the longest first."""
    started, order = time.perf_counter(), sorted(sources, key=len, reverse=True)
    for at in range(0, len(order), n_rows):
        batch = order[at : at + n_rows]
        lengths = [len(source) for source in batch]
        ids = torch.zeros(len(batch), max(lengths), dtype=torch.int64)
        for row, source in enumerate(batch):
            ids[row, : len(source)] = torch.from_numpy(source)
        memory = model.encode(ids.to(model.output.weight.device), torch.tensor(lengths))
        beam_search(model, model.begin(memory), n=len(batch), begin=BEGIN, end=END, beam=beam, longest=lengths)
    return time.perf_counter() - started


def profile(model: RecurrentTranslator, sources: list[np.ndarray], options: argparse.Namespace) -> None:
    """Print which operations take longest."""
    seconds(model, sources, options.batches[-1], options.beams[-1])
    with torch.profiler.profile() as measured:
        seconds(model, sources, options.batches[-1], options.beams[-1])
    print(measured.key_averages().table(sort_by="self_cpu_time_total", row_limit=15, max_name_column_width=40))


if __name__ == "__main__":
    main()
