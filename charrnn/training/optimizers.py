"""Optimizers, gradient clipping and learning rate schedules, all on one flat vector.

An optimizer is a value: an update that changes the weights in place, the number of vectors (slots)
it remembers, and a default learning rate. `t` counts updates from 1.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from charrnn.network.parameters import Array

EPSILON = 1e-8

Update = Callable[[Array, Array, Sequence[Array], int, float, float], None]

BLOCK = 1 << 16
"""Weights that `in_blocks` updates at a time: a few arrays of that length fit the cache."""


def in_blocks(update: Update) -> Update:
    """The same update, to the last bit, one block of the vectors at a time.

    Adam's ten passes over 4.3 million weights take 9 ms this way, and 26 ms on whole vectors.
    """

    @functools.wraps(update)
    def blocked(
        w: Array, g: Array, slots: Sequence[Array], t: int, rate: float, decay: float
    ) -> None:
        for start in range(0, len(w), BLOCK):
            part = slice(start, start + BLOCK)
            update(w[part], g[part], [slot[part] for slot in slots], t, rate, decay)

    return blocked


def sgd(w: Array, g: Array, slots: Sequence[Array], t: int, rate: float, decay: float) -> None:
    """Stochastic gradient descent: w -= rate * g."""
    w -= rate * (g + decay * w if decay else g)


def momentum(w: Array, g: Array, slots: Sequence[Array], t: int, rate: float, decay: float) -> None:
    """Heavy-ball momentum 0.9 (Polyak 1964)."""
    (v,) = slots
    v *= 0.9
    v += g + decay * w if decay else g
    w -= rate * v


def adagrad(w: Array, g: Array, slots: Sequence[Array], t: int, rate: float, decay: float) -> None:
    """A learning rate per weight that falls with its squared gradients (Duchi et al. 2011)."""
    (s,) = slots
    if decay:
        g = g + decay * w
    s += g * g
    w -= rate * g / (np.sqrt(s) + EPSILON)


def rmsprop(w: Array, g: Array, slots: Sequence[Array], t: int, rate: float, decay: float) -> None:
    """Adagrad with a running mean of the squares, decay 0.99 (Tieleman & Hinton 2012)."""
    (s,) = slots
    if decay:
        g = g + decay * w
    s *= 0.99
    s += 0.01 * g * g
    w -= rate * g / (np.sqrt(s) + EPSILON)


@in_blocks
def adam(w: Array, g: Array, slots: Sequence[Array], t: int, rate: float, decay: float) -> None:
    """Momentum divided by a running scale, both bias-corrected (Kingma & Ba 2015)."""
    m, v = slots
    if decay:
        g = g + decay * w
    b1, b2 = 0.9, 0.999
    m += (1 - b1) * (g - m)
    v += (1 - b2) * (g * g - v)
    scale = math.sqrt(1 - b2**t)
    w -= (rate * scale / (1 - b1**t)) * m / (np.sqrt(v) + EPSILON * scale)


def adamw(w: Array, g: Array, slots: Sequence[Array], t: int, rate: float, decay: float) -> None:
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019)."""
    w *= 1 - rate * decay
    adam(w, g, slots, t, rate, 0.0)


class Optimizer(NamedTuple):
    """update(weights, gradient, slots, t, rate, decay) changes weights and slots in place."""

    update: Update
    slots: int
    learning_rate: float
    """The rate used when none is given; it suits texts of some length."""
    hidden_rate: float = 1.0
    """The factor on that rate for the matrices between hidden units (see `hidden_parts`)."""
    squares: bool = True
    """Whether the last slot holds squares, which are never negative."""


class Part(NamedTuple):
    """A slice of the flat vector, and the factor on its learning rate."""

    where: slice
    factor: float


OPTIMIZERS: dict[str, Optimizer] = {
    "sgd": Optimizer(sgd, 0, 0.5, squares=False),
    "momentum": Optimizer(momentum, 1, 0.1, squares=False),
    "adagrad": Optimizer(adagrad, 1, 0.12, 0.25),
    "rmsprop": Optimizer(rmsprop, 1, 8e-3, 0.25),
    "adam": Optimizer(adam, 2, 1.6e-2, 0.25),
    "adamw": Optimizer(adamw, 2, 1.6e-2, 0.25),
}


def hidden_parts(shapes: Mapping[str, tuple[int, ...]], factor: float) -> list[Part]:
    """The flat vector, cut where the factor on the learning rate changes.

    The matrices between hidden units get `factor`, everything else 1. Adam moves each weight by
    about the learning rate whatever its gradient. A unit's input from H other units can then change
    by H times the rate, its input from one symbol only by the rate itself, so no single rate suits
    both (Yang et al. 2022, "Tensor Programs V", where this holds for Why too; here it did not).
    docs/presets.md has the gain.
    """
    parts: list[Part] = []
    start = 0
    for name, shape in shapes.items():
        stop = start + math.prod(shape)
        hidden = name.startswith(("Whh", "Wxh")) and name != "Wxh0"
        rate = factor if hidden else 1.0
        if parts and parts[-1].factor == rate:
            start = parts.pop().where.start
        parts.append(Part(slice(start, stop), rate))
        start = stop
    return parts


def clip_by_value(g: Array, limit: float) -> None:
    """Clamp every element of a gradient to [-limit, limit], in place."""
    np.clip(g, -limit, limit, out=g)


def clip_by_norm(g: Array, limit: float, norm: float) -> None:
    """Scale a gradient of length `norm` down to `limit`, in place (Pascanu et al. 2013)."""
    if norm > limit:
        g *= limit / norm


def constant(fraction: float, final: float) -> float:
    """The full rate throughout."""
    return 1.0


def step(fraction: float, final: float) -> float:
    """Ten equal steps, each a constant factor below the last, from 1 down to `final`."""
    return math.pow(final, min(math.floor(10 * fraction), 9) / 9)


def cosine(fraction: float, final: float) -> float:
    """Half a cosine from 1 down to `final` (Loshchilov & Hutter 2017)."""
    return final + (1 - final) * (1 + math.cos(math.pi * min(fraction, 1.0))) / 2


Schedule = Callable[[float, float], float]
SCHEDULES: dict[str, Schedule] = {"constant": constant, "step": step, "cosine": cosine}
"""(fraction of the run done, final factor) -> factor on the learning rate."""
