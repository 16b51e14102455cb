"""The kernels' own sigmoid and tanh against those of NumPy in float64."""

import numpy as np
import pytest

from seqlab.recurrent.kernels.pointwise import sigmoid_of, tanh_of

FUNCTIONS = {sigmoid_of: lambda x: 1 / (1 + np.exp(-x)), tanh_of: np.tanh}
each_function = pytest.mark.parametrize("function", FUNCTIONS, ids=["sigmoid", "tanh"])
each_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])

NEAR_ZERO = np.geomspace(1e-37, 1, 100_003)
EVERYWHERE = np.concatenate([np.linspace(-110, 110, 400_001), NEAR_ZERO, -NEAR_ZERO, [0.0, 1e4, -1e4, 3e38, -3e38]])


def of(function, x, dtype):
    """What the function gives, and in float64 what it should give for the same numbers."""
    x = np.asarray(x).astype(dtype)
    got = x.copy()
    function(got)
    assert got.dtype == dtype
    with np.errstate(over="ignore"):
        return got.astype(np.float64), FUNCTIONS[function](x.astype(np.float64))


@each_function
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 2e-7), (np.float64, 4e-16)], ids=["float32", "float64"])
def test_absolute_error(function, dtype, tolerance):
    got, wanted = of(function, EVERYWHERE, dtype)
    assert np.isfinite(got).all()
    assert np.abs(got - wanted).max() < tolerance


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 5e-7), (np.float64, 1e-15)], ids=["float32", "float64"])
def test_relative_error_of_tanh(dtype, tolerance):
    """Near zero too, where it is the number itself."""
    x = EVERYWHERE[EVERYWHERE != 0]
    got, wanted = of(tanh_of, x, dtype)
    assert np.abs(got / wanted - 1).max() < tolerance


@each_function
@each_dtype
def test_what_is_no_number_stays_so_and_infinity_saturates(function, dtype):
    x = np.tile([np.nan, 1.0, np.inf, -np.inf, -np.nan], 13)  # in vectors, and in what is left over of them
    got, wanted = of(function, x, dtype)
    np.testing.assert_allclose(got, wanted, rtol=0, atol=2e-7, equal_nan=True)


@each_function
@each_dtype
def test_a_number_has_one_value_wherever_it_stands(function, dtype):
    """Whole vectors and the numbers left over go through different instructions; a part of a row is a row."""
    x = np.linspace(-9, 9, 77).astype(dtype)
    whole, _ = of(function, x, dtype)
    for first, last in [(0, 1), (5, 8), (3, 20), (1, 77)]:
        row = x.copy()
        function(row[first:last])
        np.testing.assert_allclose(row[first:last], whole[first:last], rtol=3e-7 if dtype == np.float32 else 1e-15)
        rest = [*range(first), *range(last, len(x))]
        np.testing.assert_array_equal(row[rest], x[rest])
