"""A peer: JAX on the CPU, `lax.scan` over a window and one compiled call for a training step."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

THREADS = os.environ["OMP_NUM_THREADS"]
os.environ |= {"NPROC": THREADS, "PJRT_NPROC": THREADS, "JAX_PLATFORMS": "cpu"}
if THREADS == "1":
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"

# ruff: noqa: E402
import jax
import numpy as np
from child import Work, serve
from jax import numpy as jnp
from ours import SYMBOLS, new_model

import charrnn
from charrnn import CharRNN

RATE, CLIP = 4e-3, 5.0


def weights_of(model: CharRNN) -> dict[str, Any]:
    """Our weights by PyTorch's names, matrices as (inputs, outputs), with our number of biases."""
    weights = {name: jnp.array(a.T) for name, a in charrnn.to_torch(model).items()}
    second = () if model.cell.separate_bias else ("rnn.bias_hh",)
    return {name: array for name, array in weights.items() if not name.startswith(second)}


def rnn(p: Any, h: Any, x: Any) -> Any:
    h = jnp.tanh(x + h @ p["hh"])
    return h, h


def lstm(p: Any, state: Any, x: Any) -> Any:
    h, c = state
    i, f, g, o = jnp.split(x + h @ p["hh"], 4, axis=1)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    h = jax.nn.sigmoid(o) * jnp.tanh(c)
    return (h, c), h


def gru(p: Any, h: Any, x: Any) -> Any:
    (x_r, x_z, x_n), (h_r, h_z, h_n) = (
        jnp.split(a, 3, axis=1) for a in (x, h @ p["hh"] + p["bhh"])
    )
    r, z = jax.nn.sigmoid(x_r + h_r), jax.nn.sigmoid(x_z + h_z)
    n = jnp.tanh(x_n + r * h_n)
    h = (1 - z) * n + z * h
    return h, h


CELLS = {"rnn": rnn, "lstm": lstm, "gru": gru}


def loss(w: Any, x: Any, y: Any, states: Any, key: Any, cell: str, unroll: int, p: float) -> Any:
    """Mean nats per character of a window x, y (T, N), and the states after it.

    The first layer selects rows of its weights: a product with one-hot rows took 1.3 to 1.9 times
    as long for a whole step at 1 x 128, 32 sequences of 64.
    """
    after, a = [], x
    for k, state in enumerate(states):
        ih, bias = w[f"rnn.weight_ih_l{k}"], w[f"rnn.bias_ih_l{k}"]
        a = a @ ih if k else ih[a]  # for the whole window at once
        a = a + bias
        own = {"hh": w[f"rnn.weight_hh_l{k}"], "bhh": w.get(f"rnn.bias_hh_l{k}")}
        state, a = jax.lax.scan(partial(CELLS[cell], own), state, a, unroll=unroll)
        if p:
            a = a * jax.random.bernoulli(jax.random.fold_in(key, k), 1 - p, a.shape) / (1 - p)
        after.append(state)
    logits = a @ w["head.weight"] + w["head.bias"]
    chosen = jnp.take_along_axis(jax.nn.log_softmax(logits), y[..., None], axis=2)
    return -chosen.mean(), after


@partial(jax.jit, static_argnames=("cell", "unroll", "p"), donate_argnames=("w", "m", "v"))
def step(
    w: Any, m: Any, v: Any, t: Any, x: Any, y: Any, states: Any, cell: str, unroll: int, p: float
) -> Any:
    """Forward, back, clip, Adam. Compiled once for each shape and configuration."""
    key = jax.random.key(t)
    (nats, states), g = jax.value_and_grad(loss, has_aux=True)(
        w, x, y, states, key, cell, unroll, p
    )
    norm = jnp.sqrt(sum(jnp.vdot(a, a) for a in jax.tree.leaves(g)))
    g = jax.tree.map(lambda a: a * jnp.minimum(1, CLIP / (norm + 1e-6)), g)
    m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
    v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
    w = jax.tree.map(
        lambda w, m, v: w - RATE * m / (1 - 0.9**t) / (jnp.sqrt(v / (1 - 0.999**t)) + 1e-8), w, m, v
    )
    return w, m, v, states, nats


class Training:
    """Weights, moments and states from step to step."""

    def __init__(self, model: CharRNN, N: int, **how: Any) -> None:
        self.w = weights_of(model)
        self.m, self.v = (jax.tree.map(jnp.zeros_like, self.w) for _ in range(2))
        zeros, lstm = jnp.zeros((N, model.config.hidden_size)), model.config.cell == "lstm"
        self.states: Any = [(zeros, zeros) if lstm else zeros] * model.config.layers
        self.t, self.how = 0, how | {"cell": model.config.cell}

    def step(self, x: Any, y: Any) -> float:
        """One window x, y (T, N): its loss before the update."""
        self.t += 1
        self.w, self.m, self.v, self.states, nats = step(
            self.w, self.m, self.v, self.t, x, y, self.states, **self.how
        )
        return float(nats)


def train(
    cell: str, layers: int, hidden: int, batch: int, steps: int, unroll: int, dropout: float = 0.0
) -> Work:
    """Whole training steps; the state is carried."""
    training = Training(new_model(cell, layers, hidden), batch, unroll=unroll, p=dropout)
    text = np.random.default_rng(0).integers(len(SYMBOLS), size=(21 * steps + 1, batch))
    place = 0

    def run(n: int) -> None:
        nonlocal place
        for _ in range(n):
            training.step(text[place : place + steps], text[place + 1 : place + steps + 1])
            place = (place + steps) % (20 * steps)

    return Work(run, batch * steps)


def check(path: str, windows: list[list[list[int]]], unroll: int) -> dict[str, Any]:
    """The losses of some training steps, one for each window of ids (T + 1, N)."""
    N = len(windows[0][0])
    training = Training(charrnn.load(Path(path)), N, unroll=unroll, p=0.0)
    pairs = [(np.array(ids[:-1]), np.array(ids[1:])) for ids in windows]
    return {"losses": [training.step(x, y) for x, y in pairs]}


if __name__ == "__main__":
    serve({"train": train}, {"check": check})
