"""Weight initialization: what the parameters of a new model start from."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from charrnn.network.cells import Cell
from charrnn.network.parameters import Array, Parameters


def orthogonal(p: Parameters, cell: Cell, rng: np.random.Generator) -> None:
    """Orthogonal recurrent weights for each gate (Saxe et al. 2014), uniform weights elsewhere.

    An orthogonal matrix preserves the length of what it multiplies, so at first gradients neither
    vanish nor explode. The other matrices lie within 1 / sqrt(H), as in PyTorch. Biases are 0,
    except those the cell sets (a forget gate starts at 1).
    """
    for name, array in p.items():
        if name.startswith("Whh"):
            H = array.shape[1]
            for gate in array.reshape(-1, H, H):
                gate[:] = _orthogonal_matrix(H, rng)
        elif name.startswith("W"):
            bound = p["Why"].shape[1] ** -0.5
            array[:] = rng.uniform(-bound, bound, array.shape)
    _initial_biases(p, cell)


def small(p: Parameters, cell: Cell, rng: np.random.Generator) -> None:
    """Small random weights, normal with standard deviation 0.01, and biases of 0."""
    for name, array in p.items():
        if name.startswith("W"):
            array[:] = rng.normal(0, 0.01, array.shape)


def _orthogonal_matrix(H: int, rng: np.random.Generator) -> Array:
    """A random orthogonal matrix (H, H), uniform because the signs of R's diagonal are fixed."""
    Q, R = np.linalg.qr(rng.standard_normal((H, H)))
    return Q * np.sign(np.diag(R))


def _initial_biases(p: Parameters, cell: Cell) -> None:
    for name, array in p.items():
        if name.startswith("bh") and not name.startswith("bhh"):
            gates = array.reshape(len(cell.gates), -1)  # (G, H)
            for gate, value in cell.initial_bias.items():
                gates[cell.gates.index(gate)] = value


INITIALIZATIONS: dict[str, Callable[[Parameters, Cell, np.random.Generator], None]] = {
    "orthogonal": orthogonal,
    "small": small,
}
