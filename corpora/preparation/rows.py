"""What is known of each record beside its text: a row of fixed size, so that millions of them are one array."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqlab.corpora.cleaning.keys import text_key

Rows = NDArray[np.void]
"""A structured array `(N,)` with the fields of a `Layout`."""
KEY = np.dtype([("high", "<u8"), ("low", "<u8")])
"""128 bits, as `seqlab.corpora.cleaning.keys` gives them."""


class Layout(NamedTuple):
    """Which fields the rows of a preparation have."""

    content: bool
    """Whether what is read of a record is less than all of it."""
    unit: bool
    """Whether what a record is held out with is something else than what is read of it."""
    stratum: bool
    """Whether the same share of each stratum is held out."""

    @property
    def dtype(self) -> np.dtype[np.void]:
        """The type of a row: `size` in bytes, `key`, and where there are such `content`, `unit` and `stratum`."""
        fields: list[tuple[str, Any]] = [("size", "<u4"), ("key", KEY)]
        fields += (
            [("content", KEY)] * self.content + [("unit", "<u8")] * self.unit + [("stratum", "<u8")] * self.stratum
        )
        return np.dtype(fields)


def number_of(text: str) -> int:
    """Give the 64 bits that stand for a text."""
    return int.from_bytes(text_key(text)[:8], "little")


def of_keys(keys: list[bytes]) -> NDArray[np.void]:
    """Give the array `(N,)` of keys."""
    return np.frombuffer(b"".join(keys), dtype=KEY)


def content_of(rows: Rows) -> NDArray[np.void]:
    """Give the keys `(N,)` of what is read of each record."""
    names = rows.dtype.names or ()
    found: NDArray[np.void] = rows["content"] if "content" in names else rows["key"]
    return found
