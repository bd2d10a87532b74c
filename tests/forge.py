"""Forges model files: a zip writer that can falsify any field, and pieces of .npy files.

Nothing of the package is used here, so that a shared mistake cannot hide.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

META = {
    "format": "charrnn",
    "version": 1,
    "cell": "rnn",
    "hidden_size": 4,
    "layers": 1,
    "dropout": 0.0,
    "initialization": "orthogonal",
    "vocab": "\n abc",
    "words": False,
    "cleaning": "none",
}
"""The metadata of the smallest model that most forgeries start from."""

GATES = {"rnn": 1, "lstm": 4, "gru": 3}
STATES = {"rnn": ["hidden"], "lstm": ["hidden", "cell"], "gru": ["hidden"]}


@dataclass(frozen=True)
class Part:
    """A member of a zip. A field that is None is written correctly."""

    name: bytes
    data: bytes
    method: int = 0
    packed: bytes | None = None  # the bytes as they are in the file
    crc: int | None = None
    size: int | None = None
    packed_size: int | None = None
    offset: int | None = None
    flags: int = 0
    need: int = 20
    date: int = 0x21
    attributes: int = 0
    made_by: int = 20
    extra: bytes = b""
    comment: bytes = b""
    disk: int = 0
    local: Mapping[str, Any] | None = None  # fields that only the local header has so
    before: bytes = b""
    after: bytes = b""
    listed: bool = True

    def but(self, **changes: Any) -> Part:
        return replace(self, **changes)


def deflate(data: bytes, level: int = 6) -> bytes:
    packer = zlib.compressobj(level, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def deflated(part: Part, level: int = 6) -> Part:
    return part.but(method=8, packed=deflate(part.data, level))


def _fields(part: Part) -> dict[str, Any]:
    packed = part.data if part.packed is None else part.packed
    return {
        "magic": b"PK\x03\x04",
        "need": part.need,
        "flags": part.flags,
        "method": part.method,
        "date": part.date,
        "crc": zlib.crc32(part.data) if part.crc is None else part.crc,
        "packed": len(packed) if part.packed_size is None else part.packed_size,
        "size": len(part.data) if part.size is None else part.size,
        "name": part.name,
        "extra": b"",
    }


def _local(fields: Mapping[str, Any]) -> bytes:
    f = fields
    head = f["magic"], f["need"], f["flags"], f["method"], 0, f["date"]
    sizes = f["crc"], f["packed"], f["size"], len(f["name"]), len(f["extra"])
    return struct.pack("<4s5H3L2H", *head, *sizes) + f["name"] + f["extra"]


def _central(part: Part, offset: int) -> bytes:
    f = _fields(part)
    head = b"PK\x01\x02", part.made_by, f["need"], f["flags"], f["method"], 0, f["date"]
    sizes = f["crc"], f["packed"], f["size"], len(part.name), len(part.extra), len(part.comment)
    at = offset if part.offset is None else part.offset
    line = struct.pack("<4s6H3L5H2L", *head, *sizes, part.disk, 0, part.attributes, at)
    return line + part.name + part.extra + part.comment


def forge(
    parts: Sequence[Part],
    *,
    prefix: bytes = b"",
    gap: bytes = b"",
    before_end: bytes = b"",
    suffix: bytes = b"",
    comment: bytes = b"",
    order: Sequence[int] | None = None,
    **end: int,
) -> bytes:
    """A zip of the parts. `end` overrides fields of the end record: disk first here count size
    start comment_size; `order` is that of the directory."""
    out, lines = bytearray(prefix), []
    for part in parts:
        out += part.before
        if part.listed:
            lines.append(_central(part, len(out)))
        out += _local(_fields(part) | dict(part.local or {}))
        out += part.data if part.packed is None else part.packed
        out += part.after
    out += gap
    directory = b"".join(lines[i] for i in (order if order is not None else range(len(lines))))
    truth = {"disk": 0, "first": 0, "here": len(lines), "count": len(lines)}
    truth |= {"size": len(directory), "start": len(out), "comment_size": len(comment)}
    record = struct.pack("<4s4H2LH", b"PK\x05\x06", *(truth | end).values())
    return bytes(out + directory + before_end + record + comment + suffix)


def npy(array: np.ndarray[Any, Any]) -> bytes:
    """An array as np.save writes it."""
    shape = tuple(int(n) for n in array.shape)
    text = f"{{'descr': {array.dtype.str!r}, 'fortran_order': False, 'shape': {shape}, }}"
    return npy_raw(text, array.tobytes())


def npy_raw(
    text: str | bytes,
    data: bytes,
    version: bytes = b"\x01\x00",
    length: int | None = None,
    align: int = 64,
) -> bytes:
    """A .npy file with any header text."""
    raw = text.encode("utf-8") if isinstance(text, str) else text
    raw += b" " * (-(len(raw) + 11) % align) + b"\n"
    width = 2 if version[0] == 1 else 4
    claimed = len(raw) if length is None else length
    return b"\x93NUMPY" + version + (claimed % 256**width).to_bytes(width, "little") + raw + data


def described(descr: str, shape: str, data: bytes, rest: str = "") -> bytes:
    """A .npy file whose header has these texts for dtype and shape."""
    return npy_raw(f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, {rest}}}", data)


def shapes(meta: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """The shapes of the arrays in a file with this metadata."""
    G, H, V = GATES[meta["cell"]], meta["hidden_size"], len(meta["vocab"])
    found: dict[str, tuple[int, ...]] = {}
    for layer in range(meta["layers"]):
        found[f"Wxh{layer}"] = (G * H, H if layer else V)
        found[f"Whh{layer}"] = (G * H, H)
        found[f"bh{layer}"] = (G * H,)
        if meta["cell"] == "gru":
            found[f"bhh{layer}"] = (G * H,)
    found |= {"Why": (V, H), "by": (V,)}
    if "resume" in meta:
        P = sum(int(np.prod(shape)) for shape in found.values())
        found |= dict.fromkeys(["live", "slot0", "slot1"][: 1 + meta["resume"]["slots"]], (P,))
        for layer in range(meta["layers"]):
            for kind in STATES[meta["cell"]]:
                found[f"state{layer}_{kind}"] = (H, meta["resume"]["batch_size"])
    return found


def arrays(meta: Mapping[str, Any], fill: float | None = None) -> dict[str, np.ndarray[Any, Any]]:
    """Weights for this metadata: small random ones, or all equal to `fill`."""
    rng = np.random.default_rng(0)
    found = {}
    for name, shape in shapes(meta).items():
        values = rng.standard_normal(shape) * 0.1 if fill is None else np.full(shape, fill)
        found[name] = values.astype("<f4")
    return found


def meta_part(meta: object, **json_options: Any) -> Part:
    """The metadata as a member; bytes are taken as they are."""
    options = {"ensure_ascii": False} | json_options
    raw = meta if isinstance(meta, bytes) else json.dumps(meta, **options).encode("utf-8")
    return Part(b"__meta__.npy", npy(np.frombuffer(raw, np.uint8)))


def parts(meta: Mapping[str, Any] = META, fill: float | None = None) -> list[Part]:
    """The members of a correct file."""
    found = [meta_part(meta)]
    return found + [Part(f"{k}.npy".encode(), npy(v)) for k, v in arrays(meta, fill).items()]


def with_arrays(meta: object, values: Mapping[str, np.ndarray[Any, Any]]) -> bytes:
    """A file of this metadata and these arrays."""
    found = [Part(f"{name}.npy".encode(), npy(array)) for name, array in values.items()]
    return forge([meta_part(meta), *found])


def with_meta(raw: object, **json_options: Any) -> bytes:
    """The smallest model, correct except for its metadata."""
    return forge([meta_part(raw, **json_options), *parts()[1:]])


def with_part(which: str, /, **changes: Any) -> bytes:
    """The smallest model, one member changed."""
    raw = f"{which}.npy".encode()
    return forge([p.but(**changes) if p.name == raw else p for p in parts()])


def with_array(name: str, values: np.ndarray[Any, Any]) -> bytes:
    """The smallest model, with other values in one array."""
    return with_part(name, data=npy(values))


def repeated(unit: bytes, count: int) -> bytes:
    """A deflate stream of `count` times the same bytes, made without making those bytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packer.compress(unit)
    packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(unit) + packer.flush(zlib.Z_FULL_FLUSH)
    return block * count + b"\x03\x00"  # an empty final block


def empty_blocks(size: int) -> bytes:
    """A deflate stream that yields nothing, and whose 90-bit blocks cost a code table each."""
    fields = [(0, 1), (2, 2), (0, 5), (0, 5), (14, 4)]
    fields += [(int(i in (2, 17)), 3) for i in range(18)]  # codes for "18" and "1", one bit each
    fields += [(1, 1), (127, 7), (1, 1), (107, 7), (0, 1), (0, 1), (0, 1)]
    bits, length = 0, 0
    for value, width in fields:
        bits |= value << length
        length += width
    eight = sum(bits << (i * length) for i in range(8)).to_bytes(length, "little")
    return eight * (size // len(eight)) + b"\x03\x00"
