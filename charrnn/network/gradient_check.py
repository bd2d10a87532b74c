"""Proof that the backward pass is right: its gradients against the complex step.

f(w + ih) = f(w) + ih f'(w) + O(h^2), so the imaginary part of one forward pass gives the
derivative with no subtraction, and h may be 1e-30 (Squire & Trapp 1998). The error left is
rounding: about 1e-13, where central differences of a right LSTM show 1e-6.
"""

from __future__ import annotations

import numpy as np

from charrnn.network.loss import cross_entropy
from charrnn.network.model import CharRNN
from charrnn.network.parameters import Array

STEP = 1e-30
FLOOR = 1e-6
"""Elements smaller than this share of their array's largest are measured against that share."""


def gradient_check(
    model: CharRNN,
    x: Array,
    y: Array,
    max_elements: int | None = None,
    random_seed: int = 0,
) -> dict[str, float]:
    """The largest relative error of the gradient in every array of a model.

    x, y: ids (T, N). Checks every element, or `max_elements` drawn from each array. Runs in
    double precision whatever the model's own: a right backward pass stays below 1e-9.
    """
    rng = np.random.default_rng(random_seed)
    _, gradient, _ = model.astype(np.float64).loss_and_gradient(x, y)
    probe = model.astype(np.complex128)
    errors = {}
    for name, exact in gradient.items():
        size = exact.size
        chosen = np.arange(size)
        if max_elements is not None and max_elements < size:
            chosen = rng.choice(size, max_elements, replace=False)
        numeric = np.array([_derivative(probe, name, int(i), x, y) for i in chosen])
        analytic = exact.ravel()[chosen]
        floor = max(FLOOR * np.abs(exact).max(), np.finfo(np.float64).tiny)
        scale = np.maximum(np.abs(analytic), floor)
        errors[name] = float((np.abs(analytic - numeric) / scale).max())
    return errors


def _derivative(probe: CharRNN, name: str, i: int, x: Array, y: Array) -> float:
    """The loss's derivative with respect to one element, by one complex forward pass."""
    weights = probe.parameters[name].reshape(-1)
    weights[i] += STEP * 1j
    logits, _, _ = probe.forward(x)
    loss, _ = cross_entropy(logits, y)
    weights[i] = weights[i].real
    return float(loss.imag) / STEP
