"""A strict subset of the zip format: what np.savez writes, read from strangers and written.

Nothing is parsed that can be compared. The archive's directory is read, and from each of its
lines `_frames` builds every byte that an honest writer puts around the data. The file must hold
just those, and its members must fill it without gap or overlap: no second archive hides in it,
and no other reader can see in it what this one does not.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple, NoReturn

MAX_MEMBERS = 64  # 8 layers of LSTM in training need 46
STORED, DEFLATED = 0, 8
STREAMED = 0x0008  # checksum and sizes follow the data, as when np.savez writes into a pipe
FLAGS = 0x0800 | STREAMED | 0x0006  # besides: the name is UTF-8, and how hard deflate tried
FIRST_OF_1980 = 0x21  # the format's first day, so that equal models are equal bytes
NAME = re.compile(rb"[A-Za-z0-9_]{1,64}\.npy")
INFLATE_STEP = 1 << 18  # bytes inflated at once: what a bomb may cost beyond its claim

END = struct.Struct("<4s4H2LH")
LINE = struct.Struct("<4s6H3L5H2L")
LOCAL = struct.Struct("<4s5H3L2H")
WIDE_EXTRA = struct.Struct("<2H2Q")
DESCRIPTOR, WIDE_DESCRIPTOR = struct.Struct("<4s3L"), struct.Struct("<4sL2Q")
WIDE = 0xFFFFFFFF  # stands where a size has 64 bits and lies elsewhere

OTHER_FILES = {
    b"PK\x05\x06": "an empty zip archive",
    b"\x93NUMPY": "a single NumPy array (.npy)",
    b"\x80": "a Python pickle, which could run any program and is never opened",
    b"\x1f\x8b": "compressed with gzip: unpack it first",
    b"\x89HDF": "an HDF5 file, as Keras writes",
    b"<": "a web page: download the file itself",
    b"version https://git-lfs": "a Git LFS pointer: download the file itself",
}
"""How files begin that people take for models."""


class ModelFileError(ValueError):
    """A model file that cannot be used; the message is a sentence or two for a person."""


class Member(NamedTuple):
    """A member of an archive: its packed bytes, and what its directory line promises of them."""

    name: str  # without .npy
    method: int
    crc: int
    size: int  # bytes once unpacked
    packed: memoryview


class Line(NamedTuple):
    """A line of the directory as it stands in the file; its name follows."""

    magic: bytes
    made_by: int
    need: int
    flags: int
    method: int
    time: int
    date: int
    crc: int
    packed: int
    size: int
    name: int
    extra: int
    comment: int
    disk: int
    text: int
    attributes: int
    offset: int


def quote(value: object) -> str:
    """Something from a file, made safe to print: escaped, and at most 80 characters of it."""
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def damaged(what: str) -> NoReturn:
    """Raise ModelFileError for a file that was whole once."""
    raise ModelFileError(
        f"The file is damaged or was cut short: {what}. Copy or download it again."
    )


def strange(what: str) -> NoReturn:
    """Raise ModelFileError for a file that was never a model, or that somebody packed anew."""
    raise ModelFileError(f"The file is not laid out as a model: {what}.")


def members(data: bytes) -> dict[str, Member]:
    """The members of an archive by name, still packed. Raises ModelFileError."""
    view = memoryview(data)
    start, end, count = _end_record(view)
    found: dict[str, Member] = {}
    place, at = 0, start
    for _ in range(count):
        if at + LINE.size > end:
            damaged("its directory is not whole")
        line = Line(*LINE.unpack_from(view, at))
        at += LINE.size + line.name
        name = bytes(view[at - line.name : at])
        _check_line(line, name)
        if line.offset != place:
            strange(f"{quote(name.decode())} does not follow the member before it")
        member, place = _member(view, place, line, name)
        if member.name in found:
            strange(f"it has two members called {quote(member.name)}")
        found[member.name] = member
    if at != end or place != start:
        strange("it has bytes that belong to no array")
    return found


def _end_record(view: memoryview) -> tuple[int, int, int]:
    """Where the directory starts and ends, and how many lines it has."""
    head = bytes(view[:32]).lstrip() or bytes(view[:4])
    if bytes(view[:4]) != b"PK\x03\x04":
        kinds = (kind for magic, kind in OTHER_FILES.items() if head.startswith(magic))
        kind = next(kinds, "no .npz archive" if head else "empty")
        raise ModelFileError(f"The file is not a charrnn model: it is {kind}.")
    if len(view) < END.size:
        damaged("its end is missing")
    magic, disk, first, here, count, size, start, comment = END.unpack(view[-END.size :])
    end = len(view) - END.size
    if magic != b"PK\x05\x06" or start + size != end:
        damaged("its end is missing, or something was appended")
    if disk or first or comment or here != count or count > MAX_MEMBERS:
        strange(f"its directory has {count:,} members, a comment or several parts")
    return start, end, count


def _check_line(line: Line, name: bytes) -> None:
    """Refuse what np.savez never writes."""
    if line.magic != b"PK\x01\x02" or not NAME.fullmatch(name):
        strange(f"it has a member called {quote(name.decode('utf-8', 'replace'))}")
    shown = quote(name.decode())
    if line.flags & ~FLAGS or line.method not in (STORED, DEFLATED):
        strange(f"{shown} is encrypted, or compressed in a way that is not read here")
    file_type, is_folder = line.attributes >> 28, line.attributes & 0x10
    if line.extra or line.comment or line.disk or file_type not in (0, 8) or is_folder:
        strange(f"{shown} is not a plain member as NumPy writes it")


def _frames(line: Line, name: bytes) -> Iterator[tuple[bytes, bytes]]:
    """What honest writers put around a member: sizes of 32 bits, of 64 bits, or of both.

    np.savez always writes the second kind, to be ready for arrays over 4 GB, and before Python
    3.11.4 the third.
    """
    streamed = line.flags & STREAMED
    crc, packed, size = (0, 0, 0) if streamed else (line.crc, line.packed, line.size)
    head = b"PK\x03\x04", line.need, line.flags, line.method, line.time, line.date, crc
    tail = b"PK\x07\x08", line.crc, line.packed, line.size
    before = LOCAL.pack(*head, packed, size, line.name, 0) + name
    yield before, DESCRIPTOR.pack(*tail) if streamed else b""
    extra = WIDE_EXTRA.pack(1, 16, size, packed)
    after = WIDE_DESCRIPTOR.pack(*tail) if streamed else b""
    for sizes in ((WIDE, WIDE), (packed, size)):
        yield LOCAL.pack(*head, *sizes, line.name, len(extra)) + name + extra, after


def _member(view: memoryview, place: int, line: Line, name: bytes) -> tuple[Member, int]:
    """The member at a place, and the place after it."""
    for before, after in _frames(line, name):
        body = place + len(before)
        end = body + line.packed
        if view[place:body] == before and view[end : end + len(after)] == after:
            packed = view[body:end]
            name_only = name[:-4].decode()
            return Member(name_only, line.method, line.crc, line.size, packed), end + len(after)
    damaged(f"what stands around {quote(name.decode())} contradicts the directory")


def unpack(member: Member) -> memoryview:
    """A member's bytes, all of them and intact. Takes as much memory as the member claims."""
    plain = member.packed if member.method == STORED else _inflate(member)
    if len(plain) != member.size or zlib.crc32(plain) != member.crc:
        damaged(f"the checksum or size of {quote(member.name)} is wrong")
    return plain


