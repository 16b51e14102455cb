"""THE EQUATIONS of the recurrent cells, once. Every faster way to run a cell is held against these.

In all of them x is the input of one time step, already multiplied with `weight_ih` and with `bias_ih` added (that
product is taken for all time steps at once, outside), and the first state is the output. sigma is the logistic
function, * is elementwise, n is the number of hidden units and d the width of the input. Gates are stacked along the
last axis in torch's order, so that weights move to and from `torch.nn` as they are.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

State = tuple[Tensor, ...]
Weights = Mapping[str, Tensor]


@dataclass(frozen=True)
class Cell:
    """A row of `CELLS`."""

    step: Callable[[Tensor, State, Weights], State]
    """(x, state, weights) -> state after one step; x: (B, gates * n), each state: (B, n), the first one the output."""
    gates: int
    """How many blocks of n rows `weight_ih` and `bias_ih` have."""
    states: tuple[str, ...]
    """The names of the states, the output first."""
    forget_gate: int | None = None
    """Which block is a forget gate, whose bias starts at 1 (Gers et al. 2000; Jozefowicz et al. 2015)."""
    biases: Mapping[str, int] = field(default_factory=dict)
    """Biases inside the recurrence, in blocks of n; the recurrent matrix `weight_hh` (gates * n, n) is always there."""
    torch_kernel: str | None = None
    """The kernel of torch that computes the same."""

    def parameter_shapes(self, d: int, n: int) -> dict[str, tuple[int, ...]]:
        """The shape of each parameter of a layer with d inputs and n units."""
        shapes: dict[str, tuple[int, ...]] = {
            "weight_ih": (self.gates * n, d),
            "weight_hh": (self.gates * n, n),
            "bias_ih": (self.gates * n,),
        }
        return shapes | {name: (blocks * n,) for name, blocks in self.biases.items()}


def elman(x: Tensor, state: State, w: Weights) -> State:
    """Elman network, tanh: h' = tanh(x + U h). n (d + n + 1) parameters.

    Source: Elman 1990, Finding structure in time.
    """
    (h,) = state
    return (torch.tanh(x + h @ w["weight_hh"].T),)


def elman_relu(x: Tensor, state: State, w: Weights) -> State:
    """Elman network, rectified: h' = max(0, x + U h). n (d + n + 1) parameters.

    Source: Elman 1990 with the rectifier of Le et al. 2015.
    """
    (h,) = state
    return (torch.relu(x + h @ w["weight_hh"].T),)


def lstm(x: Tensor, state: State, w: Weights) -> State:
    """Long short-term memory with input, forget and output gate. 4 n (d + n + 1) parameters.

        i, f, o = sigma(x + U h)        the gates
        g       = tanh(x + U h)         the candidate
        c'      = f * c + i * g
        h'      = o * tanh(c')

    Source: Hochreiter & Schmidhuber 1997; forget gate: Gers et al. 2000. Order of the blocks: i, f, g, o.
    """
    h, c = state
    i, f, g, o = (x + h @ w["weight_hh"].T).chunk(4, -1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def gru(x: Tensor, state: State, w: Weights) -> State:
    """Gated recurrent unit, the reset gate applied after the recurrent product. 3 n (d + n + 1) + n parameters.

        r, z = sigma(x + U h)                 reset and update gate
        n    = tanh(x + r * (U h + b))        the candidate
        h'   = (1 - z) * n + z * h

    Source: Cho et al. 2014 (arXiv 1406.1078 v1), as torch and cuDNN compute it. Order of the blocks: r, z, n.
    """
    (h,) = state
    x_r, x_z, x_n = x.chunk(3, -1)
    h_r, h_z, h_n = (h @ w["weight_hh"].T).chunk(3, -1)
    r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    candidate = torch.tanh(x_n + r * (h_n + w["bias_hn"]))
    return ((1 - z) * candidate + z * h,)


CELLS: dict[str, Cell] = {
    "elman": Cell(elman, gates=1, states=("h",), torch_kernel="rnn_tanh"),
    "elman-relu": Cell(elman_relu, gates=1, states=("h",), torch_kernel="rnn_relu"),
    "lstm": Cell(lstm, gates=4, states=("h", "c"), forget_gate=1, torch_kernel="lstm"),
    "gru": Cell(gru, gates=3, states=("h",), biases={"bias_hn": 1}, torch_kernel="gru"),
}
