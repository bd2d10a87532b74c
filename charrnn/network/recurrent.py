"""The time loop: one recurrent layer over a window of text, forward and back, for every cell.

Arrays that products over a whole window read are feature-first, (features, T, N): each sum over
the window, for the inputs and for the gradients of the weights, is one flat product over T * N
columns. A step is then Whh (G*H, H) @ h (H, N), an order in which OpenBLAS reaches 92 GFLOP/s on
one core where h (N, H) @ Whh.T reaches 58 (float32, H = 256, N = 32).

Reading one symbol at a time, as generation does, has no window to batch over. What costs there is
the number of calls and the bytes of the weights; `Stepper` lays the weights out for that.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from charrnn.network.cells import Cell, LocalDerivatives, State
from charrnn.network.parameters import Array, Parameters
from charrnn.network.products import in_pieces, product, transposed

ROWS = 32
"""Rows of a gradient that are summed at a time."""
BLOCK = 16
"""Steps that go back at a time: their slopes are found in one call, and their gradients enter the
window in runs of BLOCK * N numbers instead of N."""


class LayerTape(NamedTuple):
    """What a layer's forward pass leaves for its backward pass."""

    inputs: Array  # (T, N) ids or (D, T, N)
    planes: Array  # (P, T, H, N), what the cell left at each step
    states: State  # (T + 1, H, N) each, before the window and after each step
    hidden: Array  # (H, T + 1, N), the first of the states, feature-first


def _window(like: Array, M: int, T: int, N: int) -> Array:
    """An empty array (M, T, N) with room for one more step, which is never used.

    It keeps the rows from lying a power of two of bytes apart, where all of a step's rows
    would fall on the same few cache lines: 1.7 times the speed at H = 128, N = 32, T = 64.
    """
    return np.empty_like(like, shape=(M, T + 1, N))[:, :T]


def project(W: Array, b: Array, inputs: Array) -> Array:
    """W @ inputs + b for a whole window: (M, D) and (D, T, N) to (M, T, N)."""
    D, T, N = inputs.shape
    z = _window(inputs, len(W), T, N)
    np.matmul(W, inputs.reshape(D, T * N), out=z.reshape(len(W), T * N))
    z += b[:, None, None]
    return z


def _shares(W: Array, b: Array, inputs: Array) -> Iterable[Array]:
    """The input's share of each step, W @ inputs_t + b (M, N).

    Ids (T, N) stand for one-hot columns. Their product is a choice of columns of W, so no
    one-hot array is ever made. The choice is made step by step, while W is in the cache: 4 % of
    the time of a window at H = 128, N = 16, T = 64.
    """
    if inputs.ndim == 2:
        table = W + b[:, None]
        return (table.take(ids, axis=1) for ids in inputs)
    return np.moveaxis(project(W, b, inputs), 1, 0)


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
    G, H, (T, N) = len(cell.gates), Whh.shape[1], inputs.shape[-2:]
    planes = np.empty_like(Whh, shape=(T, G + len(cell.kept), H, N))
    states = tuple(np.empty_like(Whh, shape=(T + 1, H, N)) for _ in cell.state)
    for array, start in zip(states, state, strict=True):
        array[0] = start
    b, bhh = _biases(cell, p, layer)
    shares = _shares(p[f"Wxh{layer}"], b, inputs)
    moments = itertools.pairwise(zip(*states, strict=True))
    pieces = in_pieces(Whh, N)
    for x, planes_t, (before, after) in zip(shares, planes, moments, strict=True):
        h = planes_t[:G].reshape(G * H, N)
        product(pieces, before[0], out=h)
        if cell.separate_bias:
            h[-len(bhh) :] += bhh
        cell.forward(x.reshape(G, H, N), planes_t, before, after)
    hidden = np.ascontiguousarray(states[0].swapaxes(0, 1))  # (H, T + 1, N)
    tape = LayerTape(inputs, planes.swapaxes(0, 1), states, hidden)
    return hidden[:, 1:], tuple(array[T].copy() for array in states), tape


def _biases(cell: Cell, p: Parameters, layer: int) -> tuple[Array, Array]:
    """The biases of the input's share (G*H,), and of the state's in the gates apart (A*H, 1).

    Where the shares are added, so are their biases, once a window: 3 % of the time of a GRU at
    H = 256, N = 16, with what `backward` saves by it.
    """
    b = p[f"bh{layer}"]
    if not cell.separate_bias:
        return b, b[:0, None]
    b, bhh = b.copy(), p[f"bhh{layer}"]
    added = len(b) // len(cell.gates) * (len(cell.gates) - cell.separate_bias)
    b[:added] += bhh[:added]
    return b, bhh[added:, None]


