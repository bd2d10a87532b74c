"""The product of a layer's weights with one step, in the pieces that OpenBLAS likes best.

OpenBLAS copies both factors into the order its kernel reads them in. Where a product is small, of
at most a million multiplications, its kernel for AVX-512 reads them in place (OpenBLAS pull request
3335). The product of one step is a few times that large, and so it pays to cut the weights into
blocks of rows: a step of 128 units on 16 sequences takes 20 microseconds instead of 26, of 256 on
32 149 instead of 182, of 512 on 32 587 instead of 730. Without AVX-512 there is no such kernel, and
the pieces have 0.7 to 1.0 of the speed of the whole. `benchmarks/pieces.py` measures both.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from charrnn.network.parameters import Array

SMALL = 1_000_000
"""Multiplications of a product that is read in place."""
FEWEST = 8
"""Rows of a piece at least."""
LINE = 16
"""Numbers of a cache line."""


def _reads_small_products_in_place() -> bool:
    """Whether NumPy's BLAS has that kernel here."""
    config: dict[str, Any] = np.show_config(mode="dicts") or {}  # type: ignore[assignment]
    blas = config.get("Build Dependencies", {}).get("blas", {}).get("name", "")
    found = set(config.get("SIMD Extensions", {}).get("found", ()))
    return "openblas" in blas and bool(found & {"AVX512_SKX", "X86_V4"})  # two names of one level


IN_PLACE = _reads_small_products_in_place()


def in_pieces(W: Array, N: int) -> Array:
    """A matrix (M, K) as blocks of rows (pieces, M / pieces, K), for products with N columns."""
    M, K = W.shape
    if not IN_PLACE or M * N * K <= SMALL:
        return W[None]
    most = SMALL // (N * K)
    rows = next((r for r in range(most, FEWEST - 1, -1) if M % r == 0), M)
    return W.reshape(M // rows, rows, K)


def transposed(W: Array) -> Array:
    """A copy of W.T (K, M), a cache line of its columns at a time.

    Its rows lie a line more than M apart, and so not a power of two of bytes. For the weights
    (2048, 512) of an LSTM it takes 1.4 ms where W.T.copy() takes 3.2, of a GRU 0.7 for 2.0.
    """
    M, K = W.shape
    out = np.empty_like(W, shape=(K, M + LINE))[:, :M]
    for start in range(0, M, LINE):
        out[:, start : start + LINE] = W[start : start + LINE].T
    return out


def product(pieces: Array, x: Array, out: Array | None = None) -> Array:
    """W @ x, (M, K) @ (K, N), with W in pieces."""
    count, rows, _ = pieces.shape
    N = x.shape[1]
    if out is None:
        out = np.empty_like(x, shape=(count * rows, N))
    np.matmul(pieces, x, out=out.reshape(count, rows, N))
    return out
