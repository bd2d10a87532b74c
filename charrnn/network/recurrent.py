"""The time loop that runs a recurrent layer over a window, forward and backward, for every cell.

Arrays that enter products over a whole window are feature-first, (features, T, N): each sum over
the window, for the inputs and for the weight gradients, is then one flat product over T * N
columns. A step is Whh (G*H, H) @ h (H, N), an order in which OpenBLAS reaches 92 GFLOP/s on one
core, where h (N, H) @ Whh.T reaches 58 (float32, H = 256, N = 32).

Generation reads one symbol at a time and has no window to batch over. Its cost is the number of
calls and the bytes of weights read; `Stepper` lays out the weights for that.
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
"""Rows of a gradient summed at a time."""
RUN = 256
"""Numbers that the backward pass copies into a row of the window at a time: it takes RUN / N steps
together, whose local derivatives one call computes."""
BY_COLUMNS = 256
"""Hidden units below which a single stream reads the weights column by column: at 128, 1.15 times
the speed of a character. At 512 rows are 1.2 times as fast with two threads."""


class LayerTape(NamedTuple):
    """What a layer's forward pass saves for its backward pass."""

    inputs: Array  # (T, N) ids or (D, T, N)
    activations: Array  # (A, T, H, N), what the cell left at each step
    states: State  # (T + 1, H, N) each, before the window and after each step
    hidden: Array  # (H, T + 1, N), the first of the states, feature-first


def _window(like: Array, M: int, T: int, N: int) -> Array:
    """An empty array (M, T, N) with room for one more step, which is never used.

    The extra room keeps rows from lying a power of two of bytes apart, where all rows of a step
    would share the same few cache lines: 1.7 times the speed at H = 128, N = 32, T = 64.
    """
    return np.empty_like(like, shape=(M, T + 1, N))[:, :T]


def project(W: Array, b: Array, inputs: Array) -> Array:
    """W @ inputs + b for a whole window: (M, D) and (D, T, N) to (M, T, N)."""
    D, T, N = inputs.shape
    z = _window(inputs, len(W), T, N)
    np.matmul(W, inputs.reshape(D, T * N), out=z.reshape(len(W), T * N))
    z += b[:, None, None]
    return z


