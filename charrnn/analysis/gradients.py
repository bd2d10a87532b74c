"""Measures how far back a prediction depends: its gradients at what was read k characters earlier.

Ordinary backpropagation through time, but from every position at once. The loss at position t
flows back one step per lag k, and all t take that step together, as columns of one batch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike, NDArray

from charrnn.network import recurrent
from charrnn.network.cells import Cell, LocalDerivatives, State
from charrnn.network.loss import cross_entropy
from charrnn.network.model import CharRNN
from charrnn.network.parameters import Array, Parameters

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LaggedGradients:
    """Norms of the gradient of the loss at position t, in nats, by layer, lag k and position.

    Entry [..., k, t] belongs to what was read at position t - k, and is 0 where t < k. The loss at
    position t is that of guessing symbol t + 1 after reading symbols 0 to t.
    """

    hidden: Floats  # (layers, K + 1, T) |dLoss_t / dh_{t-k}|
    inputs: Floats  # (K + 1, T) |dLoss_t / dx_{t-k}|, x one-hot


def lagged_gradients(
    model: CharRNN, ids: NDArray[np.integer], lags: int, dtype: DTypeLike = np.float64
) -> LaggedGradients:
    """Backpropagate the loss at every position `lags` steps: ids (T + 1,) give T losses.

    In double precision, because a plain RNN's gradients soon fall below the range of float32, which
    takes half the time where only the largest matter. Each lag costs one matrix product
    (G*H, H) @ (H, T) per layer. Raises ValueError for T < 1.
    """
    if len(ids) < 2:
        raise ValueError("Gradients need a text of at least 2 characters that the model knows.")
    model = model.astype(dtype)
    ids = np.asarray(ids).astype(np.intp)
    T, p, cell = len(ids) - 1, model.parameters, model.cell
    lags = max(0, min(lags, T - 1))
    logits, _, tape = model.forward(ids[:-1, None])
    _, dlogits = cross_entropy(logits, ids[1:, None])
    above = p["Why"].T @ dlogits[:, :, 0] * T  # (H, T); the loss at each position, not the mean
    local_derivatives = [  # (..., H, T) in each layer, its steps side by side like T sequences
        tuple(
            np.moveaxis(array[..., 0], -2, -1)
            for array in recurrent.local_derivatives(cell, layer_tape, 0, T)
        )
        for layer_tape in tape.layers
    ]
    hidden = np.zeros((model.config.layers, lags + 1, T))
    inputs = np.zeros((lags + 1, T))
    gram = p["Wxh0"] @ p["Wxh0"].T  # |Wxh.T dx|^2 = dx.T gram dx, for any vocabulary size
    zeros: Array = np.zeros_like(above)
    carried: list[State] = [tuple(zeros for _ in cell.state) for _ in local_derivatives]
    for k in range(lags + 1):
        d = above if k == 0 else zeros[:, k:]
        for layer in reversed(range(len(local_derivatives))):
            dh, dx, flow = _step_back(cell, p, layer, d, carried[layer], local_derivatives[layer])
            carried[layer] = flow
            hidden[layer, k, k:] = np.linalg.norm(dh, axis=0)
            d = p[f"Wxh{layer}"].T @ dx if layer else dx
        inputs[k, k:] = np.sqrt(np.maximum(0.0, np.sum(d * (gram @ d), axis=0)))
    return LaggedGradients(hidden, inputs)


def _step_back(
    cell: Cell,
    p: Parameters,
    layer: int,
    d: Array,
    flow: State,
    local_derivatives: LocalDerivatives,
) -> tuple[Array, Array, State]:
    """One lag in one layer: (dh (H, width), dx (G*H, width), the gradient for the next lag).

    d (H, width): the gradient from above. Only the last `width` positions reach back this far, to
    the first `width` steps of the tape.
    """
    Whh, width = p[f"Whh{layer}"], d.shape[1]
    dh, *rest = (part[:, -width:].copy() for part in flow)  # the cell may overwrite them
    dh += d
    dx = np.empty_like(d, shape=(len(cell.gates), *d.shape))  # (G, H, width)
    dgates = np.empty_like(dx) if cell.separate_bias else dx
    earlier = tuple(part[..., :width] for part in local_derivatives)
    direct, *others = cell.backward((dh, *rest), earlier, dx, dgates)
    dh_prev = Whh.T @ dgates.reshape(len(Whh), width)
    if direct is not None:
        dh_prev += direct
    return dh, dx.reshape(len(Whh), width), (dh_prev, *others)


def gradient_reach(model: CharRNN, ids: NDArray[np.integer], lags: int = 60) -> Floats:
    """How the gradient vanishes with the lag: (layers, K + 1), 1 at lag 0.

    Entry k is the geometric mean over the text of |dLoss_t / dh_{t-k}| / |dLoss_t / dh_t|, or 0
    where that is below the range of a double. ids (T + 1,); K is `lags`, or T - 1 if that is less.
    """
    norms = lagged_gradients(model, ids, lags).hidden
    curves = np.zeros(norms.shape[:2])
    for layer, by_lag in enumerate(norms):
        for k in range(by_lag.shape[0]):
            now, earlier = by_lag[0, k:], by_lag[k, k:]
            nonzero = (now > 0) & (earlier > 0)
            if nonzero.any():
                curves[layer, k] = np.exp(np.mean(np.log(earlier[nonzero]) - np.log(now[nonzero])))
    return curves
