"""The cell contract: element-wise math for one time step, and nothing else.

The loop in recurrent.py owns time and every matrix product. At each step it hands the cell

    x            (G, H, N)  the input's pre-activations, Wxh @ input + biases; read-only
    activations  (A, H, N)  the first G hold the state's pre-activations, Whh @ h_prev (with bhh
                            added for gates that have a separate bias); the cell overwrites them
                            with the gate activations, and uses the remaining A - G for whatever
                            else its local derivatives need
    state        a tuple of (H, N) arrays, the hidden state first; read-only
    next_state   arrays of the same shapes, to be filled in

Each gate is one contiguous (H, N) block, so a cell unpacks gates by name.

The backward pass has two parts. A step's local derivatives do not depend on any incoming gradient,
so they are computed for many steps in one call. The loop from the last step to the first then only
multiplies by them: one step of an LSTM with 128 units and 16 sequences takes 7 NumPy calls instead
of 17.
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
"""The factors that `backward` multiplies by: arrays (..., H, N), for one step or for many."""


class Cell(NamedTuple):
    """A kind of recurrent cell, as a value.

    forward(x, activations, state, next_state): runs one step, writing activations and next_state.
    local_derivatives(activations, state, next_state): takes one step as `forward` left it, or many
        at once with activations (A, T, H, N) and states (T, H, N).
    backward(dstate, local_derivatives, dx, dh) -> dstate: writes the gradients of the input's and
        of the state's pre-activations, both (G, H, N), and returns the gradient that reaches the
        previous state directly rather than through Whh. It may overwrite dstate. dx and dh differ
        only in gates with a separate bias; a cell without any gets the same array twice.
    """

    gates: tuple[str, ...]
    state: tuple[str, ...]
    forward: Callable[[Array, Array, State, State], None]
    local_derivatives: Callable[[Array, State, State], LocalDerivatives]
    backward: Callable[[StateGradient, LocalDerivatives, Array, Array], StateGradient]
    kept: tuple[str, ...] = ()
    """Names of the activations after the gates': what else the local derivatives need."""
    separate_bias: int = 0
    """How many gates, counted from the last, do more than add their two pre-activations (the GRU's
    candidate multiplies one by r). The state's pre-activation then has its own bias, `bhh`."""
    initial_bias: Mapping[str, float] = {}
    """Gates whose bias does not start at zero."""


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), in place.

    Computed through tanh, which never overflows, accepts complex numbers, and is vectorized.
    """
    x *= 0.5
    np.tanh(x, out=x)
    x *= 0.5
    x += 0.5
    return x
