"""The small network that writes on the first screen, packed for the browser."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.network.model import CharRNN
from charrnn.pretrained import load_pretrained
from charrnn.ui.components.packing import base64_of

NAME = "shakespeare-small"
"""A GRU of 128 units: 83,265 weights, one byte each, are 62 kB of the page once it is packed. With
bytes for floats it loses 1.572 nats per character on unseen text where it lost 1.567."""


@cache
def live_network() -> dict[str, Any]:
    """The value of the component LiveWriter."""
    model = load_pretrained(NAME)
    rounded, scales = quantized(model)
    shapes = [[name, array.shape, scales[name]] for name, array in model.parameters.items()]
    c = model.config
    return {
        "title": "A small network writes. Watch.",
        "note": "It reads one letter at a time and guesses the next. This one, of 128 units, "
        "has read Shakespeare for three minutes.",
        "cell": c.cell,
        "hidden_size": c.hidden_size,
        "layers": c.layers,
        "symbols": json.dumps(model.vocabulary.symbols),
        "shapes": json.dumps(shapes),
        "weights": base64_of(np.concatenate([array.ravel() for array in rounded.values()])),
        "seed": "\nROMEO:\n",
    }


def quantized(model: CharRNN) -> tuple[dict[str, NDArray[np.int8]], dict[str, float]]:
    """Every array as int8, -127 to 127, and what one step of it stands for."""
    scales = {n: float(np.abs(array).max()) / 127 or 1.0 for n, array in model.parameters.items()}
    rounded = {
        name: np.rint(array / scales[name]).astype(np.int8)
        for name, array in model.parameters.items()
    }
    return rounded, scales
