"""Shrinks a model's weights to small pictures: values on a grid, and their histogram."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charrnn.network.model import CharRNN
from charrnn.network.parameters import Array

BINS = 41


@dataclass(frozen=True)
class ArrayPicture:
    """One array of a model, or one gate's part of it."""

    name: str  # as in the file: "Wxh0", ...
    gate: str  # the name of the gate, "" for arrays without gates
    shape: tuple[int, ...]  # before it was shrunk
    pixels: NDArray[np.float32]  # (rows, columns), the weight of largest magnitude in each tile
    limit: float  # the largest magnitude
    mean: float
    spread: float  # standard deviation
    histogram: NDArray[np.int64]  # (41,) counts from -limit to limit


def weights_summary(model: CharRNN, size: int = 96) -> list[ArrayPicture]:
    """Pictures of every array, gate by gate, at most `size` tiles high and wide.

    A bias is a picture with one row. Rows of recurrent arrays are units, columns are their inputs.
    """
    pictures = []
    for name, array in model.parameters.items():
        gated = name[:3] in ("Wxh", "Whh") or name.startswith("bh")
        gates = model.cell.gates if gated else ("",)
        parts = array.reshape(len(gates), -1, *array.shape[1:])
        label = len(gates) > 1
        for gate, part in zip(gates, parts, strict=True):
            pictures.append(_picture(name, gate if label else "", part, size))
    return pictures


def _picture(name: str, gate: str, part: Array, size: int) -> ArrayPicture:
    grid = part[None] if part.ndim == 1 else part
    limit = float(np.abs(part).max())
    edge = max(limit, 1e-12)
    histogram, _ = np.histogram(part, BINS, (-edge, edge))
    return ArrayPicture(
        name, gate, part.shape, _shrunk(grid, size), limit,
        float(part.mean()), float(part.std()), histogram,
    )  # fmt: skip


def _shrunk(grid: Array, size: int) -> NDArray[np.float32]:
    """The weight of largest magnitude in each tile; averages would all be near zero."""
    for axis in (0, 1):
        count = grid.shape[axis]
        edges = np.unique(np.linspace(0, count, min(size, count) + 1).astype(int))[:-1]
        high = np.maximum.reduceat(grid, edges, axis=axis)
        low = np.minimum.reduceat(grid, edges, axis=axis)
        grid = np.where(high >= -low, high, low)
    return grid.astype(np.float32)
