"""Gated recurrent units. Blocks of `weight_ih` and `weight_hh`: r, z, n."""

import torch
from torch import Tensor

from seqlab.recurrent.cells.cell import State, Weights


def gru(x: Tensor, state: State, w: Weights) -> State:
    """Gated recurrent unit, the reset gate applied after the recurrent product.

        r, z = sigma(x + U h)
        n    = tanh(x + r * (U h + b))
        h'   = (1 - z) * n + z * h

    U is `weight_hh`, b `bias_hn`.

    Reads: x, h
    Parameters: 3 n (d + n + 1) + n
    Source: Cho et al. 2014, arXiv 1406.1078 v1, as torch and cuDNN compute it
    """
    (h,) = state
    x_r, x_z, x_n = x.chunk(3, -1)
    h_r, h_z, h_n = w.times("weight_hh", h).chunk(3, -1)
    r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    candidate = torch.tanh(x_n + r * (h_n + w["bias_hn"]))
    return ((1 - z) * candidate + z * h,)


def gru_reset_before(x: Tensor, state: State, w: Weights) -> State:
    """Gated recurrent unit, the reset gate applied before the recurrent product.

        r, z = sigma(x + U h)
        n    = tanh(x + U (r * h))
        h'   = (1 - z) * n + z * h

    U is `weight_hh`.

    Reads: x, h
    Parameters: 3 n (d + n + 1)
    Source: Cho et al. 2014, arXiv 1406.1078 v3; Keras with reset_after=False
    """
    (h,) = state
    n = h.shape[-1]
    x_r, x_z, x_n = x.chunk(3, -1)
    h_r, h_z = w.times("weight_hh", h, slice(0, 2 * n)).chunk(2, -1)
    r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    candidate = torch.tanh(x_n + w.times("weight_hh", r * h, slice(2 * n, 3 * n)))
    return ((1 - z) * candidate + z * h,)
