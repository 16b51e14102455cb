"""Tags, token by token: accuracy, and what is taken for what, with examples."""

from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from seqlab.errors import DataError
from seqlab.metrics.ratio import ratio

N_EXAMPLES = 3
"""How many examples of a confusion are kept: the first different ones."""


class Confusion(NamedTuple):
    """How often a tag was taken for another one, or a stretch of text was cut into other words."""

    true: str
    predicted: str
    n: int
    examples: tuple[str, ...]
    """Tokens to which it happened, or stretches with the text around them."""


@dataclass(frozen=True)
class TagScores:
    """How many tokens have the right tag; a figure over no tokens is not a number."""

    n_tokens: int
    n_correct: int
    n_unknown: int
    """Tokens that are out of the vocabulary: not among those of the training part."""
    n_unknown_correct: int

    @property
    def accuracy(self) -> float:
        """Share of the tokens with the right tag."""
        return ratio(self.n_correct, self.n_tokens)

    @property
    def oov_rate(self) -> float:
        """Share of the tokens that is out of the vocabulary."""
        return ratio(self.n_unknown, self.n_tokens)

    @property
    def oov_accuracy(self) -> float:
        """Share of the tokens out of the vocabulary with the right tag."""
        return ratio(self.n_unknown_correct, self.n_unknown)

    @property
    def iv_accuracy(self) -> float:
        """Share of the tokens in the vocabulary with the right tag."""
        return ratio(self.n_correct - self.n_unknown_correct, self.n_tokens - self.n_unknown)

    def to_dict(self) -> dict[str, Any]:
        """All figures by name, for JSON."""
        derived = ("accuracy", "oov_rate", "oov_accuracy", "iv_accuracy")
        return asdict(self) | {name: getattr(self, name) for name in derived}

    def __str__(self) -> str:
        return (
            f"accuracy {self.accuracy:.4f}; out of vocabulary {self.oov_rate:.2%}, accuracy {self.oov_accuracy:.4f} "
            f"of these, {self.iv_accuracy:.4f} of the others ({self.n_tokens:,} tokens)"
        )


class TagCounts:
    """Running sums over sentences; `known` are the tokens of the training part, which decide what is out of vocabulary."""

    def __init__(self, known: Container[str] = frozenset()) -> None:
        self._known = known
        self._n_tokens = self._n_correct = self._n_unknown = self._n_unknown_correct = 0
        self._confusions: Counter[tuple[str, str]] = Counter()
        self._examples: dict[tuple[str, str], dict[str, None]] = {}

    def add(self, tokens: Sequence[str], true: Sequence[str], predicted: Sequence[str]) -> tuple[int, int]:
        """Add a sentence and give how many tokens it has and how many are correct.

        Raises DataError where tokens and tags are not equally many.
        """
        if not len(tokens) == len(true) == len(predicted):
            raise DataError(
                f"{len(tokens)} tokens have {len(true)} true and {len(predicted)} predicted tags: "
                "each token has one of each"
            )
        self._n_tokens += len(tokens)
        n_correct_before = self._n_correct
        for token, one, other in zip(tokens, true, predicted, strict=True):
            correct = one == other
            self._n_correct += correct
            if token not in self._known:
                self._n_unknown += 1
                self._n_unknown_correct += correct
            if not correct:
                self._confusions[one, other] += 1
                examples = self._examples.setdefault((one, other), {})
                if len(examples) < N_EXAMPLES:
                    examples[token] = None
        return len(tokens), self._n_correct - n_correct_before

    def scores(self) -> TagScores:
        """Give the figures over all that was added."""
        return TagScores(self._n_tokens, self._n_correct, self._n_unknown, self._n_unknown_correct)

    def confusions(self, most: int | None = None) -> list[Confusion]:
        """Give what was taken for what, the most frequent first, equally frequent ones by their tags."""
        ordered = sorted(self._confusions.items(), key=lambda entry: (-entry[1], entry[0]))
        return [Confusion(*pair, n, tuple(self._examples[pair])) for pair, n in ordered[:most]]
