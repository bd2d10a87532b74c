"""The fields of a model file's metadata, and the arrays that the file must have to match them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, NoReturn

from charrnn.formats.errors import ModelFileError, quote
from charrnn.formats.npz import Shape
from charrnn.network.cells import CELLS
from charrnn.network.model import ModelConfig
from charrnn.vocabulary import Vocabulary

FORMAT = "charrnn"
VERSION = 1
MAX_SYMBOLS = 200_000
MAX_SLOTS = 2
MAX_BATCH = 1 << 20
EXTRA = ("average", "start")
"""Vectors that only some trainings need to continue."""

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

FIELDS = REQUIRED | {"training": (dict,), "resume": (dict,)}
"""The fields it may have: the required ones, `CharRNN.metadata`, and a trainer's to continue.

Others are left out: a later version may add one, and its files still load here.
"""


def describe(config: ModelConfig, vocabulary: Vocabulary) -> dict[str, Any]:
    """The fields that every file has."""
    symbols = vocabulary.symbols
    return {
        "format": FORMAT,
        "version": VERSION,
        **asdict(config),
        "words": vocabulary.words,
        "cleaning": vocabulary.cleaning,
        "vocab": list(symbols) if vocabulary.words else "".join(symbols),
    }


def check_fields(meta: dict[str, Any]) -> None:
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
        if type(value) not in FIELDS.get(name, (type(value),)):
            _wrong(f"{name} is {quote(value)}")


def read_config(meta: dict[str, Any]) -> ModelConfig:
    try:
        return ModelConfig(**{field.name: meta[field.name] for field in fields(ModelConfig)})
    except ValueError as error:
        _wrong(str(error).rstrip("."))


def read_vocabulary(meta: dict[str, Any]) -> Vocabulary:
    symbols, words = meta["vocab"], meta["words"]
    if words is not isinstance(symbols, list) or not all(type(s) is str and s for s in symbols):
        _wrong("its vocabulary must be a text of characters, or a list of words")
    if len(symbols) > MAX_SYMBOLS:
        _wrong(f"its vocabulary has {len(symbols):,} symbols, more than {MAX_SYMBOLS:,}")
    try:
        return Vocabulary(tuple(symbols), words, meta["cleaning"])
    except ValueError as error:
        _wrong(str(error).rstrip("."))


def training_shapes(meta: dict[str, Any], shapes: Mapping[str, Shape]) -> dict[str, Shape]:
    """The arrays that a trainer needs to continue; none for a finished model."""
    if "resume" not in meta:
        return {}
    slots, N = (meta["resume"].get(name) for name in ("slots", "batch_size"))
    if type(slots) is not int or not 0 <= slots <= MAX_SLOTS:
        _wrong(f"slots is {quote(slots)}")
    if type(N) is not int or not 1 <= N <= MAX_BATCH:
        _wrong(f"batch_size is {quote(N)}")
    P = sum(math.prod(shape) for shape in shapes.values())
    extra = [name for name in EXTRA if meta["resume"].get(name) is True]
    vectors = ["live", *extra, *(f"slot{i}" for i in range(slots))]
    kinds = CELLS[meta["cell"]].state
    states = [f"state{layer}_{k}" for layer in range(meta["layers"]) for k in kinds]
    return dict.fromkeys(vectors, (P,)) | dict.fromkeys(states, (meta["hidden_size"], N))


def _wrong(what: str) -> NoReturn:
    raise ModelFileError(f"The model's metadata is wrong: {what}.")
