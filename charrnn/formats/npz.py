"""Reads .npz files without trusting them, and writes them reproducibly. It knows nothing of models.

np.load(allow_pickle=False) stops pickles and nothing else. On a few hundred hostile files it
raised 16 classes of exception, spent 23 s on 37 kB, and grew by 1.2 GB on 1.2 MB. Here zipfile
reads the directory and numpy.lib.format the headers, and every size is checked against the one
that is expected before anything is allocated.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import struct
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, TypeAlias

import numpy as np
from numpy.lib import format as npy
from numpy.typing import ArrayLike, DTypeLike, NDArray

from charrnn.formats import strict_json
from charrnn.formats.errors import ModelFileError, damaged, quote, strange, too_large

Array: TypeAlias = NDArray[Any]
Shape: TypeAlias = tuple[int, ...]

META = "__meta__"
"""The member that holds the metadata: UTF-8 JSON in an array of bytes."""

MAX_BYTES = 512 << 20
MAX_MEMBERS = 64  # 8 layers of LSTM in training need 46
MAX_DIRECTORY = 1 << 16  # bytes; 46 and the name for each member
MAX_EXTRA = 64  # bytes between a member's name and its data: dates, sizes of 64 bits
MAX_HEADER = 1500  # bytes; NumPy's have 128
DEFLATED_SHARE = 64
"""1/64 of max_bytes may be deflated: empty blocks take 72 ns a byte to read, stored bytes 0.3."""

CHUNK = 1 << 18  # bytes read at once: what a bomb may cost beyond the size it claims
STREAMED = 0x0008  # checksum and sizes follow the data, as when np.savez writes into a pipe
FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # of the zip format, so that equal models are equal bytes
END = struct.Struct("<4s4H2LH")

HEADER_READERS = {
    (1, 0): npy.read_array_header_1_0,
    (2, 0): npy.read_array_header_2_0,
    (3, 0): npy.read_array_header_2_0,  # which differs only in the names of fields
}
"""NumPy's readers of .npy headers, by version."""

PICKLE = b"\x80"
OTHER_FILES = {
    b"PK\x05\x06": "an empty zip archive",
    b"\x93NUMPY": "a single NumPy array (.npy)",
    PICKLE: "a Python pickle, which could run any program and is never opened",
    b"\x1f\x8b": "compressed with gzip: unpack it first",
    b"\x89HDF": "an HDF5 file, as Keras writes",
    b"<": "a web page: download the file itself",
    b"version https://git-lfs": "a Git LFS pointer: download the file itself",
}
"""The first bytes of files that people mistake for models."""


