"""The .npz container, read from strangers and written to the byte. It knows nothing of models.

np.load(allow_pickle=False) stops pickles and nothing else. Over a few hundred hostile files it
let 16 classes of exception out, spent 23 s on 37 kB, and grew by 1.2 GB on 1.2 MB. Here every
size is known from the metadata before anything is allocated, and a header is compared with the
one that NumPy writes for the expected array, not parsed.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from charrnn.formats import zip_archive
from charrnn.formats.zip_archive import Member, ModelFileError, damaged, quote, strange

__all__ = ["MAX_BYTES", "META", "FloatArray", "ModelFileError", "Shape", "dumps", "loads", "quote"]

FloatArray: TypeAlias = NDArray[np.float32]
Shape: TypeAlias = tuple[int, ...]

META = "__meta__"
"""The member that holds the metadata: UTF-8 JSON in an array of bytes."""

MAX_BYTES = 512 << 20
MAX_META_BYTES = 4 << 20  # 200,000 words of 20 bytes
MAX_META_VALUES = 250_000  # those words, and 8,000 points of a learning curve, kept twice
MAX_META_LISTS = 100_000
MAX_META_NAMES = 10_000  # a pair in a JSON object costs 200 bytes of memory
MAX_META_DEPTH = 16
MAX_DIGITS = 40  # in a row; a float64 needs 17
MAX_HEADER = 1500  # bytes; NumPy's have 128
DEFLATED_SHARE = 64
"""1/64 of max_bytes may be deflated: empty blocks take 72 ns a byte to read, stored bytes 0.3."""

NESTING = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")  # one level down, one level up
NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
ANY_DIGIT_TO_0 = bytes.maketrans(b"123456789", b"000000000")
NPY_MAGIC = b"\x93NUMPY\x01\x00"
FLOATS, BYTES = "<f4", "|u1"


def loads(
    data: bytes,
    expected: Callable[[dict[str, Any]], Mapping[str, Shape]],
    max_bytes: int = MAX_BYTES,
) -> tuple[dict[str, Any], dict[str, FloatArray]]:
    """Read an .npz: its metadata, and its float32 arrays, every number of them finite.

    `expected` gets the metadata and says which arrays there must be, and of which shapes; it may
    raise ModelFileError. The file and its arrays may take `max_bytes` each. An array that was
    stored uncompressed is a read-only view of `data`. Raises ModelFileError and nothing else.
    """
    if len(data) > max_bytes:
        too_large(len(data), max_bytes)
    members = zip_archive.members(data)
    packed = [len(m.packed) for m in members.values() if m.method == zip_archive.DEFLATED]
    if sum(packed) > max_bytes // DEFLATED_SHARE:
        raise ModelFileError(
            "The file is compressed and too large for that. Save it with charrnn or np.savez: "
            "neither compresses, and weights hardly shrink."
        )
    if META not in members:
        strange("it has no metadata, so these may be arrays of another program")
    meta = _read_metadata(members.pop(META))
    shapes = expected(meta)
    _check_members(members, shapes, max_bytes)
    return meta, {name: _read_floats(members[name], shape) for name, shape in shapes.items()}


def too_large(size: int, limit: int) -> NoReturn:
    """Raise ModelFileError for a file, or a model, of so many bytes."""
    raise ModelFileError(
        f"The model takes {size / 1e6:,.1f} MB, and the limit here is {limit / 1e6:,.1f} MB."
    )


def _check_members(
    members: Mapping[str, Member], shapes: Mapping[str, Shape], max_bytes: int
) -> None:
    """Compare names and sizes with what the metadata calls for, before any array is made."""
    wanted = {name: 4 * math.prod(shape) for name, shape in shapes.items()}
    if sum(wanted.values()) > max_bytes:
        too_large(sum(wanted.values()), max_bytes)
    for name in sorted(wanted.keys() ^ members.keys()):
        verb = "lacks" if name in wanted else "does not call for"
        strange(f"by its metadata, it {verb} the array {quote(name)}")
    for name, size in wanted.items():
        if not 0 < members[name].size - size <= MAX_HEADER:
            strange(f"the array {quote(name)} is not of shape {shapes[name]} in float32")


def _read_floats(member: Member, shape: Shape) -> FloatArray:
    """A float32 array, in the machine's byte order."""
    body = _body(member, FLOATS, shape)
    array = np.frombuffer(body, FLOATS).reshape(shape)
    if not _all_finite(array):
        strange(f"the array {quote(member.name)} holds numbers that are not finite")
    return array.astype(np.float32, copy=False)


