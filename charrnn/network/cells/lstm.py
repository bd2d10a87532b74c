"""Long short-term memory (Hochreiter & Schmidhuber 1997, forget gate of Gers et al. 2000).

    i, f, o = sigmoid(...)    input, forget and output gate
    g = tanh(...)             candidate
    c' = f * c + i * g        the cell: gradients flow along it almost unchanged
    h' = o * tanh(c')

The forget gate's bias starts at 1, so that a new network remembers (Jozefowicz et al. 2015).
"""

from __future__ import annotations

import numpy as np

from charrnn.network.cells.cell import Cell, LocalDerivatives, State, StateGradient, sigmoid
from charrnn.network.parameters import Array


def forward(x: Array, planes: Array, before: State, after: State) -> None:
    """One step. The three sigmoid gates lie side by side, so one call serves them all."""
    (_, c_prev), (h, c) = before, after
    i, f, o, g, tanh_c = planes
    gates = planes[:4]
    gates += x
    sigmoid(gates[:3])
    np.tanh(g, out=g)
    np.multiply(f, c_prev, out=c)
    c += i * g
    np.tanh(c, out=tanh_c)
    np.multiply(o, tanh_c, out=h)


def local_derivatives(planes: Array, before: State, after: State) -> LocalDerivatives:
    """How c' and h' answer to the four gates, how h' answers to c', and c' to c."""
    c_prev = before[1]
    i, f, o, g, tanh_c = planes
    gates = np.empty_like(planes[:4])
    np.subtract(1, planes[:3], out=gates[:3])
    gates[:3] *= planes[:3]  # sigmoid' = sigmoid (1 - sigmoid)
    gates[0] *= g
    gates[1] *= c_prev
    gates[2] *= tanh_c
    np.multiply(i, 1 - g * g, out=gates[3])  # tanh' = 1 - tanh^2
    return gates, o * (1 - tanh_c * tanh_c), f


def backward(
    dstate: StateGradient, local_derivatives: LocalDerivatives, dx: Array, dh: Array
) -> StateGradient:
    """The chain rule: h' hears of the output gate, c' of the others."""
    dh_next, dc = dstate
    gates, through_tanh, f = local_derivatives
    dc += dh_next * through_tanh
    np.multiply(dc, gates[:2], out=dx[:2])
    np.multiply(dh_next, gates[2], out=dx[2])
    np.multiply(dc, gates[3], out=dx[3])
    return None, dc * f


LSTM = Cell(
    gates=("i", "f", "o", "g"),
    state=("hidden", "cell"),
    forward=forward,
    local_derivatives=local_derivatives,
    backward=backward,
    kept=("tanh_c",),
    initial_bias={"f": 1.0},
)
