"""Rows of different lengths in one batch: what is padding, where a row ends, and each row backwards within its own end.

Padding stands at the end of each row, so what a recurrence makes of it cannot change what came before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from seqlab.recurrent.cells import State

Lengths = Tensor | Sequence[int]


@dataclass(frozen=True)
class Ragged:
    """The lengths of the rows of one batch."""

    lengths: Tensor
    """(B,) integer, on the device of the inputs: how many steps of each row are its own; 0 is allowed."""
    inside: Tensor
    """(B, T) True where a step belongs to its row, False where it is padding."""

    @classmethod
    def of(cls, lengths: Lengths | None, inputs: Tensor) -> "Ragged | None":
        """The checked lengths for inputs (B, T) or (B, T, D); None where no row is shorter than T.

        Raises:
            ValueError: not one whole number a row, or one below 0 or above T.
        """
        if lengths is None:
            return None
        n_rows, n_steps = inputs.shape[:2]
        try:
            given = torch.as_tensor(lengths)
        except (TypeError, ValueError, RuntimeError):
            raise ValueError(f"lengths are whole numbers of steps, not {lengths!r:.60}") from None
        if given.dtype.is_floating_point or given.dtype.is_complex or given.dtype == torch.bool:
            raise ValueError(f"lengths are whole numbers of steps, not {str(given.dtype).removeprefix('torch.')}")
        if given.shape != (n_rows,):
            raise ValueError(f"lengths are one number for each of the {n_rows} rows; given: {tuple(given.shape)}")
        numbers = given.tolist()
        for row, number in enumerate(numbers):
            if not 0 <= number <= n_steps:
                raise ValueError(
                    f"lengths[{row}] is {number}, and the inputs have {n_steps} steps; it is 0 to {n_steps}"
                )
        if min(numbers) == n_steps:
            return None
        given = given.to(inputs.device, torch.int64)
        return cls(given, torch.arange(n_steps, device=inputs.device) < given[:, None])

    def zeroed(self, values: Tensor) -> Tensor:
        """Values (B, T) or (B, T, n) with zeros for padding; nothing that stood there reaches anything, not even a NaN."""
        if values.is_cpu and values.dim() == 3:
            return self.zero(values.clone(memory_format=torch.contiguous_format))
        inside = self.inside if values.dim() == 2 else self.inside.unsqueeze(-1)
        return torch.where(inside, values, torch.zeros((), dtype=values.dtype, device=values.device))

    def zero(self, values: Tensor) -> Tensor:
        """The same in place for contiguous values (B, T, n), which is several times as fast on a CPU."""
        values.flatten(0, 1).index_fill_(0, self._padding, 0)
        return values

    @cached_property
    def _padding(self) -> Tensor:
        """Which of the B * T steps are padding."""
        return (~self.inside).flatten().nonzero().squeeze(1)

    @cached_property
    def backwards(self) -> Tensor:
        """(B * T,) which of all steps stands at each step once every row is turned round within its own length."""
        n_rows, n_steps = self.inside.shape
        step = torch.arange(n_steps, device=self.inside.device)
        source = torch.where(self.inside, self.lengths[:, None] - 1 - step, step)
        return (source + n_steps * torch.arange(n_rows, device=self.inside.device)[:, None]).flatten()

    def at_ends(self, states: State, initial: State) -> State:
        """The state of each row after its own last step.

        Args:
            states: after every step, each (B, T, n).
            initial: before the first step, each (B, n): the state of a row without steps.
        """
        row = torch.arange(len(self.lengths), device=self.lengths.device)
        last, empty = (self.lengths - 1).clamp(min=0), (self.lengths == 0).unsqueeze(-1)
        return tuple(torch.where(empty, before, part[row, last]) for part, before in zip(states, initial, strict=True))


def backwards(values: Tensor, rows: Ragged | None) -> Tensor:
    """Each row of values (B, T) or (B, T, n) backwards within its own length; padding stays where it is."""
    if rows is None:
        return values.flip(1)
    # As one selection of whole rows, whose gradient is one addition of whole rows.
    return values.flatten(0, 1).index_select(0, rows.backwards).view(values.shape)
