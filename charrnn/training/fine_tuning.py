"""Starts training from a model that can already write, and adds the new text's symbols to it.

A short text is too little to learn spelling from. 10,000 characters of a play reach 1.91 nats per
character from scratch in ten minutes, and 1.41 in 13 seconds from a model of Shakespeare.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from charrnn.network.model import CharRNN, ModelConfig, parameter_shapes
from charrnn.network.parameters import Array, Parameters
from charrnn.training.config import TrainConfig
from charrnn.training.fitted_settings import FittedSettings, seconds_for, settings_for
from charrnn.vocabulary import UNKNOWN, Vocabulary

ARCHITECTURE = ("cell", "layers", "hidden_size")
LEAST_KNOWN = 0.5
"""Share of a text's symbols that a start must know."""
CALIBRATION = 2_000
"""Symbols that are read to choose the bias of the new symbols."""

MOST_DROPOUT = 0.75
KEEP_START = 0.25
PASSES = 13
"""Times to read the text; the best weights on the held-out part mostly come earlier."""


class Tuning(NamedTuple):
    """Settings to train a start on texts of up to some length."""

    units_kept: int
    """Units of a layer that dropout keeps."""
    batch_size: int
    rate: float = 2.0
    """The learning rate times the hidden size."""
    hidden_rate: float = 0.1
    """Factor on it for the recurrent weights: a lower rate there memorizes less."""
    schedule: str = "constant"
    averaging: float = 0.1


TUNINGS: dict[float, Tuning] = {
    5_000: Tuning(224, 4),
    20_000: Tuning(224, 8),
    50_000: Tuning(280, 8),
    200_000: Tuning(256, 16),
    400_000: Tuning(384, 16),
    math.inf: Tuning(346, 16, rate=4.6, hidden_rate=0.15, schedule="cosine", averaging=0.0),
}
"""The settings for texts of up to so many characters. A long text is not memorized in ten minutes
and gains from a falling rate: tinyshakespeare from `english` 1.433, with an average 1.437."""


class StartError(ValueError):
    """A model cannot be the start for a text; the message says why."""


def extend(
    model: CharRNN, text: str, *, min_count: int = 1, max_size: int | None = None
) -> CharRNN:
    """The model with the symbols of `text` that it does not know added to its vocabulary.

    Known symbols keep their weights, and their predictions stay the same except for the share of
    the new ones, which at the median place of `text` is their frequency in it. A new symbol's
    column of Wxh0 is the mean of the others, and its row of Why is zero. `cleaning` and `words`
    are the model's own.
    Symbols rarer than `min_count`, or beyond the `max_size` most frequent of the text, become
    UNKNOWN. Raises StartError if the model knows less than half of the text.
    """
    old = model.vocabulary
    wanted = Vocabulary.from_text(
        text, words=old.words, cleaning=old.cleaning, min_count=min_count, max_size=max_size
    )
    known = _known_ids(old, text)
    added = sorted(set(wanted.symbols) - old.ids.keys())
    length = len(old.tokens(text) if old.words else old.clean(text))
    if len(known) < LEAST_KNOWN * length:
        kind = "words" if old.words else "characters"
        raise StartError(
            f"The start knows only {len(known) / length:.0%} of the text's {kind}: "
            f"{len(added):,} symbols are new to it."
        )
    if not added:
        return model.with_vector(model.parameters.vector.copy())
    vocabulary = Vocabulary(tuple(sorted({*old.symbols, *added})), old.words, old.cleaning)
    counts = np.bincount(vocabulary.encode(text), minlength=len(vocabulary))  # (V,)
    new = sum(counts[vocabulary.ids[symbol]] for symbol in added)
    odds = counts.clip(1) / max(1, length - new)  # of each symbol, to all that are known
    return _with_symbols(model, vocabulary, _log_sum(model, known[:CALIBRATION]) + np.log(odds))