def _all_finite(array: NDArray[Any]) -> bool:
    """By the extremes, which pass NaN on: no array of answers, and 3 times as fast."""
    with np.errstate(invalid="ignore"):
        return math.isfinite(array.max(initial=0)) and math.isfinite(array.min(initial=0))


def _header(kind: str, shape: Shape) -> bytes:
    """How NumPy describes an array in a .npy file."""
    return f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".encode()


def _body(member: Member, kind: str, shape: Shape | None = None) -> memoryview:
    """The data of a .npy file of one kind and shape; without a shape, one row of any length."""
    plain = zip_archive.unpack(member)
    start = 10 + int.from_bytes(plain[8:10], "little")
    header, body = bytes(plain[10:start]), plain[start:]
    if plain[:8] != NPY_MAGIC:
        strange(f"{quote(member.name)} is not a NumPy array")
    shape = (len(body),) if shape is None else shape
    wanted = _header(kind, shape)
    if header != wanted.ljust(len(header) - 1) + b"\n":
        found = quote(header.rstrip().decode("latin-1"))
        strange(f"{quote(member.name)} is described as {found} instead of {wanted.decode()}")
    if len(body) != math.prod(shape) * np.dtype(kind).itemsize:
        damaged(f"{quote(member.name)} is not as long as it should be")
    return body


# ---- metadata ----


def _read_metadata(member: Member) -> dict[str, Any]:
    """The metadata of a file, from its member."""
    if member.size > MAX_META_BYTES + MAX_HEADER:
        strange(f"its metadata takes {member.size / 1e6:,.1f} MB")
    return _parse(bytes(_body(member, BYTES)))


def _parse(text: bytes) -> dict[str, Any]:
    """Parse JSON as RFC 8259 has it, within limits. json.loads alone also takes NaN, 1e999, half
    surrogate pairs and a name twice, and makes 70 MB of objects out of 2 MB."""
    _check_bulk(text)
    try:
        meta = json.loads(text.decode("utf-8"), object_pairs_hook=_object)
        json.dumps(meta, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except ModelFileError:
        raise
    except ValueError as error:
        strange(f"its metadata is no JSON, for {quote(str(error))}")
    if type(meta) is not dict:
        strange("its metadata is no JSON object")
    return meta


def _check_bulk(text: bytes) -> None:
    """Bound what parsing can cost, by counting the marks that stand outside of strings."""
    unescaped = text.replace(rb"\\", b"").replace(rb"\"", b"")
    characters = np.frombuffer(unescaped, np.uint8)
    inside = np.cumsum(characters == ord('"'), dtype=np.uint8) % 2 == 1
    marks = characters[~inside].tobytes()
    nesting = np.frombuffer(marks.translate(NESTING, NOT_BRACKETS), np.int8)
    if (
        len(text) > MAX_META_BYTES
        or marks.count(b",") > MAX_META_VALUES
        or marks.count(b":") > MAX_META_NAMES
        or marks.count(b"[") + marks.count(b"{") > MAX_META_LISTS
        or np.cumsum(nesting, dtype=np.int32).max(initial=0) > MAX_META_DEPTH
        or b"0" * MAX_DIGITS in marks.translate(ANY_DIGIT_TO_0)
    ):
        strange("its metadata is larger or more deeply nested than a model's")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        strange("its metadata names something twice")
    return found


# ---- writing ----


def dumps(arrays: Mapping[str, ArrayLike], meta: Mapping[str, Any]) -> bytes:
    """The bytes of an .npz: the same for the same arrays and metadata, on every machine.

    Arrays become float32. Nothing is compressed: that saves 7 % of a model and takes 30 times
    as long. Raises ModelFileError for what is too large, or no JSON.
    """
    try:
        text = json.dumps(meta, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        raw = text.encode("utf-8")
    except (TypeError, ValueError) as error:
        raise ModelFileError(f"The model's metadata cannot be written as JSON: {error}.") from error
    parts = [_part(META, np.frombuffer(raw, np.uint8), BYTES)]
    with np.errstate(over="ignore"):
        parts += [_part(k, np.asarray(v, FLOATS, order="C"), FLOATS) for k, v in arrays.items()]
    size = sum(len(header) + len(body) for _, header, body in parts)
    if size > MAX_BYTES:
        too_large(size, MAX_BYTES)
    return zip_archive.join(parts)


def _part(name: str, array: NDArray[Any], kind: str) -> tuple[str, bytes, memoryview]:
    """A member's name, its .npy header (a multiple of 64 bytes, as NumPy's is), and its data."""
    text = _header(kind, array.shape)
    text = text.ljust(len(text) + -(len(text) + 11) % 64) + b"\n"
    header = NPY_MAGIC + len(text).to_bytes(2, "little") + text
    return name, header, array.reshape(-1).view(np.uint8).data
