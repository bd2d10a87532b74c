"""Writes weights as a .safetensors file, with the model's configuration in its metadata.

The format: the header's length in 8 bytes, little-endian; the header, JSON padded with spaces to a
multiple of 8 bytes; the arrays one after another, little-endian and in C order.
Source: "Format" in the README of github.com/huggingface/safetensors.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from charrnn.formats.torch import to_torch
from charrnn.network.model import CharRNN

DTYPES = {"float16": "F16", "float32": "F32", "float64": "F64"}


def to_safetensors(model: CharRNN) -> bytes:
    """The bytes of a .safetensors file with the arrays of `to_torch`.

    Its metadata holds, each as text: format ("pt"), cell, hidden_size, layers, words, cleaning
    and, as JSON, symbols. Raises ValueError for a cell that PyTorch does not have.
    """
    config, vocabulary = model.config, model.vocabulary
    metadata = {
        "format": "pt",
        "cell": config.cell,
        "hidden_size": str(config.hidden_size),
        "layers": str(config.layers),
        "words": json.dumps(vocabulary.words),
        "cleaning": vocabulary.cleaning,
        "symbols": json.dumps(vocabulary.symbols),
    }
    header: dict[str, Any] = {"__metadata__": metadata}
    parts: list[bytes] = []
    end = 0
    for name, array in sorted(to_torch(model).items()):
        part = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
        header[name] = {
            "dtype": DTYPES[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [end, end + len(part)],
        }
        parts.append(part)
        end += len(part)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return b"".join([len(text).to_bytes(8, "little"), text, *parts])
