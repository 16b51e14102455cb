"""The mistakes of a classifier that it was surest of, and what in the texts led it there. No torch."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqlab.tasks.classifier import Classifier, Floats, Weight
from seqlab.tasks.labelled_kept import Example
from seqlab.text.codepoints import HAN, NUMERAL, kinds
from seqlab.text.words import WordTokenizer

N_FOR, N_AGAINST = 5, 2
"""How many of the tokens that speak for a wrong label are shown, and of those against it."""


class Mistake(NamedTuple):
    """A text with a label that it does not have."""

    number: int
    """Which text of those given it is, from 1."""
    source: str
    """Where it comes from, a path and a line; empty where that is not known."""
    text: str
    true: tuple[str, ...]
    """The labels it has: one, or any number where a text may have several."""
    predicted: str
    """The wrong label,"""
    probability: float
    """and how probable it was to the model, calibrated."""
    weights: list[Weight]
    """What each token speaks for the wrong label; see `Classifier.explain`."""
    attention: list[Weight]
    """What each token counts for where a network pools by attention; else empty."""

    def to_dict(self) -> dict[str, Any]:
        """All by name, for JSON."""
        weights, attention = ([weight._asdict() for weight in part] for part in (self.weights, self.attention))
        return self._asdict() | {"weights": weights, "attention": attention}


def mistakes(
    classifier: Classifier, examples: Sequence[Example], probabilities: Floats, n: int, sources: Sequence[str] = ()
) -> tuple[list[Mistake], int]:
    """The n mistakes with the most probable wrong labels, and how many there are in all.

    The most probable one comes first, of equal ones the first. Where a text may have several labels, each one that is
    predicted and that the text does not have is a mistake; a label that was not found is none here, because nothing in the
    text could be shown to speak for it.

    Args:
        classifier: the model.
        examples: N texts with labels.
        probabilities: those of the labels (N, K), calibrated.
        n: how many are wanted at most.
        sources: where each text comes from, if that is known.
    """
    rows, columns = np.nonzero(_wrong(classifier, examples, probabilities))
    surest = np.argsort(-probabilities[rows, columns], kind="stable")[:n]
    found = []
    for row, column in zip(rows[surest].tolist(), columns[surest].tolist(), strict=True):
        (text, true), label = examples[row], classifier.labels[column]
        found.append(
            Mistake(
                number=row + 1,
                source=sources[row] if sources else "",
                text=text,
                true=true,
                predicted=label,
                probability=float(probabilities[row, column]),
                weights=classifier.explain(text, label).weights,
                attention=classifier.attention(text),
            )
        )
    return found, len(rows)


def heaviest(weights: Iterable[Weight], n_for: int, n_against: int) -> tuple[list[Weight], list[Weight]]:
    """The tokens that speak most for a label, and those that speak most against it; one that occurs often is added up.

    Blank tokens are left out. Each is given where it first occurs.
    """
    together: dict[str, Weight] = {}
    for weight in weights:
        if weight.token.strip():
            first = together.get(weight.token)
            together[weight.token] = weight if first is None else first._replace(weight=first.weight + weight.weight)
    ordered = sorted(together.values(), key=lambda weight: -weight.weight)
    against = [weight for weight in reversed(ordered) if weight.weight < 0]
    return [weight for weight in ordered if weight.weight > 0][:n_for], against[:n_against]


def stretches(text: str, weights: Sequence[Weight]) -> list[Weight]:
    """The weights of a text's characters put together: those of a word are added up, and so are those of neighbouring
    ideographs that speak for the same, for or against. Where tokens are longer than characters they stay as they are.

    Args:
        text: the text. weights: those of its tokens, in their order.
    """
    if any(weight.end - weight.start > 1 for weight in weights):
        return list(weights)
    words = {at: word.start for word in WordTokenizer().tokenize(text) for at in range(word.start, word.end)}
    joined: list[Weight] = []
    for weight in weights:
        before = joined[-1] if joined else None
        if (
            before is not None
            and weight.token.strip()
            and before.end == weight.start
            and _belong(before, weight, words)
        ):
            token, together = text[before.start : weight.end], before.weight + weight.weight
            joined[-1] = Weight(before.start, weight.end, token, together)
        else:
            joined.append(weight)
    return joined


def _belong(before: Weight, weight: Weight, words: dict[int, int]) -> bool:
    """Whether a character stands in the word of what is before it, or both are ideographs and speak for the same."""
    if words.get(before.end - 1) == words.get(weight.start):
        return True
    return before.weight * weight.weight > 0 and all(map(_is_ideograph, (before.token[-1:], weight.token)))


def _is_ideograph(character: str) -> bool:
    return character != "" and bool(kinds()[ord(character)] & (HAN | NUMERAL))


def _wrong(classifier: Classifier, examples: Sequence[Example], probabilities: Floats) -> NDArray[np.bool_]:
    """(N, K) True where a label is predicted that the text does not have."""
    predicted = classifier.chosen(probabilities)
    wrong = np.zeros(probabilities.shape, np.bool_)
    columns = {label: column for column, label in enumerate(classifier.labels)}
    for row, (example, found) in enumerate(zip(examples, predicted, strict=True)):
        for label in found if classifier.multi_label else (found,):
            wrong[row, columns[label]] = label not in example.labels
    return wrong
