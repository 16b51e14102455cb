"""The convolutional classifier: what is known of each token in, scores of the classes of each row out."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import Parameter
from torch.nn import functional as F

from seqlab.errors import ConfigError
from seqlab.models.token_vectors import TokenVectors
from seqlab.recurrent.ragged import Ragged


class TextCnn(nn.Module):
    """Learned vectors, convolutions of several widths, the highest value of each over a row, and a linear layer.

    Source: Kim 2014, "Convolutional Neural Networks for Sentence Classification", equations 2 to 5.

    Args:
        tables: size and width of each table of learned vectors; id 0 is padding and has the vector 0.
        columns: (C,) which table each column of ids reads.
        n_classes: K, how many classes.
        widths: how many tokens the convolutions read at a time. A row that is shorter goes on with vectors of zeros.
        channels: how many convolutions of each width there are.
        dropout: share of the highest values that is zeroed in training.
        embedding_dropout: share of the dimensions of the learned vectors that is zeroed in training, over a whole row.

    Attributes:
        tables: the learned vectors, `tables[i].weight` (size, width).
        convolutions: one for each width, `convolutions[i].weight` (channels, E, width).

    Raises:
        ConfigError: a size or share that cannot be, no width, or the same one twice.
    """

    def __init__(
        self,
        tables: Sequence[tuple[int, int]],
        columns: Sequence[int],
        n_classes: int,
        *,
        widths: Sequence[int] = (2, 3, 4),
        channels: int = 128,
        dropout: float = 0.0,
        embedding_dropout: float = 0.0,
    ):
        super().__init__()
        if not widths or min(widths) < 1 or len({*widths}) < len(widths):
            raise ConfigError(f"widths {[*widths]}: at least one, each at least 1 and there once")
        if min(n_classes, channels) < 1:
            raise ConfigError(f"{n_classes} classes, {channels} channels: at least 1 of each")
        if not 0.0 <= dropout < 1.0:
            raise ConfigError(f"dropout: is a share from 0 to below 1, not {dropout}")
        self.tables = TokenVectors(tables, columns, embedding_dropout)
        self.convolutions = nn.ModuleList(nn.Conv1d(self.tables.width, channels, width) for width in widths)
        self.output = nn.Linear(channels * len(widths), n_classes)
        self.widths, self.channels, self.n_classes, self.dropout = tuple(widths), channels, n_classes, dropout
        self._reset_parameters()

    @torch.no_grad()
    def _reset_parameters(self) -> None:
        self.tables.reset_parameters()
        nn.init.xavier_uniform_(self.output.weight)
        nn.init.zeros_(self.output.bias)

    def groups(self) -> list[tuple[str, list[Parameter]]]:
        """The parameters from the bottom up, each once: "embedding", "convolutions", "head"."""
        parts = (("embedding", self.tables), ("convolutions", self.convolutions), ("head", self.output))
        return [(name, [*part.parameters()]) for name, part in parts]

    def forward(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """Scores of the classes of each row.

        Args:
            ids: (B, T, C) integer, of what each column's table has.
            lengths: (B,) integer, 0 to T: the tokens of each row, the rest of which is padding, any ids.

        Returns:
            logits (B, K) in float32 or wider, unnormalised; those of a row without tokens are the output's bias.
        """
        return self.from_vectors(self.embed(ids), lengths)

    def embed(self, ids: Tensor) -> Tensor:
        """The vectors (B, T, E) of ids (B, T, C), which `from_vectors` goes on from; in training with embedding dropout."""
        vectors: Tensor = self.tables(ids)
        return vectors

    def from_vectors(self, vectors: Tensor, lengths: Tensor) -> Tensor:
        """The logits (B, K) of vectors (B, T, E) and lengths (B,) as for `forward`."""
        rows = Ragged.of(lengths, vectors)
        own = vectors if rows is None else rows.zeroed(vectors)
        missing = max(self.widths) - own.shape[1]
        read = F.pad(own, (0, 0, 0, missing)) if missing > 0 else own
        known = lengths.to(vectors.device)[:, None]
        highest = []
        for width, convolution in zip(self.widths, self.convolutions, strict=True):
            values = convolution(read.transpose(1, 2))  # (B, channels, places)
            at = torch.arange(values.shape[2], device=values.device)
            # A row's places are those whose tokens are all its own; of a shorter one its first, of an empty one none.
            beyond = (at > (known - width).clamp(min=0)) | (known == 0)
            lowest = torch.finfo(values.dtype).min
            highest.append(values.masked_fill(beyond[:, None], lowest).max(2).values)
        pooled = F.relu(torch.cat(highest, 1))  # of the highest value it is the highest of the values' ReLU
        logits: Tensor = self.output(F.dropout(pooled, self.dropout, self.training))
        return logits.float() if logits.dtype in (torch.bfloat16, torch.float16) else logits
