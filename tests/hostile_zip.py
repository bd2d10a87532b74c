"""Hostile containers: other file types, zips with false fields or names, overlaps, bombs."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import struct
import tarfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from forge import (
    META,
    Part,
    arrays,
    deflate,
    deflated,
    described,
    empty_blocks,
    forge,
    meta_part,
    npy,
    parts,
    repeated,
    with_arrays,
    with_meta,
    with_part,
)

Cases = Iterator[tuple[str, bytes | Callable[[], bytes]]]

GOOD = forge(parts())
MEGABYTE = bytes(1 << 20)
WHY = b"Why.npy"


def pickled(canary: str) -> bytes:
    """A pickle that creates the file `canary` when it is loaded."""
    return b"cbuiltins\nopen\n(V" + canary.encode() + b"\nVw\ntR."


def tar(data: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo("model.npz")
        entry.size = len(data)
        archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def no_zip(canary: str) -> Cases:
    rng = np.random.default_rng(1)
    yield "empty", b""
    yield "one_byte", b"P"
    yield "magic_only", b"PK\x03\x04"
    yield "magic_and_zeros", b"PK\x03\x04" + bytes(18)
    yield "empty_zip", b"PK\x05\x06" + bytes(18)
    yield "spanned_zip", b"PK\x07\x08" + GOOD
    yield "random", rng.bytes(1000)
    yield "random_after_magic", b"PK\x03\x04" + rng.bytes(5000)
    yield "zeros", MEGABYTE
    yield "ones", b"\xff" * 100_000
    yield "gzip", gzip.compress(GOOD)
    yield "bzip2", bz2.compress(GOOD)
    yield "xz", lzma.compress(GOOD)
    yield "7z", b"7z\xbc\xaf\x27\x1c" + bytes(100)
    yield "tar", tar(GOOD)
    yield "html", b"<!DOCTYPE html><html><body>404</body></html>"
    yield "html_after_blanks", b"\n\n  <html></html>"
    yield "json", json.dumps(META).encode()
    yield "lone_npy", npy(np.zeros(3, "<f4"))
    yield "bare_pickle", b"\x80\x04" + pickled(canary)
    yield "ascii_pickle", pickled(canary)
    yield "safetensors", struct.pack("<Q", 2) + b"{}"
    yield "hdf5", b"\x89HDF\r\n\x1a\n" + bytes(100)
    yield "lfs_pointer", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
    yield "png", b"\x89PNG\r\n\x1a\n" + bytes(100)
    yield "text", "Once upon a time, é".encode("utf-16")
    yield "blanks", b" " * 1000
    torch = [Part(b"archive/data.pkl", pickled(canary)), Part(b"archive/version", b"3\n")]
    yield "torch", forge(torch)
    yield "office", forge([Part(b"[Content_Types].xml", b"<x/>")])


def around() -> Cases:
    """Extra bytes before, after and between members; a file cut short."""
    for sixteenth in range(1, 16):
        yield f"cut_{sixteenth}_16", GOOD[: len(GOOD) * sixteenth // 16]
    for cut in (1, 21, 22, 23):
        yield f"cut_last_{cut}", GOOD[:-cut]
    yield "one_more_byte", GOOD + b"\x00"
    yield "two_archives", GOOD + GOOD
    yield "script_in_front", b"#!/bin/sh\nexit\n" + GOOD
    yield "prefix_adjusted", forge(parts(), prefix=b"PK\x03\x04" + bytes(96))
    yield "prefix_is_an_archive", forge(parts(), prefix=GOOD)
    yield "gap_before_directory", forge(parts(), gap=b"hidden")
    yield "gap_before_end", forge(parts(), before_end=b"hidden")
    yield "suffix", forge(parts(), suffix=b"hidden")
    yield "comment", forge(parts(), comment=b"hello")
    yield "comment_is_an_end", forge(parts(), comment=b"PK\x05\x06" + bytes(18))
    yield "comment_size_only", forge(parts(), comment_size=7)
    yield "gap_before_member", with_part("Why", before=b"hidden")
    yield "gap_after_member", with_part("Why", after=b"hidden")
    yield "unlisted_member", with_part("Why", listed=False)
    yield "hidden_member", forge([*parts(), Part(b"hidden.npy", MEGABYTE, listed=False)])
    yield "missing_first_byte", GOOD[1:]


def ends() -> Cases:
    """End records with false fields."""
    for field in ("disk", "first"):
        yield f"end_{field}", forge(parts(), **{field: 1})
    for field in ("here", "count"):
        for value in (0, 5, 7, 65, 65535):
            yield f"end_{field}_{value}", forge(parts(), **{field: value})
    for value in (0, 5, 7, 65, 65535):
        yield f"end_both_{value}", forge(parts(), here=value, count=value)
    for field in ("size", "start"):
        for value in (0, 1, len(GOOD), 1 << 31, 0xFFFFFFFF):
            yield f"end_{field}_{value}", forge(parts(), **{field: value})
    wide_end = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 6, 6, 1 << 40, 1 << 62)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, len(GOOD) - 22, 1)
    yield "zip64_end", forge(parts(), before_end=wide_end + locator, start=0xFFFFFFFF)
    yield "zip64_locator", forge(parts(), before_end=locator)
    yield "directory_inside_member", forge(parts(), start=40, size=len(GOOD) - 62)


def lines() -> Cases:
    """Directory entries that np.savez never writes, alone or together with the local header."""
    for flags in (0x1, 0x20, 0x40, 0x2000, 0x1000, 0x8000, 0x8, 0x808):
        yield f"flags_{flags:x}", with_part("Why", flags=flags)
    for method in (1, 2, 6, 9, 12, 14, 20, 93, 95, 97, 98, 99, 65535):
        yield f"method_{method}", with_part("Why", method=method)
    yield "bzip2_member", with_part("Why", method=12, packed=bz2.compress(parts()[4].data))
    yield "lzma_dictionary", with_part("Why", method=14, packed=b"\x09\x04\x05\x00]" + b"\xff" * 4)
    for label, extra in {
        "time": b"UT\x05\x00\x03abcd", "wide": b"\x01\x00\x10\x00" + bytes(16),
        "aes": b"\x01\x99\x07\x00" + bytes(7), "unicode_path": b"up\x08\x00\x01abcdWhy",
        "java": b"\xca\xfe\x00\x00", "one_byte": b"x", "zeros": bytes(60_000),
    }.items():  # fmt: skip
        yield f"extra_{label}", with_part("Why", extra=extra)
        yield f"local_extra_{label}", with_part("Why", local={"extra": extra})
    yield "line_comment", with_part("Why", comment=b"hello")
    yield "line_disk", with_part("Why", disk=1)
    kinds = {"link": 0o12, "folder": 0o4, "pipe": 0o1, "device": 0o6, "socket": 0o14}
    for kind, bits in kinds.items():
        yield f"file_is_{kind}", with_part("Why", attributes=bits << 28)
    yield "dos_folder", with_part("Why", attributes=0x10)
    for offset in (0, 1, 30, 1 << 31, 0xFFFFFFFF):
        yield f"offset_{offset}", with_part("Why", offset=offset)
    yield "crc", with_part("Why", crc=1)
    yield "crc_zero", with_part("Why", crc=0)
    for field in ("size", "packed_size"):
        for value in (0, 1, 207, 209, 1 << 31, 0xFFFFFFFF):
            yield f"{field}_{value}", with_part("Why", **{field: value})
    yield "deflate_of_stored", with_part("Why", method=8)
    yield "stored_of_deflate", with_part("Why", packed=deflated(parts()[4]).packed)
    yield "directory_order", forge(parts(), order=[1, 0, 2, 3, 4, 5])
    yield "line_twice", forge(parts(), order=[0, 1, 2, 3, 4, 5, 5])
    yield "line_missing", forge(parts(), order=[0, 1, 2, 3, 4])


def locals_() -> Cases:
    """Local headers that contradict the directory."""
    wide = struct.pack("<2H2Q", 1, 16, 208, 208)
    lies: dict[str, dict[str, Any]] = {
        "magic": {"magic": b"PK\x03\x05"}, "need": {"need": 45}, "flags": {"flags": 1},
        "utf8_flag": {"flags": 0x800}, "method": {"method": 8}, "date": {"date": 0x22},
        "crc": {"crc": 1}, "size": {"size": 1}, "packed": {"packed": 1},
        "name": {"name": b"Whx.npy"}, "name_shorter": {"name": b"Why.np"},
        "name_nul": {"name": b"Why.npy\x00.exe"}, "name_path": {"name": b"../Why.npy"},
        "wide_sizes_alone": {"size": 0xFFFFFFFF, "packed": 0xFFFFFFFF},
        "wide_wrong": {"size": 0xFFFFFFFF, "packed": 0xFFFFFFFF,
                       "extra": struct.pack("<2H2Q", 1, 16, 209, 208)},
        "wide_huge": {"size": 0xFFFFFFFF, "packed": 0xFFFFFFFF,
                      "extra": struct.pack("<2H2Q", 1, 16, 1 << 62, 1 << 62)},
        "wide_long": {"size": 0xFFFFFFFF, "packed": 0xFFFFFFFF,
                      "extra": struct.pack("<2H3Q", 1, 24, 208, 208, 0)},
        "wide_twice": {"size": 0xFFFFFFFF, "packed": 0xFFFFFFFF, "extra": wide + wide},
    }  # fmt: skip
    for name, lie in lies.items():
        yield f"local_{name}", with_part("Why", local=lie)
    streamed = {"flags": 8, "local": {"crc": 0, "size": 0, "packed": 0}}
    why = next(p for p in parts() if p.name == WHY)
    truth = struct.pack("<4s3L", b"PK\x07\x08", zlib.crc32(why.data), 208, 208)
    yield "descriptor_missing", with_part("Why", **streamed)
    yield "descriptor_cut", with_part("Why", **streamed, after=truth[:-1])
    yield "descriptor_bare", with_part("Why", **streamed, after=truth[4:])
    yield "descriptor_wrong", with_part("Why", **streamed, after=truth[:-1] + b"\x01")
    yield "descriptor_unannounced", with_part("Why", after=truth)
    yield "descriptor_twice", with_part("Why", **streamed, after=truth + truth)


def names() -> Cases:
    for label, name in {
        "traversal": b"../../etc/passwd.npy", "absolute": b"/etc/passwd.npy", "dos": b"C:\\Why.npy",
        "nul": b"Why\x00.npy", "nul_suffix": b"Why.npy\x00", "ansi": b"\x1b[31mWhy.npy",
        "html": b"<img src=x onerror=alert(1)>.npy", "rtl": "\u202eyhW.npy".encode(),
        "cyrillic": "Wh\u0443.npy".encode(), "not_utf8": b"Wh\xff.npy", "empty": b"",
        "suffix_only": b".npy", "no_suffix": b"Why", "capital_suffix": b"Why.NPY",
        "blank_after": b"Why.npy ", "newline_after": b"Why.npy\n", "folder": b"Why.npy/",
        "lower_case": b"why.npy", "65_characters": b"W" * 65 + b".npy",
        "long": b"W" * 65_000 + b".npy",
        "in_folder": b"model/Why.npy", "meta": b"__meta__.npy", "other": b"Wxh0.npy",
        "percent": b"%s%n.npy", "braces": b"{0}.npy",
    }.items():  # fmt: skip
        yield f"name_{label}", with_part("Why", name=name)
    extra = Part(WHY, parts()[4].data)
    yield "name_twice", forge([*parts(), extra])
    yield "name_twice_in_front", forge([extra, *parts()])
    yield "name_with_and_without_suffix", forge([*parts(), Part(b"Why", extra.data)])
    yield "mac_folder", forge([*parts(), Part(b"__MACOSX/._Why.npy", b"")])
    yield "metadata_twice", forge([parts()[0], *parts()])


def overlaps() -> Cases:
    """Directory entries that share bytes (Fifield, "A better zip bomb", 2019; CVE-2024-0450)."""
    inner = Part(b"inner.npy", parts()[4].data)
    around_it = forge([inner])[: -22 - 46 - 9]
    yield (
        "overlap_inside",
        forge(
            [*parts(), Part(b"outer.npy", around_it), inner.but(data=b"", offset=300, packed=b"")]
        ),
    )
    yield "overlap_same_place", forge([p.but(offset=0) for p in parts()])
    for count in (60, 250):
        yield f"overlap_quoted_{count}", partial(_quoted_overlap, count)
    for count in (60, 401):
        kernel = Part(b"a.npy", b"", method=8, packed=repeated(MEGABYTE, 24), size=24 << 20)
        yield f"overlap_same_name_{count}", forge([kernel], order=[0] * count)


def _quoted_overlap(count: int) -> bytes:
    """Each member is a stored deflate block that quotes the next one's header: 37 kB to 3 GB."""
    body = repeated(MEGABYTE, 32)
    lines, out = [], bytearray()
    for i in range(count):
        name = f"m{i}.npy".encode()
        head = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 8, 0, 0x21, 1, 1, 1, len(name), 0)
        size = len(body) + 40 * (count - i)
        line = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 8, 0, 0x21, 1, size, 32 << 20,
                           len(name), 0, 0, 0, 0, 0, len(out))  # fmt: skip
        lines.append(line + name)
        out += head + name + b"\x00" + struct.pack("<2H", 30 + len(name), 0xFFFF)
    out += body
    directory = b"".join(lines)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(directory), len(out), 0)
    return bytes(out + directory + end)


