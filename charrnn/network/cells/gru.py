"""Gated recurrent unit (Cho et al. 2014), in the form that resets after the product.

    r, z = sigmoid(...)                  reset and update gate
    n = tanh(x_n + r * h_n)              candidate; h_n carries a bias of its own
    h' = (1 - z) * n + z * h

It is PyTorch's and cuDNN's form: one product with Whh a step, and weights travel exactly.
"""

from __future__ import annotations

import numpy as np

from charrnn.network.cells.cell import Cell, LocalDerivatives, State, StateGradient, sigmoid
from charrnn.network.parameters import Array


def forward(x: Array, planes: Array, before: State, after: State) -> None:
    """One step. The state's share of the candidate is kept, for r stands before it."""
    (h_prev,), (h,) = before, after
    r, z, n, h_n = planes
    h_n[:] = n
    gates = planes[:2]
    gates += x[:2]
    sigmoid(gates)
    np.multiply(r, h_n, out=n)
    n += x[2]
    np.tanh(n, out=n)
    np.subtract(h_prev, n, out=h)
    h *= z
    h += n


def local_derivatives(planes: Array, before: State, after: State) -> LocalDerivatives:
    """How h' answers to r, z, the two shares of the candidate, and h directly."""
    (h_prev,) = before
    r, z, n, h_n = planes
    by_r, by_z, by_x, by_h = gates = np.empty_like(planes)
    np.subtract(1, planes[:2], out=gates[:2])
    np.multiply(gates[1], 1 - n * n, out=by_x)
    gates[:2] *= planes[:2]  # sigmoid' = sigmoid (1 - sigmoid)
    by_r *= h_n
    by_r *= by_x
    by_z *= h_prev - n
    np.multiply(by_x, r, out=by_h)
    return gates, z


def backward(
    dstate: StateGradient, local_derivatives: LocalDerivatives, dx: Array, dh: Array
) -> StateGradient:
    """The chain rule; dx and dh differ in the candidate, where r stands between them."""
    (dh_next,), (gates, z) = dstate, local_derivatives
    np.multiply(dh_next, gates[:3], out=dx)
    dh[:2] = dx[:2]
    np.multiply(dh_next, gates[3], out=dh[2])
    return (dh_next * z,)


GRU = Cell(
    gates=("r", "z", "n"),
    state=("hidden",),
    forward=forward,
    local_derivatives=local_derivatives,
    backward=backward,
    kept=("h_n",),
    separate_bias=1,
)
