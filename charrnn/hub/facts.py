"""What a model's file says about its training, read with care: the file may be a stranger's."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from charrnn.network.model import CharRNN

WIDEST = 80
"""Characters of a name from a file that are shown."""


@dataclass(frozen=True)
class Loss:
    """A loss in nats per symbol, and whether it was measured on text kept for validation."""

    nats: float
    validated: bool
    unit: str = "character"

    @property
    def bits(self) -> float:
        return self.nats / math.log(2)

    @property
    def name(self) -> str:
        return "validation loss" if self.validated else "training loss"


def number(facts: dict[str, Any], name: str) -> float | None:
    """A finite number from the file, or None."""
    value = facts.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def words(facts: dict[str, Any], name: str) -> str:
    """A short text from the file, on one line; "" when there is none."""
    value = facts.get(name)
    return " ".join(value.split())[:WIDEST] if isinstance(value, str) else ""


def settings(facts: dict[str, Any], name: str) -> dict[str, Any]:
    """A table from the file; an empty one when there is none."""
    value = facts.get(name)
    return value if isinstance(value, dict) else {}


def loss(model: CharRNN) -> Loss | None:
    """The loss that the file tells of, None when it tells of none."""
    unit = "word" if model.vocabulary.words else "character"
    nats = number(model.metadata, "best_loss")
    if nats is not None:
        return Loss(nats, model.metadata.get("validated") is True, unit)
    nats = number(model.metadata, "smooth_loss")
    return None if nats is None else Loss(nats, False, unit)


def baselines(model: CharRNN) -> dict[str, float]:
    """What simpler guessers lose on the same text, where the file has it."""
    found = settings(model.metadata, "baselines") or settings(model.metadata, "rulers")
    values = {words({"": name}, ""): number(found, name) for name in list(found)[:16]}
    return {name: value for name, value in values.items() if name and value is not None}
