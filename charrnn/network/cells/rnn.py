"""The vanilla recurrent network (Elman 1990): h' = tanh(Wxh x + Whh h + bh)."""

from __future__ import annotations

import numpy as np

from charrnn.network.cells.cell import Cell, LocalDerivatives, State, StateGradient
from charrnn.network.parameters import Array


def forward(x: Array, planes: Array, before: State, after: State) -> None:
    """One step: the input's and the state's shares are added and squashed."""
    planes += x
    np.tanh(planes[0], out=after[0])


def local_derivatives(planes: Array, before: State, after: State) -> LocalDerivatives:
    """tanh'(a) = 1 - tanh(a)^2."""
    (h,) = after
    return (1 - h * h,)


def backward(
    dstate: StateGradient, local_derivatives: LocalDerivatives, dx: Array, dh: Array
) -> StateGradient:
    """The chain rule: back through tanh."""
    np.multiply(dstate[0], local_derivatives[0], out=dx[0])
    return (None,)


RNN = Cell(
    gates=("h",),
    state=("hidden",),
    forward=forward,
    local_derivatives=local_derivatives,
    backward=backward,
)
