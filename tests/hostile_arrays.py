"""Model files with hostile arrays: headers, types, shapes, lengths, values, sets of arrays."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from forge import (
    META,
    Part,
    arrays,
    described,
    forge,
    meta_part,
    npy,
    npy_raw,
    parts,
    repeated,
    with_array,
    with_arrays,
    with_part,
)
from hostile_zip import MEGABYTE, Cases, pickled

WHY = arrays(META)["Why"]
TEXT = "{'descr': '<f4', 'fortran_order': False, 'shape': (5, 4), }"


def headers(canary: str) -> Iterator[tuple[str, bytes]]:
    """Headers for the array Why, (5, 4) in float32: 80 bytes."""
    data = WHY.tobytes()
    yield from framings(data, pickled(canary).ljust(208))
    yield from texts(data)
    yield from dtypes(data)
    yield "object_array", described("'|O'", "(5, 4)", pickled(canary))
    yield from sizes(data)


def framings(data: bytes, pickle: bytes) -> Cases:
    """Versions, lengths and magic words."""
    for version in (b"\x00\x00", b"\x01\x01", b"\x02\x00", b"\x03\x00", b"\xff\xff"):
        yield f"version_{version.hex()}", npy_raw(TEXT, data, version)
    for length in (0, 1, 59, 117, 119, 198, 1500, 65535):
        yield f"length_{length}", npy_raw(TEXT, data, length=length)
    yield "header_64kB", npy_raw(TEXT.ljust(60_000), data)
    yield "header_1600", npy_raw(TEXT.ljust(1600), data)
    yield "no_newline", npy_raw(TEXT, data).replace(b"\n", b" ", 1)
    yield "wrong_magic", b"\x93NUMPX" + npy_raw(TEXT, data)[6:]
    yield "no_magic", data.ljust(208)
    yield "only_magic", b"\x93NUMPY\x01\x00"
    yield "short_magic", b"\x93NU"
    yield "pickle", pickle


def texts(data: bytes) -> Cases:
    """Texts in the header instead of a plain dictionary."""
    for label, text in {
        "nested": "(" * 1000, "nested_lists": "[" * 600 + "]" * 600, "unary": "-" * 1200 + "1",
        "digits": "{'descr': '<f4', 'fortran_order': False, 'shape': (" + "9" * 900 + ",), }",
        "nul": TEXT.replace("False", "False\x00"), "nul_first": "\x00" + TEXT, "blank": "",
        "call": "__import__('os').system('true')", "power": "9**9**9**9", "walrus": "(x:=1)",
        "comment": TEXT + " # hello", "blank_first": " " + TEXT, "tab": TEXT + "\t",
        "carriage_return": TEXT + "\r", "no_break_space": TEXT.replace(" ", "\xa0"),
        "no_comma": TEXT.replace(", }", "}"), "double_quotes": TEXT.replace("'", '"'),
        "python_2": TEXT.replace("(5, 4)", "(5L, 4L)"), "plus": TEXT.replace("5", "+5"),
        "underscore": TEXT.replace("5", "0_5"), "hexadecimal": TEXT.replace("5", "0x5"),
        "arabic_digit": TEXT.replace("5", "\u0665"), "zero_in_front": TEXT.replace("5", "05"),
        "key_twice": TEXT.replace("}", "'shape': (5, 4), }"),
        "key_more": TEXT.replace("}", "'x': 1, }"),
        "key_less": "{'descr': '<f4', 'shape': (5, 4), }",
        "other_order": "{'shape': (5, 4), 'fortran_order': False, 'descr': '<f4', }",
        "fortran": TEXT.replace("False", "True"), "fortran_0": TEXT.replace("False", "0"),
        "list": "['<f4', False, (5, 4)]", "two": TEXT + TEXT, "newline_inside": TEXT + "\n" + TEXT,
    }.items():  # fmt: skip
        yield f"text_{label}", npy_raw(text, data)
    yield "text_latin", npy_raw(TEXT.replace("}", "'\xe9': 1}").encode("latin-1"), data)


def dtypes(data: bytes) -> Cases:
    """Kinds of numbers that no model has."""
    for label, descr in {
        "object": "'|O'", "object_8": "'O8'", "object_struct": "[('a', '|O')]", "f8": "'<f8'",
        "f2": "'<f2'", "f16": "'<f16'", "i4": "'<i4'", "u4": "'<u4'", "u1": "'|u1'",
        "bool": "'|b1'",
        "big_endian": "'>f4'", "native": "'=f4'", "no_order": "'f4'", "word": "'float32'",
        "unicode": "'<U1'", "bytes": "'|S4'", "datetime": "'<M8[s]'", "void": "'|V4'",
        "void_0": "'|V0'", "bytes_0": "'|S0'", "giant": "'|V2147483647'", "complex": "'<c8'",
        "sub_array": "('<f4', (2,))", "sub_array_giant": "('<f4', (2147483647,))",
        "struct": "[('a', '<f4')]", "none": "None", "number": "4", "empty": "''", "class": "float",
    }.items():  # fmt: skip
        yield f"dtype_{label}", described(descr, "(5, 4)", data)


def sizes(data: bytes) -> Cases:
    """Shapes that are invalid or not this array's, and data of the wrong length."""
    for label, shape in {
        "transposed": "(4, 5)", "flat": "(20,)", "more_axes": "(5, 4, 1)",
        "first_axis": "(1, 5, 4)",
        "none": "()", "no_tuple": "20", "null": "None", "zero": "(0, 4)", "huge": "(1 << 40,)",
        "3TB": "(1000000000000,)", "wrap": "(4611686018427387905, 4)",
        "wrap_64": "(18446744073709551616,)",
        "negative": "(-5, -4)", "minus_one": "(-1,)", "bool": "(True, 20)", "float": "(5.0, 4)",
        "text": "('5', 4)", "list": "[5, 4]", "8GB": "(2147483648,)",
        "65_axes": "(" + "1, " * 64 + "20)", "1000_axes": "(" + "1," * 400 + ")",
    }.items():  # fmt: skip
        yield f"shape_{label}", described("'<f4'", shape, data)
    yield "data_short", described("'<f4'", "(5, 4)", data[:-1])
    yield "data_long", described("'<f4'", "(5, 4)", data + b"\x00")
    yield "data_none", described("'<f4'", "(5, 4)", b"")
    yield "data_twice", described("'<f4'", "(5, 4)", data + data)


