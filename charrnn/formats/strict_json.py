"""Parses JSON from strangers, by RFC 8259 and within limits on its size, depth and values.

json.loads alone also accepts NaN, 1e999, half surrogate pairs and repeated names, and makes 70 MB
of objects out of 2 MB.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from charrnn.formats.errors import ModelFileError, quote, strange

MAX_BYTES = 4 << 20  # 200,000 words of 20 bytes
MAX_VALUES = 250_000  # those words, and 8,000 points of a learning curve, kept twice
MAX_LISTS = 100_000
MAX_NAMES = 10_000  # a pair in a JSON object costs 200 bytes of memory
MAX_DEPTH = 16
MAX_DIGITS = 40  # in a row; a float64 needs 17

NESTING = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")  # one level down, one level up
NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
ANY_DIGIT_TO_0 = bytes.maketrans(b"123456789", b"000000000")


def parse(text: bytes) -> dict[str, Any]:
    """The object in UTF-8 JSON. Raises ModelFileError."""
    _check_bulk(text)
    try:
        meta = json.loads(text.decode("utf-8"), object_pairs_hook=_object)
        json.dumps(meta, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except ModelFileError:
        raise
    except ValueError as error:
        strange(f"its metadata is not JSON: {quote(str(error))}")
    if type(meta) is not dict:
        strange("its metadata is not a JSON object")
    return meta


def _check_bulk(text: bytes) -> None:
    """Bound what parsing can cost, by counting the marks outside of strings."""
    unescaped = text.replace(rb"\\", b"").replace(rb"\"", b"")
    characters = np.frombuffer(unescaped, np.uint8)
    inside = np.cumsum(characters == ord('"'), dtype=np.uint8) % 2 == 1
    marks = characters[~inside].tobytes()
    nesting = np.frombuffer(marks.translate(NESTING, NOT_BRACKETS), np.int8)
    if (
        len(text) > MAX_BYTES
        or marks.count(b",") > MAX_VALUES
        or marks.count(b":") > MAX_NAMES
        or marks.count(b"[") + marks.count(b"{") > MAX_LISTS
        or np.cumsum(nesting, dtype=np.int32).max(initial=0) > MAX_DEPTH
        or b"0" * MAX_DIGITS in marks.translate(ANY_DIGIT_TO_0)
    ):
        strange("its metadata is larger or more deeply nested than a model's")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        strange("its metadata has a field twice")
    return fields
