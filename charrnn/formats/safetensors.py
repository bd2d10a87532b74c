"""Exports weights as a .safetensors file, with the model's configuration in its metadata.

The library is an extra, imported only here: pip install "charrnn-numpy[safetensors]".
"""

from __future__ import annotations

import json

from charrnn.formats.torch import to_torch
from charrnn.network.model import CharRNN


def to_safetensors(model: CharRNN) -> bytes:
    """The bytes of a .safetensors file with the arrays of `to_torch`.

    Its metadata holds, each as text: format ("pt"), cell, hidden_size, layers, words, cleaning
    and, as JSON, symbols. Raises ValueError where the library is missing.
    """
    try:
        from safetensors.numpy import save
    except ImportError:
        raise ValueError(
            "This needs the safetensors library: pip install safetensors, then try again."
        ) from None
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
    data: bytes = save(to_torch(model), metadata=metadata)
    return data
