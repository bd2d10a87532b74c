"""The small network that writes on the first screen, packed for the browser."""

from __future__ import annotations

import json
import string
from functools import cache
from typing import Any

import numpy as np

from charrnn.network.model import CharRNN
from charrnn.pretrained import load_pretrained

NAME = "shakespeare-small"
"""A GRU of 128 units: 83,265 weights of six bits each are 58 kB of the page once it is compressed.
That costs 0.007 nats per character, of 1.468 on 30,000 characters of unseen text."""
LEVELS = 31
"""The largest weight of a row, counted in quantization steps."""
ALPHABET = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"


@cache
def live_network() -> dict[str, Any]:
    """The value of the component LiveWriter."""
    model = load_pretrained(NAME)
    weights, shapes = six_bits(model)
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
        "weights": weights,
        "seed": "\nROMEO:\n",
    }


def six_bits(model: CharRNN) -> tuple[str, list[tuple[str, tuple[int, ...], list[float]]]]:
    """The weights as `unpackSixBits` of network.js reads them: their characters, and for each array
    its name, its shape and the step of each of its rows.

    A byte would be a third more than six bits, and base64 of bytes compresses to 90 kB, because no
    character of it stands for one weight.
    """
    characters, shapes = "", []
    for name, array in model.parameters.items():
        rows = array.reshape(len(array), -1)
        steps = [float(f"{np.abs(row).max() / LEVELS:.4g}") or 1.0 for row in rows]
        levels = np.rint(rows / np.array(steps)[:, None]).clip(-LEVELS, LEVELS).astype(int)
        characters += "".join(ALPHABET[level + LEVELS] for level in levels.ravel())
        shapes.append((name, array.shape, steps))
    return characters, shapes
