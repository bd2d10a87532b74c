"""The gradient check, which compares the backward pass with complex-step derivatives.

f(w + ih) = f(w) + ih f'(w) + O(h^2), so the imaginary part of one forward pass gives the
derivative without a subtraction, and h can be 1e-30 (Squire & Trapp 1998). Only rounding error is
left: about 1e-13, where central differences of a correct LSTM show 1e-6.
"""

from __future__ import annotations

import numpy as np

from charrnn.network.loss import cross_entropy
from charrnn.network.model import CharRNN
from charrnn.network.parameters import Array

STEP = 1e-30
FLOOR = 1e-6
"""Errors are relative to the element, or this fraction of its array's largest if that is more."""


def gradient_check(
    model: CharRNN,
    x: Array,
    y: Array,
    max_elements: int | None = None,
    random_seed: int = 0,
) -> dict[str, float]:
    """The largest relative error of the gradient in every array of a model.

    x, y: ids (T, N). Checks every element, or `max_elements` drawn at random from each array. Runs
    in double precision whatever the model's own: a correct backward pass stays below 1e-9.
    """
    rng = np.random.default_rng(random_seed)
    _, gradient, _ = model.astype(np.float64).loss_and_gradient(x, y)
    probe = model.astype(np.complex128)
    errors = {}
    for name, array in gradient.items():
        size = array.size
        chosen = np.arange(size)
        if max_elements is not None and max_elements < size:
            chosen = rng.choice(size, max_elements, replace=False)
        numeric = np.array([_derivative(probe, name, int(i), x, y) for i in chosen])
        analytic = array.ravel()[chosen]
        floor = max(FLOOR * np.abs(array).max(), np.finfo(np.float64).tiny)
        scale = np.maximum(np.abs(analytic), floor)
        errors[name] = float((np.abs(analytic - numeric) / scale).max())
    return errors


def _derivative(probe: CharRNN, name: str, i: int, x: Array, y: Array) -> float:
    """The derivative of the loss with respect to one element, by one complex forward pass."""
    weights = probe.parameters[name].reshape(-1)
    weights[i] += STEP * 1j
    logits, _, _ = probe.forward(x)
    loss, _ = cross_entropy(logits, y)
    weights[i] = weights[i].real
    return float(loss.imag) / STEP
