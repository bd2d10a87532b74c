"""What a model thinks and keeps in mind while it reads a text, character by character."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charrnn.network.loss import log_softmax
from charrnn.network.model import CharRNN, ModelState
from charrnn.network.parameters import Array

WINDOW = 256
"""Characters read at once: memory for one window of logits, however long the text."""


@dataclass(frozen=True)
class Reading:
    """A text as a model saw it coming.

    surprise is NaN where nothing had been read yet, so no guess existed. logits and state are
    those after the last symbol: hand them to `read` with the text that follows.
    """

    ids: NDArray[np.intp]  # (T,)
    surprise: NDArray[np.float64]  # (T,) nats
    likeliest: NDArray[np.intp]  # (T, k) ids, the likeliest first
    chances: NDArray[np.float64]  # (T, k) their probabilities
    logits: Array  # (V,)
    state: ModelState

    @property
    def nats_per_character(self) -> float:
        """The mean surprise; NaN if no character was scored."""
        known = self.surprise[~np.isnan(self.surprise)]
        return float(known.mean()) if len(known) else float("nan")


def read(
    model: CharRNN,
    ids: NDArray[np.integer],
    logits: Array | None = None,
    state: ModelState | None = None,
    k: int = 5,
) -> Reading:
    """Read symbols (T,) one after another and note how surprising each was, in nats.

    logits (V,) and state are what an earlier reading left; without them the first symbol has no
    surprise. k: how many of the likeliest symbols to keep. Raises ValueError for an empty text.
    """
    if len(ids) == 0:
        raise ValueError("There is nothing to read: give at least one character the model knows.")
    symbols: NDArray[np.intp] = np.asarray(ids, np.intp)
    state = state if state is not None else model.initial_state()
    k = min(k, len(model.vocabulary))
    first = np.full(len(model.vocabulary), np.nan) if logits is None else logits
    parts = []
    for start in range(0, len(ids), WINDOW):
        window = symbols[start : start + WINDOW]
        after, state, _ = model.forward(window[:, None], state)
        guesses = np.column_stack([first, after[:, :-1, 0]])  # (V, T), made before each symbol
        parts.append(_judge(guesses, window, k))
        first = after[:, -1, 0]
    surprise, likeliest, chances = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Reading(symbols, surprise, likeliest, chances, first, state)


def _judge(
    guesses: Array, ids: NDArray[np.intp], k: int
) -> tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.float64]]:
    """Surprise (T,), the k likeliest (T, k) and their probabilities, from logits (V, T)."""
    log_p = log_softmax(guesses.astype(np.float64))
    order = np.argsort(-log_p, axis=0, kind="stable")[:k]  # (k, T)
    chances = np.exp(np.take_along_axis(log_p, order, axis=0))
    surprise = -log_p[ids, np.arange(len(ids))]
    return np.abs(surprise), order.T, chances.T  # abs: a certain guess gives 0.0, not -0.0


def activations(model: CharRNN, ids: NDArray[np.integer]) -> list[dict[str, Array]]:
    """Every number inside a model while it reads symbols (T,): for each layer, (T, H) by name.

    Names are those of the cell's state ("hidden", and the LSTM's "cell") and of its gates. The
    plain RNN's only gate is its hidden state and is left out.
    """
    cell = model.cell
    gates = cell.gates if len(cell.gates) > 1 else ()
    _, _, tape = model.forward(np.asarray(ids).astype(np.intp)[:, None])
    return [
        {name: array[1:, :, 0] for name, array in zip(cell.state, layer.states, strict=True)}
        | {gate: layer.activations[place, :, :, 0] for place, gate in enumerate(gates)}
        for layer in tape.layers
    ]
