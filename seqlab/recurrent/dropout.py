"""What chance zeroes or holds back in training: values, whole units of a row, weights, and steps of the state.

Every rate is the share that is lost; what is kept is scaled up by 1 / (1 - rate), so that nothing changes in use.
Zoneout alone scales nothing: in use it takes the expected value of what it does in training.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import torch
from torch import Tensor
from torch.nn import functional as F

from seqlab.errors import ConfigError, unknown
from seqlab.recurrent.cells import Cell, State, Weights


def mask(like: Tensor, rate: float) -> Tensor:
    """As `like`: 0 with the probability `rate`, else 1 / (1 - rate)."""
    return F.dropout(torch.ones_like(like, requires_grad=False), rate)


def locked(values: Tensor, rate: float, training: bool) -> Tensor:
    """Values (B, T, n) with the same units of a row zeroed at all of its steps, in training.

    Source: variational dropout, Gal & Ghahramani 2016 (arXiv 1512.05287), figure 1 (b).
    """
    if not training or not rate:
        return values
    return values * mask(values[:, :1], rate)


def matrices(cell: Cell) -> tuple[str, ...]:
    """The names of the recurrent matrices, without the vectors beside them."""
    return tuple(name for name, blocks in cell.recurrent.items() if len(blocks) == 2)


def drop_weights(weights: Mapping[str, Tensor], names: tuple[str, ...], rate: float) -> dict[str, Tensor]:
    """The parameters, those of `names` with entries zeroed at random. The gradient of the others reaches the weight.

    Source: DropConnect on the recurrent matrices, Merity et al. 2018 (arXiv 1708.02182), section 2.
    """
    return {name: F.dropout(weight, rate) if name in names else weight for name, weight in weights.items()}


@dataclass(frozen=True)
class Zoneout:
    """A unit keeps its state over a step with the probability of its rate; in use the mean of both is taken.

    Source: Krueger et al. 2017 (arXiv 1606.01305), equations 4 and 5.
    """

    rates: tuple[float, ...]
    """One for each state of the cell."""
    training: bool
    """True: chance decides; False: the expected value."""

    def __call__(self, before: State, after: State) -> State:
        """The states, each (B, n), that stand after a step that would lead from `before` to `after`."""
        return tuple(
            self._one(old, new, rate) if rate else new for old, new, rate in zip(before, after, self.rates, strict=True)
        )

    def _one(self, old: Tensor, new: Tensor, rate: float) -> Tensor:
        if not self.training:
            return torch.lerp(new, old, rate)
        return torch.where(torch.rand_like(new) < rate, old, new)


def zoneout_rates(name: str, cell: Cell, zoneout: float | Mapping[str, float]) -> tuple[float, ...]:
    """The rate of each state of a cell, from one rate for all or from rates by the states' names (0 where not named).

    Raises:
        ConfigError: a name that is no state of the cell.
    """
    if not isinstance(zoneout, Mapping):
        return (zoneout,) * len(cell.states)
    for state in zoneout:
        if state not in cell.states:
            raise ConfigError(f"zoneout: {unknown(f'state of {name}', state, cell.states)}")
    return tuple(zoneout.get(state, 0.0) for state in cell.states)


@dataclass(frozen=True)
class Rates:
    """The shares that a stack of layers loses in training; each stands in [0, 1)."""

    dropout: float
    """Of the outputs of each layer but the last."""
    input_dropout: float
    """Of the units that each layer reads, locked."""
    recurrent_dropout: float
    """Of the units of the state that each recurrent matrix reads, locked."""
    output_dropout: float
    """Of the units of the last layer's outputs, locked."""
    weight_drop: float
    """Of the entries of the recurrent matrices."""
    zoneout: tuple[float, ...]
    """Of the steps of each state; it also acts in use, by its expected value."""

    def __post_init__(self) -> None:
        for field in fields(self):
            rate = getattr(self, field.name)
            for share in rate if isinstance(rate, tuple) else (rate,):
                if not 0.0 <= share < 1.0:
                    raise ConfigError(f"{field.name}: is a share from 0 to below 1, not {share}")

    def inside(self, training: bool) -> str:
        """What happens inside the recurrence that only the loop over the equations knows; empty for nothing."""
        if any(self.zoneout):
            return "zoneout"
        return "recurrent dropout" if training and self.recurrent_dropout else ""

    def drawn(self, cell: Cell, weights: dict[str, Tensor], n_rows: int) -> Weights:
        """One layer's parameters with what is dropped in one call in training."""
        if self.weight_drop:
            weights = drop_weights(weights, matrices(cell), self.weight_drop)
        if not self.recurrent_dropout:
            return Weights(weights)
        n = len(weights["bias_ih"]) // cell.gates
        return Weights(weights, mask(weights["bias_ih"].new_empty(n_rows, n), self.recurrent_dropout))
