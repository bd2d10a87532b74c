"""Imports the weights of small RNN scripts, which save three to five plain arrays in an .npz.

Several sets of names are known, with or without biases, and two orientations. By columns, h =
tanh(Wxh x + Whh h + bh), as here. By rows, h = tanh(x Wxh + h Whh + bh), which transposes all three
matrices. The shapes decide; where H equals V, the biases do; where they are flat too, the user must
say.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from charrnn.formats.errors import ModelFileError, too_large
from charrnn.formats.npz import Archive, read_file
from charrnn.network.model import CharRNN, ModelConfig, parameter_shapes
from charrnn.network.parameters import Array, Parameters
from charrnn.vocabulary import Vocabulary

NAMINGS = (
    ("Wxh", "Whh", "Why", "bh", "by"),
    ("W_xh", "W_hh", "W_hy", "b_h", "b_y"),
    ("W_xh", "W_hh", "W_hq", "b_h", "b_q"),
    ("Wax", "Waa", "Wya", "ba", "by"),
    ("U", "W", "V", "b", "c"),
)
"""What scripts call input, recurrent and output weights, and the two biases."""
UNNAMED = tuple(f"arr_{place}" for place in range(5))
"""The names that np.savez gives to unnamed arrays, in their order."""

ORIENTATIONS = ("columns", "rows")
VOCABULARIES = ("chars", "vocab", "ix_to_char", "idx_to_char", "char_to_ix", "char_to_idx")
"""The arrays that may hold the symbols, tried in this order."""

MAX_BYTES = 64 << 20
"""The limit for a file, and for its arrays together: 16 million float32 weights."""
MAX_SYMBOLS = 200_000
GIVE_TEXT = "Give the text that the model was trained on with --text."


class OldModel(NamedTuple):
    """An imported model, and a sentence on each thing that was inferred."""

    model: CharRNN
    remarks: list[str]


def from_npz(
    path: str | Path, vocabulary: Vocabulary | None = None, orientation: str = ""
) -> OldModel:
    """Read a script's file. Raises ModelFileError with a sentence that says what to do.

    vocabulary: the symbols in the order of their ids; without it, the file must hold them.
    orientation: "columns" or "rows"; without it, the shapes must decide.
    """
    archive = _archive(path)
    remarks: list[str] = []
    naming = _naming(archive, remarks)
    Wxh, Whh, Why = (_numbers(archive, name) for name in naming[:3])
    if vocabulary is None:
        vocabulary = _vocabulary(archive, remarks)
    V, H = len(vocabulary), len(Whh)
    bh, by = _biases(archive, naming, (H, V), remarks)
    _check_sizes(naming, (Wxh, Whh, Why, bh, by), V, H)
    fits = _fitting_orientations(naming, Wxh, Why, V, H)
    by_rows = _by_rows(fits, orientation, bh, by, remarks)
    if by_rows:
        Wxh, Whh, Why = Wxh.T, Whh.T, Why.T
    config = ModelConfig("rnn", H, 1)
    parameters = Parameters(parameter_shapes(config, V))
    arrays = {"Wxh0": Wxh, "Whh0": Whh, "Why": Why, "bh0": bh, "by": by}
    for name, array in arrays.items():
        parameters[name][:] = array.reshape(parameters[name].shape)
    return OldModel(CharRNN(vocabulary, config, parameters), remarks)


def _archive(path: str | Path) -> Archive:
    """The file's arrays, within limits."""
    archive = Archive(read_file(path, MAX_BYTES), MAX_BYTES, deflated_share=1)
    if archive.unpacked > MAX_BYTES:
        too_large(archive.unpacked, MAX_BYTES)
    return archive


def _naming(archive: Archive, remarks: list[str]) -> tuple[str, ...]:
    """The names in use, those of the biases last: a set whose matrices are all there."""
    names = archive.names
    complete = [naming for naming in NAMINGS if names >= set(naming[:3])]
    if complete:
        return max(complete, key=lambda naming: len(names & set(naming)))
    if names >= set(UNNAMED[:3]):
        return _by_shape(archive, remarks)
    closest = max(NAMINGS, key=lambda naming: len(names & set(naming)))
    missing = [name for name in closest[:3] if name not in names]
    raise ModelFileError(
        f"The file lacks {', '.join(missing)}: it needs arrays named "
        f"{' or '.join(', '.join(naming) for naming in NAMINGS)}, with or without biases. "
        "Save yours again by those names with np.savez."
    )


def _by_shape(archive: Archive, remarks: list[str]) -> tuple[str, ...]:
    """Arrays without names: the square matrix is the recurrent one, the others are in order."""
    matrices = list(UNNAMED[:3])
    square = [n for n in matrices if len(set(_numbers(archive, n).shape)) == 1]
    recurrent = square[0] if len(square) == 1 else UNNAMED[1]
    matrices.remove(recurrent)
    naming = (matrices[0], recurrent, matrices[1], *UNNAMED[3:])
    remarks.append(
        "The arrays have no names: "
        f"{', '.join(f'{a} was read as {b}' for a, b in zip(naming, NAMINGS[0], strict=True))}."
    )
    return naming


def _biases(
    archive: Archive, naming: tuple[str, ...], sizes: tuple[int, int], remarks: list[str]
) -> tuple[Array, ...]:
    """Both biases; zeros for a script that has none. One alone is a mistake."""
    given = [name for name in naming[3:] if name in archive.names]
    if len(given) == 1:
        (missing,) = set(naming[3:]) - set(given)
        raise ModelFileError(f"The file lacks {missing}: it has only one of the two biases.")
    if not given:
        remarks.append("The file has no biases: they were set to 0.")
        return tuple(np.zeros(size, np.float32) for size in sizes)
    return tuple(_numbers(archive, name) for name in given)


