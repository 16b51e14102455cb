"""The innermost product: a few rows of A times a panel of B, held in registers from the first term to the last.

A plain loop in Python source cannot say "keep these 24 vectors in registers", so the tile is written in the compiler's own
language, LLVM's, of which numba is a front. It is laid out as in Goto & van de Geijn 2008 (Anatomy of high-performance
matrix multiplication): each step of the sum loads one row of the panel and one number of each row of A.
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


def panel_width(dtype: np.dtype[Any]) -> int:
    """How many columns of B stand in a panel, for numbers of this type."""
    return VECTORS * VECTOR_BYTES // dtype.itemsize


def _make_tile(rows: int) -> Any:
    """A tile for so many rows: `tile(a, a_row, b, n, start, start_row, c, c_row)`, which is C = START + A times B.

    A is (rows, n), B (n, width), START and C (rows, width), each given by a pointer to its first element. The elements of
    a row are adjacent; `a_row` and the like say how many elements lie between the beginnings of two rows; B is a
    panel, its rows adjacent.
    """

    @intrinsic
    def tile(typing: Any, a: Any, a_row: Any, b: Any, n: Any, start: Any, start_row: Any, c: Any, c_row: Any) -> Any:
        element = a.dtype
        signature = types.void(a, types.int64, b, types.int64, start, types.int64, c, types.int64)
        number = ir.FloatType() if element == types.float32 else ir.DoubleType()
        lanes = VECTOR_BYTES // (element.bitwidth // 8)
        return signature, lambda context, builder, _, arguments: _emit(context, builder, arguments, number, rows, lanes)

    return tile


def _emit(context: Any, builder: Any, arguments: Any, number: Any, rows: int, lanes: int) -> Any:
    """The instructions of a tile: load START, for each term one fused multiply-add a register, store C."""
    a, a_row, b, n, start, start_row, c, c_row = arguments
    index, vector = ir.IntType(64), ir.VectorType(number, lanes)
    name = f"llvm.fma.v{lanes}f{32 if isinstance(number, ir.FloatType) else 64}"
    fma = cgutils.get_or_insert_function(builder.module, ir.FunctionType(vector, [vector] * 3), name)
    undefined, broadcast = ir.Constant(vector, ir.Undefined), ir.Constant(ir.VectorType(ir.IntType(32), lanes), [0] * lanes)

    def at(base: Any, offset: Any, column: int) -> Any:
        place = builder.gep(base, [builder.add(offset, index(column * lanes))])
        return builder.bitcast(place, vector.as_pointer())

    def load(place: Any) -> Any:
        loaded = builder.load(place)
        loaded.align = number.get_abi_alignment(context.target_data)  # rows of C begin anywhere
        return loaded

    def places(base: Any, distance: Any) -> list[Any]:
        return [at(base, builder.mul(distance, index(row)), column) for row in range(rows) for column in range(VECTORS)]

    before = [load(place) for place in places(start, start_row)]
    entry, loop, done = builder.block, builder.append_basic_block("terms"), builder.append_basic_block("store")
    builder.branch(loop)
    builder.position_at_end(loop)
    term = builder.phi(index)
    term.add_incoming(index(0), entry)
    sums = [builder.phi(vector) for _ in before]
    for total, value in zip(sums, before, strict=True):
        total.add_incoming(value, entry)
    panel = [load(at(b, builder.mul(term, index(VECTORS * lanes)), column)) for column in range(VECTORS)]
    after = []
    for row in range(rows):
        one = builder.load(builder.gep(a, [builder.add(builder.mul(a_row, index(row)), term)]))
        all_lanes = builder.shuffle_vector(builder.insert_element(undefined, one, ir.IntType(32)(0)), undefined, broadcast)
        after += [builder.call(fma, [all_lanes, panel[k], sums[row * VECTORS + k]]) for k in range(VECTORS)]
    following = builder.add(term, index(1))
    term.add_incoming(following, loop)
    for total, value in zip(sums, after, strict=True):
        total.add_incoming(value, loop)
    builder.cbranch(builder.icmp_signed("<", following, n), loop, done)
    builder.position_at_end(done)
    for place, value in zip(places(c, c_row), after, strict=True):
        builder.store(value, place).align = number.get_abi_alignment(context.target_data)
    return context.get_dummy_value()


tile_1, tile_2, tile_3, tile_4, tile_5, tile_6 = (_make_tile(rows) for rows in range(1, ROWS + 1))


@intrinsic
def pointer(typing: Any, array: Any, offset: Any) -> Any:
    """The place of an element, counted in elements from the first one of a contiguous array or a view of one."""
    signature = types.CPointer(array.dtype)(array, types.int64)

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        return builder.gep(data, [arguments[1]])

    return signature, emit

