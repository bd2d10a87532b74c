"""The plain side: the script that a tutorial teaches, with Python loops and NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from child import Work, serve


def train_plain(hidden: int, steps: int, V: int = 65) -> Work:
    """A vanilla RNN in the manner of min-char-rnn: one sequence, one-hot columns, Adagrad."""
    rng = np.random.default_rng(0)
    H, text = hidden, rng.integers(0, V, 400 * steps + 1)
    weights = [
        rng.standard_normal(shape) * 0.01 for shape in ((H, V), (H, H), (V, H), (H, 1), (V, 1))
    ]
    memory = [np.zeros_like(w) for w in weights]
    state, place = np.zeros((H, 1)), 0

    def run(n: int) -> None:
        nonlocal state, place
        for _ in range(n):
            if place + steps + 1 > len(text):
                state, place = np.zeros((H, 1)), 0
            x, y = text[place : place + steps], text[place + 1 : place + steps + 1]
            _, gradients, state = loss_and_gradients(weights, x, y, state)
            for w, g, m in zip(weights, gradients, memory, strict=True):
                m += g * g
                w -= 0.1 * g / np.sqrt(m + 1e-8)
            place += steps

    return Work(run, steps)


def loss_and_gradients(weights: Any, x: Any, y: Any, h: Any) -> Any:
    """Forward and back, one character at a time."""
    Wxh, Whh, Why, bh, by = weights
    inputs, hidden, chances, loss = [], [h], [], 0.0
    for t in range(len(x)):
        one_hot = np.zeros((Wxh.shape[1], 1))
        one_hot[x[t]] = 1
        inputs.append(one_hot)
        hidden.append(np.tanh(np.dot(Wxh, one_hot) + np.dot(Whh, hidden[-1]) + bh))
        logits = np.dot(Why, hidden[-1]) + by
        chances.append(np.exp(logits) / np.sum(np.exp(logits)))
        loss -= np.log(chances[-1][y[t], 0])
    dWxh, dWhh, dWhy, dbh, dby = (np.zeros_like(w) for w in weights)
    dh_next = np.zeros_like(h)
    for t in reversed(range(len(x))):
        dy = chances[t].copy()
        dy[y[t]] -= 1
        dWhy += np.dot(dy, hidden[t + 1].T)
        dby += dy
        da = (1 - hidden[t + 1] ** 2) * (np.dot(Why.T, dy) + dh_next)
        dbh += da
        dWxh += np.dot(da, inputs[t].T)
        dWhh += np.dot(da, hidden[t].T)
        dh_next = np.dot(Whh.T, da)
    gradients = [np.clip(g, -5, 5) for g in (dWxh, dWhh, dWhy, dbh, dby)]
    return loss, gradients, hidden[-1]


def encode_text(megabytes: float) -> Work:
    """Encoding with a dictionary and a list, as in most scripts."""
    rng = np.random.default_rng(0)
    text = rng.integers(32, 97, int(megabytes * 1e6), dtype=np.uint8).tobytes().decode("ascii")
    ids = {symbol: i for i, symbol in enumerate(sorted(set(text)))}
    return Work(lambda n: [np.array([ids[c] for c in text]) for _ in range(n)], len(text))


if __name__ == "__main__":
    serve({"train plain": train_plain, "encode": encode_text}, {})
