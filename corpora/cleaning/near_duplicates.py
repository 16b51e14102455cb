"""Which texts are nearly an earlier one: found over all signatures, in memory that does not grow with the corpus.

The hashes of all bands are written to files by their first bits, so that equal ones stand in the same file, and each file
is sorted by itself. Texts with a hash in common are compared by their whole signatures. Those that are similar enough, or
are so by way of others, are a cluster, of which the first text stays. What comes out depends on nothing but the texts and
their order.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seqlab.config import Duplicates
from seqlab.corpora.cleaning.minhash import Signatures, band_sizes, bands

Mask = NDArray[np.bool_]
Places = NDArray[np.int64]

_BLOCK = 1 << 14  # texts whose bands are hashed at once
_PART = 1 << 22  # hashes that are sorted at once, about
_ENTRY = np.dtype([("hash", "<u8"), ("place", "<i8")])


def near_duplicates(
    shards: Sequence[Path], folder: Path, settings: Duplicates, gone: Mask | None = None, *, part: int = _PART
) -> Mask:
    """Find the texts that are nearly an earlier one.

    Args:
        shards: `.npy` files of signatures (N_i, P), those of all texts one after another; N texts in all.
        folder: where to work; the files that are written there are removed again, but for the answer.
        gone: (N,) True where a text is left out already, as an exact duplicate: it is compared with none.
        part: how many hashes are sorted at once, about.

    Returns:
        (N,) True where a text is to be left out; a memory map of the file `near.npy` in the folder.
    """
    texts = _Texts(shards)
    folder.mkdir(parents=True, exist_ok=True)
    roots = np.lib.format.open_memmap(folder / "roots.npy", "w+", np.dtype(np.int64), (texts.n,))
    for start in range(0, texts.n, _BLOCK):
        roots[start : start + _BLOCK] = np.arange(start, min(start + _BLOCK, texts.n))
    parts = _partition(texts, folder, settings, gone, part)
    for path in parts:
        for first, others in _similar(np.fromfile(path, _ENTRY), texts, settings.near):
            for other in others:
                _join(roots, first, other)
        path.unlink()
    near = np.lib.format.open_memmap(folder / "near.npy", "w+", np.dtype(np.bool_), (texts.n,))
    for start in range(0, texts.n, _BLOCK):
        block = roots[start : start + _BLOCK]
        near[start : start + _BLOCK] = block != np.arange(start, start + len(block))
    near.flush()
    del roots
    (folder / "roots.npy").unlink()
    return near


class _Texts:
    """The signatures of all texts, in files."""

    def __init__(self, shards: Sequence[Path]) -> None:
        self.shards = [np.lib.format.open_memmap(path, "r") for path in shards]
        self.starts = np.cumsum([0, *(len(shard) for shard in self.shards)])
        self.n = int(self.starts[-1])

    def blocks(self) -> Iterator[tuple[int, Signatures]]:
        """Signatures in their order, with the place of the first of them."""
        for start, shard in zip(self.starts.tolist(), self.shards, strict=False):
            for at in range(0, len(shard), _BLOCK):
                yield start + at, shard[at : at + _BLOCK]

    def agreement(self, one: Places, others: Places) -> NDArray[np.float64]:
        """Give the share of the numbers that agree, of the text at one place (1,) and of those at others (M,)."""
        row = self._at(one)
        blocks = np.split(others, range(_BLOCK, len(others), _BLOCK))
        return np.concatenate([(self._at(block) == row).mean(axis=1) for block in blocks])

    def _at(self, places: Places) -> Signatures:
        """Give the signatures (M, P) at places (M,)."""
        owners = np.searchsorted(self.starts, places, side="right") - 1
        rows = np.empty((len(places), self.shards[0].shape[1]), np.uint32)
        for owner in np.unique(owners):
            mine = owners == owner
            rows[mine] = self.shards[owner][places[mine] - self.starts[owner]]
        return rows


def _partition(texts: _Texts, folder: Path, settings: Duplicates, gone: Mask | None, part: int) -> list[Path]:
    """Write the hashes of all bands to files by their first bits."""
    n_hashes = texts.n * band_sizes(settings.near, settings.permutations)[0]
    bits = min(10, max(0, (n_hashes // part).bit_length()))
    paths = [folder / f"bands-{index:04}" for index in range(1 << bits)]
    for path in paths:
        path.write_bytes(b"")
    for start, rows in texts.blocks():
        places = np.arange(start, start + len(rows))
        if gone is not None:
            places = places[~gone[start : start + len(rows)]]
        hashes = bands(rows[places - start], settings)
        entries = np.empty(hashes.size, _ENTRY)
        entries["hash"], entries["place"] = hashes.ravel(), np.repeat(places, hashes.shape[1])
        whose = (entries["hash"] >> np.uint64(54)) >> np.uint64(10 - bits)
        order = np.argsort(whose, kind="stable")
        ends = np.cumsum(np.bincount(whose[order].astype(np.int64), minlength=len(paths)))
        for path, mine in zip(paths, np.split(entries[order], ends[:-1]), strict=True):
            if len(mine):
                with path.open("ab") as file:
                    file.write(mine.tobytes())
    return paths


def _similar(entries: NDArray[np.void], texts: _Texts, threshold: float) -> Iterator[tuple[int, list[int]]]:
    """Give texts with the later ones that have a hash in common with them and are similar enough by their signatures."""
    entries = entries[np.lexsort((entries["place"], entries["hash"]))]
    begins = np.flatnonzero(np.diff(entries["hash"], prepend=~entries["hash"][:1]) != 0)
    ends = np.append(begins[1:], len(entries))
    several = ends - begins > 1
    for begin, end in zip(begins[several].tolist(), ends[several].tolist(), strict=True):
        left = entries["place"][begin:end]
        while len(left) > 1:  # the first against all others; then those that are not like it among themselves
            first, left = left[:1], left[1:]
            alike = texts.agreement(first, left) >= threshold
            yield int(first[0]), left[alike].tolist()
            left = left[~alike]


def _join(roots: NDArray[np.int64], one: int, other: int) -> None:
    """Make the clusters of two texts one, whose root is its first text."""
    one, other = _root(roots, one), _root(roots, other)
    roots[max(one, other)] = min(one, other)


def _root(roots: NDArray[np.int64], place: int) -> int:
    root = place
    while (above := int(roots[root])) != root:
        root = above
    while int(roots[place]) != root:
        roots[place], place = root, int(roots[place])
    return root
