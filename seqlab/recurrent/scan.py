"""Runs a cell over time: by the reference loop, or by a kernel of torch that computes the same."""

import torch
from torch import Tensor
from torch.nn import functional as F

from seqlab.recurrent.cells import Cell, State, Weights


def project(inputs: Tensor, weights: Weights) -> Tensor:
    """The inputs of all time steps times `weight_ih`, plus `bias_ih`, as one product.

    Args:
        inputs: (B, T, D) real, or (B, T) integer: one-hot rows, given by the index of their one. Those are looked up,
            never spelled out.
        weights: the layer's parameters.

    Returns:
        (B, T, gates * H)
    """
    if inputs.is_floating_point():
        return F.linear(inputs, weights["weight_ih"], weights["bias_ih"])
    return F.embedding(inputs, weights["weight_ih"].T) + weights["bias_ih"]


def reference(cell: Cell, inputs: Tensor, state: State, weights: Weights) -> tuple[Tensor, State]:
    """The equations, a step at a time. Any dtype and device; derivatives of any order.

    Args:
        cell: the row of `CELLS`.
        inputs: as `project` takes them.
        state: the state before the first step, each (B, H).
        weights: the layer's parameters.

    Returns:
        outputs (B, T, H) and the state after the last step.
    """
    outputs = []
    for x in project(inputs, weights).unbind(1):
        state = cell.step(x, state, weights)
        outputs.append(state[0])
    return torch.stack(outputs, 1), state


def torch_kernel(cell: Cell, inputs: Tensor, state: State, weights: Weights) -> tuple[Tensor, State]:
    """The same through torch's own kernel (oneDNN for the LSTM on a CPU, cuDNN on a GPU); real inputs only."""
    w_ih, w_hh, b_ih = weights["weight_ih"], weights["weight_hh"], weights["bias_ih"]
    b_hh = b_ih.new_zeros(b_ih.shape)
    if "bias_hn" in weights:
        b_hh = torch.cat((b_hh[: -len(weights["bias_hn"])], weights["bias_hn"]))
    parameters = (w_ih, w_hh, b_ih, b_hh)
    initial = tuple(part.unsqueeze(0).contiguous() for part in state)
    # (input, state, parameters, has_biases, num_layers, dropout, train, bidirectional, batch_first)
    rest = (parameters, True, 1, 0.0, torch.is_grad_enabled(), False, True)
    if cell.torch_kernel == "lstm":
        outputs, h, c = torch.lstm(inputs, initial, *rest)
        return outputs, (h[0], c[0])
    kernels = {"gru": torch.gru, "rnn_tanh": torch.rnn_tanh, "rnn_relu": torch.rnn_relu}
    outputs, h = kernels[str(cell.torch_kernel)](inputs, initial[0], *rest)
    return outputs, (h[0],)
