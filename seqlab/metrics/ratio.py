"""The share that a part has in a whole."""

import math


def ratio(part: int, whole: int) -> float:
    """Give the part divided by the whole; not a number where the whole is nothing."""
    return part / whole if whole else math.nan
