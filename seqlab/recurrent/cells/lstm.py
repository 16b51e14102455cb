"""Long short-term memory: cells that carry c beside their output h. Blocks of `weight_ih`: i, f, g, o."""

import torch
from torch import Tensor
from torch.nn import functional as F

from seqlab.recurrent.cells.cell import State, Weights, product


def lstm(x: Tensor, state: State, w: Weights) -> State:
    """Long short-term memory with input, forget and output gate.

        i, f, o = sigma(x + U h)
        g       = tanh(x + U h)
        c'      = f * c + i * g
        h'      = o * tanh(c')

    U is `weight_hh`.

    Reads: x, h
    Parameters: 4 n (d + n + 1)
    Source: Hochreiter & Schmidhuber 1997; forget gate: Gers et al. 2000
    """
    h, c = state
    i, f, g, o = (x + w.times("weight_hh", h)).chunk(4, -1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def peephole(x: Tensor, state: State, w: Weights) -> State:
    """LSTM whose gates see the cell, each unit its own: diagonal peepholes. The output gate sees the new cell.

        i, f = sigma(x + U h + p * c)
        g    = tanh(x + U h)
        c'   = f * c + i * g
        o    = sigma(x + U h + p * c')
        h'   = o * tanh(c')

    U is `weight_hh`; p is `weight_ch`, for i, f, o in this order.

    Reads: x, h, c (diagonal; o the new c)
    Parameters: 4 n (d + n + 1) + 3 n
    Source: Gers & Schmidhuber 2000; Gers et al. 2002; Graves 2013, eq. 7-11
    """
    h, c = state
    i, f, g, o = (x + w.times("weight_hh", h)).chunk(4, -1)
    p_i, p_f, p_o = w["weight_ch"].chunk(3)
    c_next = torch.sigmoid(f + p_f * c) * c + torch.sigmoid(i + p_i * c) * torch.tanh(g)
    return torch.sigmoid(o + p_o * c_next) * torch.tanh(c_next), c_next


def peephole_cell(x: Tensor, state: State, w: Weights) -> State:
    """LSTM whose gates read the cell in place of the output, through full matrices; the candidate reads the output.

        i, f, o = sigma(x + V c)
        g       = tanh(x + U h)
        c'      = f * c + i * g
        h'      = o * tanh(c')

    V is `weight_ch`, blocks i, f, o; U is `weight_hh`, n x n. All three gates read the c before the step.

    Reads: x, c (full, in place of h); candidate x, h
    Parameters: 4 n (d + n + 1)
    Source: lecture notes; the gates are those that Wikipedia prints as peephole LSTM
    """
    h, c = state
    x_i, x_f, x_g, x_o = x.chunk(4, -1)
    c_i, c_f, c_o = w.times("weight_ch", c).chunk(3, -1)
    g = torch.tanh(x_g + w.times("weight_hh", h))
    c = torch.sigmoid(x_f + c_f) * c + torch.sigmoid(x_i + c_i) * g
    return torch.sigmoid(x_o + c_o) * torch.tanh(c), c


def peephole_cell_x(x: Tensor, state: State, w: Weights) -> State:
    """The same with a candidate that reads the input alone, so that nothing reads h.

        i, f, o = sigma(x + V c)
        g       = tanh(x)
        c'      = f * c + i * g
        h'      = o * tanh(c')

    V is `weight_ch`, blocks i, f, o.

    Reads: x, c (full, in place of h); candidate x
    Parameters: 3 n (d + n + 1) + n (d + 1)
    Source: lecture notes; what Wikipedia prints as peephole LSTM
    """
    _, c = state
    x_i, x_f, x_g, x_o = x.chunk(4, -1)
    c_i, c_f, c_o = w.times("weight_ch", c).chunk(3, -1)
    c = torch.sigmoid(x_f + c_f) * c + torch.sigmoid(x_i + c_i) * torch.tanh(x_g)
    return torch.sigmoid(x_o + c_o) * torch.tanh(c), c


def fc_lstm(x: Tensor, state: State, w: Weights) -> State:
    """LSTM whose gates read input, output and cell, all through full matrices.

        i, f, o = sigma(x + U h + V c)
        g       = tanh(x + U h)
        c'      = f * c + i * g
        h'      = o * tanh(c')

    U is `weight_hh`; V is `weight_ch`, blocks i, f, o. All three gates read the c before the step.

    Reads: x, h, c (full)
    Parameters: 4 n (d + n + 1) + 3 n²
    Source: lecture notes, gates over [x, h, c]; Shi et al. 2015 call the diagonal `peephole` FC-LSTM
    """
    h, c = state
    i, f, g, o = (x + w.times("weight_hh", h)).chunk(4, -1)
    c_i, c_f, c_o = w.times("weight_ch", c).chunk(3, -1)
    c = torch.sigmoid(f + c_f) * c + torch.sigmoid(i + c_i) * torch.tanh(g)
    return torch.sigmoid(o + c_o) * torch.tanh(c), c


def normalised(values: Tensor, gain: Tensor, bias: Tensor | None = None) -> Tensor:
    """Layer normalisation over the last axis, with a gain and perhaps a bias (Ba et al. 2016)."""
    return F.layer_norm(values, gain.shape, gain, bias, eps=1e-5)


def project_layer_norm(inputs: Tensor, w: Weights) -> Tensor:
    """The first term of the layer-normalised LSTM for all time steps: LN(W x; gain_ih) + b.

    Args:
        inputs: (B, T, D) real, or (B, T) integer, as `product` takes them.
        w: the layer's parameters.

    Returns:
        (B, T, 4n)
    """
    return normalised(product(inputs, w), w["gain_ih"]) + w["bias_ih"]


def lstm_layer_norm(x: Tensor, state: State, w: Weights) -> State:
    """LSTM with layer normalisation of both products, each over all four blocks at once, and of the cell.

        i, f, o = sigma(x + LN(U h))       where x = LN(W x) + b
        g       = tanh(x + LN(U h))
        c'      = f * c + i * g
        h'      = o * tanh(LN(c'))

    U is `weight_hh`. The gains are `gain_ih`, `gain_hh` and `gain_c`; b is `bias_ih`, and LN(c') has the bias `bias_c`.
    The biases that the paper's first two LN have of their own would only add up with b.

    Reads: x, h
    Parameters: 4 n (d + n + 1) + 10 n
    Source: Ba et al. 2016, Layer normalization, eq. 20-22 of the supplement
    """
    h, c = state
    i, f, g, o = (x + normalised(w.times("weight_hh", h), w["gain_hh"])).chunk(4, -1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(normalised(c, w["gain_c"], w["bias_c"])), c


def lstm_coupled(x: Tensor, state: State, w: Weights) -> State:
    """LSTM that forgets as much as it writes: coupled input and forget gate (CIFG). Blocks: i, g, o.

        i, o = sigma(x + U h)
        g    = tanh(x + U h)
        c'   = (1 - i) * c + i * g
        h'   = o * tanh(c')

    U is `weight_hh`.

    Reads: x, h
    Parameters: 3 n (d + n + 1)
    Source: Greff et al. 2017, LSTM: a search space odyssey, variant CIFG, without peepholes
    """
    h, c = state
    i, g, o = (x + w.times("weight_hh", h)).chunk(3, -1)
    i = torch.sigmoid(i)
    c = (1 - i) * c + i * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c
