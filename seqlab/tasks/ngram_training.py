"""An n-gram model of an indexed text: what is a sequence in it, how long n-grams are, and how they are smoothed."""

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from seqlab.config import Ngram, n_bytes
from seqlab.errors import ConfigError
from seqlab.modeldir import COUNTS
from seqlab.ngram import counts
from seqlab.ngram.estimation import estimate
from seqlab.ngram.interpolation import jelinek_mercer
from seqlab.ngram.model import NGramModel
from seqlab.ngram.pruning import pruned
from seqlab.ngram.smoothing import SMOOTHINGS, Additive, Smoothing
from seqlab.tasks.lm import IndexedText
from seqlab.text.pipeline import TextPipeline
from seqlab.text.vocab import BOS, EOS, PAD, UNK

LONG_ENOUGH = 1 << 23
"""Tokens on which the weights of Jelinek & Mercer's smoothing are fitted at most."""
NEVER = (PAD, BOS, EOS)
"""What is never predicted; the unknown token is."""


class Estimated(NamedTuple):
    """An n-gram model, and what one may want to know of how it came about."""

    model: NGramModel
    discounts: dict[int, tuple[float, ...]]
    """By order, what was taken from the counts 1, 2, and 3 and more, where the smoothing does so."""
    notes: list[str]
    """What was done otherwise than the settings say, a sentence each."""


def order_of(settings: Ngram, text: TextPipeline) -> int:
    """Length of the longest n-grams."""
    return settings.order or (7 if text.unit in ("character", "byte") else 5)


def line_end(settings: Ngram, text: TextPipeline) -> int | None:
    """The id that ends a sequence; None: the text is one sequence.

    Raises:
        ConfigError: lines are asked for, and the vocabulary holds no line end.
    """
    known = text.start != BOS
    if settings.sentences == "lines" and not known:
        raise ConfigError("ngram.sentences: the training text has no line ends, so no lines; use none")
    by_lines = settings.sentences == "lines" or (settings.sentences == "auto" and text.unit == "word")
    return text.start if by_lines and known else None


def check(settings: Ngram, data: IndexedText) -> None:
    """Refuse a text that cannot be counted.

    Raises:
        DataError: it is shorter than the order. ConfigError: it does not fit the settings.
    """
    line_end(settings, data.text)
    order = order_of(settings, data.text)
    if len(settings.min_counts) > order:
        raise ConfigError(
            f"ngram.min_counts: {len(settings.min_counts)} numbers for the orders up to {order}; give fewer"
        )
    counts.check(data.train, order, len(data.text.vocab))


def estimated(
    settings: Ngram, data: IndexedText, folder: Path, progress: Callable[[float], None] = lambda share: None
) -> Estimated:
    """Count the training text and make a model of the counts.

    Args:
        settings: the section `ngram`.
        data: the indexed text.
        folder: for counts larger than memory, which have to stay as long as the model is used; in its `counts`.
        progress: called with the share of the work that is done.
    """
    shutil.rmtree(folder / COUNTS, ignore_errors=True)
    (folder / COUNTS).mkdir()
    text, end = data.text, line_end(settings, data.text)
    order, n_types, memory = order_of(settings, text), len(text.vocab), n_bytes(settings.memory)
    counted = counts.count(
        data.train,
        order,
        n_types,
        BOS,
        end,
        memory=memory,
        folder=folder / COUNTS,
        progress=lambda share: progress(share / 2),
    )
    smoothing = _smoothing(settings, data, order, end)
    model = estimate(
        counted,
        smoothing,
        unknown_id=UNK,
        never=NEVER,
        min_counts=settings.min_counts,
        progress=lambda share: progress((1 + share) / 2),
    )
    model = pruned(model, settings.prune) if settings.prune else model
    if end is None:  # what is scored and written goes on from a line end, as a text does
        model = dataclasses.replace(model, start=text.start)
    return Estimated(model, getattr(smoothing, "discounts", {}), smoothing.notes())


def _smoothing(settings: Ngram, data: IndexedText, order: int, end: int | None) -> Smoothing:
    if settings.smoothing == "additive":
        return Additive(settings.pseudo_count)
    if settings.smoothing == "jelinek-mercer":
        n_types, most_tokens = len(data.text.vocab), n_bytes(settings.memory) // counts.BYTES_A_TOKEN
        most_tokens = min(LONG_ENOUGH, max(most_tokens, 10 * order))
        return jelinek_mercer(data.train, order, n_types, BOS, end, NEVER, most_tokens)
    smoothing: Smoothing = SMOOTHINGS[settings.smoothing]()
    return smoothing