class Archive:
    """The arrays of an .npz by name, each read on demand and never unpickled.

    The file may take `max_bytes`, and its compressed members together a fraction of that. Members
    must be stored or deflated, and fill the file without a gap or an overlap. Every method raises
    ModelFileError and nothing else.
    """

    def __init__(
        self, data: bytes, max_bytes: float = MAX_BYTES, deflated_share: int = DEFLATED_SHARE
    ) -> None:
        if len(data) > max_bytes:
            too_large(len(data), max_bytes)
        self.max_bytes = max_bytes
        count, start = _directory(data)
        with _fault("its directory cannot be read"):
            self._zip = zipfile.ZipFile(io.BytesIO(data))
            members = sorted(self._zip.infolist(), key=lambda member: member.header_offset)
            fills = _fills(data, members, start)
        if not fills or len(members) != count:
            strange("it has bytes that belong to no array, or to two")
        self._members = {m.orig_filename.removesuffix(".npy"): m for m in members}
        if len(self._members) < len(members):
            strange("it has two members of the same name")
        deflated = [m.compress_size for m in members if m.compress_type == zipfile.ZIP_DEFLATED]
        if sum(deflated) > max_bytes // deflated_share:
            raise ModelFileError(
                "The file is compressed and too large for that. Save it with charrnn or np.savez: "
                "neither compresses, and weights hardly shrink."
            )

    @property
    def names(self) -> set[str]:
        """The names of the arrays."""
        return set(self._members)

    @property
    def unpacked(self) -> int:
        """Bytes of all arrays together, as the file claims them."""
        return sum(member.file_size for member in self._members.values())

    def metadata(self) -> dict[str, Any]:
        """The metadata, as JSON values."""
        if META not in self._members:
            strange("it has no metadata, so these may be arrays of another program")
        size = self._members[META].file_size
        if size > strict_json.MAX_BYTES + MAX_HEADER:
            strange(f"its metadata takes {size / 1e6:,.1f} MB")
        array = self.array(META)
        if array.dtype != np.uint8 or array.ndim != 1:
            strange("its metadata is not a row of bytes")
        return strict_json.parse(array.tobytes())

    def check(self, shapes: Mapping[str, Shape]) -> None:
        """Check that arrays of these shapes are there and within the limit, without reading."""
        sizes = {name: math.prod(shape) for name, shape in shapes.items()}
        if 4 * sum(sizes.values()) > self.max_bytes:
            too_large(4 * sum(sizes.values()), self.max_bytes)
        for name, size in sizes.items():
            if name not in self._members:
                strange(f"by its metadata, it lacks the array {quote(name)}")
            if self._members[name].file_size > 8 * size + MAX_HEADER:
                strange(f"the array {quote(name)} is larger than {shapes[name]}")

    def read_into(self, name: str, target: Array) -> None:
        """Read floats of any precision and byte order into a C-contiguous array of their shape."""
        with self._open(name) as (file, shape, by_columns, dtype):
            if shape != target.shape or dtype.kind != "f" or dtype.itemsize > 8:
                strange(
                    f"the array {quote(name)} is {quote(dtype.str)} of shape {quote(shape)}, "
                    f"and floats of shape {target.shape} were expected"
                )
            order = np.empty(shape[::-1], target.dtype) if by_columns else target
            flat, step = order.reshape(-1), CHUNK // dtype.itemsize
            with np.errstate(over="ignore", invalid="ignore"):
                for i in range(0, flat.size, step):
                    piece = flat[i : i + step]
                    piece[:] = np.frombuffer(file.read(piece.size * dtype.itemsize), dtype)
            if by_columns:
                target[:] = order.T
        if not _all_finite(target):
            strange(f"the array {quote(name)} holds numbers that are not finite")

    def array(self, name: str) -> Array:
        """An array of any type that has no Python objects. It may take `max_bytes`."""
        with self._open(name) as (file, shape, by_columns, dtype):
            size = math.prod(shape) * dtype.itemsize
            if size > self.max_bytes:
                too_large(size, self.max_bytes)
            plain = b"".join(iter(lambda: file.read(CHUNK), b""))
            return np.frombuffer(plain, dtype).reshape(shape, order="F" if by_columns else "C")

    @contextlib.contextmanager
    def _open(self, name: str) -> Iterator[tuple[IO[bytes], Shape, bool, np.dtype[Any]]]:
        """A member, past its header, with the shape, order and type that fix its length."""
        member = self._members[name]
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            strange(f"{quote(name)} is compressed in a way that is not read here")
        with _fault(f"the array {quote(name)} cannot be read"), self._zip.open(member) as file:
            read = HEADER_READERS[npy.read_magic(file)]
            shape, by_columns, dtype = read(file, max_header_size=MAX_HEADER)
            if dtype.hasobject:
                strange(f"{quote(name)} is {OTHER_FILES[PICKLE]}")
            size, least = math.prod(shape) * dtype.itemsize, min(shape, default=0)
            if least < 0 or not dtype.itemsize or file.tell() + size != member.file_size:
                damaged(f"the array {quote(name)} is not as long as it should be")
            yield file, shape, by_columns, dtype


