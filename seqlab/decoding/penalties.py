"""What a translation is worth beside its log-probability: penalties for being short, and for leaving words out."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqlab.errors import ConfigError

LEAST = float(np.finfo(np.float32).tiny)
"""What a token of the source counts for at the least, whose logarithm is finite."""


@dataclass(frozen=True)
class Penalties:
    """The score of a translation Y of a source of S tokens.

        score = ln p(Y) / lp(Y) + cp(Y)
        lp(Y) = ((5 + |Y|) / 6) ^ alpha
        cp(Y) = beta * sum over s of ln min(1, sum over t of a_t(s))

    |Y| and t run over the tokens of the translation without its end; a is the attention.

    Source: Wu et al. 2016 (arXiv 1609.08144), eq. 14.

    Raises:
        ConfigError: a number below 0.
    """

    length_penalty: float = 0.6
    """alpha: 0 leaves the sum of log-probabilities, which favours short translations; 1 is nearly their mean."""
    coverage_penalty: float = 0.0
    """beta."""

    def __post_init__(self) -> None:
        for name in ("length_penalty", "coverage_penalty"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise ConfigError(f"{name} {getattr(self, name)}: a number from 0 upwards")

    def length(self, n_tokens: NDArray[np.int64]) -> NDArray[np.float64]:
        """lp of translations of so many tokens."""
        return np.asarray(((5.0 + n_tokens) / 6.0) ** self.length_penalty)

    def score(self, log_prob: float, n_tokens: int, attention: NDArray[np.floating[Any]] | None) -> float:
        """The score of a translation.

        Args:
            log_prob: in nats.
            n_tokens: |Y|.
            attention: (|Y|, S) a; of use to the coverage penalty alone.

        Raises:
            ConfigError: a coverage penalty and no attention.
        """
        score = log_prob / float(((5.0 + n_tokens) / 6.0) ** self.length_penalty)
        if not self.coverage_penalty:
            return score
        if attention is None:
            raise ConfigError("coverage_penalty: this model has no attention; leave it out")
        covered = attention.astype(np.float64).sum(0).clip(LEAST, 1.0)
        return score + self.coverage_penalty * float(np.log(covered).sum())
