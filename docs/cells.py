"""Writes docs/cells.md from the cells themselves.

    python docs/cells.py

What stands in the table is read from the rows of `CELLS` and from the docstrings of their equations; the measured cost
comes from benchmarks/recurrent.json, which benchmarks/recurrent.py writes.
"""

import inspect
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seqlab.recurrent import CELLS, Cell
from seqlab.recurrent.scan import TORCH_IS_FASTER_ON_CPU

PAGE = Path(__file__).with_name("cells.md")
MEASURED = Path(__file__).parents[1] / "benchmarks" / "recurrent.json"
WIDTH = 256

INTRODUCTION = f"""\
# The cells

<!-- Written by `docs/cells.py` from the code; change that, or a docstring in `seqlab/recurrent/cells`, and run it. -->

Each cell is one function in `seqlab/recurrent/cells`, with its equations and its source. The tests hold it against a
transcription of the paper unit by unit, against finite differences, and against `torch.nn` and onnxruntime where these
have it; every faster way to run it is held against that one function.

d is the width of the input, n the number of units; parameters are those of one layer in one direction. A cell that reads
c does so beside its own output h, or in place of it.

*Run by* names what can run a cell on a CPU besides the reference loop, the faster one first. *Measured* is the time of
forward and backward on a CPU as a multiple of the time that the module named there takes in the same run, with 64 steps,
batch 32, {WIDTH} inputs and {WIDTH} units in single precision; - where it was not measured.
"""

NOTES = """\
## Which is which

**FC-LSTM** names two things. In the literature (Shi et al. 2015, and those who cite it) it is the LSTM with diagonal
peepholes, whose output gate reads the new c: here `peephole`. Lecture notes mean an LSTM whose gates read the input, the
output and the cell through full matrices, all from the step before: here `fc-lstm`.

**Peephole** names two things as well. `peephole` is that of Gers & Schmidhuber: each unit's gates see h and that unit's
own c. In `peephole-cell` the gates read c in place of h, through full matrices, and only the candidate reads h. In
`peephole-cell-x` that reads the input alone, so that nothing reads h: this is the form that Wikipedia prints.

Nothing bounds c, so gates that read it through full matrices saturate, and a state that is carried on for long drives them
there. Given the same time, `fc-lstm`, `peephole-cell` and `peephole-cell-x` learn less than `lstm`;
`tests/cli/test_cells.py` has settings with which they beat a bigram model.

**The two gated units are not weight-compatible.** `gru` resets the product of the recurrent matrix, which torch and cuDNN
do, and therefore has one more bias inside; `gru-reset-before` resets the state before the product, as in the final version
of the paper and in Keras with `reset_after=False`. The same weights give other outputs.

**Jordan's y** is the output of a readout that stands inside the recurrence: it is taken after its nonlinearity, tanh, has
as many units as the hidden layer, and is 0 before the first step. A model puts its own output layer on top of it.

**One bias a gate.** torch keeps two, which are only ever added up, so that together they move twice as far a step; here
the sum is one parameter. The forget gate's bias begins at 1, and that is all of it.

**Minimal cells** read no state in their gates, so that all time steps are computed at once, by a scan.

**On a GPU** torch's kernels run `lstm`, `gru` and `elman`, and the scan the minimal cells. Every other cell, one's own too,
runs by captured CUDA graphs of up to 64 steps; only the states are kept, and each step is computed again for its gradient.
The first call with a new shape captures, which takes seconds.

**What is dropped in training** is the stack's affair, for all cells alike: `dropout`, `input_dropout`, `recurrent_dropout`,
`output_dropout`, `weight_drop` and `zoneout` of `seqlab.recurrent.Recurrent`, and flags of those names. Recurrent dropout
and zoneout act inside the recurrence, which no kernel knows: they run the reference loop.

## The equations

x is the input of a step, already multiplied with `weight_ih` and with `bias_ih` added; a prime marks the state after the
step; sigma is the logistic function and * is elementwise. Where several gates stand on one line, each has its own block of
x and of the recurrent weights. `docs/notation.md` has all letters. A cell that is missing here takes fifteen lines:
[one's own cell](own-cell.md).
"""


def section(name: str) -> tuple[str, str, dict[str, str]]:
    """The sentence, the equations with what stands below them, and the named lines of a cell's docstring."""
    text = str(inspect.getdoc(CELLS[name].step))
    named = dict(re.findall(r"^(Reads|Parameters|Source): (.+)$", text, re.M))
    sentence, _, rest = text.partition("\n\n")
    return (
        " ".join(sentence.split()),
        re.sub(r"^(Reads|Parameters|Source): .*\n?", "", rest, flags=re.M).rstrip(),
        named,
    )


def run_by(cell: Cell) -> str:
    """What can run a cell on a CPU, the faster way first."""
    ways = {"torch": cell.torch_kernel, "fused kernel": cell.fused_kernel, "parallel scan": cell.parallel}
    names = [name for name, way in ways.items() if way is not None]
    if cell.torch_kernel is not None and cell.torch_kernel not in TORCH_IS_FASTER_ON_CPU:
        names = [*names[1:], names[0]]
    return ", ".join(names) or "reference loop"


def cost(measured: Mapping[str, Any], name: str) -> str:
    """The measured time of a cell, as "1.23 x torch.nn.LSTM"."""
    if name not in measured:
        return "-"
    return f"{measured[name]['ratio']:.2f} x {measured[name]['against']}"


def page(measured: Mapping[str, Any]) -> str:
    """The whole page.

    Args:
        measured: by the name of a cell, the ratio of its time to that of the module it was measured against.
    """
    lines = [
        f"| cell | gates read | parameters | at d = n = {WIDTH} | source | run by | measured |",
        "|---|---|---|---|---|---|---|",
    ]
    texts = []
    for name, cell in CELLS.items():
        sentence, equations, named = section(name)
        count = f"{cell.n_parameters(WIDTH, WIDTH):,}"
        row = [f"[`{name}`](#{name})", named["Reads"], named["Parameters"], count, named["Source"], run_by(cell)]
        lines.append(f"| {' | '.join([*row, cost(measured, name)])} |")
        texts.append(f"### {name}\n\n{sentence}\n\n{equations}\n")
    return "\n".join([INTRODUCTION, "\n".join(lines) + "\n", NOTES, "\n".join(texts)])


if __name__ == "__main__":
    figures = json.loads(MEASURED.read_text(encoding="utf-8")) if MEASURED.exists() else {}
    PAGE.write_text(page(figures), encoding="utf-8", newline="")