def values() -> Cases:
    names = list(arrays(META))
    bad = {"nan": np.nan, "inf": np.inf, "minus_inf": -np.inf, "1e30": 1e30, "minus_1e7": -1e7}
    for label, value in bad.items():
        for name in names:
            array = arrays(META)[name]
            array.flat[-1] = value
            yield f"value_{label}_{name}", with_array(name, array)
    signaling = np.full((5, 4), 0x7F800001, "<u4").view("<f4")
    yield "value_signaling_nan", with_array("Why", signaling)
    yield "value_all_max", with_array("Why", np.full((5, 4), 3.4e38, "<f4"))
    yield "value_above_limit", with_array("by", np.full(5, 1_000_064, "<f4"))


def shapes() -> Cases:
    """Shapes that NumPy would broadcast, and the right numbers in the wrong place."""
    wrong = {"by": (1,), "bh0": (1,), "Why": (1, 4), "Whh0": (4, 1), "Wxh0": (4, 6)}
    for name, shape in wrong.items():
        yield f"broadcast_{name}", with_array(name, np.zeros(shape, "<f4"))
    yield "bias_number", with_array("by", np.zeros((), "<f4"))
    yield "bias_column", with_array("by", np.zeros((5, 1), "<f4"))
    yield "bias_row", with_array("by", np.zeros((1, 5), "<f4"))
    yield "no_weights", with_array("Why", np.zeros((0, 4), "<f4"))
    yield (
        "hidden_tail_512MB",
        with_part("Why", method=8, packed=repeated(MEGABYTE, 512), size=(512 << 20) + 208),
    )


def sets() -> Cases:
    """Too many arrays, too few, or those of another architecture."""
    for part in parts()[1:]:
        name = part.name[:-4].decode()
        yield f"lacks_{name}", forge([p for p in parts() if p.name != part.name])
    yield "lacks_metadata", forge(parts()[1:])
    yield "only_metadata", forge(parts()[:1])
    yield "plain_arrays", forge([Part(b"arr_0.npy", npy(WHY))])
    for name in ("bhh0", "Wxh1", "live", "slot0", "state0_hidden", "extra", "_", "W" * 64):
        yield f"extra_{name[:20]}", forge([*parts(), Part(name.encode() + b".npy", npy(WHY))])
    for cell in ("lstm", "gru"):
        yield f"called_{cell}", forge([meta_part(META | {"cell": cell}), *parts()[1:]])
    for name, value in {"layers": 2, "hidden_size": 5, "vocab": "abcdef"}.items():
        yield f"other_{name}", forge([meta_part(META | {name: value}), *parts()[1:]])
    gru = META | {"cell": "gru"}
    yield "gru_without_bhh", forge([p for p in parts(gru) if p.name != b"bhh0.npy"])
    swapped = arrays(META) | {"Why": arrays(META)["Wxh0"], "Wxh0": WHY}
    yield "swapped", with_arrays(META, swapped)


def metadata_arrays(canary: str) -> Cases:
    """The metadata in something other than one row of bytes."""
    raw = parts()[0].data[128:]
    row = np.frombuffer(raw, np.uint8)
    for label, data in {
        "object": described("'|O'", "()", pickled(canary)),
        "unicode": npy(np.array(raw.decode())),
        "bytes": npy(np.array(raw)),
        "signed": npy(row.view(np.int8)),
        "floats": npy(row.astype("<f4")),
        "two_axes": npy(row[None]),
        "bool": npy(row.astype(bool)),
        "empty": npy(row[:0]),
        "no_array": raw,
        "fortran": described("'|u1'", f"({len(raw)},)", raw).replace(b"False", b"True "),
        "short": described("'|u1'", f"({len(raw) + 1},)", raw),
        "long": described("'|u1'", f"({len(raw) - 1},)", raw),
    }.items():
        yield f"metadata_{label}", with_part("__meta__", data=data)


def cases(canary: str) -> Cases:
    for label, data in headers(canary):
        yield f"npy_{label}", with_part("Why", data=data)
    for group in (values, shapes, sets):
        yield from group()
    yield from metadata_arrays(canary)
