"""What a recurrent cell is: element-wise maths for one step, and nothing else.

The time loop in recurrent.py owns time and every matrix product. At each step it hands the cell

    x      (G, H, N)  the input's share of every gate, Wxh @ input + bh; to be read only
    h      (G, H, N)  the state's share, Whh @ h_prev (+ bhh); the cell may write into it
    state  a tuple of (H, N) arrays, the hidden state first

as contiguous planes, one for each gate, so a cell unpacks gates by name. It gets back the new
state and a tape: what `backward` needs, with the planes of gate values first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from charrnn.parameters import Array

State: TypeAlias = tuple[Array, ...]
"""One layer's state: hidden, or hidden and cell, each (H, N)."""

StateGradient: TypeAlias = tuple[Any, ...]
"""The gradient of a state: an array (H, N) for each of its arrays, or 0.0 where there is none."""

Tape: TypeAlias = tuple[Array, ...]
"""What one step leaves for its backward pass; the gate planes (G, H, N) come first."""


class Cell(NamedTuple):
    """A kind of recurrent cell, as a value.

    forward(x, h, state) -> (state, tape)
    backward(dstate, tape) -> (dx, dh, dstate): the gradients with respect to x and h, both
        (G, H, N), and what flows to the previous state directly, not through Whh. dx and dh
        are one array where biases is 1: such a cell only ever uses x + h.
    """

    gates: tuple[str, ...]
    state: tuple[str, ...]
    forward: Callable[[Array, Array, State], tuple[State, Tape]]
    backward: Callable[[StateGradient, Tape], tuple[Array, Array, StateGradient]]
    biases: int = 1
    """2 where x and h are used apart, so that h has a bias of its own (`bhh`); see the GRU."""
    initial_bias: Mapping[str, float] = {}
    """Gates whose bias does not start at zero."""


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), written into x.

    By way of tanh, which never overflows, takes complex numbers, and is vectorized in NumPy.
    """
    x *= 0.5
    np.tanh(x, out=x)
    x *= 0.5
    x += 0.5
    return x