def backward(
    cell: Cell, p: Parameters, layer: int, doutputs: Array, tape: LayerTape, gradient: Parameters
) -> Array | None:
    """The gradients of a layer over the same window.

    doutputs: the gradient with respect to the outputs (H, T, N). Writes the layer's part of
    `gradient` and returns dinputs (D, T, N), or None for ids.
    """
    Whh = p[f"Whh{layer}"]  # (G*H, H)
    d = _through_time(cell, Whh, doutputs, tape)
    dx, dh = d[: len(Whh)], d[len(Whh) :]  # (G*H, T, N), and the state's share where it differs
    h_prev = tape.hidden[:, :-1].reshape(len(doutputs), -1)  # (H, T*N)
    dWhh, added = gradient[f"Whh{layer}"], len(Whh) - len(dh)
    np.matmul(dx[:added].reshape(added, -1), h_prev.T, out=dWhh[:added])
    gradient[f"bh{layer}"][:] = dx.sum(axis=(1, 2))
    if cell.separate_bias:
        np.matmul(dh.reshape(len(dh), -1), h_prev.T, out=dWhh[added:])
        gradient[f"bhh{layer}"][:added] = gradient[f"bh{layer}"][:added]
        gradient[f"bhh{layer}"][added:] = dh.sum(axis=(1, 2))
    return project_backward(dx, p[f"Wxh{layer}"], tape.inputs, gradient[f"Wxh{layer}"])


def _through_time(cell: Cell, Whh: Array, doutputs: Array, tape: LayerTape) -> Array:
    """Backpropagation through time (Werbos 1990), last step first: (G*H + A*H, T, N).

    The gradients with respect to the input's share of every step, and then to the state's share
    in the A gates that tell them apart; in the others both are the same. Nothing flows past the
    window's start: that is the truncation.
    """
    G, (H, T, N) = len(cell.gates), doutputs.shape
    by_step = np.ascontiguousarray(doutputs.swapaxes(0, 1))  # (T, H, N)
    WhhT = in_pieces(transposed(Whh), N)
    d = _window(doutputs, (G + cell.separate_bias) * H, T, N)
    gates = d.reshape(-1, H, T, N)
    dxs = np.empty_like(doutputs, shape=(BLOCK, G, H, N))
    dhs = np.empty_like(dxs) if cell.separate_bias else dxs
    dhidden, *others = (np.zeros_like(doutputs, shape=(H, N)) for _ in cell.state)
    for start in reversed(range(0, T, BLOCK)):
        stop = min(start + BLOCK, T)
        local_derivatives = _slopes(cell, tape, start, stop)
        for t in reversed(range(start, stop)):
            dhidden += by_step[t]
            dx_t, dh_t = dxs[t - start], dhs[t - start]
            direct, *others = cell.backward(
                (dhidden, *others), local_derivatives[t - start], dx_t, dh_t
            )
            dhidden = product(WhhT, dh_t.reshape(G * H, N))
            if direct is not None:
                dhidden += direct
        gates[:G, :, start:stop] = np.moveaxis(dxs[: stop - start], 0, 2)
        gates[G:, :, start:stop] = np.moveaxis(dhs[: stop - start, G - cell.separate_bias :], 0, 2)
    return d


def _slopes(cell: Cell, tape: LayerTape, start: int, stop: int) -> list[LocalDerivatives]:
    """The slopes of each of some steps."""
    before = tuple(array[start:stop] for array in tape.states)
    after = tuple(array[start + 1 : stop + 1] for array in tape.states)
    found = cell.local_derivatives(tape.planes[:, start:stop], before, after)
    return list(zip(*(np.moveaxis(part, -3, 0) for part in found), strict=True))


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
        self.state = [tuple(array.copy() for array in layer) for layer in state]
        self._spare = [tuple(np.empty_like(array) for array in layer) for layer in state]
        self._forward, self._gates = cell.forward, (G, H, N)
        # A row for each symbol: a column of the (G*H, V) matrix lies on G*H cache lines.
        self._rows = np.ascontiguousarray((p["Wxh0"] + p["bh0"][:, None]).T)  # (V, G*H)
        self._layers = []
        for layer, before in enumerate(state):
            W, b = _stack(p, layer, layer + 1 == len(state))
            M = len(W)
            # The product, the state's share of the next step at its end, then the planes kept.
            room = np.empty_like(W, shape=(M + len(cell.kept) * H, N))
            z, above, planes = room[:M], room[: M - G * H], room[M - G * H :].reshape(-1, H, N)
            np.add(W @ before[0], b, out=z)  # the state's share of the first step
            self._layers.append((W, b, z, above, planes))

    def step(self, ids: Array | int) -> Array:
        """Read one symbol of each sequence, ids (N,) or one id where N = 1: logits (V, N).

        The logits are overwritten by the next step.
        """
        x = self._rows[ids].T
        for layer, (W, b, z, above, planes) in enumerate(self._layers):
            before, after = self.state[layer], self._spare[layer]
            self._forward(x.reshape(self._gates), planes, before, after)
            W.dot(after[0], out=z)  # .dot: 0.5 microseconds less than @
            z += b
            self.state[layer], self._spare[layer] = after, before
            x = above
        return x


def _stack(p: Parameters, layer: int, top: bool) -> tuple[Array, Array]:
    """All that reads a layer's output: weights (M + G*H, H), biases (M + G*H, 1)."""
    W, b = ("Why", "by") if top else (f"Wxh{layer + 1}", f"bh{layer + 1}")
    own = p[f"bhh{layer}"] if f"bhh{layer}" in p else np.zeros_like(p[f"bh{layer}"])
    return np.concatenate([p[W], p[f"Whh{layer}"]]), np.concatenate([p[b], own])[:, None]