def first_model(
    text: str,
    c: TrainConfig,
    config: ModelConfig | None,
    vocabulary: Vocabulary | None = None,
    start: CharRNN | None = None,
) -> CharRNN:
    """The model that a training begins with: a new one, or `start` extended by the text's symbols.

    Raises StartError if the start does not fit.
    """
    least, most = c.min_count, c.max_vocab or None
    if start is not None:
        return extend(with_dropout(start, config), text, min_count=least, max_size=most)
    vocabulary = vocabulary or Vocabulary.from_text(
        text, words=c.words, cleaning=c.cleaning, min_count=least, max_size=most
    )
    return CharRNN(vocabulary, config, random_seed=c.random_seed)


def with_dropout(start: CharRNN, config: ModelConfig | None) -> CharRNN:
    """The start with the dropout of `config`. Raises StartError for another architecture."""
    if config is None:
        return start
    changed = replace(start.config, dropout=config.dropout)
    if any(getattr(changed, name) != getattr(config, name) for name in ARCHITECTURE):
        raise StartError(
            f"The start is a {changed.cell} of {changed.layers} x {changed.hidden_size}, and keeps "
            "its cell, layers and hidden size."
        )
    return CharRNN(start.vocabulary, changed, start.parameters, metadata=start.metadata)


def settings_for_start(
    name: str, start: ModelConfig, characters: int, symbols: int, *, near: bool = True
) -> FittedSettings:
    """Settings to train a start on a text of `characters` with `symbols` distinct ones.

    name: one of TIMES. near: whether the start already guesses the text about as well as counting
    does; a share of its weights is then kept, unless the text is long. Raises ValueError for an
    unknown name.
    """
    plain = settings_for(name, characters, symbols)
    H = start.hidden_size
    tuning = next(tuning for most, tuning in TUNINGS.items() if characters <= most)
    dropout = round(min(max(1 - tuning.units_kept / H, 0.0), MOST_DROPOUT), 2)
    model = replace(start, dropout=dropout)
    train = TrainConfig(
        batch_size=tuning.batch_size,
        learning_rate=round(tuning.rate / H, 6),
        hidden_rate=tuning.hidden_rate,
        schedule=tuning.schedule,
        averaging=tuning.averaging,
        keep_start=KEEP_START if near and tuning.averaging else 0.0,
        val_fraction=plain.train.val_fraction,
    )
    return FittedSettings(model, train, seconds_for(name, PASSES * characters, model, symbols))


def weights_sha256(model: CharRNN) -> str:
    """The hash that identifies the weights that a training began from."""
    return hashlib.sha256(model.parameters.vector.tobytes()).hexdigest()


def _known_ids(vocabulary: Vocabulary, text: str) -> Array:
    """The ids of the text's symbols that have one of their own, without UNKNOWN."""
    ids = vocabulary.encode(text, "skip")
    return ids[ids != vocabulary.ids[UNKNOWN]] if UNKNOWN in vocabulary.ids else ids


def _log_sum(model: CharRNN, ids: Array) -> float:
    """The logarithm of the sum of exp(logits), at the median place of some ids (L,)."""
    N = max(1, len(ids) // 128)
    x = ids[: len(ids) // N * N].reshape(N, -1).T  # (T, N)
    logits, _, _ = model.forward(x)
    top = logits.max(axis=0)
    return float(np.median(top + np.log(np.exp(logits - top).sum(axis=0))))


def _with_symbols(model: CharRNN, vocabulary: Vocabulary, biases: Array) -> CharRNN:
    """The same weights where a symbol is known, in the order of a larger vocabulary.

    biases: (V,), for those that are not.
    """
    V = len(vocabulary)
    places = [vocabulary.ids[symbol] for symbol in model.vocabulary.symbols]
    shapes = parameter_shapes(model.config, V)
    parameters = Parameters(shapes, dtype=model.parameters.vector.dtype)
    for name, old in model.parameters.items():
        new = parameters[name]
        if name == "Wxh0":
            new[:] = old.mean(axis=1, keepdims=True)
            new[:, places] = old
        elif name in ("Why", "by"):
            new[:] = 0.0 if name == "Why" else biases
            new[places] = old
        else:
            new[:] = old
    return CharRNN(vocabulary, model.config, parameters, metadata=model.metadata)
