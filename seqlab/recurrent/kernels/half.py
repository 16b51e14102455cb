"""The products over all time steps in half precision: factors in bfloat16, by torch's own routines, results in float32.

Where the processor has tile instructions for bfloat16 these routines use them. The recurrent product of each step is the
kernels' own: `seqlab.recurrent.kernels.product.pack` takes a matrix of bfloat16 too.
"""

from collections.abc import Sequence

import numpy as np
import torch

from seqlab.recurrent.kernels.kernel import Array
from seqlab.recurrent.kernels.product import Factor


def bits(matrix: Array) -> Array:
    """The bits of the nearest bfloat16 numbers, as uint16."""
    return torch.from_numpy(matrix).bfloat16().view(torch.uint16).numpy()


def product(a: Array, b: Array, start: Array | None = None) -> Array:
    """A (rows, N) times B (N, M), plus `start` (M,) in every row: (rows, M)."""
    c = torch.from_numpy(a).bfloat16() @ torch.from_numpy(b).bfloat16()
    return (c.float() if start is None else c + torch.from_numpy(start)).numpy()


def gradients(d: Array, factors: Sequence[Factor]) -> tuple[list[Array], Array]:
    """As `seqlab.recurrent.kernels.product.gradients`."""
    across, found = torch.from_numpy(d).bfloat16().T, []
    for a, columns in factors:
        read = torch.from_numpy(a).bfloat16()
        found.append(torch.cat([(across[part] @ read).float() for part in columns]).numpy())
    return found, d.sum(0, dtype=np.float32)
