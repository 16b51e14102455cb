"""A text of several sequences as one stream of ids, the start mark before each sequence."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def marked(
    ids: NDArray[Any], start: int, end: int | None, *, fresh: bool = True
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Put `start` before each sequence.

    Args:
        ids: (T,) the text; each `end` in it ends a sequence, None: it is one sequence.
        start: the mark. fresh: whether a sequence begins with the first id.

    Returns:
        (stream (T + sequences,), (T,) the places of the ids in the stream)
    """
    begins = np.zeros(len(ids), np.int64)
    if len(ids):
        if end is not None:
            begins[1:] = ids[:-1] == end
        begins[0] = fresh
    places = np.arange(len(ids), dtype=np.int64) + np.cumsum(begins)
    stream = np.full(len(ids) + int(begins.sum()), start, ids.dtype)
    stream[places] = ids
    return stream, places
