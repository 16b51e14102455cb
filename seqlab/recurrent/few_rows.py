"""Products of a few rows with a weight matrix, as a single step of generation or of beam search takes them.

Such a product is over as soon as the weights have been read once. A routine for general matrices packs them first, which
takes longer than the product itself.
"""

import torch
from torch import Tensor

from seqlab.recurrent import cells, fused
from seqlab.recurrent.cells import Cell, Weights

FEW = 16
"""Rows up to which the weights are taken as the left factor, which is not packed."""


def times(rows: Tensor, weight: Tensor) -> Tensor:
    """Rows (B, N) times the transpose of a weight (M, N): (B, M)."""
    if not rows.is_cpu or len(rows) > FEW or torch.is_autocast_enabled("cpu"):
        return rows @ weight.T
    if len(rows) == 1 and not torch.is_grad_enabled() and rows.dtype == weight.dtype and fused.takes(rows) is None:
        return _one_row(rows, weight)
    return (weight @ rows.T).T


def _one_row(row: Tensor, weight: Tensor) -> Tensor:
    from seqlab.recurrent.kernels.product import matrix_times_vector

    result = row.new_empty(1, len(weight))
    matrix_times_vector(weight.detach().numpy(), row[0].numpy(), result[0].numpy())
    return result


class FewRows(Weights):
    """A layer's parameters, for one step of a few rows; nothing is dropped."""

    def times(self, name: str, state: Tensor, rows: slice = slice(None)) -> Tensor:
        """As `Weights.times`."""
        return times(state, self[name][rows])


def project(cell: Cell, inputs: Tensor, weights: Weights) -> Tensor:
    """The cell's projection of the inputs of one step, (B, D) or integer (B,): (B, gates * n)."""
    if cell.project is cells.project and inputs.is_floating_point():
        return times(inputs, weights["weight_ih"]) + weights["bias_ih"]
    return cell.project(inputs.unsqueeze(1), weights)[:, 0]
