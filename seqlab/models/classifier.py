"""The recurrent classifier: what is known of each token in, scores of the classes of each row out."""

from collections.abc import Sequence
from typing import Literal, Unpack, get_args

import torch
from torch import Tensor, nn
from torch.nn import Parameter
from torch.nn import functional as F

from seqlab.errors import ConfigError, unknown
from seqlab.models.token_vectors import TokenVectors
from seqlab.recurrent.options import RecurrenceOptions
from seqlab.recurrent.ragged import Ragged
from seqlab.recurrent.stack import Recurrent

Pooling = Literal["last", "mean", "max", "attention"]


class RecurrentClassifier(nn.Module):
    """Learned vectors of each token's features, stacked recurrence, one vector a row by pooling, and a linear layer.

    Args:
        tables: size and width of each table of learned vectors; id 0 is padding and has the vector 0.
        columns: (C,) which table each column of ids reads.
        n_classes: K, how many classes.
        pooling: how the last layer's outputs at a row's own tokens become one vector. "last": the output at the row's own
            end, in the second direction that at its first token; "mean" and "max" over the tokens (as max in Collobert et
            al. 2011); "attention": a mean with learned weights, see `Attention`. A row without tokens gives zeros.
        classifier_hidden: width of a ReLU layer before the output; 0 for none.
        cell, hidden, layers, bidirectional: of the recurrence, see `seqlab.recurrent.Recurrent`.
        dropout: share that is zeroed in training of each layer's outputs, of the pooled vector and of the ReLU layer.
        embedding_dropout: share of the dimensions of the learned vectors that is zeroed in training, over a whole row.
        recurrence: further options of the recurrence.

    Attributes:
        tables: the learned vectors, `tables[i].weight` (size, width).

    Raises:
        ConfigError: a size, name or combination that cannot be.
    """

    def __init__(
        self,
        tables: Sequence[tuple[int, int]],
        columns: Sequence[int],
        n_classes: int,
        *,
        pooling: Pooling = "max",
        classifier_hidden: int = 0,
        cell: str = "lstm",
        hidden: int = 256,
        layers: int = 1,
        bidirectional: bool = True,
        dropout: float = 0.0,
        embedding_dropout: float = 0.0,
        **recurrence: Unpack[RecurrenceOptions],
    ):
        super().__init__()
        if pooling not in get_args(Pooling):
            raise ConfigError(unknown("pooling", pooling, get_args(Pooling)))
        if n_classes < 1 or classifier_hidden < 0:
            raise ConfigError(f"{n_classes} classes, classifier_hidden {classifier_hidden}: at least 1, and at least 0")
        self.tables = TokenVectors(tables, columns, embedding_dropout)
        read = self.tables.width
        self.recurrent = Recurrent(cell, read, hidden, layers, bidirectional, dropout, **recurrence)
        width = self.recurrent.directions * hidden
        self.attend = Attention(width) if pooling == "attention" else None
        self.inner = nn.Linear(width, classifier_hidden) if classifier_hidden else None
        self.output = nn.Linear(classifier_hidden or width, n_classes)
        self.pooling, self.n_classes, self.dropout = pooling, n_classes, dropout
        self._reset_parameters()

    @torch.no_grad()
    def _reset_parameters(self) -> None:
        self.tables.reset_parameters()
        for linear in (self.inner, self.output):
            if linear is not None:
                nn.init.xavier_uniform_(linear.weight)
                nn.init.zeros_(linear.bias)

    @property
    def attends(self) -> bool:
        """Whether it pools by weights of tokens, so that `attention` tells them."""
        return self.attend is not None

    def runs_on(self, *, training: bool | None = None) -> list[str]:
        """What runs each layer on rows of different lengths, in the words and with the argument of `Recurrent.runs_on`."""
        ragged = self.training if training is None else training
        layers = range(self.recurrent.num_layers)
        return [self.recurrent.runs_on(layer, training=training, ragged=ragged) for layer in layers]

    def groups(self) -> list[tuple[str, list[Parameter]]]:
        """The parameters from the bottom up, each once: "embedding", "recurrent 0", "recurrent 1", ..., "head".

        They are for rates that differ by layer and for gradual unfreezing (Howard & Ruder 2018, sections 3.2 and 3.3).
        """
        layers: list[list[Parameter]] = [[] for _ in range(self.recurrent.num_layers)]
        for name, parameter in self.recurrent.named_parameters():
            layers[int(name.removesuffix("_reverse").rpartition("_l")[2])].append(parameter)
        head = [module for module in (self.attend, self.inner, self.output) if module is not None]
        return [
            ("embedding", [*self.tables.parameters()]),
            *((f"recurrent {layer}", parameters) for layer, parameters in enumerate(layers)),
            ("head", [parameter for module in head for parameter in module.parameters()]),
        ]

    def forward(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """Scores of the classes of each row.

        Args:
            ids: (B, T, C) integer, of what each column's table has.
            lengths: (B,) integer, 0 to T: the tokens of each row, the rest of which is padding, any ids.

        Returns:
            logits (B, K) in float32 or wider, unnormalised.
        """
        return self.from_vectors(self.embed(ids), lengths)

    def embed(self, ids: Tensor) -> Tensor:
        """The vectors (B, T, E) of ids (B, T, C), which `from_vectors` goes on from; in training with embedding dropout."""
        vectors: Tensor = self.tables(ids)
        return vectors

    def from_vectors(self, vectors: Tensor, lengths: Tensor) -> Tensor:
        """The logits (B, K) of vectors (B, T, E) and lengths (B,) as for `forward`."""
        hidden, rows = self._hidden(vectors, lengths)
        pooled = F.dropout(self._pooled(hidden, rows), self.dropout, self.training)
        if self.inner is not None:
            pooled = F.dropout(F.relu(self.inner(pooled)), self.dropout, self.training)
        logits: Tensor = self.output(pooled)
        return logits.float() if logits.dtype in (torch.bfloat16, torch.float16) else logits

    def attention(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """What each token counts for in its row's mean: (B, T), at least 0, 1 in all over a row's own tokens, 0 in padding.

        Raises:
            ConfigError: the pooling is another one.
        """
        if self.attend is None:
            raise ConfigError(f"attention: this network pools by '{self.pooling}' and has no weights of tokens")
        weights: Tensor = self.attend(*self._hidden(self.embed(ids), lengths))
        return weights

    def _hidden(self, vectors: Tensor, lengths: Tensor) -> tuple[Tensor, Ragged | None]:
        """The last layer's outputs (B, T, W), zero in padding, and the lengths where rows are of different ones."""
        if not vectors.shape[1]:
            return vectors.new_zeros(len(vectors), 0, self.recurrent.directions * self.recurrent.hidden_size), None
        return self.recurrent.outputs(vectors, lengths), Ragged.of(lengths, vectors)

    def _pooled(self, hidden: Tensor, rows: Ragged | None) -> Tensor:
        """One vector (B, W) a row of outputs (B, T, W)."""
        if not hidden.shape[1]:
            return hidden.sum(1)
        if self.attend is not None:
            return torch.einsum("bt,btw->bw", self.attend(hidden, rows), hidden)
        if self.pooling == "mean":
            return hidden.mean(1) if rows is None else hidden.sum(1) / rows.lengths.clamp(min=1)[:, None].to(hidden)
        if self.pooling == "max":
            return _highest(hidden, rows)
        return self._at_ends(hidden, rows)

    def _at_ends(self, hidden: Tensor, rows: Ragged | None) -> Tensor:
        """The outputs where each direction has read the whole row; zeros of a row without tokens, whose steps are zero."""
        if rows is None:
            last = hidden[:, -1]
        else:
            last = hidden[torch.arange(len(hidden), device=hidden.device), (rows.lengths - 1).clamp(min=0)]
        if not self.recurrent.bidirectional:
            return last
        n = self.recurrent.hidden_size
        return torch.cat((last[:, :n], hidden[:, 0, n:]), -1)


class Attention(nn.Module):
    """Additive self-attention with one learned query over a row's own tokens.

    Source: Yang et al. 2016, "Hierarchical Attention Networks for Document Classification", equations 5 to 7.

    Args:
        width: W, of the outputs it reads; also of the layer inside.
    """

    def __init__(self, width: int):
        super().__init__()
        self.inner = nn.Linear(width, width)
        self.query = Parameter(torch.empty(width))
        nn.init.xavier_uniform_(self.inner.weight)
        nn.init.zeros_(self.inner.bias)
        nn.init.normal_(self.query, std=width**-0.5)

    def forward(self, hidden: Tensor, rows: Ragged | None) -> Tensor:
        """The weights (B, T) of outputs (B, T, W); all zero in padding, and so in a row without tokens."""
        scores: Tensor = torch.tanh(self.inner(hidden)) @ self.query  # eq. 5, and the product inside eq. 6
        if rows is None:
            return scores.softmax(1)
        # The lowest number and not minus infinity, from which a row without tokens would get NaN.
        scores = scores.masked_fill(~rows.inside, torch.finfo(scores.dtype).min)
        return rows.zeroed(scores.softmax(1))


def _highest(hidden: Tensor, rows: Ragged | None) -> Tensor:
    """The highest value (B, W) of each unit over a row's own steps of (B, T, W); zeros of a row without steps."""
    if rows is None:
        return hidden.amax(1)
    hidden = hidden.masked_fill(~rows.inside[..., None], torch.finfo(hidden.dtype).min)
    return hidden.amax(1).masked_fill((rows.lengths == 0)[:, None], 0.0)
