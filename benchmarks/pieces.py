"""Measure the speed gained by cutting a step's product into pieces that OpenBLAS reads in place.

    OPENBLAS_NUM_THREADS=1 python benchmarks/pieces.py
    OPENBLAS_CORETYPE=Haswell OPENBLAS_NUM_THREADS=1 python benchmarks/pieces.py    no AVX-512

Whh @ h and its transpose for some sizes, uncut and in the pieces of network.products, in turns: the
tenth percentile of some hundred calls each, in microseconds. Then the time to transpose the
weights, once per window; and the products of a character with the weights row by row and column by
column, as generation has them.
"""

from __future__ import annotations

import time

import bench  # noqa: F401  # finds the package beside it
import numpy as np

from charrnn.network import products

SIZES = ((4, 128, 16), (4, 128, 25), (4, 128, 32), (4, 256, 32), (4, 512, 32), (3, 384, 16))
"""Gates, units, sequences."""


def microseconds(pieces: list[products.Array], x: products.Array, calls: int) -> list[float]:
    """The time of W @ x for each way to cut W, measured in turns."""
    out = np.empty((pieces[0].shape[0] * pieces[0].shape[1], x.shape[1]), np.float32)
    taken: list[list[float]] = [[] for _ in pieces]
    for _ in range(calls):
        for each, times in zip(pieces, taken, strict=True):
            products.product(each, x, out=out)  # brings the weights into the cache
            started = time.perf_counter()
            products.product(each, x, out=out)
            times.append(time.perf_counter() - started)
    return [float(np.percentile(times, 10)) * 1e6 for times in taken]


def transposing(M: int, K: int, rounds: int = 60) -> list[float]:
    """Microseconds of W.T.copy() and of `transposed`, measured in turns."""
    W = np.random.default_rng(0).standard_normal((M, K), np.float32)
    ways, taken = (lambda: W.T.copy(), lambda: products.transposed(W)), ([], [])
    for _ in range(rounds):
        for way, times in zip(ways, taken, strict=True):
            started = time.perf_counter()
            way()
            times.append(time.perf_counter() - started)
    return [float(np.percentile(times, 10)) * 1e6 for times in taken]


def in_rows_and_columns(M: int, K: int, rounds: int = 300) -> list[float]:
    """Microseconds of W @ x for one column x, with W row by row and column by column, in turns."""
    rng = np.random.default_rng(0)
    W, x = (rng.standard_normal(shape, np.float32) for shape in ((M, K), (K, 1)))
    ways, out, taken = (W, W.T.copy().T), np.empty((M, 1), np.float32), ([], [])
    for _ in range(rounds):
        for each, times in zip(ways, taken, strict=True):
            each.dot(x, out=out)  # brings the weights into the cache
            started = time.perf_counter()
            for _ in range(8):
                each.dot(x, out=out)
            times.append((time.perf_counter() - started) / 8)
    return [float(np.percentile(times, 10)) * 1e6 for times in taken]


def main() -> None:
    rng = np.random.default_rng(0)
    print("| weights | sequences | pieces | uncut | cut | ratio |\n|---|---:|---:|---:|---:|---:|")
    for gates, H, N in SIZES:
        for M, K in ((gates * H, H), (H, gates * H)):
            W, x = (rng.standard_normal(s, np.float32) for s in ((M, K), (K, N)))
            cut = products.in_pieces(W, N, in_place=True)  # even where it does not pay
            uncut, parts = microseconds([W[None], cut], x, max(60, 40_000_000 // (M * K)))
            row = (f"{M} x {K}", N, len(cut), f"{uncut:.1f}", f"{parts:.1f}")
            print("|", " | ".join(map(str, row)), f"| {uncut / parts:.2f} |")
    print("\n| weights | W.T.copy() | transposed | ratio |\n|---|---:|---:|---:|")
    for M, K in sorted({(gates * H, H) for gates, H, _ in SIZES} | {(1536, 512)}):
        plain, ours = transposing(M, K)
        print(f"| {M} x {K} | {plain:.1f} | {ours:.1f} | {plain / ours:.2f} |")
    print("\n| weights | row by row | column by column | ratio |\n|---|---:|---:|---:|")
    for gates, H in ((1, 128), (3, 128), (4, 128), (4, 256), (4, 512)):
        rows, columns = in_rows_and_columns(2 * gates * H, H)
        print(f"| {2 * gates * H} x {H} | {rows:.1f} | {columns:.1f} | {rows / columns:.2f} |")


if __name__ == "__main__":
    main()