def _numbers(archive: Archive, name: str) -> Array:
    array = archive.array(name)
    if array.dtype.kind == "V":
        raise ModelFileError(
            f"The array {name} holds a type that NumPy does not know, such as bfloat16: convert it "
            "to float32 before saving it."
        )
    if array.dtype.kind not in "fiu" or not np.isfinite(array).all():
        raise ModelFileError(f"The array {name} must hold finite numbers.")
    return array


def _check_sizes(naming: tuple[str, ...], arrays: tuple[Array, ...], V: int, H: int) -> None:
    """The recurrent matrix says H, the vocabulary says V; all the rest must agree."""
    _, Whh, _, bh, by = arrays
    if Whh.ndim != 2 or Whh.shape != (H, H) or not 1 <= H <= 4096:
        raise ModelFileError(f"{naming[1]} must be square, and it has shape {Whh.shape}.")
    if by.size != V:
        raise ModelFileError(
            f"The vocabulary has {V} symbols and {naming[4]} has {by.size} numbers: "
            "this is not the text, or not the cleaning, that the model was trained with."
        )
    for name, array, size in ((naming[3], bh, H), (naming[4], by, V)):
        if array.shape not in ((size,), (size, 1), (1, size)):
            raise ModelFileError(f"{name} has shape {array.shape}; a bias of {size} was expected.")


def _fitting_orientations(
    naming: tuple[str, ...], Wxh: Array, Why: Array, V: int, H: int
) -> list[str]:
    """The orientations that the shapes of the two other matrices allow."""
    shapes = {"columns": ((H, V), (V, H)), "rows": ((V, H), (H, V))}
    fits = [name for name in ORIENTATIONS if (Wxh.shape, Why.shape) == shapes[name]]
    if not fits:
        raise ModelFileError(
            f"{naming[0]} has shape {Wxh.shape} and {naming[2]} {Why.shape}; with {H} hidden units "
            f"and {V} symbols they must be {(H, V)} and {(V, H)}, or both the other way round."
        )
    return fits


def _by_rows(fits: list[str], orientation: str, bh: Array, by: Array, remarks: list[str]) -> bool:
    """Decide the orientation, with a remark where the matrices alone do not."""
    if orientation:
        if orientation not in fits:
            raise ModelFileError(f"The shapes do not fit the orientation {orientation}.")
        return orientation == "rows"
    if len(fits) == 1:
        return fits == ["rows"]
    shapes = {bh.shape, by.shape}
    H = bh.size
    for name, shape in (("columns", (H, 1)), ("rows", (1, H))):
        if shapes == {shape}:
            remarks.append(
                f"All matrices are square; the biases are {name}, so the matrices were read so."
            )
            return name == "rows"
    raise ModelFileError(
        "All matrices are square and the biases are flat, so both orientations fit: give "
        "--orientation columns for h = tanh(Wxh x + Whh h + bh), or rows for "
        "h = tanh(x Wxh + h Whh + bh)."
    )


# ---- the vocabulary ----


def _vocabulary(archive: Archive, remarks: list[str]) -> Vocabulary:
    """The symbols from the first array that has them."""
    for name in VOCABULARIES:
        if name in archive.names:
            try:
                symbols = _symbols(name, archive.array(name))
            except ModelFileError as error:
                raise ModelFileError(f"{error} {GIVE_TEXT}") from None
            remarks.append(f"The vocabulary is the file's own {name}, {len(symbols)} symbols.")
            return Vocabulary(symbols)
    raise ModelFileError(
        f"The file holds no vocabulary (chars, ix_to_char or char_to_ix). {GIVE_TEXT}"
    )


def _symbols(name: str, array: Array) -> tuple[str, ...]:
    """Symbols in the order of their ids.

    From a row of them, from one string (JSON, or the characters themselves), or from pairs of a
    symbol and its id, either first, as np.array(list(char_to_ix.items())) makes.
    """
    if array.dtype.kind not in "US" or array.size > MAX_SYMBOLS:
        raise ModelFileError(f"{name} must hold text: symbols in the order of their ids.")
    text = array.astype(str) if array.dtype.kind == "U" else np.char.decode(array, "utf-8")
    pairs = text.tolist() if text.ndim == 2 and text.shape[1] == 2 else None
    symbols: list[Any] = text.ravel().tolist()
    if text.ndim == 0:
        symbols = list(str(text))
        with suppress(ValueError):
            parsed = json.loads(str(text))
            symbols = parsed if isinstance(parsed, list) else symbols
            pairs = list(parsed.items()) if isinstance(parsed, dict) else None
    if pairs is not None:
        symbols = _by_id(name, pairs)
    if not symbols or any(len(str(symbol)) != 1 for symbol in symbols):
        raise ModelFileError(f"{name} must hold single characters, in the order of their ids.")
    if len(set(map(str, symbols))) != len(symbols):
        raise ModelFileError(f"{name} holds a character twice.")
    return tuple(map(str, symbols))


def _by_id(name: str, pairs: list[tuple[Any, Any]]) -> list[Any]:
    """Symbols from (symbol, id) or (id, symbol): ids are 0 to V - 1, each once."""
    id_first = name.startswith("i")
    by_id = {str(i): symbol for i, symbol in (pair if id_first else pair[::-1] for pair in pairs)}
    ids = [str(i) for i in range(len(pairs))]
    if by_id.keys() != set(ids):
        raise ModelFileError(f"{name} must give each symbol an id of its own, from 0 on.")
    return [by_id[i] for i in ids]
