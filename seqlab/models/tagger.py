"""The recurrent sequence tagger: what is known of each token in, scores of its tags out."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, Unpack

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from seqlab.errors import ConfigError, unknown
from seqlab.models.crf import Crf
from seqlab.models.legal_paths import FORBIDDEN, ILLEGAL, best_legal
from seqlab.models.token_vectors import TokenVectors
from seqlab.recurrent.options import RecurrenceOptions
from seqlab.recurrent.ragged import Ragged
from seqlab.recurrent.stack import Recurrent


class _Scores(NamedTuple):
    """What a sequence of tags is worth beside its emissions, in nats, float64; high costs for what is illegal."""

    start: NDArray[np.float64]
    transitions: NDArray[np.float64]
    end: NDArray[np.float64]


class SequenceTagger(nn.Module):
    """Learned vectors of each token's features, stacked recurrence, and one linear layer to the tags (Huang et al. 2015).

    Args:
        tables: size and width of each table of learned vectors; id 0 is padding and has the vector 0.
        columns: (C,) which table each column of ids reads.
        n_flags: F, how many numbers a token has beside its ids.
        n_tags: K, how many tags.
        legality: which tags may be first (K,), follow one another (K, K) and be last (K,), True where they may; all may
            where not given.
        cell, hidden, layers, bidirectional: of the recurrence, see `seqlab.recurrent.Recurrent`.
        output: "softmax" (each tag by itself) or "crf" (a linear chain, `seqlab.models.crf.Crf`).
        dropout: share of each layer's outputs, the last one's too, that is zeroed in training.
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
        n_flags: int,
        n_tags: int,
        *,
        legality: Sequence[NDArray[np.bool_]] | None = None,
        cell: str = "lstm",
        hidden: int = 256,
        layers: int = 1,
        bidirectional: bool = True,
        output: Literal["softmax", "crf"] = "softmax",
        dropout: float = 0.0,
        embedding_dropout: float = 0.0,
        **recurrence: Unpack[RecurrenceOptions],
    ):
        super().__init__()
        if output not in ("softmax", "crf"):
            raise ConfigError(unknown("output", output, ("softmax", "crf")))
        self.tables = TokenVectors(tables, columns, embedding_dropout)
        self.n_flags, self.n_tags = n_flags, n_tags
        start, follow, end = _masks(n_tags) if legality is None else map(np.array, legality)
        read = self.tables.width + n_flags
        self.recurrent = Recurrent(cell, read, hidden, layers, bidirectional, dropout, **recurrence)
        self.output = nn.Linear(self.recurrent.directions * hidden, n_tags)
        chain = Crf(n_tags, allowed=follow, allowed_start=start, allowed_end=end)  # which also checks the masks
        self.crf = chain if output == "crf" else None
        self._illegal = _Scores(*(np.where(mask, 0.0, ILLEGAL) for mask in (start, follow, end)))
        self.dropout = dropout
        self._reset_parameters()

    @torch.no_grad()
    def _reset_parameters(self) -> None:
        self.tables.reset_parameters()
        nn.init.xavier_uniform_(self.output.weight)
        nn.init.zeros_(self.output.bias)

    def runs_on(self, *, training: bool | None = None) -> list[str]:
        """What runs each layer on rows of different lengths, in the words and with the argument of `Recurrent.runs_on`."""
        ragged = self.training if training is None else training
        layers = range(self.recurrent.num_layers)
        return [self.recurrent.runs_on(layer, training=training, ragged=ragged) for layer in layers]

    def forward(self, ids: Tensor, flags: Tensor, lengths: Tensor) -> Tensor:
        """Scores of the tags of each token.

        Args:
            ids: (B, T, C) integer, of what each column's table has.
            flags: (B, T, F) real.
            lengths: (B,) integer, 0 to T: the tokens of each row, the rest of which is padding, any ids and numbers.

        Returns:
            emissions (B, T, K) in float32 or wider, unnormalised; anything in padding.
        """
        inputs = self.tables(ids)
        if self.n_flags:
            inputs = torch.cat((inputs, flags.to(inputs.dtype)), -1)
        hidden = self.recurrent.outputs(inputs, lengths)
        emissions: Tensor = self.output(F.dropout(hidden, self.dropout, self.training))
        return emissions.float() if emissions.dtype in (torch.bfloat16, torch.float16) else emissions

    def nll(self, emissions: Tensor, tags: Tensor, lengths: Tensor, shares: Tensor | None = None) -> Tensor:
        """The sum of -ln p of the right tags, in nats: what training makes small.

        With softmax that of each tag by itself, with a CRF that of each row's sequence among all, illegal ones too.

        Args:
            emissions: (B, T, K) what `forward` gave. tags: (B, T) integer, 0 to K - 1; anything in padding.
            lengths: (B,) as for `forward`.
            shares: (B, T) what each tag counts for in the sum; 1 where not given.

        Raises:
            ValueError: shares with a CRF, whose probabilities are those of whole rows.
        """
        if self.crf is not None:
            if shares is not None:
                raise ValueError("shares: a CRF knows the probability of a row, not of its tags; leave them out")
            return self.crf.nll(emissions, tags, lengths)
        rows = Ragged.of(lengths, tags)
        right = tags if rows is None else tags.masked_fill(~rows.inside, -100)
        each = F.cross_entropy(emissions.flatten(0, 1), right.flatten(), ignore_index=-100, reduction="none")
        return each.sum() if shares is None else (each * shares.flatten()).sum()

    @torch.no_grad()
    def viterbi(
        self, emissions: Tensor, lengths: Tensor, allowed: NDArray[np.bool_] | None = None
    ) -> NDArray[np.int64]:
        """The best legal tags of each row.

        With softmax these are the tags of the highest product of probabilities, each by itself, whose sequence is legal.

        Args:
            emissions: (B, T, K) what `forward` gave. lengths: (B,) as for `forward`.
            allowed: (B, T, K) False for tags that may not stand at a token; all may where not given. Where no legal
                sequence keeps to it, the legal one is taken that breaks it least often.

        Returns:
            paths (B, T), 0 in padding.
        """
        scores = self._scores()
        seen: NDArray[np.float64] = emissions.detach().cpu().double().numpy()
        if not seen.size:
            return np.zeros(seen.shape[:2], np.int64)
        if allowed is not None:
            seen = np.where(allowed, seen, seen + FORBIDDEN)
        own: NDArray[np.int64] = lengths.detach().cpu().numpy().astype(np.int64)
        if not any(part.any() for part in scores):
            return np.where(np.arange(seen.shape[1]) < own[:, None], seen.argmax(2), 0)
        return best_legal(seen, own, *scores)

    def _scores(self) -> _Scores:
        if self.crf is None:
            return self._illegal
        learned = (self.crf.start, self.crf.transitions, self.crf.end)
        known = (part.detach().cpu().double().numpy() for part in learned)
        return _Scores(*(part + illegal for part, illegal in zip(known, self._illegal, strict=True)))


def _masks(n_tags: int) -> tuple[NDArray[np.bool_], ...]:
    """All tags may stand everywhere."""
    shapes: Any = ((n_tags,), (n_tags, n_tags), (n_tags,))
    return tuple(np.ones(shape, np.bool_) for shape in shapes)
