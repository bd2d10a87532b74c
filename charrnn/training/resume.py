"""How a run is put into a file and taken out again, so that it continues to the last bit."""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from charrnn.formats.checkpoint import ModelFileError
from charrnn.network.model import CharRNN
from charrnn.network.parameters import Array
from charrnn.training.config import TrainConfig
from charrnn.training.optimizers import OPTIMIZERS
from charrnn.training.progress import TrainState

if TYPE_CHECKING:
    from charrnn.training.trainer import Trainer

DAMAGED = "The run in this file cannot be continued: its settings are damaged."


def sha256(text: str) -> str:
    """By which a run knows its text again."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def pack(trainer: Trainer) -> tuple[dict[str, Array], dict[str, Any]]:
    """The arrays and the facts that continuing needs, besides the best weights."""
    arrays = {"live": trainer.live.parameters.vector}
    arrays |= {f"slot{i}": slot for i, slot in enumerate(trainer.slots)}
    for layer, state in enumerate(trainer.state):
        names = (f"state{layer}_{name}" for name in trainer.live.cell.state)
        arrays |= dict(zip(names, state, strict=True))
    return arrays, {
        "slots": len(trainer.slots),
        "batch_size": trainer.state[0][0].shape[1],
        "best": trainer.best is not None,
        "facts": trainer.facts,
        "config": dataclasses.asdict(trainer.config),
        "ledger": dataclasses.asdict(trainer.train_state),
    }


def check(facts: Mapping[str, Any], text: str) -> tuple[TrainConfig, str]:
    """The settings of a saved run and the name of its corpus.

    Raises ModelFileError where they are damaged, ValueError for another text.
    """
    try:
        config = TrainConfig(**facts["config"])
        corpus, expected = facts["facts"]["corpus"], facts["facts"]["sha256"]
        whole = isinstance(corpus, str) and facts["slots"] == OPTIMIZERS[config.optimizer].slots
    except (KeyError, TypeError, ValueError):
        raise ModelFileError(DAMAGED) from None
    if not whole:
        raise ModelFileError(DAMAGED)
    if expected != sha256(text):
        raise ValueError("This is not the text that the run was trained on.")
    return config, corpus


def unpack(
    trainer: Trainer, model: CharRNN, arrays: Mapping[str, Array], facts: Mapping[str, Any]
) -> None:
    """Put a new trainer where the saved one stopped. Raises ModelFileError for nonsense."""
    trainer.train_state = _train_state(facts.get("ledger"))
    trainer.live.parameters.vector[:] = arrays["live"]
    trainer.slots = [arrays[f"slot{i}"] for i in range(len(trainer.slots))]
    names = model.cell.state
    trainer.state = tuple(
        tuple(arrays[f"state{layer}_{name}"] for name in names)
        for layer in range(model.config.layers)
    )
    negative = trainer.optimizer.squares and trainer.slots[-1].min() < 0
    streams = trainer.config.batching == "streams"
    if negative or (streams and facts["batch_size"] != trainer.batches.batch_size):
        raise ModelFileError(DAMAGED)
    if facts.get("best"):
        trainer.best = model.parameters.vector.copy()
        trainer.safe = trainer.best.copy()


def _train_state(facts: Any) -> TrainState:
    """The numbers a run kept, each a finite number of its kind."""
    try:
        train_state = TrainState(**facts)
        counts = [train_state.step, train_state.updates, train_state.chars, train_state.best_step]
        counts += [train_state.stale, train_state.rescues]
        numbers = [
            train_state.smooth_loss,
            train_state.best_loss or 0.0,
            train_state.rate_scale,
            train_state.seconds,
        ]
        whole = all(type(count) is int and count >= 0 for count in counts)
        whole = whole and all(math.isfinite(number) for number in numbers)
        whole = whole and all(len(point) == 3 for point in train_state.history)
    except TypeError:
        raise ModelFileError(DAMAGED) from None
    if not whole:
        raise ModelFileError(DAMAGED)
    return train_state
