"""The cross-entropy loss: how surprised a model is by the characters that come, in nats."""

from __future__ import annotations

import numpy as np

from charrnn.network.arrays import to_device_of
from charrnn.network.parameters import Array


def log_softmax(logits: Array) -> Array:
    """Log-probabilities of the symbols, along the first axis (V, ...).

    The maximum is subtracted first, so exp never overflows and log never sees zero.
    """
    shifted = logits - logits.max(axis=0)
    log_p: Array = shifted - np.log(np.exp(shifted).sum(axis=0))
    return log_p


def surprise(logits: Array, targets: Array) -> Array:
    """-log p(target) of every character, in nats: (V, T, N) and (T, N) to (T, N)."""
    return -np.take_along_axis(log_softmax(logits), _indices(targets, logits), axis=0)[0]  # type: ignore[no-any-return]


def cross_entropy(logits: Array, targets: Array, count: int | None = None) -> tuple[Array, Array]:
    """The mean surprise in nats per character, and its gradient.

    logits (V, T, N), targets (T, N) ids; returns (loss, dlogits (V, T, N)). The gradient is
    softmax(logits) minus the one-hot targets, divided by T * N. If the targets are only a part of
    a larger window, `count` is the number of characters in the entire window: the losses and
    gradients of the parts then add up to those of the window.
    """
    log_p = log_softmax(logits)
    target = _indices(targets, logits)
    count = count or targets.size
    loss = -np.take_along_axis(log_p, target, axis=0).sum() / count
    dlogits = np.exp(log_p)
    np.put_along_axis(dlogits, target, np.take_along_axis(dlogits, target, 0) - 1, axis=0)
    dlogits /= count
    return loss, dlogits


def _indices(targets: Array, logits: Array) -> Array:
    """Targets (T, N) as indices into logits (V, T, N), where those are: (1, T, N)."""
    return to_device_of(logits, targets)[None].astype(np.intp)
