"""Nonlinearities on rows of numbers, written so that the compiler turns the loops into vector instructions.

A call of the mathematical library for each number would stop it from doing so. In float32 the exponential is therefore
a polynomial: exp(x) - 1 = 2^k (1 + p) - 1 with x = k ln 2 + r and p the Taylor series of exp(r) - 1 up to r^7, whose
first missing term is below 6e-9. In float64 the library's own functions are called: slow, and exact to the last bits.
"""

import math
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload

from seqlab.recurrent.kernels.compiled import compiled

_LOG2_E, _LN2_HIGH, _LN2_LOW = (
    np.float32(math.log2(math.e)),
    np.float32(0.693145751953125),
    np.float32(1.428606765330187e-06),
)
_C2, _C3, _C4, _C5, _C6, _C7 = (np.float32(1 / math.factorial(k)) for k in range(2, 8))
_HALF, _ONE, _TWO, _LIMIT = np.float32(0.5), np.float32(1), np.float32(2), np.float32(87)


@intrinsic
def _float_of_bits(typing: Any, bits: Any) -> Any:
    """The float32 that has these 32 bits."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.FloatType())

    return types.float32(types.int32), emit


@intrinsic
def bits_of_float(typing: Any, number: Any) -> Any:
    """The 32 bits of a float32."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.IntType(32))

    return types.uint32(types.float32), emit


@compiled
def _expm1(x: Any) -> Any:
    """exp(x) - 1 of a float32 between -87 and 87; relative error below 2e-7."""
    x = min(max(x, -_LIMIT), _LIMIT)
    k = np.floor(x * _LOG2_E + _HALF)
    r = (x - k * _LN2_HIGH) - k * _LN2_LOW
    p = r + r * r * (_C2 + r * (_C3 + r * (_C4 + r * (_C5 + r * (_C6 + r * _C7)))))
    exponent = (np.int32(k) + np.int32(127)) << np.int32(23)
    power: Any = _float_of_bits(exponent)  # type: ignore[call-arg]  # numba gives the first argument
    return power * p + (power - _ONE)


def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x))."""
    raise NotImplementedError("compiled code only")


def tanh(x: Any) -> Any:
    """The hyperbolic tangent."""
    raise NotImplementedError("compiled code only")


@overload(sigmoid, inline="always")
def _sigmoid(x: Any) -> Any:
    def of_float32(x: Any) -> Any:
        return _ONE / (_TWO + _expm1(-x))

    def of_float64(x: Any) -> Any:
        return 1 / (1 + math.exp(-x))

    return of_float32 if x == types.float32 else of_float64


@overload(tanh, inline="always")
def _tanh(x: Any) -> Any:
    def of_float32(x: Any) -> Any:
        e = _expm1(_TWO * x)
        return e / (_TWO + e)

    def of_float64(x: Any) -> Any:
        return math.tanh(x)

    return of_float32 if x == types.float32 else of_float64


@compiled
def sigmoid_of(row: Any) -> None:
    """Every number of a row becomes its logistic function."""
    for j in range(len(row)):
        row[j] = sigmoid(row[j])


@compiled
def tanh_of(row: Any) -> None:
    """Every number of a row becomes its hyperbolic tangent."""
    for j in range(len(row)):
        row[j] = tanh(row[j])
