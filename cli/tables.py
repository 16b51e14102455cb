"""Plain tables for standard output."""

import math
import os
import sys
from collections.abc import Sequence
from typing import Any

import click
from rich.cells import cell_len


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: bool = True, texts: int = 1) -> str:
    """Rows under heads, the first `texts` columns flush left and the others flush right, or left without `numbers`.

    East Asian wide characters count as two columns.
    """
    widths = [max(cell_len(row[column]) for row in (heads, *rows)) for column in range(len(heads))]
    lines = []
    for row in (heads, ["-" * width for width in widths], *rows):
        cells = [
            _padded(cell, width, right=numbers and column >= texts)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def emphasized(heads: Sequence[str], rows: Sequence[Sequence[str]], best: Sequence[int], *, texts: int = 1) -> str:
    """A table whose best rows are bold in a terminal, and marked by a star in a file or pipe."""
    bold = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    marked = [[row[0] + " *" * (number in best and not bold), *row[1:]] for number, row in enumerate(rows)]
    lines = table(heads, marked, texts=texts).split("\n")
    for number in best if bold else ():
        lines[2 + number] = click.style(lines[2 + number], bold=True)
    return "\n".join(lines)


def figures(nats: float) -> tuple[str, str, str]:
    """Nats, bits and perplexity as they are printed."""
    return f"{nats:.4f}", f"{nats / math.log(2):.4f}", "inf" if nats > 700 else f"{math.exp(nats):.4g}"


def for_json(value: Any) -> Any:
    """A value with None for the numbers in it that are infinite or not a number, for which JSON has no word."""
    if isinstance(value, dict):
        return {name: for_json(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [for_json(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _padded(cell: str, width: int, *, right: bool) -> str:
    blanks = " " * (width - cell_len(cell))
    return blanks + cell if right else cell + blanks
