"""Models, and unfinished trainings, in and out of .npz files.

Everything read is checked before it is used, and everything written is read back first: a save
either leaves a file that loads, or raises an error that says why it cannot. np.load opens the
files too.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from charrnn import files
from charrnn.formats import npz
from charrnn.formats.npz import FloatArray, ModelFileError, Shape, quote
from charrnn.network.cells import CELLS
from charrnn.network.model import CharRNN, ModelConfig, ModelState, parameter_shapes
from charrnn.network.parameters import Parameters
from charrnn.training.config import TrainConfig
from charrnn.training.optimizers import OPTIMIZERS
from charrnn.training.record import TrainingRecord
from charrnn.training.state import TrainState
from charrnn.vocabulary import Vocabulary

__all__ = ["HOSTED_BYTES", "Checkpoint", "ModelFileError", "info", "load", "save"]

FORMAT = "charrnn"
VERSION = 1
HOSTED_BYTES = 32 << 20
"""The limit for strangers' files on a shared machine: 8 million weights."""

MAX_SYMBOLS = 200_000
MAX_SLOTS = 2
MAX_BATCH = 1 << 20
MAX_WEIGHT = 1e6
"""Trained weights stay below 100, and 4096 products of a million still fit a float32."""

REQUIRED: dict[str, tuple[type, ...]] = {
    "format": (str,),
    "version": (int,),
    "cell": (str,),
    "hidden_size": (int,),
    "layers": (int,),
    "dropout": (float, int),
    "initialization": (str,),
    "vocab": (str, list),
    "words": (bool,),
    "cleaning": (str,),
}
"""The fields that the metadata must have, by JSON type. bool is not int here."""

OPTIONAL: dict[str, tuple[type, ...]] = {"training": (dict,), "resume": (dict,)}
"""Fields it may have: `CharRNN.metadata`, and what a trainer needs to continue."""

COUNTS = ("step", "updates", "chars", "best_step", "stale", "rescues")
NUMBERS = ("smooth_loss", "best_loss", "rate_scale", "seconds")
DAMAGED = "The training in this file cannot be continued: it is damaged."


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A model, and what its training needs to continue where that is kept.

    Nothing in it may be changed in place: whoever continues the training copies `state`.
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

    @property
    def metadata(self) -> dict[str, Any]:
        """The metadata of the file, as JSON."""
        config, vocabulary = self.model.config, self.model.vocabulary
        symbols = vocabulary.symbols
        return {
            "format": FORMAT,
            "version": VERSION,
            **asdict(config),
            "words": vocabulary.words,
            "cleaning": vocabulary.cleaning,
            "vocab": list(symbols) if vocabulary.words else "".join(symbols),
            **({"training": self.model.metadata} if self.model.metadata else {}),
            **({"resume": self._resume(self.state)} if self.state else {}),
        }

    def _resume(self, state: TrainState) -> dict[str, Any]:
        told = self.model.metadata
        return {
            "slots": len(state.slots),
            "batch_size": state.recurrent[0][0].shape[1],
            "best": state.best is not None,
            # Version 0.1 reads the settings here; they are those of "training".
            "facts": {name: told.get(name) for name in ("corpus", "sha256", "characters")},
            "config": told.get("config"),
            "ledger": {name: getattr(state, name) for name in (*COUNTS, *NUMBERS, "history")},
        }

    @classmethod
    def from_bytes(cls, data: bytes, max_bytes: int = npz.MAX_BYTES) -> Checkpoint:
        """Read the bytes of a file, from whomever it comes.

        The file, and its arrays together, may take `max_bytes` each. Give HOSTED_BYTES where
        strangers' files meet a shared machine. Raises ModelFileError and nothing else.
        """
        meta, arrays = npz.loads(data, _shapes, max_bytes)
        model = _model(meta, arrays)
        return cls(model, _state(model, meta["resume"], arrays) if "resume" in meta else None)

    @classmethod
    def load(cls, path: str | Path, max_bytes: int = npz.MAX_BYTES) -> Checkpoint:
        """Read a file, as `from_bytes` does. Raises ModelFileError and nothing else."""
        return cls.from_bytes(_read_file(path, max_bytes), max_bytes)

    def to_bytes(self) -> bytes:
        """The bytes of a file; equal checkpoints give equal bytes.

        Raises ModelFileError for what could not be loaded again: weights that are not finite or
        too large, or metadata that is not JSON.
        """
        data = npz.dumps(dict(self.model.parameters) | _arrays(self.state), self.metadata)
        try:
            if Checkpoint.from_bytes(data).model.vocabulary != self.model.vocabulary:
                raise ModelFileError("Symbols of several characters need a vocabulary of words.")
        except ModelFileError as error:
            raise ModelFileError(f"The model cannot be saved. {error}") from None
        return data

    def save(self, path: str | Path) -> None:
        """Write a file, which appears complete or not at all.

        Raises OSError where the disk is at fault, otherwise as `to_bytes` does.
        """
        files.write(path, self.to_bytes())


