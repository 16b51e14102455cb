"""Tables of learned vectors, and what is known of each token read from them side by side."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from seqlab.errors import ConfigError
from seqlab.recurrent.dropout import locked


class TokenVectors(nn.ModuleList):
    """One vector for each token: the learned vectors of its features, one behind the other.

    Args:
        tables: size and width of each table of learned vectors; id 0 is padding and has the vector 0.
        columns: (C,) which table each column of ids reads.
        dropout: share of the dimensions of the vectors that is zeroed in training, over a whole row (variational dropout,
            Gal & Ghahramani 2016).

    Attributes:
        width: E, of the vectors.

    Raises:
        ConfigError: a share outside [0, 1), no column, or a column that reads no table.
    """

    def __init__(self, tables: Sequence[tuple[int, int]], columns: Sequence[int], dropout: float = 0.0):
        made: Any = (nn.Embedding(size, width, padding_idx=0) for size, width in tables)
        super().__init__(made)
        if not 0.0 <= dropout < 1.0:
            raise ConfigError(f"embedding_dropout: is a share from 0 to below 1, not {dropout}")
        if not columns or not all(0 <= column < len(tables) for column in columns):
            raise ConfigError(f"columns: each reads one of {len(tables)} tables, and there is one; not {[*columns]}")
        self.columns, self.dropout = tuple(columns), dropout
        self.width = sum(tables[column][1] for column in columns)

    def __iter__(self) -> Iterator[Any]:
        return super().__iter__()

    def __getitem__(self, place: Any) -> Any:
        return super().__getitem__(place)

    @torch.no_grad()
    def reset_parameters(self) -> None:
        """First vectors: normal, of length 1 on the average, and 0 for padding."""
        for table in self:
            nn.init.normal_(table.weight, std=table.embedding_dim**-0.5)
            table.weight[0] = 0.0

    def forward(self, ids: Tensor) -> Tensor:
        """The vectors (B, T, E) of ids (B, T, C) integer, of what each column's table has; in training with dropout.

        Raises:
            ValueError: not C columns.
        """
        if ids.dim() != 3 or ids.shape[2] != len(self.columns):
            raise ValueError(f"ids are (rows, steps, {len(self.columns)} columns), not {tuple(ids.shape)}")
        vectors = torch.cat([self[table](ids[:, :, place]) for place, table in enumerate(self.columns)], -1)
        return locked(vectors, self.dropout, self.training)
