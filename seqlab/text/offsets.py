"""Offsets from a changed text back into the text it was made from."""

import numpy as np
from numpy.typing import NDArray

Offsets = NDArray[np.int64]
"""Where each character of a text starts in the one before, and the length of that one: `(N + 1,)`, never falling."""

Aligned = tuple[str, Offsets]
"""A changed text and its offsets."""


def unmoved(text: str) -> Aligned:
    """Give a text with the offsets of a change that puts one character in the place of another."""
    return text, np.arange(len(text) + 1, dtype=np.int64)
