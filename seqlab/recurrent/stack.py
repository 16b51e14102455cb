"""Layers of recurrence, one above the other, with dropout between them."""

from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seqlab.errors import ConfigError, unknown
from seqlab.recurrent.cells import CELLS, State, Weights
from seqlab.recurrent.scan import reference, torch_kernel

Backend = Literal["auto", "torch", "reference"]
BACKENDS: tuple[Backend, ...] = get_args(Backend)
Carried = Tensor | State


class Recurrent(nn.Module):
    """Stacked recurrence of any cell; takes and returns what `torch.nn.LSTM(batch_first=True)` takes and returns.

    Parameters are named as in `torch.nn` (`weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0`), the gates in torch's order;
    there is one bias a gate where torch keeps two, so `bias_ih` here is the sum of torch's two.

    Args:
        cell: a name in `CELLS`.
        input_size: D, width of the inputs; with integer inputs the number of types of which one is on.
        hidden_size: H, units of each layer.
        num_layers: L.
        dropout: share of the outputs of each layer but the last that is zeroed in training, the rest scaled up.
        backend: "torch" runs torch's own kernels, "reference" the loop over the equations, "auto" torch's where the
            cell has one and the inputs are real.

    Raises:
        ConfigError: an unknown cell or backend, or a size below one.
    """

    def __init__(
        self,
        cell: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        *,
        dropout: float = 0.0,
        backend: Backend = "auto",
    ):
        super().__init__()
        if cell not in CELLS:
            raise ConfigError(unknown("cell", cell, CELLS))
        if backend not in BACKENDS:
            raise ConfigError(unknown("backend", backend, BACKENDS))
        if min(input_size, hidden_size, num_layers) < 1:
            raise ConfigError(
                f"input_size {input_size}, hidden_size {hidden_size}, num_layers {num_layers}: each is at least 1"
            )
        self.cell, self.row = cell, CELLS[cell]
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.dropout, self.backend = dropout, backend
        for layer in range(num_layers):
            width = input_size if layer == 0 else hidden_size
            for name, shape in self.row.parameter_shapes(width, hidden_size).items():
                self.register_parameter(f"{name}_l{layer}", nn.Parameter(torch.empty(shape)))
        self._names = tuple(self.row.parameter_shapes(1, 1))
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self) -> None:
        """First weights: input weights by Glorot & Bengio 2010, recurrent ones orthogonal gate by gate, biases zero
        but for the forget gate's, which is 1."""
        n = self.hidden_size
        for layer in range(self.num_layers):
            for name, weight in self.weights(layer).items():
                blocks = torch.split(weight, n)
                for gate, block in enumerate(blocks):
                    if name == "weight_ih":
                        nn.init.xavier_uniform_(block)
                    elif name == "weight_hh":
                        nn.init.orthogonal_(block)
                    else:
                        block.fill_(float(name == "bias_ih" and gate == self.row.forget_gate))

    def weights(self, layer: int) -> Weights:
        """The parameters of one layer by their names without the layer's number."""
        return {name: self.get_parameter(f"{name}_l{layer}") for name in self._names}

    def runs_on(self, layer: int, *, one_hot: bool = False) -> str:
        """What runs a layer: "torch kernel" or "reference loop"."""
        torch_can = self.row.torch_kernel is not None and not (one_hot and layer == 0)
        return "torch kernel" if torch_can and self.backend != "reference" else "reference loop"

    def forward(self, inputs: Tensor, state: Carried | None = None) -> tuple[Tensor, Carried]:
        """Run all layers over all time steps.

        Args:
            inputs: (B, T, D) real, or (B, T) integer, which stands for one-hot rows of width D.
            state: what an earlier call returned: (L, B, H), or a tuple of these for a cell of several states; zeros
                where none is given.

        Returns:
            the last layer's outputs (B, T, H), and the state after the last step in the form of `state`.
        """
        before = self._unpack(state, inputs)
        after: list[State] = []
        outputs = inputs
        for layer in range(self.num_layers):
            if layer and self.dropout:
                outputs = F.dropout(outputs, self.dropout, self.training)
            one_hot = not outputs.is_floating_point()
            run = torch_kernel if self.runs_on(layer, one_hot=one_hot) == "torch kernel" else reference
            own = tuple(part[layer] for part in before)
            outputs, own = run(self.row, outputs, own, self.weights(layer))
            after.append(own)
        stacked = tuple(torch.stack(parts) for parts in zip(*after, strict=True))
        return outputs, stacked if len(stacked) > 1 else stacked[0]

    def _unpack(self, state: Carried | None, inputs: Tensor) -> State:
        shape = (self.num_layers, len(inputs), self.hidden_size)
        if state is None:
            zeros = self.get_parameter("weight_hh_l0").new_zeros(shape)
            return (zeros,) * len(self.row.states)
        parts = state if isinstance(state, tuple) else (state,)
        if len(parts) != len(self.row.states) or any(part.shape != shape for part in parts):
            found = ", ".join(str(tuple(part.shape)) for part in parts)
            raise ValueError(
                f"the state of {self.cell} is {' and '.join(self.row.states)}, each {shape}; given: {found}"
            )
        return parts

    def extra_repr(self) -> str:
        """The arguments, for `print(module)`."""
        return (
            f"{self.cell}, {self.input_size}, {self.hidden_size}, num_layers={self.num_layers}, dropout={self.dropout}"
        )
