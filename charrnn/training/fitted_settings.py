"""Settings fitted to a text and to the time available for training on it.

They come from measurements: docs/presets.md has the figures, benchmarks/search.py the search.
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections import Counter
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from charrnn.network.model import ModelConfig, parameter_shapes
from charrnn.training.config import TrainConfig
from charrnn.vocabulary import CLEANINGS

TIMES = {"quick": 60.0, "better": 180.0, "best": 600.0}
"""How long to train at most: each name with its seconds on one core."""
SHORTEST = 5.0
"""The shortest training in seconds: below that, chance on a busy machine decides."""
FLOPS = 40e9
"""Multiplications and additions a second in training, on one core of 2021. This only decides when a
short text has been read often enough; the time itself is kept by a clock."""
OVERHEAD = 6e-6
"""Seconds a character costs besides the products, in windows of 16 sequences."""
MANY_SYMBOLS = 150
"""With more symbols than this, the rarest are merged into one."""
COVERED = 0.98
"""Share of a text with very many symbols that the kept ones cover; the rest become one symbol."""
NOTHING_HELD_OUT = 1_000
"""Characters below which all of a text is trained on: a tenth of it is too little to measure."""
HELD_OUT = 120_000
"""The most characters held out: half a million take 10 s to read and measure no better."""


class FittedSettings(NamedTuple):
    """How to train on a text: the schedule of the learning rate spans `seconds` of wall time."""

    model: ModelConfig
    train: TrainConfig
    seconds: float


class Shape(NamedTuple):
    """The settings for texts of some length."""

    model: ModelConfig
    passes: int
    """The most times to read the text; more teach nothing new."""
    learning_rate: float = 5e-3
    hidden_rate: float = 1.0
    batch_size: int = 16
    seq_length: int = 32
    clip_norm: float = 5.0


# A tiny text is learned by heart: read in one piece, just as the model will recite it.
TINY = Shape(ModelConfig("gru", 64), 200, batch_size=1)
SHAPES: dict[int, dict[str, Shape]] = {
    0: dict.fromkeys(TIMES, TINY),
    2_000: {
        "quick": Shape(ModelConfig("gru", 128, dropout=0.4), 40, 1e-2),
        "better": Shape(ModelConfig("gru", 256, dropout=0.7), 100, 1e-2),
        "best": Shape(ModelConfig("gru", 512, dropout=0.7), 200, 1e-2),
    },
    30_000: {
        "quick": Shape(ModelConfig("gru", 384, dropout=0.5), 15, 1e-2),
        "better": Shape(ModelConfig("gru", 512, dropout=0.6), 30, 1e-2),
        "best": Shape(ModelConfig("gru", 512, dropout=0.7), 20, 1e-2),
    },
    400_000: {
        "quick": Shape(ModelConfig("gru", 256), 30, 1.5e-2, 0.33),
        "better": Shape(ModelConfig("lstm", 384, dropout=0.1), 30, 1.5e-2, 0.2),
        "best": Shape(ModelConfig("lstm", 512, dropout=0.3), 30, 1.5e-2, 0.15),
    },
    3_000_000: {  # read about once in ten minutes: there is nothing to memorize
        "quick": Shape(ModelConfig("gru", 256), 30, 1.5e-2, 0.33),
        "better": Shape(ModelConfig("gru", 256), 30, 1.5e-2, 0.33),
        "best": Shape(ModelConfig("lstm", 448), 30, 1.5e-2, 0.17, 8, 64, clip_norm=0.5),
    },
}
"""For each shortest length in characters, the settings for each time."""


def settings_for(name: str, characters: int, symbols: int) -> FittedSettings:
    """Settings for a text of `characters` with `symbols` distinct ones.

    name: one of TIMES. The seconds are those of the name, or fewer if the text has been read often
    enough before that. Raises ValueError for an unknown name.
    """
    if name not in TIMES:
        raise ValueError(f"time must be one of {', '.join(TIMES)}.")
    shape = [shapes[name] for least, shapes in SHAPES.items() if characters >= least][-1]
    held_out = min(0.1, HELD_OUT / characters) if characters >= NOTHING_HELD_OUT else 0.0
    train = TrainConfig(
        batch_size=shape.batch_size,
        seq_length=shape.seq_length,
        learning_rate=shape.learning_rate,
        hidden_rate=shape.hidden_rate,
        clip_norm=shape.clip_norm,
        val_fraction=held_out,
    )
    seconds = seconds_for(name, shape.passes * characters, shape.model, symbols)
    return FittedSettings(shape.model, train, seconds)


def seconds_for(name: str, characters: int, model: ModelConfig, symbols: int) -> float:
    """The seconds of TIMES[name], or fewer if `characters` can be read in less."""
    wanted = characters / speed(model, symbols)
    return min(TIMES[name], max(SHORTEST, round(wanted, 1)))


def settings_for_text(name: str, text: str, cleaning: str = "none") -> FittedSettings:
    """`settings_for` a text, as it is after cleaning. Raises ValueError for an unknown name."""
    if cleaning not in CLEANINGS:
        raise ValueError(f"cleaning must be one of {', '.join(CLEANINGS)}.")
    cleaned = CLEANINGS[cleaning](text)
    fitted = settings_for(name, len(cleaned), len(set(cleaned)))
    train = replace(fitted.train, cleaning=cleaning, max_vocab=capped_vocabulary(cleaned)[0])
    return fitted._replace(train=train)


@lru_cache(maxsize=4)  # counting a text of a million characters takes 40 ms
def capped_vocabulary(text: str) -> tuple[int, float]:
    """How many symbols to keep of a text with very many, and the share of the text they cover.

    (0, 1.0) keeps all, for a text of at most MANY_SYMBOLS. For more symbols, the most frequent are
    kept, which together cover COVERED of the text: 2,100 of 2,900 in 60,000 characters of Chinese.
    """
    counts = sorted(Counter(text).values(), reverse=True)
    if len(counts) <= MANY_SYMBOLS:
        return 0, 1.0
    covered = list(itertools.accumulate(counts))
    kept = max(MANY_SYMBOLS, bisect.bisect_left(covered, COVERED * covered[-1]) + 1)
    return (0, 1.0) if kept >= len(counts) else (kept + 1, covered[kept - 1] / covered[-1])


def within(model: ModelConfig, symbols: int, weights: int) -> ModelConfig:
    """The model with as many hidden units as `weights` in all allow, at least 16."""

    def size(hidden: int) -> int:
        shapes = parameter_shapes(replace(model, hidden_size=hidden), symbols)
        return sum(math.prod(shape) for shape in shapes.values())

    hidden = model.hidden_size
    while hidden > 16 and size(hidden) > weights:
        hidden -= 16
    return replace(model, hidden_size=max(hidden, 16))


def speed(model: ModelConfig, symbols: int) -> float:
    """Characters a second that one core reads in training, roughly."""
    weights = sum(math.prod(shape) for shape in parameter_shapes(model, symbols).values())
    return 1 / (6 * weights / FLOPS + OVERHEAD * model.layers)


def steps(train: TrainConfig, seconds: float, characters_per_second: float) -> int:
    """The steps that fit into `seconds` at a speed."""
    return max(1, round(seconds * characters_per_second / (train.batch_size * train.seq_length)))
