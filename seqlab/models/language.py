"""The recurrent language model: tokens in, scores of the next token out."""

from contextlib import AbstractContextManager, nullcontext
from typing import Literal, Unpack

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seqlab.errors import ConfigError
from seqlab.precision import Precision
from seqlab.recurrent.options import RecurrenceOptions
from seqlab.recurrent.stack import Carried, Recurrent


class RecurrentLanguageModel(nn.Module):
    """Embedding or one-hot input, stacked recurrence, and one linear layer to the vocabulary (Mikolov et al. 2010).

    Args:
        n_types: V, size of the vocabulary.
        cell, hidden, layers: of the recurrence, see `seqlab.recurrent.Recurrent`.
        input: "embedding" (learned vectors) or "one-hot" (the index selects a column of the first layer's weights).
        embedding: E, width of the learned vectors; `hidden` where not given.
        tied: the output weights are the learned vectors (Press & Wolf 2017); needs E = `hidden`.
        dropout: share of each layer's outputs, the last one's too, that is zeroed in training.
        embedding_dropout: share of the learned vectors' values that is zeroed in training.
        precision: "bf16" takes products of float32 weights in bfloat16 in each call; the weights, the state and the logits
            are float32. A single `step` takes them in float32.
        sparse: gradients of the learned vectors as sparse tensors, for optimizers made for these.
        recurrence: further options of the recurrence. A learned state is the one before a text; one that is handed in is
            used as it is.

    Raises:
        ConfigError: a size, name or combination that cannot be.
    """

    def __init__(
        self,
        n_types: int,
        *,
        cell: str = "lstm",
        hidden: int = 256,
        layers: int = 1,
        input: Literal["embedding", "one-hot"] = "embedding",
        embedding: int | None = None,
        tied: bool = False,
        dropout: float = 0.0,
        embedding_dropout: float = 0.0,
        precision: Precision = "float32",
        sparse: bool = False,
        **recurrence: Unpack[RecurrenceOptions],
    ):
        super().__init__()
        if tied and (input == "one-hot" or embedding not in (None, hidden)):
            raise ConfigError(f"tied: output weights are learned vectors as wide as the hidden layer, {hidden}")
        width = n_types if input == "one-hot" else embedding or hidden
        self.embedding = None if input == "one-hot" else nn.Embedding(n_types, width, sparse=sparse)
        self.recurrent = Recurrent(cell, width, hidden, layers, dropout=dropout, **recurrence)
        self.output = nn.Linear(hidden, n_types)
        if tied and self.embedding is not None:
            self.output.weight = self.embedding.weight
        self.dropout, self.embedding_dropout, self.precision = dropout, embedding_dropout, precision
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        if self.embedding is not None:
            nn.init.normal_(self.embedding.weight, std=self.embedding.embedding_dim**-0.5)
        if self.embedding is None or self.output.weight is not self.embedding.weight:
            nn.init.xavier_uniform_(self.output.weight)
        nn.init.zeros_(self.output.bias)

    def runs_on(self, *, training: bool | None = None) -> list[str]:
        """What runs each layer, in the words and with the argument of `Recurrent.runs_on`, and how it multiplies."""
        one_hot, layers = self.embedding is None, range(self.recurrent.num_layers)
        with self._products():
            names = [self.recurrent.runs_on(layer, one_hot=one_hot, training=training) for layer in layers]
        return [f"{name} with bfloat16 products" for name in names] if self._in_half() else names

    def _in_half(self) -> bool:
        return self.precision == "bf16" and self.output.weight.dtype == torch.float32

    def _products(self) -> AbstractContextManager[object]:
        """Where products are taken in the precision of this model; in float32 an autocast of the caller's stays."""
        return torch.autocast(self.output.weight.device.type, torch.bfloat16) if self._in_half() else nullcontext()

    def forward(self, ids: Tensor, state: Carried | None = None) -> tuple[Tensor, Carried]:
        """Scores of the token after each token.

        Args:
            ids: (B, T) token ids.
            state: what an earlier call returned; the one before a text where none is given.

        Returns:
            logits (B, T, V), unnormalised; and the state after the last token.
        """
        inputs = ids
        with self._products():
            if self.embedding is not None:
                inputs = F.dropout(self.embedding(ids), self.embedding_dropout, self.training)
            hidden, state = self.recurrent(inputs, state)
            logits = self.output(F.dropout(hidden, self.dropout, self.training))
        return logits.to(self.output.weight.dtype), state

    @torch.no_grad()
    def step(self, ids: Tensor, state: Carried | None) -> tuple[Tensor, Carried]:
        """Log-probabilities (B, V) in nats of the token after `ids` (B,), and the state after it; nothing is dropped."""
        # In float32: rounding the weights anew at each step costs more than products of a few rows in bfloat16 save.
        hidden, state = self.recurrent.step(ids if self.embedding is None else self.embedding(ids), state)
        return F.log_softmax(self.output(hidden).float(), -1), state
