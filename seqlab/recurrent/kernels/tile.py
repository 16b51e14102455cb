"""The innermost product: a few rows of A times a panel of B, held in registers from the first term to the last.

A plain loop in Python source cannot say "keep these 24 vectors in registers", so the tile is written in the compiler's own
language, LLVM's, of which numba is a front. It is laid out as in Goto & van de Geijn 2008 (Anatomy of high-performance
matrix multiplication): each step of the sum loads one row of the panel and one number of each row of A.

In half precision A and B are bfloat16, given by their bits as uint16, and the sums float32. One instruction multiplies a
pair of terms, so a panel holds the two numbers of a pair side by side.
"""

from typing import Any

import llvmlite.binding
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

ROWS = 6
"""Rows of A that one tile takes at most; there is a tile for each smaller number too."""


def _registers() -> tuple[int, int]:
    """Bytes of a vector register, and how many registers the width of a panel takes, on this processor."""
    features = llvmlite.binding.get_host_cpu_features()
    if features.get("avx512f"):
        return 64, 4  # 32 registers: 6 x 4 sums, 4 of B, 1 of A
    if features.get("avx2"):
        return 32, 2  # 16 registers: 6 x 2 sums, 2 of B, 1 of A
    return 16, 4


VECTOR_BYTES, VECTORS = _registers()


HAS_BFLOAT16 = bool(llvmlite.binding.get_host_cpu_features().get("avx512bf16"))
"""Whether this processor multiplies bfloat16."""


def panel_width(dtype: np.dtype[Any]) -> int:
    """How many columns of B stand in a panel, for sums of this type."""
    return VECTORS * VECTOR_BYTES // dtype.itemsize


class _BFloat(ir.Type):  # type: ignore[misc]
    """The type `bfloat` of LLVM, which llvmlite does not know."""

    def _to_string(self) -> str:
        return "bfloat"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _BFloat)

    def __hash__(self) -> int:
        return hash(_BFloat)


def _make_tile(rows: int) -> Any:
    """A tile for so many rows: `tile(a, a_row, a_term, b, n, start, start_row, c, c_row)`, which is C = START + A times B.

    A is (rows, n), B (n, width), START and C (rows, width), each given by a pointer to its first element. `a_row` and the
    like say how many elements lie between the beginnings of two rows, `a_term` how many between two terms of a row of
    A; the elements of a row of START and C are adjacent; B is a panel, its rows adjacent. In half precision a term is a
    pair.
    """

    @intrinsic
    def tile(
        typing: Any, a: Any, a_row: Any, a_term: Any, b: Any, n: Any, start: Any, start_row: Any, c: Any, c_row: Any
    ) -> Any:
        signature = types.void(a, types.int64, types.int64, b, types.int64, start, types.int64, c, types.int64)
        number = ir.FloatType() if c.dtype == types.float32 else ir.DoubleType()
        lanes = VECTOR_BYTES // (c.dtype.bitwidth // 8)
        terms = _Half(lanes) if a.dtype == types.uint16 else _Full(number, lanes)
        return signature, lambda context, builder, _, arguments: _emit(builder, arguments, number, rows, lanes, terms)

    return tile


class _Full:
    """One term of the sum: a number of A times a vector of B, in the type of the sum."""

    def __init__(self, number: Any, lanes: int):
        self.read, self.vector, self.step = number, ir.VectorType(number, lanes), 1
        self.name = f"llvm.fma.v{lanes}f{32 if isinstance(number, ir.FloatType) else 64}"
        self.order = (0, 1, 2)


class _Half:
    """A pair of terms: two bfloat16 of A, read as one 32-bit number, times pairs of B."""

    def __init__(self, lanes: int):
        self.read, self.vector, self.step = ir.IntType(32), ir.VectorType(_BFloat(), 2 * lanes), 2
        self.name = "llvm.x86.avx512bf16.dpbf16ps.512"
        self.order = (2, 0, 1)  # the sum comes first


def _emit(builder: Any, arguments: Any, number: Any, rows: int, lanes: int, terms: Any) -> None:
    """The instructions of a tile: load START, for each term one multiply-add a register, store C."""
    a, a_row, a_term, b, n, start, start_row, c, c_row = arguments
    index, vector, spread = ir.IntType(64), ir.VectorType(number, lanes), ir.VectorType(terms.read, lanes)
    types_in = [(terms.vector, terms.vector, vector)[k] for k in terms.order]
    multiply_add = cgutils.get_or_insert_function(builder.module, ir.FunctionType(vector, types_in), terms.name)  # type: ignore[no-untyped-call]
    undefined, first_lane = (
        ir.Constant(spread, ir.Undefined),
        ir.Constant(ir.VectorType(ir.IntType(32), lanes), [0] * lanes),
    )

    def at(base: Any, offset: Any, kind: Any) -> Any:
        return builder.bitcast(builder.gep(base, [offset]), kind.as_pointer())

    def load(place: Any) -> Any:
        loaded = builder.load(place)
        loaded.align = 2  # rows begin anywhere
        return loaded

    def places(base: Any, distance: Any) -> list[Any]:
        return [
            at(base, builder.add(builder.mul(distance, index(row)), index(column * lanes)), vector)
            for row in range(rows)
            for column in range(VECTORS)
        ]

    before = [load(place) for place in places(start, start_row)]
    entry, loop, done = builder.block, builder.append_basic_block("terms"), builder.append_basic_block("store")
    builder.branch(loop)
    builder.position_at_end(loop)
    term = builder.phi(index)
    term.add_incoming(index(0), entry)
    sums = [builder.phi(vector) for _ in before]
    for total, value in zip(sums, before, strict=True):
        total.add_incoming(value, entry)
    b_row = builder.mul(term, index(terms.step * VECTORS * lanes))
    panel = [load(at(b, builder.add(b_row, index(k * terms.step * lanes)), terms.vector)) for k in range(VECTORS)]
    after = []
    for row in range(rows):
        place = builder.add(builder.mul(a_row, index(row)), builder.mul(term, a_term))
        one = builder.insert_element(undefined, load(at(a, place, terms.read)), ir.IntType(32)(0))
        factor = builder.bitcast(builder.shuffle_vector(one, undefined, first_lane), terms.vector)
        for k in range(VECTORS):
            given = factor, panel[k], sums[row * VECTORS + k]
            after.append(builder.call(multiply_add, [given[place] for place in terms.order]))
    following = builder.add(term, index(1))
    term.add_incoming(following, loop)
    for total, value in zip(sums, after, strict=True):
        total.add_incoming(value, loop)
    builder.cbranch(builder.icmp_signed("<", following, n), loop, done)
    builder.position_at_end(done)
    for place, value in zip(places(c, c_row), after, strict=True):
        builder.store(value, place).align = 4


tile_1, tile_2, tile_3, tile_4, tile_5, tile_6 = (_make_tile(rows) for rows in range(1, ROWS + 1))


@intrinsic
def pointer(typing: Any, array: Any, offset: Any) -> Any:
    """The place of an element, counted in elements from the first one of a contiguous array or a view of one."""
    signature = types.CPointer(array.dtype)(array, types.int64)  # type: ignore[no-untyped-call]

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        return builder.gep(data, [arguments[1]])

    return signature, emit
