"""Minimal gated unit (Zhou et al. 2016): a GRU with one gate that resets and updates.

f = sigmoid(...)                 forget gate
n = tanh(x_n + f * h_n)          candidate
h' = (1 - f) * h + f * n
"""

import numpy as np

from charrnn.network.cells.cell import Cell, LocalDerivatives, State, StateGradient, sigmoid
from charrnn.network.parameters import Array


def forward(x: Array, activations: Array, state: State, next_state: State) -> None:
    f, n, h_n = activations
    h_n[:] = n
    f[:] = sigmoid(f + x[0])
    n[:] = np.tanh(x[1] + f * h_n)
    next_state[0][:] = state[0] + f * (n - state[0])


def local_derivatives(activations: Array, state: State, next_state: State) -> LocalDerivatives:
    f, n, h_n = activations
    by_n = f * (1 - n * n)
    by_f = (n - state[0] + by_n * h_n) * f * (1 - f)
    return by_f, by_n, by_n * f, 1 - f


def backward(
    dstate: StateGradient, local_derivatives: LocalDerivatives, dx: Array, dh: Array
) -> StateGradient:
    by_f, by_x, by_h, by_state = local_derivatives
    dx[0] = dh[0] = dstate[0] * by_f
    dx[1], dh[1] = dstate[0] * by_x, dstate[0] * by_h
    return (dstate[0] * by_state,)


MGU = Cell(
    ("f", "n"), ("hidden",), forward, local_derivatives, backward, kept=("h_n",), separate_bias=1
)
