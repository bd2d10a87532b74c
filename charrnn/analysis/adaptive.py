"""The loss of a model that goes on learning while it reads (dynamic evaluation).

A compressor learns from every byte it has coded, so its size cannot be compared with the score of
fixed weights. It can with this score: each window is predicted first and learned from afterwards.
"""

from __future__ import annotations

import math

import numpy as np

from charrnn.network.model import CharRNN
from charrnn.training.optimizers import clip_by_norm

WINDOW = 32
"""Symbols that are predicted with the same weights."""
LEARNING_RATE = 0.2
"""The rate of plain gradient descent. On a play other than the model's own, 0.4 gains 0.03 more; on
the end of a play that it learned from, 0.4 loses 0.03 where 0.2 gains 0.003."""
LONGEST_GRADIENT = 1.0


def adaptive_score(
    model: CharRNN,
    text: str,
    *,
    learning_rate: float = LEARNING_RATE,
    window: int = WINDOW,
) -> float:
    """Nats per symbol of `text` after the first; the model learns from what it has predicted.

    Each window of `window` symbols is followed by one step of gradient descent on it, with the norm
    clipped to LONGEST_GRADIENT (Mikolov et al. 2010, Krause et al. 2018). The state is carried and
    `model` keeps its weights. Raises ValueError for fewer than two symbols, UnknownSymbolError
    for unknown ones.
    """
    ids = model.vocabulary.encode(text)
    if len(ids) < 2:
        raise ValueError("A score needs a text of at least 2 characters.")
    live = model.with_vector(model.parameters.vector.copy())
    w, state, total = live.parameters.vector, live.initial_state(1), 0.0
    for begin in range(0, len(ids) - 1, window):
        part = ids[begin : begin + window + 1, None]  # (T + 1, 1)
        loss, gradient, state = live.loss_and_gradient(part[:-1], part[1:], state)
        total += float(loss) * (len(part) - 1)
        g = gradient.vector
        clip_by_norm(g, LONGEST_GRADIENT, math.sqrt(float(np.dot(g, g))))
        w -= learning_rate * g
    return total / (len(ids) - 1)
