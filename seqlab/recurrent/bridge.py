"""Weights to and from `torch.nn.RNN`, `LSTM` and `GRU`.

Torch keeps two biases a gate, which are added up, and one is kept here; but in a GRU the candidate's second bias stands
inside the product with the reset gate, and is `bias_hn` here. Names, shapes and the order of the gates are the same.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from seqlab.errors import ConfigError
from seqlab.recurrent.cells import CELLS, Cell


def kernel_of(module: nn.Module) -> str:
    """Which kernel of torch a module of `torch.nn` runs.

    Raises:
        ConfigError: it is none of the three, or an LSTM whose output is projected.
    """
    if isinstance(module, nn.LSTM):
        if module.proj_size:
            raise ConfigError(f"proj_size {module.proj_size}: no cell here projects its output; use proj_size=0")
        return "lstm"
    if isinstance(module, nn.GRU):
        return "gru"
    if isinstance(module, nn.RNN):
        return f"rnn_{module.nonlinearity}"
    raise ConfigError(f"weights come from torch.nn.RNN, LSTM or GRU, not from {type(module).__name__}")


def options(module: nn.Module) -> dict[str, Any]:
    """The arguments with which `Recurrent` is the same network.

    Raises:
        ConfigError: an LSTM whose output is projected, or another kind of module.
    """
    kernel = kernel_of(module)
    assert isinstance(module, nn.RNNBase)
    names = ("input_size", "hidden_size", "num_layers", "bidirectional", "dropout")
    cell = next(name for name, row in CELLS.items() if row.torch_kernel == kernel)
    return {"cell": cell} | {name: getattr(module, name) for name in names}


def module(name: str, cell: Cell, sizes: tuple[int, int, int], bidirectional: bool, dropout: float) -> nn.RNNBase:
    """A module of `torch.nn` of these sizes (inputs, units, layers), its weights yet to be loaded.

    Raises:
        ConfigError: torch has no such cell.
    """
    if cell.torch_kernel is None:
        raise ConfigError(f"torch.nn has no {name}; it has elman, elman-relu, lstm and gru")
    between = dropout if sizes[2] > 1 else 0.0  # torch warns of dropout between layers where there is one layer
    options: dict[str, Any] = {"batch_first": True, "bidirectional": bidirectional, "dropout": between}
    if cell.torch_kernel in ("lstm", "gru"):
        return (nn.LSTM if cell.torch_kernel == "lstm" else nn.GRU)(*sizes, **options)
    return nn.RNN(*sizes, nonlinearity=cell.torch_kernel.removeprefix("rnn_"), **options)


def suffixes(num_layers: int, bidirectional: bool) -> list[str]:
    """What follows the name of a parameter: its layer's number, and `_reverse` in the second direction."""
    return [f"_l{layer}{way}" for layer in range(num_layers) for way in ("", "_reverse")[: 1 + bidirectional]]


def ours(module: nn.RNNBase) -> dict[str, Tensor]:
    """Torch's weights under the names and in the shapes of `Recurrent`."""
    theirs, n, found = module.state_dict(), module.hidden_size, dict[str, Tensor]()
    for suffix in suffixes(module.num_layers, module.bidirectional):
        found |= {name + suffix: theirs[name + suffix] for name in ("weight_ih", "weight_hh")}
        weight = found["weight_ih" + suffix]
        zero = weight.new_zeros(len(weight))  # with bias=False torch has no biases
        first, second = (theirs.get(name + suffix, zero) for name in ("bias_ih", "bias_hh"))
        if isinstance(module, nn.GRU):
            found["bias_hn" + suffix] = second[-n:]
            second = torch.cat((second[:-n], zero[-n:]))
        found["bias_ih" + suffix] = first + second
    return found


def theirs(weights: Mapping[str, Tensor], num_layers: int, bidirectional: bool) -> dict[str, Tensor]:
    """The weights of `Recurrent` under torch's names and in torch's shapes; the second biases are zero if they can be."""
    found = {name: weights[name] for name in weights if name.startswith(("weight_ih", "weight_hh", "bias_ih"))}
    for suffix in suffixes(num_layers, bidirectional):
        second = torch.zeros_like(weights["bias_ih" + suffix])
        inner = weights.get("bias_hn" + suffix)
        if inner is not None:
            second[-len(inner) :] = inner
        found["bias_hh" + suffix] = second
    return found
