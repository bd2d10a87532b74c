"""Generates text: the model reads a seed, then draws one character after another."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charrnn.config_fields import setting, validate
from charrnn.network.arrays import to_host
from charrnn.network.model import CharRNN, ModelState
from charrnn.network.parameters import Array
from charrnn.network.recurrent import Stepper
from charrnn.vocabulary import UNKNOWN, show_symbols

GREEDY_BELOW = 1e-3
"""Below this temperature the likeliest symbol has probability 1, within float64's precision."""


@dataclass(frozen=True)
class Sampling:
    """How the next character is drawn. Raises ValueError."""

    temperature: float = setting(
        0.8,
        "Low is safe and repetitive, high is daring with more mistakes; 0 always takes the "
        "likeliest.",
        minimum=0,
        step=0.05,
        advanced=False,
    )
    top_k: int = setting(
        0,
        "Draw only from this many of the likeliest characters; 0 allows all.",
        minimum=0,
        step=1,
        label="Top-k",
    )
    top_p: float = setting(
        1.0,
        "Draw only from the likeliest characters that together have this probability.",
        above=0,
        maximum=1,
        step=0.05,
        label="Top-p",
    )
    """Nucleus sampling: Holtzman et al. 2020."""
    stop: str = setting(
        "",
        "Stop writing after this text; \\n is a line break. Empty never stops.",
        label="Stop at",
        escapes=True,
    )
    random_seed: int | None = setting(
        None, "The same number gives the same text again; without one, each text is new.", minimum=0
    )

    def __post_init__(self) -> None:
        validate(self)


def weights(logits: Array, sampling: Sampling) -> NDArray[np.float64]:
    """Logits (V,) to the sampling weights of the next symbol (V,), which need not sum to 1.

    Computed in double precision with the maximum subtracted, so any finite logits and temperature
    give finite numbers. Normalizing is left to `probabilities`: it would take 1.4 of the 13
    microseconds per character of a small RNN.
    """
    y = logits.astype(np.float64)
    best = y.argmax()
    if sampling.temperature < GREEDY_BELOW:
        w = np.zeros_like(y)
        w[best] = 1.0
        return w
    y -= y[best]  # y.max() would take 1.0 microsecond, argmax takes 0.2
    y /= sampling.temperature
    w = np.exp(y, out=y)
    if sampling.top_k or sampling.top_p < 1:
        order = np.argsort(-w, kind="stable")
        likelier = np.cumsum(w[order]) - w[order]  # total weight of all likelier symbols
        kept = likelier < sampling.top_p * w.sum()
        kept[sampling.top_k or len(w) :] = False
        kept[0] = True
        w[order[~kept]] = 0.0
    return w


def probabilities(logits: Array, sampling: Sampling) -> NDArray[np.float64]:
    """Logits (V,) to the sampling probabilities of the next symbol (V,)."""
    w = weights(logits, sampling)
    w /= w.sum()
    return w


def draw(w: NDArray[np.float64], u: float) -> int:
    """The id that a random number u in [0, 1) selects, given weights or probabilities (V,)."""
    cumulative = w.cumsum()
    return int(cumulative.searchsorted(u * cumulative[-1], side="right"))


def prime(model: CharRNN, seed: str) -> tuple[Array, ModelState]:
    """Read the seed: logits (V,) for the next symbol, and the state after it.

    An empty seed stands for a line break, or for the first symbol of a vocabulary that has no line
    break. Symbols the model never saw are left out, with a UserWarning that lists them.
    """
    vocabulary = model.vocabulary
    missing = vocabulary.unknown(seed)
    if missing and UNKNOWN not in vocabulary.ids:
        warnings.warn(
            f"Left out of the seed because the model never saw them: {show_symbols(missing)}",
            stacklevel=3,
        )
    ids = vocabulary.encode(seed, unknown="skip")
    if len(ids) == 0:
        ids = np.array([vocabulary.ids.get("\n", 0)])
    logits, state, _ = model.forward(ids[:, None])
    return to_host(logits[:, -1, 0]), state


def generate(
    model: CharRNN, seed: str = "", length: int = 500, sampling: Sampling | None = None
) -> Iterator[str]:
    """Generate `length` symbols after the seed, yielding each as it is drawn.

    The seed itself is not yielded, and UNKNOWN is never drawn. Raises ValueError at once for a
    negative length, and for a stop text with characters that the model never writes.
    """
    if length < 0:
        raise ValueError("length must be 0 or more.")
    sampling = sampling or Sampling()
    never = set(sampling.stop).difference(*(s for s in model.vocabulary.symbols if s != UNKNOWN))
    if never:
        raise ValueError(
            f"The stop text would never come: the model cannot write {show_symbols(sorted(never))}."
        )
    symbols = model.vocabulary.symbols
    return (symbols[i] for _, i in draws(model, seed, length, sampling) if i is not None)


def draws(
    model: CharRNN, seed: str, length: int, sampling: Sampling
) -> Iterator[tuple[Array, int | None]]:
    """The logits (V,) before each new symbol, with the id drawn from them.

    Last come the logits after the text, with None. The next step overwrites the logits.
    """
    numbers = _uniform(np.random.default_rng(sampling.random_seed))
    unknown = model.vocabulary.ids.get(UNKNOWN)
    logits, state = prime(model, seed)
    stepper = Stepper(model.cell, model.parameters, state)
    written = ""
    for _ in range(length):
        allowed = logits
        if unknown is not None and len(logits) > 1:
            allowed = logits.copy()
            allowed[unknown] = -np.inf
        i = draw(weights(allowed, sampling), next(numbers))
        yield logits, i
        logits = to_host(stepper.step(i)[:, 0])
        if sampling.stop:
            symbol = model.vocabulary.symbols[i]
            written = (written + symbol)[-len(sampling.stop) - len(symbol) :]
            if sampling.stop in written:
                break
    yield logits, None


def _uniform(rng: np.random.Generator) -> Iterator[float]:
    """Random numbers in [0, 1) without end. 64 drawn at a time are the same as 64 single ones."""
    while True:
        yield from rng.random(64).tolist()
