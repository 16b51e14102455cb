"""MinHash: a row of numbers for each text, by which the similarity of any two texts is estimated.

A text is the set of its stretches of `shingle` characters, whatever its language: Chinese has no words to count by, and
stretches of 5 characters see an exchanged word in either. The share of places at which two rows agree is the Jaccard
similarity of the two sets, |A and B| / |A or B|, in expectation; with P numbers its standard deviation is at most
1 / (2 sqrt P). Rows are cut into bands, and texts that agree in a whole band are compared: Broder 1997, "On the resemblance
and containment of documents"; Indyk & Motwani 1998, "Approximate nearest neighbors". The rows and the bands are those of
datasketch.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqlab.config import Duplicates
from seqlab.errors import ConfigError
from seqlab.text.codepoints import codes_of
from seqlab.text.hashed_keys import STEP, continued, mixed

Signatures = NDArray[np.uint32]
"""(N, P) a row of P numbers for each of N texts."""
Bands = NDArray[np.uint64]
"""(N, B) a hash for each band of each text; those of different bands differ."""

_CHUNK = 512  # shingles that are hashed P times at once


def signatures(texts: Sequence[str], settings: Duplicates) -> Signatures:
    """Give the signatures (N, P) of texts: the same for the same settings, on every machine.

    A text that is shorter than a shingle is one shingle. Raises ConfigError where datasketch is not installed.
    """
    min_hash = _datasketch().MinHash
    rows = np.empty((len(texts), settings.permutations), np.uint32)
    attributes = {"num_perm": settings.permutations, "seed": settings.near_seed, "hashfunc": int, "scheme": "affine32"}
    made = min_hash(**attributes)
    for row, shingles in zip(rows, _shingles(texts, settings.shingle), strict=True):
        made.clear()
        for start in range(0, len(shingles), _CHUNK):
            made.update_batch(shingles[start : start + _CHUNK])
        row[:] = made.hashvalues
    return rows


def bands(rows: Signatures, settings: Duplicates) -> Bands:
    """Give the hashes (N, B) of the bands of signatures (N, P); their number follows from the threshold."""
    n_bands, width = band_sizes(settings.near, settings.permutations)
    hashes = np.empty((len(rows), n_bands), np.uint64)
    for band in range(n_bands):
        hashes[:, band] = mixed(np.full(1, band, np.uint64))
        for number in rows[:, band * width : (band + 1) * width].T:
            hashes[:, band] = continued(hashes[:, band], number.astype(np.int64))
    return hashes


@cache
def band_sizes(threshold: float, n_permutations: int) -> tuple[int, int]:
    """Give how many bands there are, and how many numbers wide each is.

    They are those that miss the fewest pairs above the threshold and compare the fewest below it, in the sum.
    """
    try:
        tables = _datasketch().MinHashLSH(threshold=threshold, num_perm=n_permutations)
    except ValueError:  # it makes no single band, which thresholds near 1 would have
        return 2, n_permutations // 2
    return tables.b, tables.r


def _shingles(texts: Sequence[str], size: int) -> Iterator[list[int]]:
    """Give the hashes of the shingles of each text, as numbers of 32 bits; one that is there twice does not matter."""
    codes = mixed(codes_of("".join(texts)).astype(np.uint64))
    hashes = np.zeros(max(0, len(codes) - size + 1), np.uint64)
    for offset in range(size):
        hashes = hashes * STEP + codes[offset : offset + len(hashes)]
    numbers = (mixed(hashes) >> np.uint64(32)).tolist()
    start = 0
    for text in texts:
        end = start + len(text)
        if len(text) >= size:
            yield numbers[start : end - size + 1]
        else:
            yield [_short(codes[start:end])]
        start = end


def _short(codes: NDArray[np.uint64]) -> int:
    """Give the hash of a text that is shorter than a shingle."""
    whole = np.zeros(1, np.uint64)
    for code in codes:
        whole = whole * STEP + code
    return int(mixed(whole)[0] >> np.uint64(32))


def _datasketch() -> Any:
    try:
        import datasketch
    except ImportError as error:
        raise ConfigError(
            "near: datasketch is not installed; pip install 'seqlab[near]', or leave the setting out"
        ) from error
    return datasketch
