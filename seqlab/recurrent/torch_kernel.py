"""Torch's own kernels of the classical cells: oneDNN for the LSTM on a CPU, cuDNN on a GPU."""

import torch
from torch import Tensor

from seqlab.recurrent.cells import Cell, State, Weights
from seqlab.recurrent.ragged import Ragged


def missing(cell: Cell, one_hot: bool) -> str | None:
    """Why torch has no kernel for this, in a few words; None where it has one."""
    if cell.torch_kernel is None:
        return "torch has no kernel for this cell"
    return "torch's kernels take no one-hot indices" if one_hot else None


def run(cell: Cell, inputs: Tensor, state: State, weights: Weights, rows: Ragged | None = None) -> tuple[Tensor, State]:
    """One layer in one direction; the arguments and results are those of `seqlab.recurrent.scan.run`, real inputs only.

    Under autocast these kernels may keep the state, too, in half precision from step to step; what comes out is as before.
    """
    precision, device = state[0].dtype, inputs.device.type
    if device == "cuda" and precision == torch.float32 and torch.is_autocast_enabled(device):
        # Left to itself autocast gives cuDNN float16, whatever half precision was asked for.
        with torch.autocast(device, enabled=False):
            outputs, ends = _run_in(torch.get_autocast_dtype(device), cell, inputs, state, weights, rows)
    else:
        outputs, ends = _run(cell, inputs, state, weights, rows)
    return outputs.to(precision), tuple(part.to(precision) for part in ends)


def _run_in(
    dtype: torch.dtype, cell: Cell, inputs: Tensor, state: State, weights: Weights, rows: Ragged | None
) -> tuple[Tensor, State]:
    named = Weights({name: weights[name].to(dtype) for name in weights})
    return _run(cell, inputs.to(dtype), tuple(part.to(dtype) for part in state), named, rows)


def _run(cell: Cell, inputs: Tensor, state: State, weights: Weights, rows: Ragged | None) -> tuple[Tensor, State]:
    parameters = parameters_of(weights, one_stretch=inputs.is_cuda)
    initial = tuple(part.unsqueeze(0).contiguous() for part in state)
    if rows is not None and len(state) > 1:
        return _lstm_of_packed(inputs, initial, parameters, rows)
    # (input, state, parameters, has_biases, num_layers, dropout, train, bidirectional, batch_first)
    rest = (parameters, True, 1, 0.0, torch.is_grad_enabled(), False, True)
    if cell.torch_kernel == "lstm":
        outputs, h, c = torch.lstm(inputs, initial, *rest)
        return outputs, (h[0], c[0])
    kernels = {"gru": torch.gru, "rnn_tanh": torch.rnn_tanh, "rnn_relu": torch.rnn_relu}
    outputs, h = kernels[str(cell.torch_kernel)](inputs, initial[0], *rest)
    # The output is the whole state, so where a row ends its state is known from the outputs.
    return outputs, (h[0],) if rows is None else rows.at_ends((outputs,), state)


def parameters_of(weights: Weights, *, one_stretch: bool) -> tuple[Tensor, ...]:
    """Torch's four: two matrices and, where there is one bias here, two.

    Args:
        weights: the layer's parameters.
        one_stretch: copy them one behind the other, as cuDNN wants them; it warns before it copies them itself.
    """
    w_ih, w_hh, b_ih = weights["weight_ih"], weights["weight_hh"], weights["bias_ih"]
    b_hh = b_ih.new_zeros(b_ih.shape)
    if "bias_hn" in weights:
        b_hh = torch.cat((b_hh[: -len(weights["bias_hn"])], weights["bias_hn"]))
    parameters = (w_ih, w_hh, b_ih, b_hh)
    if not one_stretch:
        return parameters
    whole = torch.cat([part.flatten() for part in parameters])
    stretches = torch.split(whole, [part.numel() for part in parameters])
    return tuple(part.view(shaped.shape) for part, shaped in zip(stretches, parameters, strict=True))


def _lstm_of_packed(
    inputs: Tensor, initial: State, parameters: tuple[Tensor, ...], rows: Ragged
) -> tuple[Tensor, State]:
    """The LSTM over rows that end where they end: the cell state there is in no output."""
    lengths = rows.lengths.clamp(min=1)  # torch knows no row without steps; `at_ends` gives it its initial state
    packed = torch.nn.utils.rnn.pack_padded_sequence(inputs, lengths.cpu(), batch_first=True, enforce_sorted=False)
    data, sizes, order, back = packed
    assert order is not None
    assert back is not None
    before = tuple(part.index_select(1, order) for part in initial)
    # (data, batch_sizes, state, parameters, has_biases, num_layers, dropout, train, bidirectional)
    written, h, c = torch.lstm(data, sizes, before, parameters, True, 1, 0.0, torch.is_grad_enabled(), False)
    outputs, _ = torch.nn.utils.rnn.pad_packed_sequence(
        torch.nn.utils.rnn.PackedSequence(written, sizes, order, back), batch_first=True, total_length=inputs.shape[1]
    )
    empty = (rows.lengths == 0).unsqueeze(-1)
    ends = (torch.where(empty, old[0], new[0].index_select(0, back)) for old, new in zip(initial, (h, c), strict=True))
    return outputs, tuple(ends)
