"""Unusual model files that are correct and must load."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from forge import META, Part, arrays, deflated, forge, meta_part, npy_raw, parts, with_array
from hostile_zip import Cases

ODD_TEXTS = {
    "nul": "ab\0", "carriage_return": "\r\n\t", "bom": "\ufeffa", "bidi": "a\u202e\u2066\u200f",
    "combining": "e\u0301\u0300", "nfc_twins": "\u00e9e\u0301\u212b\u00c5",
    "astral": "\U0001f600\U0010ffff",
    "private": "\ue000\U000f0000", "not_characters": "\ufffe\uffff\U0001ffff", "html": "<b>&'\"",
    "controls": "".join(map(chr, range(32))), "line_ends": "\n\v\f\r\x1c\x85\u2028\u2029",
    "quotes": "\"'\\/",
    "braces": "{}[]:,", "zero_width": "\u200b\u200c\u200d\u2060",
    "emoji": "\U0001f468\u200d\U0001f469",
    "unknown": "a\ufffd", "one": "a", "unsorted": "zyx", "hangul": "\u1100\uac00",
    "tags": "\U000e0001\U000e007f",
}  # fmt: skip


HARMLESS = frozenset((Path(__file__).parent / "data" / "harmless.txt").read_text().split())
"""Files of the hostile corpus that load: their oddities change no array and no size.

