"""Counting a text that is larger than memory: sorted runs on disk, merged order by order.

What `seqlab.ngram.counts.count` does in one piece is done here in blocks of the text. Each block gives a run, its distinct
n-grams in order; the runs of an order are merged in stretches of contexts, which gives each n-gram its entry; and a second
pass over the blocks writes down which entry ends where, for the next order. Files are read and written in stretches rather
than mapped, so that what stays in memory is one block.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqlab.ngram.counts import CountLevel, Counts, Numbers, ranked, smallest
from seqlab.ngram.sequences import marked

BYTES_A_PLACE = 72
"""What a place of a block takes while it is sorted."""
SMALLEST_BLOCK = 1 << 12
MOST_RUNS = 256
"""More would take more time for opening files than for merging; a text that needs more in some memory gets more memory."""
WORD_BITS = np.uint64(32)


class Run(NamedTuple):
    """The distinct n-grams of one block, in files; where they stand in the merged level is written there too."""

    keys: "Column"
    """uint64: entry of the context and last word."""
    counts: "Column"
    suffixes: "Column"
    entries: "Column"


class Column:
    """Numbers of one type in a file, read and written in stretches."""

    def __init__(self, path: Path, dtype: Any):
        self.path, self.dtype = path, np.dtype(dtype)
        path.unlink(missing_ok=True)
        path.touch()

    def __len__(self) -> int:
        return self.path.stat().st_size // int(self.dtype.itemsize)

    def append(self, numbers: NDArray[Any]) -> None:
        """Write numbers behind those that are there."""
        with self.path.open("ab") as file:
            file.write(np.ascontiguousarray(numbers, self.dtype).data)  # tofile does not say why the disk refuses

    def read(self, first: int, last: int) -> NDArray[Any]:
        """The numbers from `first` to before `last`."""
        offset = first * self.dtype.itemsize
        return np.fromfile(self.path, self.dtype, max(0, last - first), offset=offset)

    def mapped(self) -> NDArray[Any]:
        """All numbers, as a memory map that cannot be written to."""
        return np.memmap(self.path, self.dtype, "r") if len(self) else np.zeros(0, self.dtype)

    def place(self, number: int) -> int:
        """How many numbers, sorted ones, are below a number."""
        return int(np.searchsorted(self.mapped(), np.array(number, self.dtype)))


def count_on_disk(
    ids: NDArray[Any],
    order: int,
    n_types: int,
    start: int,
    end: int | None,
    memory: int,
    folder: Path,
    progress: Callable[[float], None] | None = None,
) -> Counts:
    """Count as `seqlab.ngram.counts.count` does, in about `memory` bytes; the counts are memory maps of files in `folder`.

    The folder has to stay as long as the counts are used. It takes some 60 bytes a token.
    """
    block = max(SMALLEST_BLOCK, memory // BYTES_A_PLACE, len(ids) // MOST_RUNS)
    stream, depth, totals = _written_stream(ids, n_types, start, end, block, folder)
    none = np.zeros(0, np.uint32)
    levels = [CountLevel(np.arange(n_types, dtype=smallest(n_types - 1)), totals, none, none)]
    entries, size, local = stream, n_types, Column(folder / "local", np.uint32)
    for n in range(2, order + 1):
        runs: list[Run] = []
        local = Column(folder / "local", np.uint32)
        for first, last in _blocks(len(stream), block):
            runs.append(_run(n, len(runs), first, last, stream, depth, entries, local, folder))
        level = _merged(n, runs, size, block, folder, levels[0].words.dtype)
        below = levels[-1]
        levels[-1] = CountLevel(below.words, below.counts, below.suffixes, level.starts)
        levels.append(CountLevel(level.words, level.counts, level.suffixes, none))
        size = len(level.words)
        if n < order:
            before, entries = entries, _entries(n, runs, local, depth, block, folder)
            if before is not stream:
                before.path.unlink()
        for run in runs:
            for column in run:
                column.path.unlink()
        if progress:
            progress(n / order)
    for column in (stream, depth, entries, local):
        column.path.unlink(missing_ok=True)
    return Counts(tuple(levels), len(ids), start, end)


def _blocks(n: int, size: int) -> Iterator[tuple[int, int]]:
    return ((first, min(first + size, n)) for first in range(0, n, size))


def _written_stream(
    ids: NDArray[Any], n_types: int, start: int, end: int | None, block: int, folder: Path
) -> tuple[Column, Column, Numbers]:
    """(the stream with its start marks, how many tokens of its sequence stand before each place, (V,) count of each id)."""
    stream, depth = Column(folder / "stream", smallest(n_types - 1)), Column(folder / "depth", np.uint8)
    totals = np.zeros(n_types, np.uint32)
    fresh, before = True, 0
    for first, last in _blocks(len(ids), block):
        part = ids[first:last]
        totals += np.bincount(part, minlength=n_types).astype(np.uint32)
        marks, places = marked(part, start, end, fresh=fresh)
        at = np.arange(len(marks))
        begins = np.ones(len(marks), bool)
        begins[places] = False
        last_begin = np.maximum.accumulate(np.where(begins, at, -before - 1))
        here = at - last_begin
        stream.append(marks)
        depth.append(np.minimum(here, 255))
        fresh, before = bool(end is not None and part[-1] == end), int(min(here[-1], 255))
    return stream, depth, totals


def _run(
    order: int,
    number: int,
    first: int,
    last: int,
    stream: Column,
    depth: Column,
    entries: Column,
    local: Column,
    folder: Path,
) -> Run:
    """The run of one block; the rank of each place's n-gram in it goes to `local`."""
    begin = max(first, 1)
    whole = depth.read(begin, last) >= order - 1
    ends = entries.read(begin - 1, last)
    contexts, suffixes = ends[:-1][whole], ends[1:][whole]
    words = stream.read(begin, last)[whole]
    ranks, distinct, sizes = ranked(contexts, words, np.arange(len(words)))
    local.append(ranks)
    names = {"keys": np.uint64, "counts": np.uint32, "suffixes": np.uint32, "entries": np.uint32}
    run = Run(**{name: Column(folder / f"run.{number}.{name}", dtype) for name, dtype in names.items()})
    run.keys.append((contexts[distinct].astype(np.uint64) << WORD_BITS) | words[distinct])
    run.counts.append(sizes)
    run.suffixes.append(suffixes[distinct])
    return run


