"""What a recurrent cell is: element-wise maths for one step, and nothing else.

The time loop in recurrent.py owns time and every matrix product. At each step it hands the cell

    x       (G, H, N)  the input's share of every gate, Wxh @ input, and the biases; read only
    planes  (P, H, N)  in the first G the state's share, Whh @ h_prev (+ bhh in the gates apart);
                       the cell leaves the gates' values there, and in the others what else its
                       slopes need
    before  the state, a tuple of (H, N) arrays, the hidden state first; to be read only
    after   arrays of the same shapes, for the new state

as contiguous planes, one for each gate, so a cell unpacks gates by name.

The way back is in two parts. What a step answers with to a small change is known before any
gradient is: these are the slopes, and they are found for many steps in one call. What is left to
the loop from the last step to the first is to multiply by them. A step of an LSTM of 128 units on
16 sequences went back in 17 calls to NumPy, and does in 7.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from charrnn.network.parameters import Array

State: TypeAlias = tuple[Array, ...]
"""One layer's state: hidden, or hidden and cell, each (H, N)."""

StateGradient: TypeAlias = tuple[Any, ...]
"""The gradient of a state: an array (H, N) for each of its arrays, or None where nothing flows."""

LocalDerivatives: TypeAlias = tuple[Array, ...]
"""What `backward` multiplies by: arrays (..., H, N), of one step or of many."""


class Cell(NamedTuple):
    """A kind of recurrent cell, as a value.

    forward(x, planes, before, after): one step, written into planes and after.
    slopes(planes, before, after) -> slopes: of one step as `forward` left it, or of many, whose
        planes are (P, T, H, N) and whose states are (T, H, N).
    backward(dstate, slopes, dx, dh) -> dstate: writes the gradients with respect to the input's
        and the state's share, both (G, H, N), and returns what flows to the previous state
        directly, not through Whh. It may write into dstate. dx and dh differ in the gates that
        are apart; where there are none, they are one array.
    """

    gates: tuple[str, ...]
    state: tuple[str, ...]
    forward: Callable[[Array, Array, State, State], None]
    local_derivatives: Callable[[Array, State, State], LocalDerivatives]
    backward: Callable[[StateGradient, LocalDerivatives, Array, Array], StateGradient]
    kept: tuple[str, ...] = ()
    """The planes after the gates': what the slopes need besides gates and states."""
    separate_bias: int = 0
    """How many of the gates, the last ones, use their two shares apart and not their sum: there the
    state's share comes with a bias of its own. A cell with such gates has a second bias, `bhh`."""
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
