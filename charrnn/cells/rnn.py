"""The vanilla recurrent network (Elman 1990): h' = tanh(Wxh x + Whh h + bh)."""

from __future__ import annotations

import numpy as np

from charrnn.cells.cell import Cell, State, StateGradient, Tape
from charrnn.parameters import Array


def forward(x: Array, h: Array, state: State) -> tuple[State, Tape]:
    """One step: the input's and the state's shares are added and squashed."""
    h += x
    np.tanh(h, out=h)
    return (h[0],), (h,)


def backward(dstate: StateGradient, tape: Tape) -> tuple[Array, Array, StateGradient]:
    """tanh'(a) = 1 - tanh(a)^2."""
    (dh_next,), (h,) = dstate, tape
    da = (1 - h * h) * dh_next  # (1, H, N)
    return da, da, (0.0,)


RNN = Cell(gates=("h",), state=("hidden",), forward=forward, backward=backward)
