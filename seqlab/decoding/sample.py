"""Drawing tokens one after another from any model that steps from state to state."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from seqlab.errors import ConfigError

State = TypeVar("State")
LogProbs = NDArray[np.floating]
Ids = NDArray[np.int64]
NOTHING = -1
ROUNDING = 1e-12
"""How far a sum of probabilities may be off."""
Step = Callable[[Ids, State], tuple[LogProbs, State]]
"""(ids (B,), state) -> log-probabilities in nats (B, V) of the token after them, and the state after them."""


@dataclass(frozen=True)
class Choice:
    """How the next token is chosen from its distribution.

    temperature divides the log-probabilities: below 1 the likely becomes likelier; 0 always takes the likeliest.
    top_k keeps the k likeliest tokens (Fan et al. 2018); top_p the smallest set of likeliest tokens whose probabilities
    sum to at least p (Holtzman et al. 2020), counted after temperature and top_k.

    Raises:
        ConfigError: a number out of its range.
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.temperature < float("inf"):
            raise ConfigError(f"temperature {self.temperature}: a number from 0 (always the likeliest) upwards")
        if self.top_k is not None and self.top_k < 1:
            raise ConfigError(f"top-k {self.top_k}: at least 1 token has to remain")
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise ConfigError(f"top-p {self.top_p}: a probability above 0 and up to 1")

    def probabilities(self, log_probs: LogProbs) -> NDArray[np.float64]:
        """(B, V) log-probabilities -> (B, V) probabilities that are drawn from; each row sums to 1."""
        logits = log_probs.astype(np.float64)
        if self.temperature == 0:
            likeliest: NDArray[np.float64] = np.eye(logits.shape[1])[logits.argmax(1)]
            return likeliest
        with np.errstate(over="ignore"):  # below the smallest temperatures only the likeliest stays above -inf
            logits = (logits - logits.max(1, keepdims=True)) / self.temperature
        if self.top_k is not None and self.top_k < logits.shape[1]:
            least = np.partition(logits, -self.top_k, axis=1)[:, -self.top_k, None]
            above, equal = logits > least, logits == least  # of equally likely ones the first
            kept = above | (equal & (np.cumsum(equal, 1) <= self.top_k - above.sum(1, keepdims=True)))
            logits = np.where(kept, logits, -np.inf)
        probs: NDArray[np.float64] = np.exp(logits - logits.max(1, keepdims=True))
        probs /= probs.sum(1, keepdims=True)
        if self.top_p is not None:
            order = np.argsort(-probs, axis=1, kind="stable")
            ordered = np.take_along_axis(probs, order, 1)
            ordered[np.cumsum(ordered, 1) - ordered >= self.top_p - ROUNDING] = 0.0
            np.put_along_axis(probs, order, ordered, 1)
            probs /= probs.sum(1, keepdims=True)
        return probs


def sample(
    step: Step[State],
    ids: Ids,
    state: State,
    choice: Choice,
    *,
    seed: int,
    rows: Sequence[int] | None = None,
    never: Sequence[int] = (),
) -> Iterator[Ids]:
    """Draw tokens without end, B texts side by side; the caller stops taking them.

    Each row draws from a generator of its own, made from the seed and its number, so that a row's text depends on
    neither the number of rows nor the others.

    Args:
        step: one step of a model.
        ids: (B,) the last token of each text so far.
        state: the model's state before these tokens.
        choice: how each next token is chosen.
        seed: where the draws come from.
        rows: (B,) the numbers of the rows; from 0 on where not given.
        never: ids that are never drawn.

    Yields:
        (B,) the next token of each text; `NOTHING` from where on none that may be drawn has a probability above 0.
    """
    draws = [np.random.default_rng([seed, row]) for row in (range(len(ids)) if rows is None else rows)]
    over = np.zeros(len(ids), bool)
    while True:
        log_probs, state = step(ids, state)
        if never:
            log_probs = log_probs.copy()
            log_probs[:, list(never)] = -np.inf
        over |= np.isneginf(log_probs).all(1)
        log_probs = np.where(over[:, None], 0.0, log_probs) if over.any() else log_probs
        cumulative = np.cumsum(choice.probabilities(log_probs), 1)
        drawn = np.array([draw.random() for draw in draws])[:, None] * cumulative[:, -1:]
        ids = (cumulative <= drawn).sum(1)
        yield np.where(over, NOTHING, ids)
