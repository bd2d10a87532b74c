"""The time loop: one recurrent layer over a window of text, forward and back, for every cell.

Arrays are feature-first, (features, T, N), which is where the speed comes from. A step is then
Whh (G*H, H) @ h (H, N), an order in which OpenBLAS reaches 92 GFLOP/s on one core where
h (N, H) @ Whh.T reaches 58 (float32, H = 256, N = 32). And each sum over a whole window, for the
inputs and for the gradients of the weights, is one flat product over T * N columns.

Reading one symbol at a time, as generation does, has no window to batch over. What costs there is
the number of calls and the bytes of the weights; `Stepper` lays the weights out for that.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from charrnn.cells import Cell, State, StateGradient, Tape
from charrnn.parameters import Array, Parameters

ROWS = 32
"""Rows of a gradient that are summed at a time."""


class LayerTape(NamedTuple):
    """What a layer's forward pass leaves for its backward pass."""

    inputs: Array  # (T, N) ids or (D, T, N)
    hidden: Array  # (H, T + 1, N), the hidden state before the window and after each step
    steps: list[Tape]

    @property
    def outputs(self) -> Array:
        """The hidden state after each step (H, T, N)."""
        return self.hidden[:, 1:]


def _window(like: Array, M: int, T: int, N: int) -> Array:
    """An empty array (M, T, N) with room for one more step, which is never used.

    It keeps the rows from lying a power of two of bytes apart, where all of a step's rows
    would fall on the same few cache lines: 1.7 times the speed at H = 128, N = 32, T = 64.
    """
    return np.empty_like(like, shape=(M, T + 1, N))[:, :T]


def project(W: Array, b: Array, inputs: Array) -> Array:
    """W @ inputs + b for a whole window: (M, D) and (D, T, N) to (M, T, N).

    Ids (T, N) stand for one-hot columns. Their product is a choice of columns of W, so no
    one-hot array is ever made. The bias goes in before the choice: half the time of adding it
    to every chosen column.
    """
    if inputs.ndim == 2:
        padded = np.concatenate([inputs, inputs[-1:]])  # one more step, as _window has
        return (W + b[:, None]).take(padded, axis=1)[:, :-1]
    D, T, N = inputs.shape
    z = _window(inputs, len(W), T, N)
    np.matmul(W, inputs.reshape(D, T * N), out=z.reshape(len(W), T * N))
    z += b[:, None, None]
    return z


def project_backward(dz: Array, W: Array, inputs: Array, dW: Array) -> Array | None:
    """The gradients of project: writes dW, returns dinputs (None for ids, which have none)."""
    columns = dz.reshape(len(W), -1)  # (M, T*N)
    if inputs.ndim == 2:
        _sum_by_id(columns, inputs.ravel(), dW)
        return None
    flat = inputs.reshape(len(inputs), -1)  # (D, T*N)
    dinputs = _window(inputs, *inputs.shape)
    np.matmul(W.T, columns, out=dinputs.reshape(flat.shape))
    np.matmul(columns, flat.T, out=dW)
    return dinputs


def _sum_by_id(columns: Array, ids: Array, dW: Array) -> None:
    """Add up the columns of each id: dW (M, V) for one-hot inputs.

    Sorted, so that equal ids are neighbors and one reduction serves, and a few rows at a time,
    so that what is sorted stays in the cache: 1.4 ms for M = 512, V = 65, T * N = 2048, where
    all rows at once take 4.3 ms and a product with one-hot columns 1.7. Memory grows neither
    with M nor with V. mode="clip" skips a buffered copy.
    """
    order = np.argsort(ids, kind="stable")
    found, starts = np.unique(ids[order], return_index=True)
    dW[:] = 0
    for i in range(0, len(dW), ROWS):
        rows = columns[i : i + ROWS].take(order, axis=1, mode="clip")
        dW[i : i + ROWS, found] = np.add.reduceat(rows, starts, axis=1)


def forward(
    cell: Cell, p: Parameters, layer: int, inputs: Array, state: State
) -> tuple[Array, State, LayerTape]:
    """Run one layer over a window.

    inputs: ids (T, N) for the first layer, else (D, T, N). state: (H, N) each.
    Returns the outputs (H, T, N), the state after the window, and the tape.
    """
    Whh = p[f"Whh{layer}"]  # (G*H, H)
    G, H = len(cell.gates), Whh.shape[1]
    x = project(p[f"Wxh{layer}"], p[f"bh{layer}"], inputs)  # (G*H, T, N)
    T, N = x.shape[1:]
    x = x.reshape(G, H, T, N)
    hidden = np.empty_like(x, shape=(H, T + 1, N))
    hidden[:, 0] = state[0]
    steps = []
    for t in range(T):
        h = Whh @ state[0]  # (G*H, N)
        if cell.biases == 2:
            h += p[f"bhh{layer}"][:, None]
        state, tape = cell.forward(x[:, :, t], h.reshape(G, H, N), state)
        hidden[:, t + 1] = state[0]
        steps.append(tape)
    return hidden[:, 1:], state, LayerTape(inputs, hidden, steps)