def bombs() -> Cases:
    wide = META | {"hidden_size": 4096}
    for name, megabytes in {"256MB": 256, "1GB": 1024, "8GB": 8192}.items():
        size = min(megabytes << 20, 0xFFFFFFFE)
        packed = partial(repeated, MEGABYTE, megabytes)
        yield f"bomb_array_{name}", partial(_bomb, "Why", packed, size)
        yield f"bomb_hidden_{name}", partial(_bomb, "Why", packed, 208)
        yield f"bomb_metadata_{name}", partial(_bomb, "__meta__", packed, size)
        yield f"bomb_hidden_metadata_{name}", partial(_bomb, "__meta__", packed, 1000)
    yield "bomb_claim_only", with_part("Why", method=8, packed=b"\x03\x00", size=1 << 30)
    yield "bomb_fits_the_model", lambda: _fitting_bomb(wide)
    fifty = [f"a{i}" for i in range(50)]
    yield "bomb_50_members", lambda: forge([*parts(), *(_packed_zeros(k, 24) for k in fifty)])
    for count in (65, 20_000, 65_535):
        yield f"members_{count}", partial(_many, count)
    yield (
        "many_lines_small_count",
        lambda: forge([Part(b"a%d.npy" % i, b"") for i in range(20_000)], here=6, count=6),
    )
    for label, size in {"under_the_cap": (1 << 19) - 4096, "30MB": 30 << 20}.items():
        yield f"empty_blocks_{label}", partial(_bomb, "Why", partial(empty_blocks, size), 208)
    yield (
        "empty_blocks_in_metadata",
        partial(_bomb, "__meta__", partial(empty_blocks, 500_000), 1000),
    )
    stored_blocks = b"\x00\x00\x00\xff\xff" * 400_000 + b"\x03\x00"
    yield "empty_stored_blocks", with_part("Why", method=8, packed=stored_blocks)
    good = deflated(parts()[4]).packed or b""
    yield "deflate_tail", with_part("Why", method=8, packed=good + b"hidden")
    yield "deflate_twice", with_part("Why", method=8, packed=good + good)
    yield "deflate_cut", with_part("Why", method=8, packed=good[:-1])
    no_end = b"\x00\xd0\x00\x2f\xff" + parts()[4].data
    by = np.zeros(5, "<f4")
    short = deflate(npy(by)[:-8])  # a buffer has the missing zeros anyway
    yield "deflate_short_of_zeros", with_part("by", data=npy(by), method=8, packed=short)
    yield "deflate_no_end", with_part("Why", method=8, packed=no_end)
    yield "deflate_damaged", with_part("Why", method=8, packed=good[:9] + b"\xff\xff" + good[11:])
    yield "deflate_zlib_header", with_part("Why", method=8, packed=zlib.compress(parts()[4].data))
    yield "deflate_empty", with_part("Why", method=8, packed=b"")
    yield "large_and_stored", lambda: with_meta(b" " * (33 << 20))
    yield "large_and_not_finite", lambda: _large_and_not_finite()


