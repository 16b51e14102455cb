"""Cells without gates."""

import torch
from torch import Tensor

from seqlab.recurrent.cells.cell import State, Weights


def elman(x: Tensor, state: State, w: Weights) -> State:
    """Elman network, tanh.

        h' = tanh(x + U h)

    U is `weight_hh`.

    Reads: x, h
    Parameters: n (d + n + 1)
    Source: Elman 1990, Finding structure in time
    """
    (h,) = state
    return (torch.tanh(x + w.times("weight_hh", h)),)


def elman_relu(x: Tensor, state: State, w: Weights) -> State:
    """Elman network, rectified.

        h' = max(0, x + U h)

    U is `weight_hh`.

    Reads: x, h
    Parameters: n (d + n + 1)
    Source: Elman 1990 with the rectifier of Le et al. 2015
    """
    (h,) = state
    return (torch.relu(x + w.times("weight_hh", h)),)


def jordan(x: Tensor, state: State, w: Weights) -> State:
    """Jordan network: what comes back is the network's output, not its hidden layer.

        h  = tanh(x + U y)
        y' = tanh(V h + b)

    U is `weight_yh`, V `weight_hy`, b `bias_y`. The output y is taken after its nonlinearity, has as many units as the
    hidden layer, and is 0 before the first step. The readout therefore stands inside the recurrence. Jordan's further
    state units, a decaying sum of all former outputs, are left out, as they mostly are.

    Reads: x, y
    Parameters: n (d + n + 1) + n (n + 1)
    Source: Jordan 1986, Serial order: a parallel distributed processing approach
    """
    (y,) = state
    h = torch.tanh(x + w.times("weight_yh", y))
    return (torch.tanh(w.times("weight_hy", h) + w["bias_y"]),)
