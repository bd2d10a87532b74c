"""Products in pieces equal the uncut ones; the pieces fit OpenBLAS's kernel for small products."""

import math

import numpy as np
import pytest

from charrnn.network.products import (
    CACHE_LINE,
    FEWEST,
    SMALL,
    in_pieces,
    product,
    reads_small_products_in_place,
    transposed,
)

SHAPES = [
    (512, 128, 16), (512, 128, 25), (1024, 256, 32), (256, 1024, 32), (504, 126, 64),
    (555, 126, 64),  # an odd number of rows
    (16, 1000, 125),  # just FEWEST
]  # fmt: skip


@pytest.mark.parametrize(("M", "K", "N"), SHAPES)
def test_the_pieces_multiply_to_the_whole(M, K, N):
    rng = np.random.default_rng(0)
    W, x = rng.standard_normal((M, K)), rng.standard_normal((K, N))
    pieces = in_pieces(W, N, True)
    assert len(pieces) > 1
    np.testing.assert_allclose(product(pieces, x), W @ x, rtol=0, atol=1e-12)
    out = np.empty((M, N))
    assert product(pieces, x, out=out) is out
    np.testing.assert_allclose(out, W @ x, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("M", "K", "N"), SHAPES)
def test_a_piece_is_as_large_as_the_kernel_takes(M, K, N):
    rows = in_pieces(np.empty((M, K)), N, True).shape[1]
    larger = [r for r in range(rows + 1, M + 1) if M % r == 0]
    assert rows * K * N <= SMALL < min(larger) * K * N


def test_weights_are_cut_without_a_copy():
    W = np.zeros((512, 128))
    assert np.shares_memory(in_pieces(W, 16, True), W)


@pytest.mark.parametrize(
    ("M", "K"), [(512, 128), (CACHE_LINE - 1, 3), (3 * CACHE_LINE + 1, 7), (1, 1)]
)
def test_a_transposed_copy_is_one_whose_rows_do_not_alias(M, K):
    W = np.arange(M * K, dtype=np.float32).reshape(M, K)
    WT = transposed(W)
    np.testing.assert_array_equal(WT, W.T, strict=True)
    assert not np.shares_memory(WT, W)
    assert WT.strides == (4 * (M + CACHE_LINE), 4)


def test_a_transposed_copy_is_cut_without_another():
    WT = transposed(np.zeros((512, 128), np.float32))
    pieces = in_pieces(WT, 16, True)
    assert len(pieces) > 1
    assert np.shares_memory(pieces, WT)


@pytest.mark.parametrize(
    ("M", "K", "N"),
    [
        (128, 128, 16),  # small as it is
        (1009, 256, 32),  # prime: no pieces of the same size
        (128, 4096, 64),  # pieces of 3 rows would be needed
        (14, 1000, 142),  # of 7
    ],
)
def test_what_cannot_gain_stays_whole(M, K, N):
    assert M * K * N <= SMALL or math.gcd(M, 8) == 1 or SMALL // (K * N) < FEWEST
    assert in_pieces(np.empty((M, K)), N, True).shape == (1, M, K)


def test_without_such_a_kernel_nothing_is_cut():
    assert in_pieces(np.empty((512, 128)), 16, False).shape == (1, 512, 128)


@pytest.mark.parametrize(
    ("blas", "extensions", "expected"),
    [
        ("scipy-openblas", ["X86_V3", "X86_V4"], True),
        ("openblas64", ["AVX2", "AVX512_SKX"], True),
        ("scipy-openblas", ["X86_V3"], False),
        ("accelerate", ["NEON"], False),
        ("mkl-sdl", ["AVX512_SKX"], False),
    ],
)
def test_the_kernel_depends_on_the_library_and_the_processor(blas, extensions, expected):
    config = {
        "Build Dependencies": {"blas": {"name": blas}},
        "SIMD Extensions": {"found": extensions},
    }
    assert reads_small_products_in_place(config) is expected


def test_a_numpy_that_says_nothing_of_its_library_is_taken_to_have_no_kernel():
    assert reads_small_products_in_place({}) is False
