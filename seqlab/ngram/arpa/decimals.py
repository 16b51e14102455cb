"""Decimal numbers in text, many at once."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_LONGEST = 18
"""Characters of a number whose digits certainly fit in 64 bits."""
_POWERS = 10.0 ** np.arange(_LONGEST + 1)
_MINUS, _POINT, _ZERO = b"-.0"


def decimals(text: NDArray[np.uint8], first: NDArray[np.int64], last: NDArray[np.int64]) -> NDArray[np.float64]:
    """Read numbers such as -1.25 digit by digit, all side by side; others, such as 1e-5, one by one.

    Args:
        text: (L,) bytes. first, last: (N,) where each number begins, and where the white space behind it stands.

    Returns:
        (N,) the numbers, to the last bit or two; NaN where there is none.
    """
    width = last - first
    negative = text[first] == _MINUS
    digits = np.zeros(len(first), np.int64)
    n_digits = np.zeros(len(first), np.int64)
    point = width - 1  # where it stands, or would stand
    n_points = np.zeros(len(first), np.int64)
    for place in range(min(int(width.max(initial=0)), _LONGEST)):
        characters = text[np.minimum(first + place, last)]
        values = characters - np.uint8(_ZERO)  # those below "0" wrap around
        is_digit = values < 10
        digits = np.where(is_digit, digits * 10 + values, digits)
        n_digits += is_digit
        is_point = characters == _POINT
        point = np.where(is_point, place, point)
        n_points += is_point
    simple = (width <= _LONGEST) & (n_digits > 0) & (n_points <= 1) & (negative + n_digits + n_points == width)
    numbers: NDArray[np.float64] = (
        np.where(negative, -1.0, 1.0) * digits / _POWERS[np.clip(width - 1 - point, 0, _LONGEST)]
    )
    for at in np.flatnonzero(~simple).tolist():
        numbers[at] = _number(text[first[at] : last[at]].tobytes())
    return numbers


def _number(text: bytes) -> Any:
    try:
        return float(text) if b"_" not in text else np.nan
    except ValueError:
        return np.nan
