"""Reads and writes models, and unfinished training runs, as .npz files.

Everything read is checked before it is used, and everything written is read back first: a save
either leaves a file that loads, or raises an error that says why it cannot. np.load opens the
files too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from charrnn import files
from charrnn.formats import npz
from charrnn.formats.errors import ModelFileError
from charrnn.formats.npz import Archive, Shape
from charrnn.network.model import CharRNN, ModelState, parameter_shapes
from charrnn.network.parameters import Array, Parameters
from charrnn.training import metadata
from charrnn.training.config import TrainConfig
from charrnn.training.optimizers import OPTIMIZERS
from charrnn.training.record import TrainingRecord
from charrnn.training.state import TrainState

__all__ = ["HOSTED_BYTES", "Checkpoint", "ModelFileError", "info", "load", "save"]

HOSTED_BYTES = 48 << 20
"""The limit for strangers' files on a shared machine: 8 million weights."""

MAX_WEIGHT = 1e6
"""Trained weights stay below 100, and 4096 products of a million still fit a float32."""

COUNTS = ("step", "updates", "chars", "best_step", "stale", "rescues")
NUMBERS = ("smooth_loss", "rate_scale", "seconds")
COUNTERS = (*COUNTS, *NUMBERS, "best_loss", "history")
DAMAGED = "The training in this file cannot be continued: it is damaged."


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A model and, if it was kept, what its training needs to continue.

    Do not change anything in it in place: to continue the training, copy `state`.
    """

    model: CharRNN
    """The best weights of the training."""
    state: TrainState | None = None
    """What continues the training to the last bit; None for a finished model."""

    @property
    def training(self) -> TrainingRecord:
        """How the model was trained."""
        return TrainingRecord.from_metadata(self.model.metadata)

    def train_config(self) -> TrainConfig:
        """The settings of a training that can be continued. Raises ModelFileError."""
        if self.state is None:
            raise ModelFileError("The file holds a finished model, with no training to continue.")
        try:
            config = self.training.train_config()
        except ValueError as error:
            raise ModelFileError(f"{DAMAGED} {error}") from None
        optimizer, slots = OPTIMIZERS[config.optimizer], self.state.slots
        if len(slots) != optimizer.slots or (optimizer.squares and slots[-1].min() < 0):
            raise ModelFileError(DAMAGED)
        return config

    def check_batch_size(self, batch_size: int) -> None:
        """Check that the saved state has that many streams. Raises ModelFileError."""
        config, state = self.train_config(), self.state
        assert state is not None
        if config.batching == "streams" and state.recurrent[0][0].shape[1] != batch_size:
            raise ModelFileError(DAMAGED)

    @property
    def metadata(self) -> dict[str, Any]:
        """The metadata of the file, as JSON."""
        return {
            **metadata.describe(self.model.config, self.model.vocabulary),
            **({"training": self.model.metadata} if self.model.metadata else {}),
            **({"resume": self._resume(self.state)} if self.state else {}),
        }

    def _resume(self, state: TrainState) -> dict[str, Any]:
        record = self.model.metadata
        return {
            "slots": len(state.slots),
            "batch_size": state.recurrent[0][0].shape[1],
            "best": state.best is not None,
            **{name: True for name in metadata.EXTRA if getattr(state, name) is not None},
            # Version 0.1 reads the settings here; they are those of "training".
            "facts": {name: record.get(name) for name in ("corpus", "sha256", "characters")},
            "config": record.get("config"),
            "ledger": state.numbers(*COUNTERS),
        }

    @classmethod
    def from_bytes(cls, data: bytes, max_bytes: int | None = npz.MAX_BYTES) -> Checkpoint:
        """Read the bytes of a file, which may come from a stranger.

        The file, and its arrays together, may take `max_bytes` each; None lifts the limit. Pass
        HOSTED_BYTES for strangers' files on a shared machine. Raises ModelFileError and nothing
        else.
        """
        archive = npz.Archive(data, math.inf if max_bytes is None else max_bytes)
        meta = archive.metadata()
        metadata.check_fields(meta)
        config, vocabulary = metadata.read_config(meta), metadata.read_vocabulary(meta)
        shapes = parameter_shapes(config, len(vocabulary))
        own = metadata.training_shapes(meta, shapes)
        archive.check(shapes | own)
        parameters = Parameters(shapes, _vector(archive, shapes))
        model = CharRNN(vocabulary, config, parameters, metadata=meta.get("training"))
        _check_model(model)
        if "resume" not in meta:
            return cls(model)
        return cls(model, _state(model, meta["resume"], archive, own))

    @classmethod
    def load(cls, path: str | Path, max_bytes: int | None = npz.MAX_BYTES) -> Checkpoint:
        """Read a file, as `from_bytes` does. Raises ModelFileError and nothing else."""
        return cls.from_bytes(npz.read_file(path, max_bytes), max_bytes)

    def to_bytes(self, dtype: DTypeLike = np.float32) -> bytes:
        """The bytes of a file; equal checkpoints give equal bytes.

        dtype: of the arrays in the file; float16 halves it and keeps 3 digits of a weight. Raises
        ModelFileError for what could not be loaded again: weights that are not finite or too
        large, or metadata that is not JSON.
        """
        data = npz.dumps(dict(self.model.parameters) | _arrays(self.state), self.metadata, dtype)
        try:
            if Checkpoint.from_bytes(data, None).model.vocabulary != self.model.vocabulary:
                raise ModelFileError("Symbols of several characters need a vocabulary of words.")
        except ModelFileError as error:
            raise ModelFileError(f"The model cannot be saved. {error}") from None
        return data

    def save(
        self,
        path: str | Path,
        dtype: DTypeLike = np.float32,
        previous: str | Path | None = None,
    ) -> None:
        """Write a file, which appears complete or not at all; dtype as in `to_bytes`.

        previous: where to keep the file that was there. Raises OSError if the disk fails,
        otherwise as `to_bytes` does.
        """
        files.write(path, self.to_bytes(dtype), previous)


def load(path: str | Path, max_bytes: int | None = npz.MAX_BYTES) -> CharRNN:
    """Read a model from a file, even a stranger's. Raises ModelFileError and nothing else."""
    return Checkpoint.load(path, max_bytes).model