def load(path: str | Path, max_bytes: int = npz.MAX_BYTES) -> CharRNN:
    """Read a model from a file, from whomever it comes. Raises ModelFileError and nothing else."""
    return Checkpoint.load(path, max_bytes).model


def save(model: CharRNN, path: str | Path) -> None:
    """Write a model to a file, as `Checkpoint.save` does. Raises OSError, ModelFileError."""
    Checkpoint(model).save(path)


def info(path: str | Path, max_bytes: int = npz.MAX_BYTES) -> dict[str, Any]:
    """The metadata of a model file, and vocab_size, parameters (how many), bytes, resumable.

    Raises ModelFileError.
    """
    data = _read_file(path, max_bytes)
    checkpoint = Checkpoint.from_bytes(data, max_bytes)
    return checkpoint.metadata | {
        "vocab_size": len(checkpoint.model.vocabulary),
        "parameters": checkpoint.model.parameters.vector.size,
        "bytes": len(data),
        "resumable": checkpoint.state is not None,
    }


def _read_file(path: str | Path, max_bytes: int) -> bytes:
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > max_bytes:
                npz.too_large(size, max_bytes)
            return file.read(size)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise ModelFileError(f"{quote(str(path))} cannot be read: {reason}.") from error


# ---- from the file's parts to values ----


def _model(meta: dict[str, Any], arrays: Mapping[str, FloatArray]) -> CharRNN:
    """Build the model, and check that it can read a character."""
    config, vocabulary = _config(meta), _vocabulary(meta)
    shapes = parameter_shapes(config, len(vocabulary))
    parameters = Parameters(shapes, np.concatenate([arrays[name].ravel() for name in shapes]))
    for weights in (parameters.vector, arrays.get("live", parameters.vector)):
        if max(weights.max(), -weights.min()) > MAX_WEIGHT:
            raise ModelFileError(f"The model is broken: it has weights beyond {MAX_WEIGHT:,.0f}.")
    model = CharRNN(vocabulary, config, parameters, metadata=meta.get("training"))
    with np.errstate(all="ignore"):
        logits, _ = model.step(np.zeros(1, vocabulary.dtype), model.initial_state())
    if not np.isfinite(logits).all():
        raise ModelFileError("The model is broken: what it computes is not finite.")
    return model


def _state(
    model: CharRNN, resume: Mapping[str, Any], arrays: Mapping[str, FloatArray]
) -> TrainState:
    """What the trainer needs to continue. Raises ModelFileError for impossible numbers."""
    recurrent: ModelState = tuple(
        tuple(arrays[f"state{layer}_{kind}"] for kind in model.cell.state)
        for layer in range(model.config.layers)
    )
    slots = [arrays[f"slot{i}"] for i in range(resume["slots"])]
    best = model.parameters.vector if resume.get("best") else None
    return TrainState(
        model.with_vector(arrays["live"]), slots, recurrent, best, **_counters(resume)
    )


