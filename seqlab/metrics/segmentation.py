"""Word segmentation: precision, recall and F1 of words, and recall of words seen and not seen in training.

The figures are those of the script `score` of the second SIGHAN bakeoff (Emerson 2005, "The second international Chinese
word segmentation bakeoff"): sums over all words of all sentences, divided once. A word is right where both of its ends
are. The script aligns the two lists of words by `diff` instead, which may also pair equal words at different places; on
real text this moves no figure in its third decimal.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from seqlab.errors import DataError
from seqlab.metrics.ratio import ratio
from seqlab.metrics.spans import SpanScores


@dataclass(frozen=True)
class SegmentationScores(SpanScores):
    """How well a segmentation agrees with the true one; the spans are its words. A figure over no words is not a number."""

    n_unknown: int
    """Words of the true segmentation that are out of the vocabulary: not in the list of training words."""
    n_unknown_correct: int

    @property
    def oov_rate(self) -> float:
        """Share of the true words that is out of the vocabulary."""
        return ratio(self.n_unknown, self.n_true)

    @property
    def oov_recall(self) -> float:
        """Share of the true words out of the vocabulary that was found."""
        return ratio(self.n_unknown_correct, self.n_unknown)

    @property
    def iv_recall(self) -> float:
        """Share of the true words in the vocabulary that was found."""
        return ratio(self.n_correct - self.n_unknown_correct, self.n_true - self.n_unknown)

    def to_dict(self) -> dict[str, Any]:
        """All figures by name, for JSON."""
        return super().to_dict() | {name: getattr(self, name) for name in ("oov_rate", "oov_recall", "iv_recall")}

    def __str__(self) -> str:
        return (
            f"F1 {self.f1:.4f}, precision {self.precision:.4f}, recall {self.recall:.4f}; out of vocabulary "
            f"{self.oov_rate:.2%}, recall {self.oov_recall:.4f} of these, {self.iv_recall:.4f} of the others "
            f"({self.n_true:,} words)"
        )


class SegmentationCounts:
    """Running sums over sentences; `known` are the words of the training part, which decide what is out of vocabulary."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._known = frozenset(known)
        self._n_sentences = 0
        self._n_true = self._n_predicted = self._n_correct = self._n_unknown = self._n_unknown_correct = 0

    def add(self, true: Sequence[str], predicted: Sequence[str]) -> None:
        """Add the words of a sentence; DataError where the two do not make the same text."""
        self._n_sentences += 1
        if "".join(true) != "".join(predicted):
            raise DataError(
                f"sentence {self._n_sentences}: {_difference(''.join(true), ''.join(predicted))}: both segmentations "
                "are to be of one text, sentence by sentence, with widths folded in both or in neither"
            )
        places = set(_places(predicted))
        self._n_true += len(true)
        self._n_predicted += len(predicted)
        for word, place in zip(true, _places(true), strict=True):
            correct = place in places
            self._n_correct += correct
            if word not in self._known:
                self._n_unknown += 1
                self._n_unknown_correct += correct

    def scores(self) -> SegmentationScores:
        """Give the figures over all that was added."""
        return SegmentationScores(
            self._n_true, self._n_predicted, self._n_correct, self._n_unknown, self._n_unknown_correct
        )


def _places(words: Sequence[str]) -> list[tuple[int, int]]:
    places = []
    start = 0
    for word in words:
        places.append((start, start + len(word)))
        start += len(word)
    return places


def _difference(true: str, predicted: str) -> str:
    pairs = zip(true, predicted, strict=False)
    position = next((at for at, (one, other) in enumerate(pairs) if one != other), min(len(true), len(predicted)))
    one, other = true[position : position + 10], predicted[position : position + 10]
    return f"the texts differ from character {position + 1} on, '{one}' is not '{other}'"
