"""Products with a packed matrix against those of NumPy, for sizes that fill no panel, no tile and no block."""

import numba
import numpy as np
import pytest

from seqlab.recurrent.kernels.product import BLOCK, TERMS, add_product, gradients, matrix_times_vector, pack, product
from seqlab.recurrent.kernels.tile import ROWS, panel_width

DTYPES = (np.float32, np.float64)
each_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=["float32", "float64"])
COLUMNS = (1, 3, 15, 16, 17, 31, 33, 63, 64, 65, 70, 130)  # below, at and above panels of 8 to 64 numbers
N_TERMS = (1, 2, 7, 16, 17, 70)


def randn(*shape, dtype, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


@numba.njit(cache=True)
def add(a, packed, start, c):
    """For compiled code alone is `add_product` there."""
    add_product(a, packed, start, c)


def assert_near(got, wanted, n_terms):
    """Each sum of n terms of size 1 within n roundings of its partial sums, which are about as large as sqrt(n)."""
    assert got.shape == wanted.shape
    tolerance = np.finfo(got.dtype).eps * (n_terms + 4) * (np.sqrt(n_terms) + 1)
    np.testing.assert_allclose(got, wanted, rtol=0, atol=tolerance)


@each_dtype
@pytest.mark.parametrize("transposed", [False, True], ids=["as it is", "transposed"])
def test_packed_panels_hold_the_columns_and_then_zeros(dtype, transposed):
    width = panel_width(np.dtype(dtype))
    for n_terms, n_columns in [(1, 1), (2, width - 1), (17, width), (16, width + 1), (33, 3 * width + 5)]:
        matrix = randn(n_terms, n_columns, dtype=dtype)
        given = np.ascontiguousarray(matrix.T) if transposed else matrix
        packed = pack(given, transposed=transposed)
        assert packed.dtype == dtype
        assert packed.shape == (-(-n_columns // width), n_terms, width)
        opened = np.concatenate(packed, axis=1)
        np.testing.assert_array_equal(opened[:, :n_columns], matrix)
        assert (opened[:, n_columns:] == 0).all()


@each_dtype
@pytest.mark.parametrize("rows", [*range(1, 2 * ROWS + 2), 65, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 7])
def test_product(rows, dtype):
    """The numbers of rows are tiles of every height, alone and after others."""
    for n_terms in N_TERMS:
        for n_columns in COLUMNS if rows < BLOCK else (17, 130):
            a, b = randn(rows, n_terms, dtype=dtype), randn(n_terms, n_columns, dtype=dtype, seed=1)
            start = randn(n_columns, dtype=dtype, seed=2)
            assert_near(product(a, pack(b), start), a.astype(np.float64) @ b + start, n_terms)


@each_dtype
@pytest.mark.parametrize("rows", range(1, 2 * ROWS + 2))
def test_add_product_on_parts_of_larger_arrays(rows, dtype):
    """Rows that lie apart, as those of one time step do; nothing beside them is read or written."""
    for n_terms, n_columns in [(1, 1), (7, 7), (16, 64), (17, 65), (70, 70)]:
        b = randn(n_terms, n_columns, dtype=dtype)
        read, out = np.full((rows, 3, n_terms + 2), np.nan, dtype), np.full((rows, 3, n_columns + 9), np.nan, dtype)
        read[:, 1, 1:-1] = randn(rows, n_terms, dtype=dtype, seed=1)
        out[:, 1, 4:-5] = randn(rows, n_columns, dtype=dtype, seed=2)
        a, c = read[:, 1, 1:-1], out[:, 1, 4:-5]
        start, wanted = c.copy(), c + a.astype(np.float64) @ b
        add(a, pack(b), c, c)
        assert_near(c, wanted, n_terms)
        c[:] = np.nan
        assert np.isnan(out).all(), "beside it nothing was written"
        spread = np.full((rows, n_columns + 3), np.nan, dtype)
        spread[:, :n_columns] = start
        add(a, pack(b), spread[:, :n_columns], c)
        assert_near(c, wanted, n_terms)
        np.testing.assert_array_equal(spread[:, :n_columns], start)


@each_dtype
@pytest.mark.parametrize("rows", [1, 2, 5, 65, TERMS - 1, TERMS, TERMS + 1, 2 * TERMS + 3])
def test_gradients(rows, dtype):
    for n_columns, widths in [(1, (1,)), (7, (3,)), (70, (5, 17)), (130, (1, 33, 6))]:
        d = randn(rows, n_columns, dtype=dtype)
        factors = [
            (randn(rows, width, dtype=dtype, seed=k + 1), (slice(0, n_columns),)) for k, width in enumerate(widths)
        ]
        of_each, total = gradients(d, factors)
        assert len(of_each) == len(factors)
        for found, (a, _) in zip(of_each, factors, strict=True):
            assert_near(found, d.astype(np.float64).T @ a, rows)
        assert_near(total, d.astype(np.float64).sum(0), rows)


@each_dtype
@pytest.mark.parametrize("n", [1, 7, 16, 33, 70])
@pytest.mark.parametrize("rows", [39, 2 * TERMS + 3])
def test_gradients_of_factors_that_had_a_part_in_some_columns(rows, n, dtype):
    """As where a matrix stands for some of the gates; where the panels lie is nobody's business."""
    d = randn(rows, 4 * n, dtype=dtype)
    parts = [(slice(0, 2 * n),), (slice(2 * n, 3 * n),), (slice(0, 2 * n), slice(3 * n, 4 * n)), (slice(0, 4 * n),)]
    for chosen in (parts, parts[:1], parts[1:3], parts[::-1]):
        factors = [(randn(rows, n + k, dtype=dtype, seed=k + 1), columns) for k, columns in enumerate(chosen)]
        of_each, total = gradients(d, factors)
        for found, (a, columns) in zip(of_each, factors, strict=True):
            taken = np.concatenate([d[:, part] for part in columns], 1).astype(np.float64)
            assert_near(found, taken.T @ a, rows)
        assert_near(total, d.astype(np.float64).sum(0), rows)


@each_dtype
def test_a_row_that_is_not_a_number_spoils_no_other(dtype):
    a, b, start = randn(13, 7, dtype=dtype), randn(7, 33, dtype=dtype, seed=1), randn(33, dtype=dtype, seed=2)
    whole = product(a, pack(b), start)
    a[4, 3] = np.nan
    found = product(a, pack(b), start)
    assert np.isnan(found[4]).all()
    np.testing.assert_array_equal(np.delete(found, 4, 0), np.delete(whole, 4, 0))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("first", [1.0, np.inf, -np.inf])
def test_a_matrix_times_a_vector(dtype, first):
    draw = np.random.default_rng(0)
    matrix, vector = np.abs(draw.standard_normal((5, 33))).astype(dtype), draw.standard_normal(33).astype(dtype)
    vector[0], result = first, np.empty(5, dtype)
    matrix_times_vector(matrix, vector, result)
    np.testing.assert_allclose(result, matrix @ vector, rtol=1e-5)