A zip states some things twice, and others only for programs that unpack it; the reader trusts
the directory, and the checksum of what it reads. Unknown arrays and fields are left out.
"""


def _save(pack: Callable[..., None] = np.savez, to: Any = None) -> bytes:
    """A file made with NumPy alone."""
    to = to or io.BytesIO()
    raw = np.frombuffer(parts()[0].data[128:], np.uint8)
    pack(to, __meta__=raw, **arrays(META))
    return bytes(to.getvalue())


class Pipe(io.RawIOBase):
    """A file that cannot seek back, so that sizes must follow the data."""

    def __init__(self) -> None:
        self.written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.written += data
        return len(data)

    def getvalue(self) -> bytes:
        return bytes(self.written)


def containers() -> Cases:
    yield "forged", forge(parts())
    yield "savez", _save()
    yield "savez_compressed", _save(np.savez_compressed)
    yield "savez_pipe", _save(to=Pipe())
    yield "savez_compressed_pipe", _save(np.savez_compressed, Pipe())
    yield "descriptor", forge([_streamed(p) for p in parts()])
    yield "metadata_last", forge([*parts()[1:], parts()[0]])
    yield "reversed", forge(parts()[::-1])
    yield "sorted", forge(sorted(parts(), key=lambda p: p.name))
    for level in (0, 1, 9):
        yield f"deflate_{level}", forge([deflated(p, level) for p in parts()])
    for flags in (2, 4, 6, 0x800):
        yield f"flags_{flags:x}", forge([deflated(p).but(flags=flags) for p in parts()])
    yield "mixed", forge([deflated(p) if i % 2 else p for i, p in enumerate(parts())])
    yield "regular_file", forge([p.but(attributes=0o100644 << 16) for p in parts()])
    yield "permissions", forge([p.but(attributes=0o600 << 16) for p in parts()])
    yield "read_only", forge([p.but(attributes=0x21) for p in parts()])
    yield "date", forge([p.but(date=0x5A21) for p in parts()])
    yield "need_45", forge([p.but(need=45) for p in parts()])
    yield "wide_extra", forge([_wide(p) for p in parts()])
    yield "sizes_twice", forge([_sizes_twice(p) for p in parts()])
    yield "sizes_twice_streamed", forge([_sizes_twice(_streamed(p, "Q")) for p in parts()])
    for label, align in {"16": 16, "no": 1, "1024": 1024}.items():
        yield f"header_padding_{label}", forge([_repadded(p, align) for p in parts()])


def _streamed(part: Part, size: str = "L") -> Part:
    sizes = [len(part.data)] * 2
    after = struct.pack(f"<4sL2{size}", b"PK\x07\x08", zlib.crc32(part.data), *sizes)
    return part.but(flags=8, local={"crc": 0, "size": 0, "packed": 0}, after=after)


def _wide(part: Part) -> Part:
    extra = struct.pack("<2H2Q", 1, 16, len(part.data), len(part.data))
    return part.but(need=45, local={"size": 0xFFFFFFFF, "packed": 0xFFFFFFFF, "extra": extra})


def _sizes_twice(part: Part) -> Part:
    """As np.savez makes it before Python 3.11.4: room for 64 bits, sizes where they always are."""
    told = dict(part.local or {"packed": len(part.data), "size": len(part.data)})
    extra = struct.pack("<2H2Q", 1, 16, told["size"], told["packed"])
    return part.but(local=told | {"extra": extra})


def _repadded(part: Part, align: int) -> Part:
    header, body = part.data[10:].split(b"\n", 1)
    return part.but(data=npy_raw(header.rstrip(), body, align=align))


def architectures() -> Cases:
    for cell in ("rnn", "lstm", "gru"):
        for layers in (1, 2, 8):
            meta = META | {"cell": cell, "layers": layers}
            yield f"{cell}_{layers}", forge(parts(meta))
        for slots in (0, 1, 2):
            meta = META | {"cell": cell, "layers": 2, "resume": {"slots": slots, "batch_size": 3}}
            yield f"{cell}_slots_{slots}", forge(parts(meta))
        yield f"{cell}_training_full", forge(parts(
            META | {"cell": cell, "layers": 8, "resume": {"slots": 2, "batch_size": 1}}
        ))  # fmt: skip
    yield "hidden_1", forge(parts(META | {"hidden_size": 1}))
    yield "hidden_2048", lambda: forge(parts(META | {"hidden_size": 2048}))
    for dropout in (0, 0.5, 0.999):
        yield f"dropout_{dropout}", forge(parts(META | {"dropout": dropout}))
    for cleaning in ("none", "lowercase", "letters"):
        yield f"cleaning_{cleaning}", forge(parts(META | {"cleaning": cleaning}))
    yield "initialization_small", forge(parts(META | {"initialization": "small"}))


def texts() -> Cases:
    for label, vocab in ODD_TEXTS.items():
        for escaped in (False, True):
            meta = META | {"vocab": vocab}
            yield (
                f"text_{label}{'_escaped' * escaped}",
                forge([meta_part(meta, ensure_ascii=escaped), *parts(meta)[1:]]),
            )
        words = META | {"words": True, "vocab": [vocab, vocab + "x", "word", " "]}
        yield f"word_{label}", forge(parts(words))
    symbols = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    for start in range(0, len(symbols), 200_000):
        meta = META | {"vocab": "".join(symbols[start : start + 200_000]), "hidden_size": 1}
        yield f"scalar_values_from_{start}", forge(parts(meta))
    for count in (50_000, 200_000):
        words = {"words": True, "vocab": [f"слово{i}" for i in range(count)]}
        meta = META | words | {"hidden_size": 1}
        yield f"words_{count}", forge(parts(meta))
    marks = ["[" * 50, '"', "\\", '\\"{', ","]
    yield "marks_in_words", forge(parts(META | {"words": True, "vocab": marks}))


def metadata() -> Cases:
    facts = {"corpus": "hello", "val_loss": None, "history": [[1, 2.5, None]] * 9, "é": {}}
    yield "training", forge(parts(META | {"training": facts}))
    yield "training_empty", forge(parts(META | {"training": {}}))
    numbers = {"a": [1e-300, -0.0, 1e100, 10**38, -1, 1e-999]}
    yield "numbers", forge(parts(META | {"training": numbers}))
    yield "deep_14", forge(parts(META | {"training": {"a": _nested(14)}}))
    history = {"a": [[i, 1.5, None] for i in range(60_000)]}
    yield "long_history", forge(parts(META | {"training": history}))
    styles: dict[str, dict[str, Any]] = {
        "indented": {"indent": 4},
        "sorted": {"sort_keys": True},
        "tight": {"separators": (",", ":")},
        "ascii": {"ensure_ascii": True},
    }
    for label, options in styles.items():
        yield f"json_{label}", forge([meta_part(META, **options), *parts()[1:]])
    raw = parts()[0].data[128:]
    yield "json_blanks", forge([meta_part(b" \n\t\r" + raw + b" " * 100_000), *parts()[1:]])


def _nested(depth: int) -> list[Any]:
    return [_nested(depth - 1)] if depth > 1 else []


def values() -> Cases:
    yield "value_denormal", with_array("Why", np.full((5, 4), 1e-45, "<f4"))
    yield "value_minus_zero", with_array("Why", np.full((5, 4), -0.0, "<f4"))
    yield "value_at_limit", with_array("by", np.array([1e6, -1e6, 0, 0, 0], "<f4"))
    yield "all_zero", forge(parts(fill=0.0))
    yield "all_at_limit", forge(parts(META | {"cell": "lstm", "layers": 3}, fill=1e6))


def large() -> Cases:
    yield "large", lambda: forge(parts(META | {"hidden_size": 2800}))
    wide = META | {"hidden_size": 2000}
    yield "large_compressible", lambda: forge([deflated(p) for p in parts(wide, 0.0)])


def cases() -> Cases:
    for group in (containers, architectures, texts, metadata, values, large):
        yield from group()
