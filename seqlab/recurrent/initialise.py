"""First weights of a layer: initialisers by name, each for one gate's block of a matrix at a time."""

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from seqlab.errors import ConfigError, unknown
from seqlab.recurrent.cells import Cell


def _uniform(block: Tensor) -> None:
    bound = 1 / math.sqrt(len(block))
    nn.init.uniform_(block, -bound, bound)


INITIALISERS: dict[str, Callable[[Tensor], object]] = {
    "xavier-uniform": nn.init.xavier_uniform_,  # Glorot & Bengio 2010, eq. 16
    "xavier-normal": nn.init.xavier_normal_,  # Glorot & Bengio 2010, eq. 12
    "orthogonal": nn.init.orthogonal_,  # Saxe et al. 2014
    "identity": nn.init.eye_,  # Le et al. 2015, for the rectified Elman network
    "uniform": _uniform,  # between -1 / sqrt(n) and 1 / sqrt(n), as torch.nn.LSTM begins
    "zeros": nn.init.zeros_,
}
"""What fills one block of n rows, in place: those of one gate, so that a matrix of four gates is not taken for one."""


@torch.no_grad()
def layer(
    cell: Cell,
    weights: Mapping[str, Tensor],
    *,
    input: str = "xavier-uniform",
    recurrent: str = "orthogonal",
    forget_bias: float = 1.0,
) -> None:
    """Fill the parameters of one layer, in place.

    Gains of a normalisation begin at 1, biases at 0 but for the forget gate's. Vectors that weight a state element by
    element, such as peepholes, begin at 0: a peephole LSTM then begins as the LSTM that it extends, and its peepholes
    learn from the first step on, since their gradient does not depend on their own value.

    Args:
        cell: the row of `CELLS`.
        weights: the layer's parameters by the names of `cell.parameter_shapes`.
        input: a name in `INITIALISERS`, for `weight_ih`.
        recurrent: a name in `INITIALISERS`, for the matrices that multiply a state.
        forget_bias: the bias of the forget gate, where the cell has one; the whole of it, as there is one bias a gate
            (Gers et al. 2000; Jozefowicz et al. 2015).

    Raises:
        ConfigError: an unknown initialiser.
    """
    for name in (input, recurrent):
        if name not in INITIALISERS:
            raise ConfigError(unknown("initialiser", name, INITIALISERS))
    n = len(weights["bias_ih"]) // cell.gates
    for name, weight in weights.items():
        if weight.dim() == 2:
            for block in torch.split(weight, n):
                INITIALISERS[input if name == "weight_ih" else recurrent](block)
        else:
            weight.fill_(1.0 if name.startswith("gain") else 0.0)
    if cell.forget_gate is not None:
        torch.split(weights["bias_ih"], n)[cell.forget_gate].fill_(forget_bias)
