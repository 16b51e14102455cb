"""Products with a weight matrix that stays the same for many steps: packed once, then read as the processor likes it."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numba import types
from numba.extending import overload
from numpy.typing import NDArray

from seqlab.recurrent.kernels import parallel
from seqlab.recurrent.kernels.arrays import empty
from seqlab.recurrent.kernels.compiled import compiled
from seqlab.recurrent.kernels.pointwise import bits_of_float
from seqlab.recurrent.kernels.tile import ROWS, panel_width, pointer, tile_1, tile_2, tile_3, tile_4, tile_5, tile_6

Factor = tuple[NDArray[Any], tuple[slice, ...]]

BLOCK = 192
"""So many rows of A stay in the cache while the panels of B pass by."""
TERMS = 512
"""So many terms of a sum over all rows are taken at a time."""


def pack(matrix: NDArray[Any], *, transposed: bool = False) -> NDArray[Any]:
    """A matrix (N, M) cut in panels of adjacent columns, the last filled up with zeros: (panels, N, width).

    With `transposed` it is the transpose that is packed, as for x @ W.T. A matrix of bfloat16, given by their bits as
    uint16, is packed in pairs of rows: (panels, pairs, width, 2).
    """
    source = matrix.T if transposed else matrix
    if matrix.dtype == np.uint16:
        width = panel_width(np.dtype(np.float32))
        pairs = np.zeros((-(-source.shape[1] // width), -(-source.shape[0] // 2), width, 2), matrix.dtype)
        parallel.run(partial(_pack_pairs, source, pairs), parallel.shares(len(pairs)))
        return pairs
    width = panel_width(matrix.dtype)
    packed = empty((-(-source.shape[1] // width), source.shape[0], width), matrix)
    parallel.run(partial(_pack, source, packed), parallel.shares(len(packed)))
    return packed


@compiled
def _pack_pairs(source: Any, packed: Any, part: slice) -> None:
    width = packed.shape[2]
    for panel in range(part.start, part.stop):
        n_full = min(width, source.shape[1] - panel * width)
        for start in range(0, len(source), 16):
            for row in range(start, min(start + 16, len(source))):
                for column in range(n_full):
                    packed[panel, row // 2, column, row % 2] = source[row, panel * width + column]


def product(a: NDArray[Any], packed: NDArray[Any], start: NDArray[Any]) -> NDArray[Any]:
    """A (rows, N) times a packed matrix (N, M), added to `start` (M,) in every row: (rows, M)."""
    c = empty((len(a), len(start)), a)
    parallel.run(lambda rows: _product(a[rows], packed, start, c[rows]), parallel.shares(len(a), ROWS))
    return c


def gradients(d: NDArray[Any], factors: Sequence[Factor]) -> tuple[list[NDArray[Any]], NDArray[Any]]:
    """The gradients of the weights and the bias of products A @ W.T + b, from the gradient of what came out.

    Args:
        d: (rows, M), of what came out.
        factors: each A (rows, N), N its own, with the columns of `d` that it had a part in.

    Returns:
        for each A the transpose of those columns of `d` times A, (columns, N); and the sum of the rows of `d`, (M,).
    """
    width = panel_width(d.dtype)
    panels = empty((-(-d.shape[1] // width), min(TERMS, len(d)), width), d)
    ones = np.ones((len(d), 1), d.dtype), (slice(0, d.shape[1]),)  # the sum is one more product
    factors = [*factors, ones]
    across = [empty((a.shape[1], d.shape[1]), d) for a, _ in factors]

    def of_panels(part: slice) -> None:
        for first in range(0, len(d), TERMS):
            some = slice(first, first + TERMS)
            _pack_block(d[some], panels, part)
            for (a, columns), c in zip(factors, across, strict=True):
                for wanted in _panels_of(columns, width):
                    own = slice(max(part.start, wanted.start), min(part.stop, wanted.stop))
                    _outer(a[some], panels, c, own, first == 0)

    parallel.run(of_panels, parallel.shares(len(panels)))
    found = []
    for (_, columns), c in zip(factors[:-1], across, strict=False):
        gradient = empty((sum(part.stop - part.start for part in columns), len(c)), d)
        first = 0
        for part in columns:
            into = gradient[first : first + part.stop - part.start]
            parallel.run(partial(_transpose, c[:, part], into), parallel.shares(len(into)))
            first += len(into)
        found.append(gradient)
    return found, across[-1][0]


def _panels_of(columns: tuple[slice, ...], width: int) -> list[slice]:
    """The panels in which these columns stand, none of them twice: several parts of the columns may share one."""
    found, last = [], 0
    for part in sorted(columns, key=lambda part: part.start):
        first, last = max(last, part.start // width), -(-part.stop // width)
        found.append(slice(first, last))
    return found


@compiled
def matrix_times_vector(matrix: Any, vector: Any, result: Any) -> None:
    """A matrix (M, N) times a vector (N,), written to `result` (M,)."""
    for row in range(len(matrix)):
        numbers, total = matrix[row], vector.dtype.type(0)
        for j in range(len(numbers)):
            total += numbers[j] * vector[j]
        result[row] = total


@compiled
def _pack(source: Any, packed: Any, part: slice) -> None:
    """Reads the source in the order in which it lies in memory, sixteen rows at a time."""
    if source.strides[1] == source.itemsize:
        for start in range(0, len(source), 16):
            for panel in range(part.start, part.stop):
                _pack_rows(source, packed, panel, start)
    else:
        for panel in range(part.start, part.stop):
            for start in range(0, len(source), 16):
                _pack_rows(source, packed, panel, start)


@compiled
def _pack_rows(source: Any, packed: Any, panel: int, start: int) -> None:
    width = packed.shape[2]
    for row in range(start, min(start + 16, len(source))):
        given, kept = source[row, panel * width : (panel + 1) * width], packed[panel, row]
        for column in range(len(given)):
            kept[column] = given[column]
        for column in range(len(given), width):
            kept[column] = 0


@compiled
def _transpose(source: Any, into: Any, part: slice) -> None:
    for first in range(0, len(source), 64):
        for start in range(part.start, part.stop, 16):
            for row in range(start, min(start + 16, part.stop)):
                for column in range(first, min(first + 64, len(source))):
                    into[row, column] = source[column, row]


@compiled
def _pack_block(d: Any, panels: Any, part: slice) -> None:
    width = panels.shape[2]
    for term in range(len(d)):
        for panel in range(part.start, part.stop):
            column = panel * width
            given, kept = d[term, column : column + width], panels[panel, term]
            for j in range(len(given)):
                kept[j] = given[j]
            for j in range(len(given), width):
                kept[j] = 0


@compiled
def _outer(a: Any, panels: Any, c: Any, part: slice, is_first: bool) -> None:
    """C (N, M) += the transpose of A (terms, N) times the packed panels, for a part of these."""
    width = panels.shape[2]
    for panel in range(part.start, part.stop):
        block = c[:, panel * width : (panel + 1) * width]
        if is_first:
            block[:] = 0
        add_product(a.T, panels[panel : panel + 1, : len(a)], block, block)


@compiled
def _product(a: Any, packed: Any, start: Any, c: Any) -> None:
    for first in range(0, len(a), BLOCK):
        block = c[first : first + BLOCK]
        block[:] = start
        add_product(a[first : first + BLOCK], packed, block, block)


def add_product(a: Any, packed: Any, start: Any, c: Any) -> None:
    """C = START + A times a packed matrix; START may be C. In compiled code only.

    a: (rows, N), start and c: (rows, M), the elements of a row of these two adjacent. Where the matrix is bfloat16 A is
    rounded to it, and the sums are float32.
    """
    raise NotImplementedError("compiled code only")


@overload(add_product)
def _add_product(a: Any, packed: Any, start: Any, c: Any) -> Any:
    def full(a: Any, packed: Any, start: Any, c: Any) -> Any:
        _add(a, 1, packed, start, c)

    def half(a: Any, packed: Any, start: Any, c: Any) -> Any:
        _add(_rounded(a, 2 * packed.shape[1]), 2, packed, start, c)

    return half if packed.dtype == types.uint16 else full


@compiled
def _rounded(a: Any, n_terms: int) -> Any:
    """The bits of the bfloat16 nearest to each number of A (rows, N), with zeros up to `n_terms`; of a tie the even one."""
    rounded = np.zeros((len(a), n_terms), np.uint16)
    for row in range(len(a)):
        given, kept = a[row], rounded[row]
        for j in range(len(given)):
            bits: Any = bits_of_float(given[j])  # type: ignore[call-arg]
            nearest = (bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) >> np.uint32(16)
            kept[j] = np.uint16(0x7FC0) if given[j] != given[j] else np.uint16(nearest)
    return rounded


@compiled
def _add(a: Any, a_step: int, packed: Any, start: Any, c: Any) -> None:
    """`add_product` where a term is `a_step` columns of A."""
    rows, n_columns, n_terms, width = len(a), c.shape[1], packed.shape[1], packed.shape[2]
    a_row, a_term = a.strides[0] // a.itemsize, a_step * (a.strides[1] // a.itemsize)
    start_row, c_row = start.strides[0] // c.itemsize, c.strides[0] // c.itemsize
    panel_size = packed.strides[0] // packed.itemsize
    edge = np.empty((ROWS, width), c.dtype)  # the last panel may be wider than what is left of C
    for panel in range(packed.shape[0]):
        b: Any = pointer(packed, panel * panel_size)  # type: ignore[call-arg]
        column = panel * width
        n_full = min(width, n_columns - column)
        row = 0
        while row < rows:
            left = rows - row
            tiles = (left + ROWS - 1) // ROWS
            size = (left + tiles - 1) // tiles  # 8 rows are 4 + 4, not 6 + 2
            first = pointer(a, row * a_row)
            if n_full == width:
                from_, to = pointer(start, row * start_row + column), pointer(c, row * c_row + column)
                _tile(size, first, a_row, a_term, b, n_terms, from_, start_row, to, c_row)
            else:
                edge[:size, :n_full] = start[row : row + size, column:]
                place = pointer(edge, 0)
                _tile(size, first, a_row, a_term, b, n_terms, place, width, place, width)
                c[row : row + size, column:] = edge[:size, :n_full]
            row += size


@compiled
def _tile(
    size: int, a: Any, a_row: int, a_term: int, b: Any, n: int, start: Any, start_row: int, c: Any, c_row: int
) -> None:
    if size == 6:
        tile_6(a, a_row, a_term, b, n, start, start_row, c, c_row)
    elif size == 5:
        tile_5(a, a_row, a_term, b, n, start, start_row, c, c_row)
    elif size == 4:
        tile_4(a, a_row, a_term, b, n, start, start_row, c, c_row)
    elif size == 3:
        tile_3(a, a_row, a_term, b, n, start, start_row, c, c_row)
    elif size == 2:
        tile_2(a, a_row, a_term, b, n, start, start_row, c, c_row)
    else:
        tile_1(a, a_row, a_term, b, n, start, start_row, c, c_row)
