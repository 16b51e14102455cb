"""What decoding asks of a model that goes from state to state, and what it gives: hypotheses."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
LogProbs = NDArray[np.float64]
Weights = NDArray[np.float32]
State = TypeVar("State")
State_co = TypeVar("State_co", covariant=True)


class Stepped(Protocol[State_co]):
    """What comes out of a step of N rows."""

    @property
    def state(self) -> State_co:
        """The state after it."""

    def best(self, n: int, never: Sequence[int] = ()) -> tuple[LogProbs, Ids]:
        """The n likeliest next tokens of each row, or all where there are fewer, the likeliest first.

        The log-probabilities in nats and the ids, each (N, n); tokens in `never` count as impossible.
        """

    def of(self, token: int) -> LogProbs:
        """The log-probability (N,) of one token."""

    def all(self) -> NDArray[np.floating[Any]]:
        """The log-probabilities (N, V) of all tokens."""

    def weights(self) -> Weights | None:
        """What each token of the source counted for, (N, S), 0 in padding; None without attention."""


class Stepwise(Protocol[State]):
    """A model that goes from state to state; a state is that of N rows."""

    def step(self, tokens: Ids, state: State) -> Stepped[State]:
        """One step of all rows: what comes after `tokens` (N,), in the state before them."""

    def select(self, state: State, rows: Ids) -> State:
        """The state of these rows, which may repeat or be fewer."""

    def source_lengths(self, state: State) -> Ids:
        """How many tokens the source of each row has, (N,)."""


@dataclass(frozen=True)
class Hypothesis:
    """A translation of one sentence, in ids."""

    tokens: tuple[int, ...]
    """T of them, without those of the beginning and of the end."""
    log_prob: float
    """In nats, of all tokens and of the end."""
    score: float
    """What translations are ordered by: the log-probability with penalties."""
    attention: Weights | None
    """(T, S), what each token of the source counted for at each of the tokens; None without attention."""
    finished: bool
    """False where the end was not the model's choice, but that of the bound on the length."""