def _counters(resume: Mapping[str, Any]) -> dict[str, Any]:
    """The counters of a run, each of its type; those of a later version are left out."""
    ledger = resume.get("ledger", {})
    if not isinstance(ledger, dict):
        raise ModelFileError(DAMAGED)
    found = {name: ledger[name] for name in (*COUNTS, *NUMBERS, "history") if name in ledger}
    history = found.get("history", [])
    good = all(type(found.get(name, 0)) is int and found.get(name, 0) >= 0 for name in COUNTS)
    good = good and all(_is_number(found.get(name, 0)) for name in NUMBERS if name != "best_loss")
    good = good and (found.get("best_loss") is None or _is_number(found["best_loss"]))
    if not good or not isinstance(history, list) or not all(map(_is_evaluation, history)):
        raise ModelFileError(DAMAGED)
    return found


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
    for layer, own in enumerate(state.recurrent):
        names = (f"state{layer}_{kind}" for kind in state.live.cell.state)
        arrays |= dict(zip(names, own, strict=True))
    return arrays


# ---- what the metadata means ----


def _shapes(meta: dict[str, Any]) -> dict[str, Shape]:
    """Check the metadata; return the shapes of the arrays that the file must hold by it."""
    _check_fields(meta)
    shapes = parameter_shapes(_config(meta), len(_vocabulary(meta)))
    return shapes | _training_shapes(meta, shapes)


def _check_fields(meta: dict[str, Any]) -> None:
    """Check that the metadata has the required fields, each of its JSON type."""
    if meta.get("format") != FORMAT:
        raise ModelFileError("The file holds another program's arrays, and no charrnn model.")
    version = meta.get("version")
    if type(version) is int and version > VERSION:
        raise ModelFileError(
            f"The file was made by a newer charrnn: its format has version {quote(version)}, and "
            f"this one reads version {VERSION}. Update charrnn to open it."
        )
    if version != VERSION:
        _wrong(f"the version is {quote(version)}")
    for name in REQUIRED.keys() - meta.keys():
        _wrong(f"it lacks {name}")
    for name, value in meta.items():
        if name not in REQUIRED | OPTIONAL:
            _wrong(f"it has {quote(name)}, which this version does not know")
        if type(value) not in (REQUIRED | OPTIONAL)[name]:
            _wrong(f"{name} is {quote(value)}")


def _config(meta: dict[str, Any]) -> ModelConfig:
    try:
        return ModelConfig(**{field.name: meta[field.name] for field in fields(ModelConfig)})
    except ValueError as error:
        _wrong(str(error).rstrip("."))


def _vocabulary(meta: dict[str, Any]) -> Vocabulary:
    symbols, words = meta["vocab"], meta["words"]
    if words is not isinstance(symbols, list) or not all(type(s) is str and s for s in symbols):
        _wrong("its vocabulary must be a text of characters, or a list of words")
    if len(symbols) > MAX_SYMBOLS:
        _wrong(f"its vocabulary has {len(symbols):,} symbols, more than {MAX_SYMBOLS:,}")
    try:
        return Vocabulary(tuple(symbols), words, meta["cleaning"])
    except ValueError as error:
        _wrong(str(error).rstrip("."))


def _training_shapes(meta: dict[str, Any], shapes: Mapping[str, Shape]) -> dict[str, Shape]:
    """The arrays that a trainer needs to continue; none for a finished model."""
    if "resume" not in meta:
        return {}
    slots, N = (meta["resume"].get(name) for name in ("slots", "batch_size"))
    if type(slots) is not int or not 0 <= slots <= MAX_SLOTS:
        _wrong(f"slots is {quote(slots)}")
    if type(N) is not int or not 1 <= N <= MAX_BATCH:
        _wrong(f"batch_size is {quote(N)}")
    P = sum(math.prod(shape) for shape in shapes.values())
    vectors = ["live", *(f"slot{i}" for i in range(slots))]
    kinds = CELLS[meta["cell"]].state
    states = [f"state{layer}_{k}" for layer in range(meta["layers"]) for k in kinds]
    return dict.fromkeys(vectors, (P,)) | dict.fromkeys(states, (meta["hidden_size"], N))


def _wrong(what: str) -> NoReturn:
    raise ModelFileError(f"The model's metadata is wrong: {what}.")
