"""Long short-term memory (Hochreiter & Schmidhuber 1997, forget gate of Gers et al. 2000).

    i, f, o = sigmoid(...)    input, forget and output gate
    g = tanh(...)             candidate
    c' = f * c + i * g        the cell: gradients flow along it almost unchanged
    h' = o * tanh(c')

The forget gate's bias starts at 1, so that a new network remembers (Jozefowicz et al. 2015).
"""

from __future__ import annotations

import numpy as np

from charrnn.cells.cell import Cell, State, StateGradient, Tape, sigmoid
from charrnn.parameters import Array


def forward(x: Array, h: Array, state: State) -> tuple[State, Tape]:
    """One step. The three sigmoid gates lie side by side, so one call serves them all."""
    _, c_prev = state
    h += x
    i, f, o, g = h
    sigmoid(h[:3])
    np.tanh(g, out=g)
    c = f * c_prev
    c += i * g
    tanh_c = np.tanh(c)
    return (o * tanh_c, c), (h, c_prev, tanh_c)


def backward(dstate: StateGradient, tape: Tape) -> tuple[Array, Array, StateGradient]:
    """The chain rule through the four lines above, from the last to the first."""
    dh, dc = dstate
    gates, c_prev, tanh_c = tape
    i, f, o, g = gates
    dc = dc + dh * o * (1 - tanh_c * tanh_c)
    da = np.empty_like(gates)  # (4, H, N)
    np.multiply(dc, g, out=da[0])
    np.multiply(dc, c_prev, out=da[1])
    np.multiply(dh, tanh_c, out=da[2])
    np.multiply(dc * i, 1 - g * g, out=da[3])
    da[:3] *= gates[:3] * (1 - gates[:3])
    return da, da, (0.0, dc * f)


LSTM = Cell(
    gates=("i", "f", "o", "g"),
    state=("hidden", "cell"),
    forward=forward,
    backward=backward,
    initial_bias={"f": 1.0},
)