def _input_pre_activations(W: Array, b: Array, inputs: Array) -> Iterable[Array]:
    """W @ inputs_t + b (M, N) for each step.

    Ids (T, N) stand for one-hot columns. Multiplying by such a column selects a column of W, so no
    one-hot array is ever made. Selecting step by step, while W is in the cache, saves 4 % of a
    window's time at H = 128, N = 16, T = 64.
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
    """Sum the columns of each id: dW (M, V) for one-hot inputs.

    Sorting makes equal ids neighbors, so one reduction sums them; working on a few rows at a time
    keeps the sorted copy in the cache. For M = 512, V = 65, T * N = 2048 this takes 1.4 ms, all
    rows at once 4.3 ms, and a product with one-hot columns 1.7 ms. Memory grows with neither M nor
    V.
    """
    order = np.argsort(ids, kind="stable")
    distinct, starts = np.unique(ids[order], return_index=True)
    dW[:] = 0
    for i in range(0, len(dW), ROWS):
        rows = columns[i : i + ROWS].take(order, axis=1)
        dW[i : i + ROWS, distinct] = np.add.reduceat(rows, starts, axis=1)


def forward(
    cell: Cell, p: Parameters, layer: int, inputs: Array, initial_state: State
) -> tuple[Array, State, LayerTape]:
    """Run one layer over a window.

    inputs: ids (T, N) for the first layer, else (D, T, N). initial_state: (H, N) each.
    Returns the outputs (H, T, N), the state after the window, and the tape.
    """
    Whh = p[f"Whh{layer}"]  # (G*H, H)
    G, H, (T, N) = len(cell.gates), Whh.shape[1], inputs.shape[-2:]
    activations = np.empty_like(Whh, shape=(T, G + len(cell.kept), H, N))
    states = tuple(np.empty_like(Whh, shape=(T + 1, H, N)) for _ in cell.state)
    for array, start in zip(states, initial_state, strict=True):
        array[0] = start
    b, bhh = _biases(cell, p, layer)
    xs = _input_pre_activations(p[f"Wxh{layer}"], b, inputs)
    transitions = itertools.pairwise(zip(*states, strict=True))
    pieces = in_pieces(Whh, N)
    for x, a, (state, next_state) in zip(xs, activations, transitions, strict=True):
        h = a[:G].reshape(G * H, N)
        product(pieces, state[0], out=h)
        if cell.separate_bias:
            h[-len(bhh) :] += bhh
        cell.forward(x.reshape(G, H, N), a, state, next_state)
    hidden = states[0].swapaxes(0, 1).copy()  # (H, T + 1, N)
    kept = (hidden.swapaxes(0, 1), *states[1:])
    tape = LayerTape(inputs, activations.swapaxes(0, 1), kept, hidden)
    return hidden[:, 1:], tuple(array[T].copy() for array in states), tape


def _biases(cell: Cell, p: Parameters, layer: int) -> tuple[Array, Array]:
    """The input's biases (G*H,), and the state's in the S gates with a separate bias (S*H, 1).

    In the other gates the two biases are summed here, once per window. With what `backward` saves
    in turn, that is 3 % of a GRU's time at H = 256, N = 16.
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
    """The gradients of one layer over the same window.

    doutputs: the gradient of the outputs (H, T, N). Writes the layer's arrays in `gradient` and
    returns dinputs (D, T, N), or None for ids.
    """
    Whh = p[f"Whh{layer}"]  # (G*H, H)
    d = _through_time(cell, Whh, doutputs, tape)
    dx, dh = d[: len(Whh)], d[len(Whh) :]  # (G*H, T, N), (S*H, T, N)
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
    """Backpropagation through time (Werbos 1990), last step first: (G*H + S*H, T, N).

    The first G*H rows are the gradients of the input's pre-activations. The last S*H are those of
    the state's in the S gates with a separate bias; in the other gates the two are equal. Nothing
    flows past the start of the window: that is the truncation.
    """
    G, (H, T, N) = len(cell.gates), doutputs.shape
    WhhT = in_pieces(transposed(Whh), N)
    d = _window(doutputs, (G + cell.separate_bias) * H, T, N)
    gates = d.reshape(-1, H, T, N)
    block = max(1, RUN // N)
    dxs = np.empty_like(doutputs, shape=(block, G, H, N))
    dhs = np.empty_like(dxs) if cell.separate_bias else dxs
    dhidden, *others = (np.zeros_like(doutputs, shape=(H, N)) for _ in cell.state)
    for start in reversed(range(0, T, block)):
        stop = min(start + block, T)
        arrays = local_derivatives(cell, tape, start, stop)
        by_step = list(zip(*(np.moveaxis(array, -3, 0) for array in arrays), strict=True))
        from_above = doutputs[:, start:stop].swapaxes(0, 1).copy()  # (steps, H, N)
        for t in reversed(range(stop - start)):
            dhidden += from_above[t]
            dx_t, dh_t = dxs[t], dhs[t]
            direct, *others = cell.backward((dhidden, *others), by_step[t], dx_t, dh_t)
            dhidden = product(WhhT, dh_t.reshape(G * H, N))
            if direct is not None:
                dhidden += direct
        gates[:G, :, start:stop] = np.moveaxis(dxs[: stop - start], 0, 2)
        gates[G:, :, start:stop] = np.moveaxis(dhs[: stop - start, G - cell.separate_bias :], 0, 2)
    return d


def local_derivatives(cell: Cell, tape: LayerTape, start: int, stop: int) -> LocalDerivatives:
    """The local derivatives of steps start to stop: arrays (..., stop - start, H, N)."""
    states = tuple(array[start:stop] for array in tape.states)
    next_states = tuple(array[start + 1 : stop + 1] for array in tape.states)
    return cell.local_derivatives(tape.activations[:, start:stop], states, next_states)


class Stepper:
    """Reads one symbol at a time, starting from a given state: generation runs on it.

    A layer's output meets two matrices: the next layer's Wxh now, and its own Whh one step later
    (in the top layer: Why and Whh). Stacked, they take one product, so a step needs one product
    per layer where `forward` needs two and one more for the logits. Without a window's bookkeeping
    as well, a character of a 2 x 128 LSTM takes 33 microseconds instead of 61, of an RNN 13
    instead of 35. The weights are copied, so training may continue meanwhile.
    """

    def __init__(self, cell: Cell, p: Parameters, state: tuple[State, ...]) -> None:
        """state: for each layer a tuple of arrays (H, N). It is not changed."""
        G, (H, N) = len(cell.gates), state[0][0].shape
        self.state = [tuple(array.copy() for array in layer) for layer in state]
        self._spare = [tuple(np.empty_like(array) for array in layer) for layer in state]
        self._forward, self._gates = cell.forward, (G, H, N)
        # One row per symbol: a column of the (G*H, V) matrix is spread over G*H cache lines.
        self._rows = (p["Wxh0"] + p["bh0"][:, None]).T.copy()  # (V, G*H)
        self._layers = []
        for layer, (hidden, *_) in enumerate(state):
            W, b = _stack(p, layer, layer + 1 == len(state))
            if N == 1 and H < BY_COLUMNS:
                W = W.T.copy().T
            M = len(W)
            # The product, which ends in the next step's recurrent pre-activations, then the rest of
            # the activations: the cell finds both as one contiguous array.
            buffer = np.empty_like(W, shape=(M + len(cell.kept) * H, N))
            z, above = buffer[:M], buffer[: M - G * H]
            activations = buffer[M - G * H :].reshape(-1, H, N)
            np.add(W @ hidden, b, out=z)  # the recurrent pre-activations of the first step
            self._layers.append((W, b, z, above, activations))

    def step(self, ids: Array | int) -> Array:
        """Read one symbol of each sequence, ids (N,) or one id where N = 1: logits (V, N).

        The next step overwrites the logits.
        """
        x = self._rows[ids].T
        for layer, (W, b, z, above, activations) in enumerate(self._layers):
            state, next_state = self.state[layer], self._spare[layer]
            self._forward(x.reshape(self._gates), activations, state, next_state)
            W.dot(next_state[0], out=z)  # .dot takes 0.5 microseconds less than @
            z += b
            self.state[layer], self._spare[layer] = next_state, state
            x = above
        return x


def _stack(p: Parameters, layer: int, top: bool) -> tuple[Array, Array]:
    """Everything that reads a layer's output: weights (M + G*H, H), biases (M + G*H, 1)."""
    W, b = ("Why", "by") if top else (f"Wxh{layer + 1}", f"bh{layer + 1}")
    own = p[f"bhh{layer}"] if f"bhh{layer}" in p else np.zeros_like(p[f"bh{layer}"])
    return np.concatenate([p[W], p[f"Whh{layer}"]]), np.concatenate([p[b], own])[:, None]