def backward(
    cell: Cell, p: Parameters, layer: int, doutputs: Array, tape: LayerTape, gradient: Parameters
) -> Array | None:
    """Backpropagation through time (Werbos 1990) over the same window, last step first.

    doutputs: the gradient with respect to the outputs (H, T, N). Writes the layer's part of
    `gradient` and returns dinputs (D, T, N), or None for ids. Nothing flows past the window's
    start: that is the truncation.
    """
    Whh = p[f"Whh{layer}"]
    G, (H, T, N) = len(cell.gates), doutputs.shape
    WhhT = Whh.T.copy()
    dx = _window(doutputs, G * H, T, N).reshape(G, H, T, N)
    dh = _window(doutputs, G * H, T, N).reshape(G, H, T, N) if cell.biases == 2 else dx
    dstate: StateGradient = (0.0,) * len(cell.state)
    for t in reversed(range(T)):
        dstate = (doutputs[:, t] + dstate[0], *dstate[1:])
        dx[:, :, t], dh_t, direct = cell.backward(dstate, tape.steps[t])
        if cell.biases == 2:
            dh[:, :, t] = dh_t
        dstate = (WhhT @ dh_t.reshape(G * H, N) + direct[0], *direct[1:])

    dh_columns = dh.reshape(G * H, T * N)
    h_prev = tape.hidden[:, :-1].reshape(H, T * N)
    np.matmul(dh_columns, h_prev.T, out=gradient[f"Whh{layer}"])
    gradient[f"bh{layer}"][:] = dx.sum(axis=(2, 3)).ravel()
    if cell.biases == 2:
        gradient[f"bhh{layer}"][:] = dh_columns.sum(axis=1)
    Wxh, dWxh = p[f"Wxh{layer}"], gradient[f"Wxh{layer}"]
    return project_backward(dx, Wxh, tape.inputs, dWxh)


class Stepper:
    """Reads one symbol at a time from a state on: what generation runs on.

    A layer's output meets two matrices: the next layer's Wxh now and its own Whh one step later
    (on top: Why and Whh). Stacked, they take one product, so a step has one for each layer where
    `forward` has two and one more for the logits. With a window's bookkeeping gone as well, a
    character of a 2 x 128 LSTM takes 33 microseconds instead of 61, of an RNN 13 instead of 35.
    The weights are copied, so training may go on beside it.
    """

    def __init__(self, cell: Cell, p: Parameters, state: tuple[State, ...]) -> None:
        """state: for each layer a tuple of arrays (H, N). It is not changed."""
        G, (H, N) = len(cell.gates), state[0][0].shape
        self.state = list(state)
        self._cell_forward, self._planes, self._width = cell.forward, (G, H, N), G * H
        # A row for each symbol: a column of the (G*H, V) matrix lies on G*H cache lines.
        self._rows = np.ascontiguousarray((p["Wxh0"] + p["bh0"][:, None]).T)  # (V, G*H)
        self._stacks = [_stack(p, layer, layer + 1 == len(state)) for layer in range(len(state))]
        self._waiting = [  # for each layer Whh @ h + bhh, the state's share of the next step
            (W @ s[0] + b)[-G * H :].reshape(self._planes)
            for (W, b), s in zip(self._stacks, state, strict=True)
        ]

    def step(self, ids: Array | int) -> Array:
        """Read one symbol of each sequence, ids (N,) or one id where N = 1: logits (V, N)."""
        x = self._rows[ids].T
        for layer, (W, b) in enumerate(self._stacks):
            planes, h = x.reshape(self._planes), self._waiting[layer]
            self.state[layer], _ = self._cell_forward(planes, h, self.state[layer])
            product = W.dot(self.state[layer][0])  # .dot: 0.5 microseconds less than @
            product += b
            x = product[: -self._width]
            self._waiting[layer] = product[-self._width :].reshape(self._planes)
        return x


def _stack(p: Parameters, layer: int, top: bool) -> tuple[Array, Array]:
    """All that reads a layer's output: weights (M + G*H, H), biases (M + G*H, 1)."""
    W, b = ("Why", "by") if top else (f"Wxh{layer + 1}", f"bh{layer + 1}")
    own = p[f"bhh{layer}"] if f"bhh{layer}" in p else np.zeros_like(p[f"bh{layer}"])
    return np.concatenate([p[W], p[f"Whh{layer}"]]), np.concatenate([p[b], own])[:, None]
