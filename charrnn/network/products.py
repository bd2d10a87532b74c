"""The matrix product of one time step, cut into the pieces that OpenBLAS multiplies fastest.

OpenBLAS copies both factors into the order its kernel reads them in. For products of at most a
million multiplications its AVX-512 kernel reads them in place instead (OpenBLAS pull request 3335).
One step's product is a few times larger than that, so cutting the weights into blocks of rows pays:
a step of 128 units on 16 sequences takes 20 microseconds instead of 26, of 256 on 32 149 instead of
182, of 512 on 32 587 instead of 730. Without AVX-512 there is no such kernel, and the pieces run at
0.7 to 1.0 of the speed of the uncut product. `benchmarks/pieces.py` measures both.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from charrnn.network.parameters import Array

SMALL = 1_000_000
"""Most multiplications of a product that is read in place."""
FEWEST = 8
"""Fewest rows of a piece."""
CACHE_LINE = 16
"""float32 numbers in a cache line."""


def reads_small_products_in_place(config: dict[str, Any]) -> bool:
    """Whether the BLAS of this `np.show_config(mode="dicts")` has that kernel on this processor."""
    blas = config.get("Build Dependencies", {}).get("blas", {}).get("name", "")
    extensions = set(config.get("SIMD Extensions", {}).get("found", ()))
    return "openblas" in blas and bool(extensions & {"AVX512_SKX", "X86_V4"})  # one level, 2 names


IN_PLACE = reads_small_products_in_place(np.show_config(mode="dicts") or {})  # type: ignore[arg-type]


def in_pieces(W: Array, N: int, in_place: bool = IN_PLACE) -> Array:
    """A matrix (M, K) as blocks of rows (pieces, M / pieces, K), for products with N columns.

    One on a GPU stays whole.
    """
    M, K = W.shape
    if not in_place or M * N * K <= SMALL or not isinstance(W, np.ndarray):
        return W[None]
    most = SMALL // (N * K)
    rows = next((r for r in range(most, FEWEST - 1, -1) if M % r == 0), M)
    return W.reshape(M // rows, rows, K)


def transposed(W: Array) -> Array:
    """A copy of W.T (K, M), made one cache line of columns at a time.

    Its rows lie M numbers and one cache line apart, never a power of two of bytes. For an LSTM's
    weights (2048, 512) it takes 1.4 ms where W.T.copy() takes 3.2, for a GRU's 0.7 where that
    takes 2.0.
    """
    if not isinstance(W, np.ndarray):  # a GPU copies it in one call
        return W.T.copy()
    M, K = W.shape
    out = np.empty_like(W, shape=(K, M + CACHE_LINE))[:, :M]
    for start in range(0, M, CACHE_LINE):
        out[:, start : start + CACHE_LINE] = W[start : start + CACHE_LINE].T
    return out


def product(pieces: Array, x: Array, out: Array | None = None) -> Array:
    """W @ x, (M, K) @ (K, N), with W in pieces."""
    count, rows, _ = pieces.shape
    N = x.shape[1]
    if out is None:
        out = np.empty_like(x, shape=(count * rows, N))
    np.matmul(pieces, x, out=out.reshape(count, rows, N))
    return out
