"""Gated recurrent unit (Cho et al. 2014), in the variant that resets after the product.

    r, z = sigmoid(...)                  reset and update gates
    n = tanh(x_n + r * h_n)              candidate; h_n has its own bias
    h' = (1 - z) * n + z * h

PyTorch and cuDNN use this variant: it needs one product with Whh per step, and weights convert
exactly.
"""

from __future__ import annotations

import numpy as np

from charrnn.network.cells.cell import Cell, LocalDerivatives, State, StateGradient, sigmoid
from charrnn.network.parameters import Array


def forward(x: Array, activations: Array, state: State, next_state: State) -> None:
    """One step. The candidate's h_n is kept, because r multiplies it."""
    (h_prev,), (h,) = state, next_state
    r, z, n, h_n = activations
    h_n[:] = n
    gates = activations[:2]
    gates += x[:2]
    sigmoid(gates)
    np.multiply(r, h_n, out=n)
    n += x[2]
    np.tanh(n, out=n)
    np.subtract(h_prev, n, out=h)
    h *= z
    h += n


def local_derivatives(activations: Array, state: State, next_state: State) -> LocalDerivatives:
    """The derivatives of h' by r, z and the candidate's x_n and h_n, and by h directly."""
    (h_prev,) = state
    r, z, n, h_n = activations
    by_r, by_z, by_x, by_h = gates = np.empty_like(activations)
    np.subtract(1, activations[:2], out=gates[:2])
    np.multiply(gates[1], 1 - n * n, out=by_x)
    gates[:2] *= activations[:2]  # sigmoid' = sigmoid (1 - sigmoid)
    by_r *= h_n
    by_r *= by_x
    by_z *= h_prev - n
    np.multiply(by_x, r, out=by_h)
    return gates, z


def backward(
    dstate: StateGradient, local_derivatives: LocalDerivatives, dx: Array, dh: Array
) -> StateGradient:
    """The chain rule; dx and dh differ in the candidate, where r multiplies h_n."""
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
