"""What becomes of each record, and the parts that come of it."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from seqlab.corpora.cleaning.near_duplicates import near_duplicates
from seqlab.corpora.preparation import marks
from seqlab.corpora.preparation.canonical import FORMS
from seqlab.corpora.preparation.draws import hold_out
from seqlab.corpora.preparation.duplicates import same_records
from seqlab.corpora.preparation.marks import DUPLICATE, NEAR, TEST, TRAIN, VALIDATION
from seqlab.corpora.preparation.parts import NAMES, rows_of, write_records, write_stretches
from seqlab.corpora.preparation.rows import Rows
from seqlab.corpora.preparation.shard import LINES, ROWS, Work, counts_of
from seqlab.corpora.preparation.signatures import NAME as SIGNATURES

MARKS = {name: mark for mark, name in NAMES.items()}
Shards = Sequence[tuple[str, Path]]
"""The part that each shard is of, and its folder, in order."""


class Drawn(NamedTuple):
    """What is held out of the training corpora."""

    sizes: Mapping[str, Fraction | int]
    """A share or a number for validation and test; 0 for nothing."""
    seed: int
    keep_leaks: bool


def part_stretches(
    work: Work, shards: Shards, drawn: Drawn, temporary: Path, whole: Path, moved: Callable[[int], None]
) -> dict[str, Any]:
    """Write running text to its parts, into `whole`; give how many characters each has."""
    of_parts: dict[int, list[Path]] = defaultdict(list)
    for part, path in shards:
        of_parts[MARKS[part]].append(path)
    n_characters = sum(counts_of(path).get("kept characters", 0) for path in of_parts[TRAIN])
    shares = {MARKS[name]: Fraction(size) for name, size in drawn.sizes.items() if size}
    counts = write_stretches(of_parts, n_characters, shares, drawn.seed, whole, moved)
    return {"unit": "character", "parts": counts}


def part_records(
    work: Work, shards: Shards, drawn: Drawn, temporary: Path, whole: Path, moved: Callable[[int], None]
) -> dict[str, Any]:
    """Write each record to its part, into `whole`; give how many each has, and how many are left out for what reason."""
    paths = [path for _, path in shards]
    lengths = [(path / ROWS).stat().st_size // work.layout.dtype.itemsize for path in paths]
    becomes = marks.created(temporary / "marks", sum(lengths))
    ends = np.cumsum(lengths)
    for (part, _), end, length in zip(shards, ends.tolist(), lengths, strict=True):
        becomes[end - length : end] = MARKS[part]

    def blocks() -> Iterator[Rows]:
        return (rows_of(path, work.layout) for path in paths)

    exact = work.duplicates.exact
    leaks = work.taken != LINES or exact  # in running text a line may come again
    n_leaks = 0
    if exact or leaks:
        n_leaks = same_records(blocks(), becomes, temporary, exact=exact, leaks=leaks and not drawn.keep_leaks)
    if work.duplicates.near:
        found = near_duplicates(
            [path / SIGNATURES for path in paths], temporary / "near", work.duplicates, becomes != TRAIN
        )
        becomes[found] = NEAR
    if any(drawn.sizes.values()) and np.any(becomes == TRAIN):
        sizes = {MARKS[name]: size for name, size in drawn.sizes.items()}
        hold_out(blocks(), becomes, temporary, sizes, drawn.seed)
        if leaks and work.layout.unit:
            n_leaks += same_records(blocks(), becomes, temporary, exact=False, leaks=not drawn.keep_leaks)
    write_records(paths, work.layout, becomes, whole, FORMS[work.form].suffix, moved)
    counts = np.bincount(becomes, minlength=6).tolist()
    parts = {NAMES[mark]: counts[mark] for mark in (TRAIN, VALIDATION, TEST) if counts[mark]}
    left_out = {"duplicates": counts[DUPLICATE], "near duplicates": counts[NEAR], "leaks": n_leaks}
    return {"unit": "line" if work.taken == LINES else "record", **left_out, "parts": parts}
