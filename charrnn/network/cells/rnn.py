"""The vanilla recurrent network (Elman 1990): h' = tanh(Wxh x + Whh h + bh)."""

from __future__ import annotations

import numpy as np

from charrnn.network.cells.cell import Cell, LocalDerivatives, State, StateGradient
from charrnn.network.parameters import Array


def forward(x: Array, activations: Array, state: State, next_state: State) -> None:
    """One step: add the two pre-activations and squash the sum."""
    activations += x
    np.tanh(activations[0], out=next_state[0])


def local_derivatives(activations: Array, state: State, next_state: State) -> LocalDerivatives:
    """tanh'(a) = 1 - tanh(a)^2."""
    (h,) = next_state
    return (1 - h * h,)


def backward(
    dstate: StateGradient, local_derivatives: LocalDerivatives, dx: Array, dh: Array
) -> StateGradient:
    """The chain rule through tanh."""
    np.multiply(dstate[0], local_derivatives[0], out=dx[0])
    return (None,)


RNN = Cell(
    gates=("h",),
    state=("hidden",),
    forward=forward,
    local_derivatives=local_derivatives,
    backward=backward,
)