def save(model: CharRNN, path: str | Path, dtype: DTypeLike = np.float32) -> None:
    """Write a model to a file, as `Checkpoint.save` does. Raises OSError, ModelFileError."""
    Checkpoint(model).save(path, dtype)


def info(path: str | Path, max_bytes: int | None = npz.MAX_BYTES) -> dict[str, Any]:
    """The metadata of a model file, and vocab_size, parameters (how many), bytes, resumable.

    Raises ModelFileError.
    """
    data = npz.read_file(path, max_bytes)
    checkpoint = Checkpoint.from_bytes(data, max_bytes)
    return checkpoint.metadata | {
        "vocab_size": len(checkpoint.model.vocabulary),
        "parameters": checkpoint.model.parameters.vector.size,
        "bytes": len(data),
        "resumable": checkpoint.state is not None,
    }


# ---- from the file's parts to values ----


def _vector(archive: Archive, shapes: Mapping[str, Shape]) -> Array:
    """The arrays of these shapes in one vector, checked to be of trained weights' size."""
    parameters = Parameters(shapes)
    for name, view in parameters.items():
        archive.read_into(name, view)
    if max(parameters.vector.max(), -parameters.vector.min()) > MAX_WEIGHT:
        raise ModelFileError(f"The model is broken: it has weights beyond {MAX_WEIGHT:,.0f}.")
    return parameters.vector


def _check_model(model: CharRNN) -> None:
    """Check that a model can read a character."""
    with np.errstate(all="ignore"):
        logits, _ = model.step(np.zeros(1, model.vocabulary.dtype), model.initial_state())
    if not np.isfinite(logits).all():
        raise ModelFileError("The model is broken: what it computes is not finite.")


def _state(
    model: CharRNN, resume: Mapping[str, Any], archive: Archive, shapes: Mapping[str, Shape]
) -> TrainState:
    """What the trainer needs to continue. Raises ModelFileError for impossible numbers."""
    live = _vector(archive, {"live": shapes["live"]})
    arrays = {name: np.empty(shape, np.float32) for name, shape in shapes.items() if name != "live"}
    for name, array in arrays.items():
        archive.read_into(name, array)
    recurrent: ModelState = tuple(
        tuple(arrays[f"state{layer}_{kind}"] for kind in model.cell.state)
        for layer in range(model.config.layers)
    )
    slots = [arrays[f"slot{i}"] for i in range(resume["slots"])]
    best = model.parameters.vector if resume.get("best") else None
    extra: dict[str, Any] = {name: arrays[name] for name in metadata.EXTRA if name in arrays}
    live_model = model.with_vector(live)
    return TrainState(live_model, slots, recurrent, best, **extra, **_counters(resume))


def _counters(resume: Mapping[str, Any]) -> dict[str, Any]:
    """The counters of a run, each checked for its type; those of a later version are left out."""
    saved = resume.get("ledger", {})
    if not isinstance(saved, dict):
        raise ModelFileError(DAMAGED)
    counters = {name: saved[name] for name in COUNTERS if name in saved}
    history = counters.get("history", [])
    numbers = [counters.get(name, 0) for name in NUMBERS]
    numbers += [0 if counters.get("best_loss") is None else counters["best_loss"]]
    good = all(type(n) is int and n >= 0 for n in (counters.get(name, 0) for name in COUNTS))
    good = good and all(map(_is_number, numbers)) and isinstance(history, list)
    if not good or not all(map(_is_evaluation, history)):
        raise ModelFileError(DAMAGED)
    return counters


def _is_evaluation(point: object) -> bool:
    """Whether a value is [step, training loss, validation loss or None]."""
    if not isinstance(point, list) or len(point) != 3:
        return False
    return all(map(_is_number, point[:2])) and (point[2] is None or _is_number(point[2]))


def _is_number(value: object) -> bool:
    return type(value) in (int, float)  # JSON with NaN or infinity was refused before


def _arrays(state: TrainState | None) -> dict[str, Any]:
    """The arrays of a training by their names in the file."""
    if state is None:
        return {}
    arrays = {"live": state.live.parameters.vector}
    arrays |= {f"slot{i}": slot for i, slot in enumerate(state.slots)}
    arrays |= {
        name: getattr(state, name) for name in metadata.EXTRA if getattr(state, name) is not None
    }
    for layer, own in enumerate(state.recurrent):
        names = (f"state{layer}_{kind}" for kind in state.live.cell.state)
        arrays |= dict(zip(names, own, strict=True))
    return arrays
