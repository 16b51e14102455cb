"""What a translator remembers from step to step: the source once a sentence, the decoder's state once a row."""

from collections.abc import Sequence
from typing import Generic, NamedTuple, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seqlab.recurrent.carried import Carried

Ids = Tensor | NDArray[np.int64]
"""Numbers, (N,), in a tensor on any device or in an array."""
AnyState = TypeVar("AnyState")


class Memory(NamedTuple):
    """What an encoder gives for B sentences."""

    keys: Tensor | None
    """(B, S, K), see `Attention.keys`; None without attention."""
    values: Tensor
    """(B, S, W), its outputs, zero in padding."""
    inside: Tensor
    """(B, S) True where a token stands, False where padding does."""
    before: Carried
    """The decoder's state before its first step, (L, B, H) or a tuple of these."""

    def rows(self, index: Tensor) -> "Memory":
        """The memory of some of the sentences, which may repeat."""
        keys = None if self.keys is None else self.keys[index]
        return Memory(keys, self.values[index], self.inside[index], of_rows(self.before, index))


class State(NamedTuple):
    """The state of N rows, which translate B sentences: N / B rows for each, side by side."""

    memory: Memory
    """Of the B sentences."""
    carried: Carried
    """The decoder's, (L, N, H) or a tuple of these."""
    fed: Tensor | None
    """(N, A), h~ of the step before; None without input feeding."""

    @property
    def n_rows(self) -> int:
        """N."""
        return (self.carried[0] if isinstance(self.carried, tuple) else self.carried).shape[1]

    def select(self, rows: Ids) -> "State":
        """The state of these rows, which may repeat or be fewer.

        Where as many rows of each sentence remain side by side, as when beams change places, the memory is not copied.
        Where some sentences go and as many rows of each other one remain, it is copied once a sentence.
        """
        chosen = np.asarray(rows.cpu() if isinstance(rows, Tensor) else rows, np.int64)
        index = torch.from_numpy(chosen).to(self.memory.values.device)
        sentences, n_sentences = chosen // (self.n_rows // len(self.memory.values)), len(self.memory.values)
        others = np.flatnonzero(sentences != sentences[:1])
        width = int(others[0]) if len(others) else len(sentences)
        if len(sentences) % width or (sentences.reshape(-1, width) != sentences[::width, None]).any():
            width = 1
        sentences, memory = sentences[::width], self.memory
        if not np.array_equal(sentences, np.arange(n_sentences)):
            memory = memory.rows(torch.from_numpy(sentences).to(index.device))
        return State(memory, of_rows(self.carried, index), None if self.fed is None else self.fed[index])


class Step(NamedTuple, Generic[AnyState]):
    """What comes out of a step of N rows."""

    log_probs: Tensor
    """(N, V) in nats, of the next token."""
    attention: Tensor | None
    """(N, S), what each token of the source counted for; None without attention."""
    state: AnyState

    def best(self, n: int, never: Sequence[int] = ()) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """The n likeliest tokens of each row, or all where there are fewer, the likeliest first.

        Args:
            n: how many.
            never: ids whose log-probability is taken to be minus infinity.

        Returns:
            their log-probabilities and their ids, each (N, n).
        """
        log_probs, excluded = self.log_probs, [*never]
        kept = log_probs[:, excluded]
        log_probs[:, excluded] = -torch.inf  # in place and back, which is a small part of a copy
        values, ids = log_probs.max(1, keepdim=True) if n == 1 else log_probs.topk(min(n, log_probs.shape[1]), 1)
        log_probs[:, excluded] = kept
        return values.cpu().double().numpy(), ids.cpu().numpy()

    def of(self, token: int) -> NDArray[np.float64]:
        """The log-probability (N,) of one token."""
        return self.log_probs[:, token].cpu().double().numpy()

    def all(self) -> NDArray[np.float32]:
        """`log_probs` as an array."""
        return self.log_probs.float().cpu().numpy()

    def weights(self) -> NDArray[np.float32] | None:
        """`attention` as an array."""
        return None if self.attention is None else self.attention.float().cpu().numpy()


class Forced(NamedTuple):
    """What forced decoding says of B translations."""

    log_probs: Tensor
    """(B, T - 1) in nats, of each token after the first; 0 in padding, so that a row sums to that of the translation."""
    attention: Tensor | None
    """(B, T - 1, S), what each token of the source counted for when that token was scored; None without attention."""


def of_rows(carried: Carried, index: Tensor) -> Carried:
    """The state (L, N, H), or a tuple of these, of some rows."""
    if isinstance(carried, tuple):
        return tuple(part.index_select(1, index) for part in carried)
    return carried.index_select(1, index)
