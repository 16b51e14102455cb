"""A table parted at random, so that no sentence of one of its columns stands in two parts."""

import random
from collections.abc import Iterator, Mapping

from seqlab.corpora.files import TextFile
from seqlab.corpora.lines import read_lines
from seqlab.errors import DataError

REST = "train"
"""The part of what is not drawn."""


def parted(table: TextFile, column: int, sizes: Mapping[str, int], seed: int) -> Iterator[tuple[str, str]]:
    """Give each row of a table without a header, as it is, behind the name of its part; blank lines are left out.

    Cells are parted by tabs, `column` counts from 1. `sizes` says how many different sentences of this column each part
    gets, with all of their rows; they are drawn by the seed, one part after another, and the others are `REST`. The table
    is read twice and never in memory as a whole, but the sentences are. Raises DataError as `read_lines` does, for a row
    without the column, and where nothing would be left.
    """
    sentences = list(dict.fromkeys(sentence for sentence, _ in _rows(table, column)))
    n_drawn = sum(sizes.values())
    if n_drawn >= len(sentences):
        raise DataError(
            f"{table.path}: has {len(sentences):,} different sentences in column {column}, so that {n_drawn:,} cannot be "
            "drawn and others be left; draw fewer"
        )
    drawn = iter(random.Random(seed).sample(sentences, n_drawn))
    part_of = {next(drawn): part for part, size in sizes.items() for _ in range(size)}
    for sentence, line in _rows(table, column):
        yield part_of.get(sentence, REST), line


def _rows(table: TextFile, column: int) -> Iterator[tuple[str, str]]:
    """Give the sentence and the line of each row; runs of blanks in a sentence are one space."""
    for number, line in read_lines(table):
        if not line.strip():
            continue
        cells = line.split("\t")
        if column > len(cells):
            raise DataError(f"{table.path}, line {number}: no column {column}; part cells by tabs, or name another one")
        yield " ".join(cells[column - 1].split()), line
