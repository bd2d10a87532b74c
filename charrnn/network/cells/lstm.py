"""Long short-term memory (Hochreiter & Schmidhuber 1997, forget gate of Gers et al. 2000).

    i, f, o = sigmoid(...)    input, forget and output gates
    g = tanh(...)             candidate
    c' = f * c + i * g        the cell: gradients flow along it almost unchanged
    h' = o * tanh(c')

The forget gate's bias starts at 1, so a new network remembers (Jozefowicz et al. 2015).
"""

from __future__ import annotations

import numpy as np

from charrnn.network.cells.cell import Cell, LocalDerivatives, State, StateGradient, sigmoid
from charrnn.network.parameters import Array


def forward(x: Array, activations: Array, state: State, next_state: State) -> None:
    """One step. The three sigmoid gates are adjacent, so one call computes them all."""
    (_, c_prev), (h, c) = state, next_state
    i, f, o, g, tanh_c = activations
    gates = activations[:4]
    gates += x
    sigmoid(gates[:3])
    np.tanh(g, out=g)
    np.multiply(f, c_prev, out=c)
    c += i * g
    np.tanh(c, out=tanh_c)
    np.multiply(o, tanh_c, out=h)


def local_derivatives(activations: Array, state: State, next_state: State) -> LocalDerivatives:
    """The derivatives of c' and h' by the four gates, of h' by c', and of c' by c."""
    c_prev = state[1]
    i, f, o, g, tanh_c = activations
    gates = np.empty_like(activations[:4])
    np.subtract(1, activations[:3], out=gates[:3])
    gates[:3] *= activations[:3]  # sigmoid' = sigmoid (1 - sigmoid)
    gates[0] *= g
    gates[1] *= c_prev
    gates[2] *= tanh_c
    np.multiply(i, 1 - g * g, out=gates[3])  # tanh' = 1 - tanh^2
    return gates, o * (1 - tanh_c * tanh_c), f


def backward(
    dstate: StateGradient, local_derivatives: LocalDerivatives, dx: Array, dh: Array
) -> StateGradient:
    """The chain rule: the output gate is reached through h', the other gates through c'."""
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
