"""What becomes of each record: a byte for each, in a file, so that it need not be in memory."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

TRAIN, VALIDATION, TEST, DUPLICATE, NEAR, LEAK = range(6)
"""The part that a record is in, or why it is in none: like an earlier one, nearly so, or like one that is held out."""
Marks = NDArray[np.uint8]


def created(path: Path, n: int) -> Marks:
    """Give the marks `(N,)` of a new file, all TRAIN."""
    with path.open("wb") as file:
        file.truncate(n)
    return opened(path, n, "r+")


def opened(path: Path, n: int, mode: Any = "r") -> Marks:
    """Give the marks `(N,)` of a file."""
    return np.memmap(path, dtype=np.uint8, mode=mode, shape=(n,)) if n else np.zeros(0, np.uint8)
