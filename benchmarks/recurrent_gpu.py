"""Cells for which no vendor has a kernel, on a GPU, against cuDNN's LSTM in one run: forward and backward.

    python benchmarks/recurrent_gpu.py

Each figure is a median over alternating runs, timed by events of the GPU; the ratio is what counts. The target is that of
`peephole`, at most 4 times cuDNN's LSTM. The loop over the equations stands beside it once, for comparison. What comes
out is held against that loop before anything is timed.
"""

import argparse
import statistics
import sys
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from seqlab.cli.tables import table
from seqlab.recurrent import Recurrent

CELLS = ("peephole", "gru-reset-before", "lstm-coupled", "fc-lstm", "lstm-layer-norm")
TARGETS = {"peephole": "4"}
TOLERANCE = 1e-3
"""Single precision over a thousand steps, relative to the greatest gradient."""


def forward_and_backward(module: nn.Module, inputs: Tensor, d_outputs: Tensor) -> Callable[[], list[Tensor]]:
    """The work that is timed; it returns the outputs and all gradients."""
    wanted = [inputs, *module.parameters()]

    def work() -> list[Tensor]:
        outputs, _ = module(inputs)
        return [outputs.detach(), *torch.autograd.grad(outputs, wanted, d_outputs)]

    return work


def alternate(work: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median milliseconds of each piece of work, taken in turns; the first round, which captures, is left out."""
    milliseconds: dict[str, list[float]] = {name: [] for name in work}
    for turn in range(rounds + 1):
        for name, run in work.items():
            begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            torch.cuda.synchronize()
            begin.record()
            run()
            end.record()
            torch.cuda.synchronize()
            if turn:
                milliseconds[name].append(begin.elapsed_time(end))
    return {name: statistics.median(values) for name, values in milliseconds.items()}


def furthest(found: list[Tensor], wanted: list[Tensor]) -> float:
    """The greatest difference of any tensor, as a share of the greatest value in it."""
    shares = ((one - other).abs().max() / other.abs().max() for one, other in zip(found, wanted, strict=True))
    return max(float(share) for share in shares)


def measure(arguments: argparse.Namespace) -> list[tuple[str, ...]]:
    units, shape = arguments.units, (arguments.batch, arguments.steps, arguments.units)
    inputs = torch.randn(shape, device="cuda", requires_grad=True)
    d_outputs = torch.randn(shape, device="cuda")
    vendor = nn.LSTM(units, units, batch_first=True).cuda()
    stacks = {cell: Recurrent(cell, units, units).cuda() for cell in CELLS}
    work: dict[str, Callable[[], list[Tensor]]] = {"cuDNN": forward_and_backward(vendor, inputs, d_outputs)}
    work |= {cell: forward_and_backward(stack, inputs, d_outputs) for cell, stack in stacks.items()}
    loops = {cell: Recurrent(cell, units, units, backend="reference").cuda() for cell in CELLS}
    differences = {}
    for cell, loop in loops.items():
        loop.load_state_dict(stacks[cell].state_dict())
        differences[cell] = furthest(work[cell](), forward_and_backward(loop, inputs, d_outputs)())
    for cell, difference in differences.items():
        if not difference <= TOLERANCE:
            sys.exit(f"{cell} is off its equations by {difference:.1e} of the greatest value; nothing was timed.")
    loop_of = f"{CELLS[0]}, loop"
    work[loop_of] = forward_and_backward(loops[CELLS[0]], inputs, d_outputs)
    medians = alternate(work, arguments.rounds)
    base = medians["cuDNN"]
    rows: list[tuple[str, ...]] = [("cuDNN's LSTM", "torch kernel", f"{base:.2f} ms", "1.00", "", "")]
    for cell in CELLS:
        figures = f"{medians[cell]:.2f} ms", f"{medians[cell] / base:.2f}", TARGETS.get(cell, "")
        rows.append((cell, stacks[cell].runs_on(0), *figures, f"{differences[cell]:.1e}"))
    rows.append((CELLS[0], "reference loop", f"{medians[loop_of]:.2f} ms", f"{medians[loop_of] / base:.2f}", "", ""))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--units", type=int, default=768)
    parser.add_argument("--steps", type=int, default=1024)
    parser.add_argument("--batch", type=int, default=16)
    arguments = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit("This benchmark needs a GPU that torch can use, and there is none.")
    torch.manual_seed(1)
    rows = measure(arguments)
    print(
        f"{torch.cuda.get_device_name()}, torch {torch.__version__}, {arguments.units} units, {arguments.steps} steps, "
        f"batch {arguments.batch}, medians of {arguments.rounds} alternating runs"
    )
    print(table(("cell", "run by", "forward and backward", "ratio", "target", "off the loop by"), rows))


if __name__ == "__main__":
    main()
