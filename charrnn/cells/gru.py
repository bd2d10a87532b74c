"""Gated recurrent unit (Cho et al. 2014), in the form that resets after the product.

    r, z = sigmoid(...)                  reset and update gate
    n = tanh(x_n + r * h_n)              candidate; h_n carries a bias of its own
    h' = (1 - z) * n + z * h

It is PyTorch's and cuDNN's form: one product with Whh a step, and weights travel exactly.
"""

from __future__ import annotations

import numpy as np

from charrnn.cells.cell import Cell, State, StateGradient, Tape, sigmoid
from charrnn.parameters import Array


def forward(x: Array, h: Array, state: State) -> tuple[State, Tape]:
    """One step. The gates overwrite h, all but its share of the candidate."""
    (h_prev,) = state
    h_n = h[2].copy()
    h[:2] += x[:2]
    r, z, n = h
    sigmoid(h[:2])
    np.multiply(r, h_n, out=n)
    n += x[2]
    np.tanh(n, out=n)
    return (n + z * (h_prev - n),), (h, h_n, h_prev)


def backward(dstate: StateGradient, tape: Tape) -> tuple[Array, Array, StateGradient]:
    """The chain rule; dx and dh differ in the candidate, where r stands between them."""
    (dh_next,), (gates, h_n, h_prev) = dstate, tape
    r, z, n = gates
    dx, dh = np.empty_like(gates), np.empty_like(gates)  # (3, H, N)
    dh_direct = dh_next * z
    np.multiply(dh_next - dh_direct, 1 - n * n, out=dx[2])
    np.multiply(dx[2], h_n, out=dx[0])
    np.multiply(dh_next, h_prev - n, out=dx[1])
    dx[:2] *= gates[:2] * (1 - gates[:2])
    dh[:2] = dx[:2]
    np.multiply(dx[2], r, out=dh[2])
    return dx, dh, (dh_direct,)


GRU = Cell(gates=("r", "z", "n"), state=("hidden",), forward=forward, backward=backward, biases=2)
