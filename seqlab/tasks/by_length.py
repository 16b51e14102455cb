"""Sequences of about the same length together, up to a number of tokens."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def grouped(lengths: NDArray[np.int64], order: NDArray[np.int64], n_tokens: int) -> Sequence[NDArray[np.int64]]:
    """Cut an order of sentences, by rising or falling length, into batches of at most `n_tokens`, padding included.

    A sentence longer than that is a batch by itself.
    """
    groups, begin, longest = [], 0, 0
    for number, length in enumerate(lengths[order].tolist()):
        longest_now = max(longest, length)
        if number > begin and longest_now * (number - begin + 1) > n_tokens:
            groups.append(order[begin:number])
            begin, longest_now = number, length
        longest = longest_now
    return [*groups, order[begin:]] if begin < len(order) else groups