def read_file(path: str | Path, max_bytes: int | None) -> bytes:
    """The bytes of a file of at most `max_bytes`; None lifts the limit. Raises ModelFileError."""
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if max_bytes is not None and size > max_bytes:
                too_large(size, max_bytes)
            return file.read(size)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise ModelFileError(f"{quote(str(path))} cannot be read: {reason}.") from error


@contextlib.contextmanager
def _fault(what: str) -> Iterator[None]:
    """Turn the dozen kinds of error of zipfile and NumPy on damaged files into ModelFileError."""
    try:
        yield
    except ModelFileError:
        raise
    except Exception:
        damaged(what)


def _directory(data: bytes) -> tuple[int, int]:
    """The number of members in the archive, and the offset of its directory.

    zipfile alone would search the last 64 kB of a file for its end, and read any number of members.
    """
    head = data[:32].lstrip() or data[:4]
    if data[:4] != b"PK\x03\x04":
        kinds = (kind for magic, kind in OTHER_FILES.items() if head.startswith(magic))
        kind = next(kinds, "no .npz archive" if head else "empty")
        raise ModelFileError(f"The file is not a charrnn model: it is {kind}.")
    if len(data) < END.size:
        damaged("its end is missing")
    magic, disk, first, here, count, size, start, comment = END.unpack(data[-END.size :])
    if magic != b"PK\x05\x06" or start + size != len(data) - END.size:
        damaged("its end is missing, or something was appended")
    if disk or first or comment or here != count or count > MAX_MEMBERS or size > MAX_DIRECTORY:
        strange(f"its directory has {count:,} members, a comment or several parts")
    return count, start


def _fills(data: bytes, members: list[zipfile.ZipInfo], start: int) -> bool:
    """Whether members, in order of their offsets, fill a file from its first byte to `start`."""
    place = 0
    for member, end in zip(members, [*(m.header_offset for m in members[1:]), start], strict=True):
        name, extra = struct.unpack_from("<2H", data, member.header_offset + 26)
        body = member.header_offset + 30 + name + extra
        rest = (16, 24) if member.flag_bits & STREAMED else (0,)
        if member.header_offset != place or extra > MAX_EXTRA:
            return False
        if end - body - member.compress_size not in rest:
            return False
        place = end
    return place == start


def _all_finite(array: Array) -> bool:
    """Whether all is finite, by min and max: they pass NaN on, need no array, 3 times as fast."""
    with np.errstate(invalid="ignore"):
        return math.isfinite(array.max(initial=0)) and math.isfinite(array.min(initial=0))


# ---- writing ----


def dumps(
    arrays: Mapping[str, ArrayLike], meta: Mapping[str, Any], dtype: DTypeLike = "<f4"
) -> bytes:
    """The bytes of an .npz: the same for the same arrays and metadata, on every machine.

    Arrays become `dtype`, little-endian. Nothing is compressed: that saves 7 % of a model and
    takes 30 times as long. Raises ModelFileError for what is too large, or not JSON.
    """
    try:
        text = json.dumps(meta, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        raw = text.encode("utf-8")
    except (TypeError, ValueError) as error:
        raise ModelFileError(f"The model's metadata cannot be written as JSON: {error}.") from error
    kind = np.dtype(dtype).newbyteorder("<")
    with np.errstate(over="ignore"):
        parts = {name: np.asarray(array, kind, order="C") for name, array in arrays.items()}
    parts = {META: np.frombuffer(raw, np.uint8), **parts}
    if (size := sum(array.nbytes for array in parts.values())) > MAX_BYTES:
        too_large(size, MAX_BYTES)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, array in parts.items():
            member = zipfile.ZipInfo(f"{name}.npy", FIRST_DAY)
            member.create_system = 3  # Unix, whichever system this is
            with archive.open(member, "w") as file:
                npy.write_array(file, array, (1, 0), allow_pickle=False)
    return buffer.getvalue()