def _merged(order: int, runs: list[Run], n_contexts: int, block: int, folder: Path, word_type: Any) -> CountLevel:
    """The level that the runs of an order make together; `starts` in it are those of the level below."""
    words, starts = Column(folder / f"{order}.words", word_type), Column(folder / f"{order - 1}.starts", np.uint32)
    counts, suffixes = Column(folder / f"{order}.counts", np.uint32), Column(folder / f"{order}.suffixes", np.uint32)
    starts.append(np.zeros(1, np.uint32))
    size, at = 0, [0] * len(runs)
    for first, last in _stretches(runs, n_contexts, block):
        to = [run.keys.place(last << 32) for run in runs]
        parts = list(zip(runs, at, to, strict=True))
        keys = np.concatenate([run.keys.read(a, b) for run, a, b in parts])
        by_key = np.argsort(keys, kind="stable")
        new = np.ones(len(keys), bool)
        np.not_equal(keys[by_key[1:]], keys[by_key[:-1]], out=new[1:])
        firsts = np.flatnonzero(new)
        entries = np.empty(len(keys), np.uint32)
        entries[by_key] = np.cumsum(new) - 1 + size
        for (run, _, _), part in zip(
            parts, np.split(entries, np.cumsum([b - a for _, a, b in parts])[:-1]), strict=True
        ):
            run.entries.append(part)
        distinct = keys[by_key[firsts]]
        words.append(distinct & np.uint64((1 << 32) - 1))
        n_children = np.bincount((distinct >> WORD_BITS).astype(np.int64) - first, minlength=last - first)
        starts.append(size + np.cumsum(n_children))
        found = np.concatenate([run.counts.read(a, b) for run, a, b in parts])[by_key]
        counts.append(np.add.reduceat(found, firsts) if len(firsts) else found)
        suffixes.append(np.concatenate([run.suffixes.read(a, b) for run, a, b in parts])[by_key[firsts]])
        size, at = size + len(firsts), to
    return CountLevel(words.mapped(), counts.mapped(), suffixes.mapped(), starts.mapped())


def _stretches(runs: list[Run], n_contexts: int, block: int) -> Iterator[tuple[int, int]]:
    """Contexts in stretches whose n-grams, of all runs together, fill about half a block."""
    samples = []
    for run in runs:
        keys = run.keys.mapped()
        samples.append(np.asarray(keys[:: max(1, block // 64)]) >> WORD_BITS)
    places = np.sort(np.concatenate(samples)).astype(np.int64)
    borders = np.unique(np.concatenate(([0], places[16::16] + 1, [n_contexts])))
    borders = borders[borders <= n_contexts]
    return zip(borders[:-1].tolist(), borders[1:].tolist(), strict=True)


def _entries(order: int, runs: list[Run], local: Column, depth: Column, block: int, folder: Path) -> Column:
    """Which entry of the merged level ends at each place; 0 where no n-gram of this order does."""
    entries, at = Column(folder / f"entries.{order % 2}", np.uint32), 0
    for run, (first, last) in zip(runs, _blocks(len(depth), block), strict=True):
        whole = depth.read(first, last) >= order - 1
        n_here = int(whole.sum())
        here = np.zeros(last - first, np.uint32)
        here[whole] = run.entries.read(0, len(run.entries))[local.read(at, at + n_here)]
        entries.append(here)
        at += n_here
    return entries