def _bomb(name: str, packed: Callable[[], bytes], size: int) -> bytes:
    return with_part(name, method=8, packed=packed(), size=size)


def _packed_zeros(name: str, megabytes: int) -> Part:
    data = described("'<f4'", f"({megabytes << 18},)", b"")
    packed = repeated(MEGABYTE, megabytes)
    return Part(name.encode() + b".npy", data, 8, packed, size=len(data) + (megabytes << 20))


def _fitting_bomb(meta: dict[str, Any]) -> bytes:
    """180 kB that unpack to a consistent model of 64 MB."""
    found = [meta_part(meta)]
    for name, array in arrays(meta, 0.0).items():
        found.append(deflated(Part(f"{name}.npy".encode(), npy(array)), 9))
    return forge(found)


def _many(count: int) -> bytes:
    return forge([Part(b"a%d.npy" % i, b"") for i in range(count)])


def _large_and_not_finite() -> bytes:
    """A stored model near the size limit, whose very last value is not a number."""
    meta = META | {"hidden_size": 2700}
    values = arrays(meta, 0.0)
    values["by"][-1] = np.nan
    return with_arrays(meta, values)


def cases(canary: str) -> Cases:
    yield from no_zip(canary)
    for group in (around, ends, lines, locals_, names, overlaps, bombs):
        yield from group()
