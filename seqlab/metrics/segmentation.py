"""Word segmentation: precision, recall and F1 of words, and recall of words seen and not seen in training.

The figures are those of the script `score` of the second SIGHAN bakeoff (Emerson 2005, "The second international Chinese
word segmentation bakeoff"): sums over all words of all sentences, divided once. A word is right where both of its ends
are. The script aligns the two lists of words by `diff` instead, which may also pair equal words at different places; on
real text this moves no figure in its third decimal.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from seqlab.errors import DataError
from seqlab.metrics.ratio import ratio
from seqlab.metrics.spans import SpanScores
from seqlab.metrics.tags import N_EXAMPLES, Confusion

CONTEXT = 8
"""How many characters of an example are kept on either side."""


Words = tuple[str, ...]


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
        self._wrong: Counter[tuple[Words, Words]] = Counter()
        self._examples: dict[tuple[Words, Words], dict[str, None]] = {}
        self._n_true = self._n_predicted = self._n_correct = self._n_unknown = self._n_unknown_correct = 0

    def add(self, true: Sequence[str], predicted: Sequence[str]) -> tuple[int, int, int]:
        """Add the words of a sentence; give how many are true, predicted and correct in it.

        Raises DataError where the two do not make the same text.
        """
        self._n_sentences += 1
        text = "".join(true)
        if text != "".join(predicted):
            raise DataError(
                f"sentence {self._n_sentences}: {_difference(text, ''.join(predicted))}: both segmentations "
                "are to be of one text, sentence by sentence, with widths folded in both or in neither"
            )
        n_correct = 0
        for start, ones, others in _stretches(true, predicted):
            correct = len(ones) == len(others) == 1
            n_correct += correct
            n_unknown = sum(word not in self._known for word in ones)
            self._n_unknown += n_unknown
            self._n_unknown_correct += n_unknown * correct
            if not correct:
                self._note(text, start, ones, others)
        self._n_true += len(true)
        self._n_predicted += len(predicted)
        self._n_correct += n_correct
        return len(true), len(predicted), n_correct

    def _note(self, text: str, start: int, true: Words, predicted: Words) -> None:
        self._wrong[true, predicted] += 1
        examples = self._examples.setdefault((true, predicted), {})
        if len(examples) < N_EXAMPLES:
            end = start + len("".join(true))
            examples[f"{text[max(start - CONTEXT, 0) : start]}[{text[start:end]}]{text[end : end + CONTEXT]}"] = None

    def scores(self) -> SegmentationScores:
        """Give the figures over all that was added."""
        return SegmentationScores(
            self._n_true, self._n_predicted, self._n_correct, self._n_unknown, self._n_unknown_correct
        )

    def confusions(self, most: int | None = None) -> list[Confusion]:
        """Give which words were cut in another way, the most frequent first, equally frequent ones by their words.

        A stretch of text goes from a border that both segmentations have to the next one; its words stand with blanks
        between them. An example is the stretch in brackets with `CONTEXT` characters of text on either side.
        """
        ordered = sorted(self._wrong.items(), key=lambda entry: (-entry[1], entry[0]))
        return [
            Confusion(" ".join(true), " ".join(predicted), n, tuple(self._examples[true, predicted]))
            for (true, predicted), n in ordered[:most]
        ]


def _stretches(true: Sequence[str], predicted: Sequence[str]) -> Iterator[tuple[int, Words, Words]]:
    """Cut a text at the borders that both segmentations have; give where a stretch starts and its words in both."""
    i = j = 0  # the words before these have been given
    start = 0
    while i < len(true) or j < len(predicted):
        i_end, j_end = min(i + 1, len(true)), min(j + 1, len(predicted))
        left = len("".join(true[i:i_end])) - len("".join(predicted[j:j_end]))
        while left:  # the one that is behind takes its next word
            if left > 0:
                left -= len(predicted[j_end])
                j_end += 1
            else:
                left += len(true[i_end])
                i_end += 1
        yield start, tuple(true[i:i_end]), tuple(predicted[j:j_end])
        start += len("".join(true[i:i_end]))
        i, j = i_end, j_end


def _difference(true: str, predicted: str) -> str:
    pairs = zip(true, predicted, strict=False)
    position = next((at for at, (one, other) in enumerate(pairs) if one != other), min(len(true), len(predicted)))
    one, other = true[position : position + 10], predicted[position : position + 10]
    return f"the texts differ from character {position + 1} on, '{one}' is not '{other}'"
