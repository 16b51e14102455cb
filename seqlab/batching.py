"""Windows of a long sequence of tokens for truncated back-propagation through time, and stretches for scoring.

Consecutive and random sampling are those of Zhang et al., Dive into Deep Learning, section 9.3 (and of the course
notes). In both, the target of a token is the token after it.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.integer]


class Window(NamedTuple):
    """A batch of stretches of text."""

    inputs: NDArray[np.int64]
    """(B, T) ids."""
    targets: NDArray[np.int64]
    """(B, T) the id after each input; -1 where none is to be predicted."""
    fresh: bool
    """True: the state before this window is zero. False: it is the state after the window before."""


def n_windows(sampling: str, n_tokens: int, batch_size: int, window: int) -> int:
    """How many windows an epoch has, whatever its offset."""
    if sampling == "random":
        return math.ceil(_n_starts(n_tokens, window) / batch_size)
    return math.ceil(_stream_length(n_tokens, batch_size, window) / window)


def fitting_batch_size(n_tokens: int, batch_size: int, window: int) -> int:
    """The batch size, made smaller where the text does not give each row one full window."""
    return max(1, min(batch_size, (n_tokens - window) // window))


def consecutive(ids: Ids, batch_size: int, window: int, draw: np.random.Generator) -> Iterator[Window]:
    """B parallel streams over the text, cut in windows of T steps; each goes on where the one before ended.

    The streams begin at an offset below T, drawn anew for each epoch, so that the cuts fall elsewhere each time; the
    last window of an epoch may be shorter.

    Args:
        ids: the text, at least T + 1 tokens.
        batch_size: B. window: T. draw: where the offset comes from.
    """
    length = _stream_length(len(ids), batch_size, window)
    offset = int(draw.integers(min(window, len(ids) - batch_size * length)))
    end = offset + batch_size * length
    inputs = ids[offset:end].reshape(batch_size, length)
    targets = ids[offset + 1 : end + 1].reshape(batch_size, length)
    for start in range(0, length, window):
        here = slice(start, start + window)
        yield Window(inputs[:, here].astype(np.int64), targets[:, here].astype(np.int64), fresh=start == 0)


def random(ids: Ids, batch_size: int, window: int, draw: np.random.Generator) -> Iterator[Window]:
    """Windows of T steps in random order, each with a fresh state; together they cover the text once.

    They begin at an offset below T, drawn anew for each epoch; the last batch may have fewer rows.

    Args:
        ids: the text, at least T + 1 tokens.
        batch_size: B. window: T. draw: where the offset and the order come from.
    """
    n_starts = _n_starts(len(ids), window)
    offset = int(draw.integers(min(window, len(ids) - n_starts * window)))
    starts = offset + window * draw.permutation(n_starts)
    for at in range(0, n_starts, batch_size):
        places = starts[at : at + batch_size, None] + np.arange(window + 1)
        rows = ids[places].astype(np.int64)
        yield Window(rows[:, :-1], rows[:, 1:], fresh=True)


SAMPLINGS = {"consecutive": consecutive, "random": random}


def scoring(ids: Ids, first: int, *, batch_size: int, context: int, stretch: int, window: int) -> Iterator[Window]:
    """Windows in which every token of the text is a target exactly once, with enough tokens before it.

    The text is cut into stretches. Each stretch but the first is read from `context` tokens before its start, where
    nothing is predicted, so that every prediction knows at least `context` tokens, or all there are. What a token is
    predicted from therefore depends on `context` and `stretch` alone, not on how many stretches are read side by side.

    Args:
        ids: the text.
        first: the id that stands before the text.
        batch_size: how many stretches are read side by side.
        context: tokens that are read before a stretch.
        stretch: tokens predicted in each stretch.
        window: T, steps of a window.
    """
    starts = range(0, len(ids), stretch)
    for at in range(0, len(starts), batch_size):
        rows = [_stretch(ids, start, first, context, stretch) for start in starts[at : at + batch_size]]
        longest = max(len(targets) for _, targets in rows)
        inputs = np.full((len(rows), longest), first, np.int64)
        targets = np.full((len(rows), longest), -1, np.int64)
        for row, (row_inputs, row_targets) in enumerate(rows):
            inputs[row, : len(row_inputs)] = row_inputs
            targets[row, : len(row_targets)] = row_targets
        for start in range(0, longest, window):
            here = slice(start, start + window)
            yield Window(inputs[:, here], targets[:, here], fresh=start == 0)


def _stretch(ids: Ids, start: int, first: int, context: int, stretch: int) -> tuple[Ids, Ids]:
    """The inputs and the targets of one stretch, the tokens before it included."""
    begin, end = max(0, start - context), min(start + stretch, len(ids))
    before = [first] if begin == 0 else ids[begin - 1 : begin]
    inputs = np.concatenate((before, ids[begin : end - 1]))
    targets = ids[begin:end].astype(np.int64)
    targets[: start - begin] = -1
    return inputs, targets


def _stream_length(n_tokens: int, batch_size: int, window: int) -> int:
    """Steps of each of B streams, such that an offset below T is left where the text is long enough."""
    spare = min(window - 1, n_tokens // 10)
    return max(1, (n_tokens - 1 - spare) // batch_size)


def _n_starts(n_tokens: int, window: int) -> int:
    return max(1, (n_tokens - window) // window)
