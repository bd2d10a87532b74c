"""Optimizers, gradient clipping and learning rate schedules, all on one flat vector.

An optimizer is a value: a rule that changes the weights in place, the number of vectors (slots) it
remembers, and a default learning rate. `t` counts updates from 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from charrnn.network.parameters import Array, Parameters

EPSILON = 1e-8

BLOCK = 1 << 16
"""Weights updated at a time, so that the arrays involved fit the cache: Adam's ten passes over 4.3
million weights take 9 ms this way, and 26 ms on whole vectors."""

Rule = Callable[[Array, Array, Sequence[Array], int, float], None]
"""(weights, gradient, slots, t, rate): changes weights and slots in place."""


def sgd(w: Array, g: Array, slots: Sequence[Array], t: int, rate: float) -> None:
    """Stochastic gradient descent."""
    w -= rate * g


def momentum(w: Array, g: Array, slots: Sequence[Array], t: int, rate: float) -> None:
    """Heavy-ball momentum 0.9 (Polyak 1964)."""
    (v,) = slots
    v *= 0.9
    v += g
    w -= rate * v


def adagrad(w: Array, g: Array, slots: Sequence[Array], t: int, rate: float) -> None:
    """A learning rate per weight that falls with its squared gradients (Duchi et al. 2011)."""
    (s,) = slots
    s += g * g
    w -= rate * g / (np.sqrt(s) + EPSILON)


def rmsprop(w: Array, g: Array, slots: Sequence[Array], t: int, rate: float) -> None:
    """Adagrad with a running mean of the squares, decay 0.99 (Tieleman & Hinton 2012)."""
    (s,) = slots
    s *= 0.99
    s += 0.01 * g * g
    w -= rate * g / (np.sqrt(s) + EPSILON)


def adam(w: Array, g: Array, slots: Sequence[Array], t: int, rate: float) -> None:
    """Momentum divided by a running scale, both bias-corrected (Kingma & Ba 2015)."""
    m, v = slots
    b1, b2 = 0.9, 0.999
    m += (1 - b1) * (g - m)
    v += (1 - b2) * (g * g - v)
    scale = math.sqrt(1 - b2**t)
    w -= (rate * scale / (1 - b1**t)) * m / (np.sqrt(v) + EPSILON * scale)


def blocks(w: Array) -> list[slice]:
    """A vector (P,) in slices to update one after the other; one on a GPU stays whole."""
    size = BLOCK if isinstance(w, np.ndarray) else len(w)
    return [slice(start, start + size) for start in range(0, len(w), size)]


class Optimizer(NamedTuple):
    """An update rule, and what it needs."""

    rule: Rule
    slots: int
    learning_rate: float
    """The rate used when none is given; it suits texts of some length."""
    hidden_rate: float = 1.0
    """The factor on that rate for the matrices between hidden units (see `hidden_parts`)."""
    squares: bool = True
    """Whether the last slot holds squares, which are never negative."""
    decoupled: bool = False
    """Whether weight decay bypasses the gradient and its slots (Loshchilov & Hutter 2019)."""

    def update(
        self, w: Array, g: Array, slots: Sequence[Array], t: int, rate: float, decay: float
    ) -> None:
        """Change weights (P,) and slots (P,) in place, by the gradient and the weight decay."""
        for block in blocks(w):
            w_block, g_block = w[block], g[block]
            if decay and self.decoupled:
                w_block *= 1 - rate * decay
            elif decay:
                g_block = g_block + decay * w_block
            self.rule(w_block, g_block, [slot[block] for slot in slots], t, rate)

    def update_parts(
        self,
        p: Parameters,
        g: Array,
        slots: Sequence[Array],
        t: int,
        rate: float,
        hidden_rate: float,
        decay: float,
    ) -> None:
        """`update` for all of a model's weights, each part at its rate (see `hidden_parts`)."""
        for part, factor in hidden_parts(p.shapes, hidden_rate):
            part_slots = [slot[part] for slot in slots]
            self.update(p.vector[part], g[part], part_slots, t, factor * rate, decay)


OPTIMIZERS: dict[str, Optimizer] = {
    "sgd": Optimizer(sgd, 0, 0.5, squares=False),
    "momentum": Optimizer(momentum, 1, 0.1, squares=False),
    "adagrad": Optimizer(adagrad, 1, 0.12, 0.25),
    "rmsprop": Optimizer(rmsprop, 1, 8e-3, 0.25),
    "adam": Optimizer(adam, 2, 1.6e-2, 0.25),
    "adamw": Optimizer(adam, 2, 1.6e-2, 0.25, decoupled=True),
}


def hidden_parts(shapes: Mapping[str, tuple[int, ...]], factor: float) -> list[tuple[slice, float]]:
    """The flat vector in slices, each with the factor on its learning rate.

    The matrices between hidden units get `factor`, everything else 1. Adam moves each weight by
    about the learning rate whatever its gradient. A unit's input from H other units can then change
    by H times the rate, its input from one symbol only by the rate itself, so no single rate suits
    both (Yang et al. 2022, "Tensor Programs V", where this holds for Why too; here it did not).
    docs/presets.md has the gain.
    """
    parts: list[tuple[slice, float]] = []
    start = 0
    for name, shape in shapes.items():
        stop = start + math.prod(shape)
        hidden = name.startswith(("Whh", "Wxh")) and name != "Wxh0"
        rate = factor if hidden else 1.0
        if parts and parts[-1][1] == rate:
            start = parts.pop()[0].start
        parts.append((slice(start, stop), rate))
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


SCHEDULES: dict[str, Callable[[float, float], float]] = {
    "constant": constant,
    "step": step,
    "cosine": cosine,
}
"""(fraction of the run done, final factor) -> factor on the learning rate."""
