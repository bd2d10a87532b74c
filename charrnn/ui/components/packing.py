"""Packs numbers into strings for the drawings, because lists cost the server fifty times as much.

symbols.js unpacks them. All numbers are little-endian.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charrnn.analysis import Reading

ALTERNATIVES = 5
RECORD = np.dtype(
    [
        ("symbol", "<u2"),
        ("likeliest", "<u2", (ALTERNATIVES,)),
        ("surprise", "<u2"),  # thousandths of a nat; UNSCORED where nothing was predicted
        ("chances", "u1", (ALTERNATIVES,)),  # of 255
        ("rest", "u1", (2,)),
    ]
)
"""One symbol of a scored text. 21 bytes are a multiple of 3, so base64 strings can be joined."""

UNSCORED = 65535


def base64_of(array: NDArray[Any]) -> str:
    """An array's bytes as base64."""
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")


def signed_bytes(values: NDArray[Any], limit: float) -> str:
    """Values from -limit to limit as base64 of int8, -127 to 127."""
    scaled = np.clip(np.nan_to_num(values / max(limit, 1e-12)), -1, 1)
    return base64_of(np.rint(scaled * 127).astype(np.int8))


class Names:
    """Numbers the symbols of a drawing, in a list that grows."""

    def __init__(self, symbols: Sequence[str]) -> None:
        self.symbols = symbols
        self.numbers: dict[int, int] = {}

    def number(self, ids: Iterable[int]) -> list[int]:
        """The numbers of these ids; new symbols are appended."""
        return [self.numbers.setdefault(int(i), len(self.numbers)) for i in ids]

    @property
    def json(self) -> str:
        """The list as JSON text: one string, so that Gradio does not walk through it."""
        return json.dumps([self.symbols[i] for i in self.numbers])


def records(reading: Reading, names: Names) -> str:
    """A scored text as base64 of RECORDs."""
    packed = np.zeros(len(reading.ids), RECORD)
    packed["symbol"] = names.number(reading.ids)
    unscored = np.isnan(reading.surprise)
    nats = np.where(unscored, 0, reading.surprise)
    packed["surprise"] = np.where(unscored, UNSCORED, np.minimum(nats * 1000, UNSCORED - 1))
    shown = reading.likeliest.shape[1]
    flat = names.number(reading.likeliest.ravel())
    packed["likeliest"][:, :shown] = np.reshape(flat, (-1, shown))
    packed["chances"][:, :shown] = np.rint(np.nan_to_num(reading.chances) * 255)
    return base64_of(packed)


def levels(surprise: NDArray[np.float64]) -> str:
    """Surprise as one printable character a symbol, in steps of 0.1 nats up to 9.3."""
    steps = np.clip(np.nan_to_num(surprise) * 10, 0, 93).astype(int)
    return "".join(chr(33 + step) for step in steps.tolist())
