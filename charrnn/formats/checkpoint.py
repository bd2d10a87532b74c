"""Models in and out of files: what the metadata may say, and which arrays follow from it.

A file is an .npz that np.load opens too. Everything read is checked before it is used, and
everything written is read back first: a save either leaves a file that loads, or says why not.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

import numpy as np

from charrnn import files
from charrnn.formats import npz
from charrnn.formats.npz import FloatArray, ModelFileError, Shape, quote
from charrnn.network.cells import CELLS
from charrnn.network.model import CharRNN, ModelConfig, parameter_shapes
from charrnn.network.parameters import Parameters
from charrnn.vocabulary import Vocabulary

__all__ = [
    "FORMAT", "HOSTED_BYTES", "VERSION", "ModelFileError",
    "dumps", "info", "load", "load_training", "loads", "save", "save_training",
]  # fmt: skip

FORMAT = "charrnn"
VERSION = 1
HOSTED_BYTES = 32 << 20
"""The limit for strangers' files on a shared machine: 8 million weights."""

MAX_SYMBOLS = 200_000
MAX_SLOTS = 2
MAX_BATCH = 1 << 20
MAX_WEIGHT = 1e6
"""Honest weights stay below 100, and 4096 products of a million still fit a float32."""

FACTS: dict[str, tuple[type, ...]] = {
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
"""What the metadata always says, by JSON type. bool is not int here."""

EXTRAS: dict[str, tuple[type, ...]] = {"training": (dict,), "resume": (dict,)}
"""What it may say besides: facts about the training, and what the trainer needs to go on."""

Resumable: TypeAlias = tuple[CharRNN, dict[str, FloatArray], dict[str, Any]]


def save(model: CharRNN, path: str | Path) -> None:
    """Write a model to a file, which appears complete or not at all.

    Raises OSError where the disk is at fault, and ModelFileError for a model that could not be
    loaded again, because its weights are not finite or too large for a file.
    """
    files.write(path, dumps(model))


def dumps(model: CharRNN) -> bytes:
    """The bytes that `save` writes; equal models give equal bytes. Raises ModelFileError."""
    return _dumps(model, {}, {})


def load(path: str | Path, max_bytes: int = npz.MAX_BYTES) -> CharRNN:
    """Read a model from a file, from whomever it comes. Raises ModelFileError and nothing else."""
    return loads(_read_file(path, max_bytes), max_bytes)


def loads(data: bytes, max_bytes: int = npz.MAX_BYTES) -> CharRNN:
    """Read a model from the bytes of a file. Raises ModelFileError and nothing else.

    Give HOSTED_BYTES where strangers' files meet a shared machine.
    """
    return _model(*npz.loads(data, _shapes, max_bytes))


def info(path: str | Path, max_bytes: int = npz.MAX_BYTES) -> dict[str, Any]:
    """What a model file says of itself, checked like the rest of it, without building the model.

    Besides the metadata: vocab_size, parameters (how many), bytes (of the file), resumable.
    Raises ModelFileError.
    """
    data = _read_file(path, max_bytes)
    meta, _ = npz.loads(data, _shapes, max_bytes)
    shapes = parameter_shapes(_config(meta), len(meta["vocab"]))
    return meta | {
        "vocab_size": len(meta["vocab"]),
        "parameters": sum(math.prod(shape) for shape in shapes.values()),
        "bytes": len(data),
        "resumable": "resume" in meta,
    }


def save_training(
    model: CharRNN, path: str | Path, arrays: Mapping[str, FloatArray], resume: dict[str, Any]
) -> None:
    """Save a model, and with it what a trainer needs to go on as if it had never stopped.

    resume: free facts as JSON, with `slots` (how many vectors of moments the optimizer keeps,
    0 to 2) and `batch_size` N. arrays: `live` (P,), the weights as they are now, `slot0` and
    `slot1` (P,) as many as there are slots, and `state{layer}_{kind}` (H, N), every kind of
    state that every layer's cell has. Raises as `save` does.
    """
    files.write(path, _dumps(model, arrays, {"resume": resume}))


def load_training(path: str | Path, max_bytes: int = npz.MAX_BYTES) -> Resumable:
    """Read what `save_training` wrote: the model, the arrays, the facts to resume by.

    Raises ModelFileError, also for a model file that cannot be resumed.
    """
    meta, arrays = npz.loads(_read_file(path, max_bytes), _shapes, max_bytes)
    if "resume" not in meta:
        raise ModelFileError(
            "The file holds a finished model, and not the state of a training to go on with."
        )
    model = _model(meta, arrays)
    for name in model.parameters:
        del arrays[name]
    return model, {name: array.copy() for name, array in arrays.items()}, meta["resume"]


def _dumps(model: CharRNN, arrays: Mapping[str, FloatArray], extras: dict[str, Any]) -> bytes:
    """Write, then read back: what is not the same model, or none, is not saved."""
    config, vocabulary = model.config, model.vocabulary
    meta = {
        "format": FORMAT,
        "version": VERSION,
        "cell": config.cell,
        "hidden_size": config.hidden_size,
        "layers": config.layers,
        "dropout": config.dropout,
        "initialization": config.initialization,
        "words": vocabulary.words,
        "cleaning": vocabulary.cleaning,
        "vocab": list(vocabulary.symbols) if vocabulary.words else "".join(vocabulary.symbols),
        **({"training": model.metadata} if model.metadata else {}),
        **extras,
    }
    data = npz.dumps({**model.parameters, **arrays}, meta)
    try:
        if loads(data).vocabulary != vocabulary:
            raise ModelFileError("It has symbols of several characters, and calls them no words.")
    except ModelFileError as error:
        raise ModelFileError(f"The model cannot be saved. {error}") from None
    return data


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


def _model(meta: dict[str, Any], arrays: Mapping[str, FloatArray]) -> CharRNN:
    """Build the model, and see that it can read a character."""
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


# ---- what the metadata means ----


def _shapes(meta: dict[str, Any]) -> dict[str, Shape]:
    """Check the metadata, and say which arrays the file must hold by it, of which shapes."""
    _check_facts(meta)
    shapes = parameter_shapes(_config(meta), len(_vocabulary(meta)))
    return shapes | _training_shapes(meta, shapes)


def _check_facts(meta: dict[str, Any]) -> None:
    """See that the metadata says what it must, in JSON's types, and nothing else."""
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
    for name in FACTS.keys() - meta.keys():
        _wrong(f"it lacks {name}")
    for name, value in meta.items():
        if name not in FACTS | EXTRAS:
            _wrong(f"it has {quote(name)}, which this version does not know")
        if type(value) not in (FACTS | EXTRAS)[name]:
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
    """The arrays that a trainer needs to go on; none for a finished model."""
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
