"""Minimal gated cells: no gate reads the state, so that it is linear in it, h' = a * h + b, and can be scanned.

Each equation stands once, in the function that gives a and b; the step and the scan over all time steps use it.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from seqlab.recurrent.cells.cell import State, Weights
from seqlab.recurrent.linear_scan import linear_scan


def _positive(x: Tensor) -> Tensor:
    """The paper's g, which keeps the candidate above 0: x + 1/2 where x >= 0, sigma(x) elsewhere."""
    return torch.where(x >= 0, x + 0.5, torch.sigmoid(x))


def _min_gru(x: Tensor) -> tuple[Tensor, Tensor]:
    """a and b of the minGRU."""
    x_z, x_h = x.chunk(2, -1)
    return torch.sigmoid(-x_z), torch.sigmoid(x_z) * _positive(x_h)


def _min_lstm(x: Tensor) -> tuple[Tensor, Tensor]:
    """a and b of the minLSTM: f / (f + i) = sigma(ln f - ln i), which is defined where both gates are closed too."""
    x_f, x_i, x_h = x.chunk(3, -1)
    odds = F.logsigmoid(x_f) - F.logsigmoid(x_i)
    return torch.sigmoid(odds), torch.sigmoid(-odds) * _positive(x_h)


def min_gru(x: Tensor, state: State, w: Weights) -> State:
    """Minimal gated recurrent unit: gate and candidate read the input alone. Blocks: z, h.

        z  = sigma(x)
        h' = (1 - z) * h + z * g(x)        where g(a) = a + 1/2 if a >= 0, else sigma(a)

    Reads: x
    Parameters: 2 n (d + 1)
    Source: Feng et al. 2024, Were RNNs all we needed?, arXiv 2410.01201, section 3.1 and appendix B
    """
    (h,) = state
    a, b = _min_gru(x)
    return (a * h + b,)


def min_gru_parallel(x: Tensor, state: State, w: Weights) -> State:
    """All steps of `min_gru` at once, by a parallel scan; x: (B, T, 2n), returns h after every step (B, T, n)."""
    (h,) = state
    return (linear_scan(*_min_gru(x), h),)


def min_lstm(x: Tensor, state: State, w: Weights) -> State:
    """Minimal LSTM: gates and candidate read the input alone, and the gates add up to 1. Blocks: f, i, h.

        f, i = sigma(x)
        h'   = f / (f + i) * h + i / (f + i) * g(x)        where g(a) = a + 1/2 if a >= 0, else sigma(a)

    Reads: x
    Parameters: 3 n (d + 1)
    Source: Feng et al. 2024, Were RNNs all we needed?, arXiv 2410.01201, section 3.2 and appendix B
    """
    (h,) = state
    a, b = _min_lstm(x)
    return (a * h + b,)


def min_lstm_parallel(x: Tensor, state: State, w: Weights) -> State:
    """All steps of `min_lstm` at once, by a parallel scan; x: (B, T, 3n), returns h after every step (B, T, n)."""
    (h,) = state
    return (linear_scan(*_min_lstm(x), h),)
