"""A model's weights as small pictures: signed values on a grid, and how they are spread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charrnn.network.model import CharRNN
from charrnn.network.parameters import Array

BINS = 41


@dataclass(frozen=True)
class ArrayPicture:
    """One array of a model, or one gate's share of it."""

    name: str  # as in the file: "Wxh0", ...
    gate: str  # the gate's name, "" for arrays without gates
    shape: tuple[int, ...]  # of the whole share, before it was shrunk
    pixels: NDArray[np.float32]  # (rows, columns), each the largest weight of its tile
    limit: float  # the largest magnitude
    mean: float
    spread: float  # standard deviation
    histogram: NDArray[np.int64]  # (41,) counts from -limit to limit


def weights_summary(model: CharRNN, size: int = 96) -> list[ArrayPicture]:
    """Pictures of every array, gate by gate, at most `size` tiles high and wide.

    A bias is a picture of one row. Rows of recurrent arrays are units; columns are what they read.
    """
    pictures = []
    for name, array in model.parameters.items():
        gated = name[:3] in ("Wxh", "Whh") or name.startswith("bh")
        gates = model.cell.gates if gated else ("",)
        shares = array.reshape(len(gates), -1, *array.shape[1:])
        label = len(gates) > 1
        for gate, share in zip(gates, shares, strict=True):
            pictures.append(_picture(name, gate if label else "", share, size))
    return pictures


def _picture(name: str, gate: str, share: Array, size: int) -> ArrayPicture:
    grid = share[None] if share.ndim == 1 else share
    limit = float(np.abs(share).max())
    edge = max(limit, 1e-12)
    histogram, _ = np.histogram(share, BINS, (-edge, edge))
    return ArrayPicture(
        name, gate, share.shape, _shrunk(grid, size), limit,
        float(share.mean()), float(share.std()), histogram,
    )  # fmt: skip


def _shrunk(grid: Array, size: int) -> NDArray[np.float32]:
    """The weight of largest magnitude in each tile: a mean would gray everything out."""
    for axis in (0, 1):
        count = grid.shape[axis]
        edges = np.unique(np.linspace(0, count, min(size, count) + 1).astype(int))[:-1]
        high = np.maximum.reduceat(grid, edges, axis=axis)
        low = np.minimum.reduceat(grid, edges, axis=axis)
        grid = np.where(high >= -low, high, low)
    return grid.astype(np.float32)
