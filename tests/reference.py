"""The textbook implementation: one character, sequence and gate at a time, however slow.

It shares nothing with the package except the names of the arrays.
"""

import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def rnn(x, W, U, b, bh, state):
    (h,) = state
    return (np.tanh(W["h"] @ x + U["h"] @ h + b["h"]),)


def lstm(x, W, U, b, bh, state):
    h, c = state
    a = {gate: W[gate] @ x + U[gate] @ h + b[gate] for gate in "ifog"}
    c = sigmoid(a["f"]) * c + sigmoid(a["i"]) * np.tanh(a["g"])
    return sigmoid(a["o"]) * np.tanh(c), c


def gru(x, W, U, b, bh, state):
    (h,) = state
    r = sigmoid(W["r"] @ x + b["r"] + U["r"] @ h + bh["r"])
    z = sigmoid(W["z"] @ x + b["z"] + U["z"] @ h + bh["z"])
    n = np.tanh(W["n"] @ x + b["n"] + r * (U["n"] @ h + bh["n"]))
    return ((1 - z) * n + z * h,)


STEPS = {"rnn": (rnn, "h", 1), "lstm": (lstm, "ifog", 2), "gru": (gru, "rzn", 1)}


def logits(model, ids):
    """The logits (T, V) for one sequence of ids, from a zero state."""
    step, gates, states = STEPS[model.config.cell]
    p, H, V = model.parameters, model.config.hidden_size, len(model.vocabulary)
    memory = [tuple(np.zeros(H) for _ in range(states)) for _ in range(model.config.layers)]
    rows = []
    for i in ids:
        x = np.eye(V)[i]
        for layer in range(model.config.layers):
            split = [
                dict(zip(gates, np.split(p[name], len(gates)), strict=True)) if name in p else {}
                for name in (f"Wxh{layer}", f"Whh{layer}", f"bh{layer}", f"bhh{layer}")
            ]
            memory[layer] = step(x, *split, memory[layer])
            x = memory[layer][0]
        rows.append(p["Why"] @ x + p["by"])
    return np.array(rows)
