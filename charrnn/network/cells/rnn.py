"""The vanilla recurrent network (Elman 1990): h' = tanh(Wxh x + Whh h + bh)."""

from __future__ import annotations

import numpy as np

from charrnn.network.cells.cell import Cell, Slopes, State, StateGradient
from charrnn.network.parameters import Array


def forward(x: Array, planes: Array, before: State, after: State) -> None:
    """One step: the input's and the state's shares are added and squashed."""
    planes += x
    np.tanh(planes[0], out=after[0])


def slopes(planes: Array, before: State, after: State) -> Slopes:
    """tanh'(a) = 1 - tanh(a)^2."""
    (h,) = after
    return (1 - h * h,)


def backward(dstate: StateGradient, slopes: Slopes, dx: Array, dh: Array) -> StateGradient:
    """The chain rule: back through tanh."""
    np.multiply(dstate[0], slopes[0], out=dx[0])
    return (None,)


RNN = Cell(gates=("h",), state=("hidden",), forward=forward, slopes=slopes, backward=backward)
