"""What a model's metadata says about its training, with every type checked.

The metadata comes from a file, and the file may come from anyone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from charrnn.training.config import TrainConfig

MAX_NAME = 80
"""Characters of a name that are shown."""
MAX_BASELINES = 16


@dataclass(frozen=True)
class TrainingRecord:
    """How a model was trained. A field that is missing, or of another type, is empty."""

    corpus: str = ""
    """The name of the text."""
    sha256: str = ""
    """The hash of the text."""
    characters: float | None = None
    """Length of the text."""
    steps: float | None = None
    chars: float | None = None
    """Symbols read, over all epochs."""
    seconds: float | None = None
    validated: bool = False
    """Whether `best_loss` was measured on text that was kept for validation."""
    best_loss: float | None = None
    """Nats per symbol."""
    smooth_loss: float | None = None
    """Nats per symbol, on the training text."""
    config: Mapping[str, Any] = field(default_factory=dict)
    """The settings, as they are in the file."""
    baselines: Mapping[str, float] = field(default_factory=dict)
    """Nats per symbol of simpler models on the same text, by name."""
    start: dict[str, str] | None = None
    """The model that training began from: its name, and the sha256 of its weights."""

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, Any]) -> TrainingRecord:
        """Read `CharRNN.metadata`."""
        numbers = ("characters", "steps", "chars", "seconds", "best_loss", "smooth_loss")
        config = _table(metadata.get("config"))
        baselines = _table(metadata.get("baselines") or metadata.get("rulers"))  # of version 0.1
        named = ((one_line(k), _number(baselines[k])) for k in list(baselines)[:MAX_BASELINES])
        return cls(
            corpus=_text(metadata.get("corpus")),
            sha256=_text(metadata.get("sha256")),
            validated=metadata.get("validated") is True,
            config=config,
            baselines={name: loss for name, loss in named if name and loss is not None},
            start=_start(metadata.get("start")),
            **{name: _number(metadata.get(name)) for name in numbers},
        )

    @property
    def val_fraction(self) -> float | None:
        """The share of the text, its last part, that was kept for validation."""
        return _number(self.config.get("val_fraction"))

    def train_config(self) -> TrainConfig:
        """The settings as a value. Raises ValueError for settings that this version lacks."""
        try:
            return TrainConfig(**self.config)
        except TypeError as error:
            raise ValueError(str(error)) from None


def _number(value: object) -> float | None:
    """A finite number, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if math.isfinite(value) else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _start(value: object) -> dict[str, str] | None:
    start = _table(value)
    return (
        {name: one_line(_text(start.get(name))) for name in ("name", "sha256")} if start else None
    )


def one_line(text: str) -> str:
    """A text from a file, short enough to show: at most MAX_NAME characters on one line."""
    return " ".join(text.split())[:MAX_NAME]


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
