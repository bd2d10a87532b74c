"""Minimal gated unit (Zhou et al. 2016): a GRU with one gate that resets and updates.

f = sigmoid(...)                 forget gate
n = tanh(x_n + f * h_n)          candidate
h' = (1 - f) * h + f * n
"""

import numpy as np

from charrnn.cells.cell import Cell, State, StateGradient, Tape, sigmoid
from charrnn.parameters import Array


def forward(x: Array, h: Array, state: State) -> tuple[State, Tape]:
    (h_prev,) = state
    h_n = h[1].copy()
    f = sigmoid(h[0] + x[0])
    n = np.tanh(x[1] + f * h_n)
    return (h_prev + f * (n - h_prev),), (np.stack([f, n]), h_n, h_prev)


def backward(dstate: StateGradient, tape: Tape) -> tuple[Array, Array, StateGradient]:
    (dh,), ((f, n), h_n, h_prev) = dstate, tape
    dn = dh * f * (1 - n * n)
    df = (dh * (n - h_prev) + dn * h_n) * f * (1 - f)
    return np.stack([df, dn]), np.stack([df, dn * f]), (dh * (1 - f),)


MGU = Cell(gates=("f", "n"), state=("hidden",), forward=forward, backward=backward, biases=2)