def _inflate(member: Member) -> memoryview:
    """Inflate into a buffer of the claimed size, step by step, so that no bomb can go off."""
    plain, filled = bytearray(member.size), 0
    steps = range(0, len(member.packed), INFLATE_STEP)
    pieces = (member.packed[i : i + INFLATE_STEP] for i in steps)
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        while not stream.eof:
            piece = stream.unconsumed_tail or next(pieces, b"")
            part = stream.decompress(piece, INFLATE_STEP)
            if filled + len(part) > member.size or not (piece or part):
                break
            plain[filled : filled + len(part)] = part
            filled += len(part)
    except zlib.error:
        damaged(f"{quote(member.name)} cannot be decompressed")
    if not stream.eof or stream.unused_data or filled < member.size or any(pieces):
        damaged(f"{quote(member.name)} is not as long as it should be")
    return memoryview(plain)


def join(parts: Iterable[tuple[str, bytes, bytes | memoryview]]) -> bytes:
    """An archive of (name, header, body) members, stored as they are. The same bytes each time."""
    pieces: list[bytes | memoryview] = []
    lines: list[bytes] = []
    offset = 0
    for name, header, body in parts:
        raw, size = f"{name}.npy".encode(), len(header) + len(body)
        crc = zlib.crc32(body, zlib.crc32(header))
        sizes = crc, size, size, len(raw)
        head = b"PK\x01\x02", 20, 20, 0, STORED, 0, FIRST_OF_1980
        line = Line(*head, *sizes, 0, 0, 0, 0, 0, offset)
        _check_line(line, raw)
        before, _ = next(_frames(line, raw))
        pieces += before, header, body
        lines.append(LINE.pack(*line) + raw)
        offset += len(before) + size
    directory = b"".join(lines)
    end = END.pack(b"PK\x05\x06", 0, 0, len(lines), len(lines), len(directory), offset, 0)
    return b"".join([*pieces, directory, end])
