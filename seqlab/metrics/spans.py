"""Spans, such as names and chunks: precision, recall and F1 by type and over all. A span is right as a whole or not at all.

The spans are given, not the tags: how a broken sequence of tags is read is the matter of `seqlab.text.schemes`. With
its `whole_spans` the figures are those of seqeval's strict mode.
"""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from seqlab.metrics.ratio import ratio

_Span = TypeVar("_Span", bound=tuple[int, int, str])


@dataclass(frozen=True)
class SpanScores:
    """The figures of one type, or of all; a figure over no spans is not a number."""

    n_true: int
    n_predicted: int
    n_correct: int
    """Spans that stand in both with the same start, end and type."""

    @property
    def precision(self) -> float:
        """Share of the predicted spans that is right."""
        return ratio(self.n_correct, self.n_predicted)

    @property
    def recall(self) -> float:
        """Share of the true spans that was found."""
        return ratio(self.n_correct, self.n_true)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 0 where there are spans and none is right."""
        return ratio(2 * self.n_correct, self.n_true + self.n_predicted)

    def to_dict(self) -> dict[str, Any]:
        """All figures by name, for JSON."""
        return asdict(self) | {name: getattr(self, name) for name in ("precision", "recall", "f1")}

    def __str__(self) -> str:
        return (
            f"F1 {self.f1:.4f}, precision {self.precision:.4f}, recall {self.recall:.4f} "
            f"({self.n_true:,} spans, {self.n_predicted:,} predicted)"
        )


class SpanCounts:
    """Running sums over sentences."""

    def __init__(self) -> None:
        self._true: Counter[str] = Counter()
        self._predicted: Counter[str] = Counter()
        self._correct: Counter[str] = Counter()

    def add(self, true: Iterable[_Span], predicted: Iterable[_Span]) -> tuple[int, int, int]:
        """Add the spans `(start, end, type)` of a sentence; give how many are true, predicted and correct in it."""
        true, predicted = set(true), set(predicted)
        correct = true & predicted
        self._true.update([span[2] for span in true])
        self._predicted.update([span[2] for span in predicted])
        self._correct.update([span[2] for span in correct])
        return len(true), len(predicted), len(correct)

    def scores(self) -> SpanScores:
        """Give the figures over all spans together (the micro average)."""
        return SpanScores(self._true.total(), self._predicted.total(), self._correct.total())

    def by_type(self) -> dict[str, SpanScores]:
        """Give the figures of each type, in the order of the alphabet."""
        return {
            name: SpanScores(self._true[name], self._predicted[name], self._correct[name])
            for name in sorted(self._true | self._predicted)
        }

    def macro_f1(self) -> float:
        """Give the mean of the types' F1, each type counting the same; not a number where there are none."""
        by_type = self.by_type()
        return math.fsum(scores.f1 for scores in by_type.values()) / len(by_type) if by_type else math.nan
