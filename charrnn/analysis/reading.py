"""Records a model's predictions and activations while it reads a text, character by character."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charrnn.network.loss import log_softmax
from charrnn.network.model import CharRNN
from charrnn.network.parameters import Array

WINDOW = 256
"""Characters read at a time, so a long text takes no more memory than one window of logits."""
LIKELIEST = 5
"""How many of the likeliest symbols a reading keeps."""


@dataclass(frozen=True)
class Reading:
    """A text with the model's predictions for each of its symbols.

    The surprise is NaN for a first symbol, which had no prediction.
    """

    ids: NDArray[np.intp]  # (T,)
    surprise: NDArray[np.float64]  # (T,) nats
    likeliest: NDArray[np.intp]  # (T, k) ids of the likeliest symbols, the likeliest first
    chances: NDArray[np.float64]  # (T, k) their probabilities
    logits: Array  # (V,) after the last symbol

    @property
    def nats_per_character(self) -> float:
        """The mean surprise; NaN if no character was scored."""
        known = self.surprise[~np.isnan(self.surprise)]
        return float(known.mean()) if len(known) else float("nan")


def read(model: CharRNN, ids: NDArray[np.integer], k: int = LIKELIEST) -> Reading:
    """Read ids (T,) and record how surprising each was, in nats.

    k: how many of the likeliest symbols to keep. Raises ValueError for an empty text.
    """
    if len(ids) == 0:
        raise ValueError("There is nothing to read: give at least one character the model knows.")
    symbols: NDArray[np.intp] = np.asarray(ids, np.intp)
    state, last = model.initial_state(), np.full(len(model.vocabulary), np.nan)
    parts = []
    for start in range(0, len(ids), WINDOW):
        window = symbols[start : start + WINDOW]
        outputs, state, _ = model.forward(window[:, None], state)
        predictions = np.column_stack([last, outputs[:, :-1, 0]])
        last = outputs[:, -1, 0]
        parts.append(reading_of(predictions, window, last, k))
    return Reading(
        symbols,
        np.concatenate([part.surprise for part in parts]),
        np.concatenate([part.likeliest for part in parts]),
        np.concatenate([part.chances for part in parts]),
        last,
    )


def reading_of(
    predictions: Array, ids: NDArray[np.intp], logits: Array, k: int = LIKELIEST
) -> Reading:
    """A Reading of ids (T,), from the logits (V, T) before each symbol and those after the last."""
    k = min(k, len(predictions))
    log_p = log_softmax(predictions.astype(np.float64))
    order = np.argsort(-log_p, axis=0, kind="stable")[:k]  # (k, T)
    chances = np.exp(np.take_along_axis(log_p, order, axis=0))
    surprise = np.abs(-log_p[ids, np.arange(len(ids))])  # abs: certainty gives 0.0, not -0.0
    return Reading(ids, surprise, order.T, chances.T, logits)


def activations(model: CharRNN, ids: NDArray[np.integer]) -> list[dict[str, Array]]:
    """Every state and gate activation while a model reads ids (T,): per layer, (T, H) by name.

    The names are those of the cell's state ("hidden", and the LSTM's "cell") and of its gates. The
    plain RNN's only gate equals its hidden state and is left out.
    """
    cell = model.cell
    gates = cell.gates if len(cell.gates) > 1 else ()
    _, _, tape = model.forward(np.asarray(ids).astype(np.intp)[:, None])
    return [
        {name: array[1:, :, 0] for name, array in zip(cell.state, layer.states, strict=True)}
        | {gate: layer.activations[place, :, :, 0] for place, gate in enumerate(gates)}
        for layer in tape.layers
    ]
