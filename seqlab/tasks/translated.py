"""What a translator gives: translations with their scores, how likely others are, and what was looked at."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class Translated(NamedTuple):
    """One translation of a text."""

    text: str
    score: float
    """What translations of the same text are ordered by: the log-probability with the penalties of the search."""
    log_prob: float
    """ln p of its tokens, its end among them."""
    tokens: tuple[str, ...]
    """It in tokens of the target; an unknown word is the source word that attention was at."""
    attention: Floats | None
    """(T, S) how far each token looked at each token of the source, 1 in all; None of a network without."""


class Likelihood(NamedTuple):
    """How likely a target is, given its source."""

    log_prob: float
    """ln p of all of it, its end too."""
    n_tokens: int
    """How many tokens that is."""


class Attention(NamedTuple):
    """What was looked at while a text was translated."""

    source: tuple[str, ...]
    """The S tokens of the text."""
    target: tuple[str, ...]
    """The T tokens of its translation."""
    weights: Floats
    """(T, S), each row 1 in all."""
