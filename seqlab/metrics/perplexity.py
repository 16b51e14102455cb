"""Cross entropy per token as a running sum: nats, bits and perplexity."""

import math
from dataclasses import asdict, dataclass
from typing import Any


def exp(nats: float) -> float:
    """The perplexity of nats a token; infinite where it is too large for a float."""
    return math.inf if nats > 700 else math.exp(nats)


@dataclass(frozen=True)
class LanguageScores:
    """How well a language model predicts a text. Every token is counted once."""

    nats: float
    """Mean negative log-probability of a token, natural logarithm."""
    unit: str
    """What a token is: character, byte, word or piece."""
    n_tokens: int
    n_unknown: int
    """Tokens that are not in the vocabulary; they are scored as the unknown token."""
    nats_known: float
    """Mean over the tokens of the vocabulary alone; those before them may be unknown. Not a number where there are none."""

    @property
    def bits(self) -> float:
        """Mean negative log-probability of a token, logarithm to base 2."""
        return self.nats / math.log(2)

    @property
    def perplexity(self) -> float:
        """exp(nats); infinite where that is too large for a float."""
        return exp(self.nats)

    @property
    def perplexity_known(self) -> float:
        """exp(nats_known): the perplexity without the tokens that are out of the vocabulary."""
        return exp(self.nats_known)

    @property
    def oov_rate(self) -> float:
        """Share of the tokens that is out of the vocabulary."""
        return self.n_unknown / self.n_tokens

    @property
    def figure(self) -> float:
        """What is to be small: the nats."""
        return self.nats

    def brief(self) -> str:
        """The nats, with their unit."""
        return f"{self.nats:.4f} nats a {self.unit}"

    def to_dict(self) -> dict[str, Any]:
        """All figures by name, for JSON."""
        derived = ("bits", "perplexity", "oov_rate", "perplexity_known")
        return asdict(self) | {name: getattr(self, name) for name in derived}

    def __str__(self) -> str:
        return (
            f"{self.nats:.4f} nats, {self.bits:.4f} bits a {self.unit}; perplexity {self.perplexity:.4g} "
            f"({self.n_tokens:,} {self.unit}s, {self.oov_rate:.2%} out of vocabulary)"
        )


@dataclass
class CrossEntropy:
    """A running sum of negative log-probabilities and the count that belongs to it."""

    nats: float = 0.0
    n_tokens: int = 0

    def add(self, nats: float, n_tokens: int) -> None:
        """Add the sum over `n_tokens` more tokens, in nats."""
        self.nats += nats
        self.n_tokens += n_tokens

    def mean(self) -> float:
        """Nats a token; not a number where nothing was added."""
        return self.nats / self.n_tokens if self.n_tokens else math.nan
