"""Model files with hostile metadata: wrong fields, JSON tricks, vocabularies, training arrays."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from forge import META, arrays, empty_blocks, forge, meta_part, parts, with_arrays, with_meta
from hostile_zip import Cases

RAW = json.dumps(META).encode()
RESUME = META | {"resume": {"slots": 2, "batch_size": 3}}


def facts() -> Cases:
    for name, value in META.items():
        yield f"{name}_missing", with_meta({k: v for k, v in META.items() if k != name})
        wrong: list[Any] = [None, [value], {"a": value}, [], {}, "", 0, -1, 2**40, 10**30, 1.5]
        wrong += ["\0", str(value) if type(value) is not str else 5, not value]
        for odd in wrong:
            if json.dumps(odd) != json.dumps(value) and not (name == "dropout" and odd == 0):
                label = json.dumps(odd)[:12].replace("\\", "").replace(" ", "")
                yield f"{name}_is_{label}", with_meta(META | {name: odd})
    for name, values in {
        "format": [
            "Charrnn",
            "charrnn ",
            "<script>alert(1)</script>",
            "\u202echarrnn",
            "x" * 999_999,
        ],
        "version": [2, 99, 10**18, 1.0, True, "1", -5],
        "cell": ["LSTM", "transformer", "../../etc/passwd", "__class__", "lstm\0"],
        "hidden_size": [4097, 10**9, 2**63, 4.0, True],
        "layers": [9, 10**9, 2**63, True],
        "dropout": [1, 1.0, -0.1, 1e300, "0"],
        "initialization": ["eval", "orthogonal "],
        "words": [1, 0, "false"],
        "cleaning": ["strip", "lower", "none\n"],
    }.items():
        for i, odd in enumerate(values):
            yield f"{name}_odd_{i}", with_meta(META | {name: odd})
    for name in ("unknown", "__proto__", "", "Format", "vocab ", "training\0", "<b>"):
        yield f"fact_{name[:9]!r}", with_meta(META | {name: 1})
    for name in ("training", "resume"):
        for i, odd in enumerate([None, [], "", 1, True]):
            yield f"{name}_odd_{i}", with_meta(META | {name: odd})


def json_tricks() -> Cases:
    def inside(text: str | bytes) -> bytes:
        raw = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
        return with_meta(RAW[:-1] + b', "training": {"a": ' + raw + b"}}")

    for label, raw in {
        "nothing": b"", "blank": b" ", "null": b"null", "number": b"1", "text": b'"charrnn"',
        "list": b"[" + RAW + b"]", "two": RAW + RAW, "tail": RAW + b"x", "nul_tail": RAW + b"\0",
        "cut": RAW[:-1], "comma": RAW[:-1] + b",}", "comment": RAW + b"// hello",
        "single_quotes": RAW.replace(b'"', b"'"), "python": repr(META).encode(),
        "bom": b"\xef\xbb\xbf" + RAW, "utf16": RAW.decode().encode("utf-16"),
        "utf16_bare": RAW.decode().encode("utf-16-le"), "utf32": RAW.decode().encode("utf-32"),
        "key_twice": RAW[:-1] + b', "layers": 1}',
        "key_twice_escaped": RAW[:-1] + b', "l\\u0061yers": 1}',
        "brace_first": b"}" + RAW, "unquoted": RAW.replace(b'"layers"', b"layers"),
    }.items():  # fmt: skip
        yield f"json_{label}", with_meta(raw)
    for label, text in {
        "nan": "NaN", "infinity": "Infinity", "minus_infinity": "-Infinity", "1e999": "1e999",
        "minus_1e999": "-1e999", "4000_digits": "9" * 4000, "5000_digits": "9" * 5000,
        "long_fraction": "0." + "3" * 4000, "long_exponent": "1e" + "0" * 4000 + "1",
        "zero_in_front": "01", "plus": "+1", "hexadecimal": "0x1", "dot": ".5",
        "undefined": "undefined",
        "key_twice_inside": '{"x": 1, "x": 2}', "raw_newline": '"a\nb"', "raw_nul": '"a\0b"',
        "bad_escape": '"\\x41"', "short_escape": '"\\u12"', "half_pair": '"\\ud800"',
        "half_pair_key": '{"\\udfff": 1}', "pair_reversed": '"\\ude00\\ud83d"',
        "unclosed": '"', "backslash_end": '"\\',
        "deep_14": "[" * 15 + "]" * 15, "deep_100000": "[" * 100_000 + "]" * 100_000,
        "deep_objects": '{"a":' * 20_000 + "1" + "}" * 20_000, "deep_unclosed": "[" * 100_000,
        "deep_after_quote": '"\\\\", ' + "[" * 3000,
        "deep_after_quotes": '"\\\\\\"", ' + "[" * 3000,
        "600000_numbers": "[" + "0," * 600_000 + "0]",
        "200000_lists": "[" + "[]," * 200_000 + "[]]",
        "200000_objects": "[" + "{}," * 200_000 + "{}]",
        "20000_names": "{" + ",".join(f'"{i}":0' for i in range(20_000)) + "}",
        "5MB": '"' + "a" * 5_000_000 + '"', "5MB_blanks": " " * 5_000_000 + "1",
        "surrogate_bytes": '"\ud83d\ude00"',
    }.items():  # fmt: skip
        yield f"json_{label}", inside(text)
    bad = {"byte": b"\xff", "overlong": b"\xc0\x80", "cut": b"\xf0\x9f"}
    bad |= {"5_bytes": b"\xf8\x88\x80\x80\x80"}
    for label, raw in bad.items():
        yield f"utf8_{label}", inside(b'"' + raw + b'"')


def costly() -> Cases:
    """Metadata of the largest allowed size, wrong at its very end."""
    end = ', "x": NaN}}'
    big = {
        "one_text": '"' + "a" * 4_190_000 + '"',
        "astral_text": '"\U0001f600' + "a" * 4_190_000 + '"',
        "escapes": '"' + "\\n" * 2_090_000 + '"',
        "unicode_escapes": '"' + "\\u00e9" * 690_000 + '"',
        "quotes": '"' + '\\"' * 2_090_000 + '"',
        "numbers": "[" + "1," * 249_000 + "1]",
        "floats": "[" + "1.25e10," * 249_000 + "1]",
        "texts": "[" + '"\u00e9a",' * 249_000 + "1]",
        "lists": "[" + "[1]," * 99_000 + "1]",
        "objects": "[" + '{"a":1},' * 9_900 + "1]",
        "names": "{" + ",".join(f'"n{i}":0' for i in range(9_900)) + "}",
        "blanks": " " * 4_190_000 + "1",
    }
    for label, text in big.items():
        raw = RAW[:-1] + b', "training": {"a": ' + text.encode() + end.encode()
        yield f"costly_{label}", with_meta(raw)
    words = META | {"words": True, "vocab": [f"слово{i}" for i in range(200_000)], "hidden_size": 1}
    values = arrays(words)
    values["by"][-1] = np.nan
    yield "costly_words", with_arrays(words, values)
    yield "costly_everything", _everything


def _everything() -> bytes:
    """Metadata that makes each of the reader's steps as costly as possible, and fails the last."""
    meta = META | {"hidden_size": 2600, "training": {"a": [1.25e10] * 249_000}}
    found = parts(meta, fill=0.5)
    found[-1] = found[-1].but(method=8, packed=empty_blocks(500_000))
    return forge(found)


def vocabularies() -> Cases:
    for label, vocab, words in [
        ("twice", "abcda", False), ("empty", "", False), ("list", list("\n abc"), False),
        ("number", 5, False), ("null", None, False), ("half_pair", "\n ab\ud800", False),
        ("words_text", "\n abc", True), ("words_empty", [], True),
        ("words_twice", ["a", "b", "a", "c", "d"], True),
        ("words_empty_word", ["a", "", "b", "c", "d"], True),
        ("words_number", ["a", 1, "b", "c", "d"], True),
        ("words_null", ["a", None, "b", "c", "d"], True),
        ("words_nested", ["a", ["b"], "c", "d", "e"], True),
        ("words_bool", ["a", True, "b", "c", "d"], True),
        ("words_half_pair", ["a", "b", "c", "d", "\udc00"], True),
        ("words_object", {"a": 1}, True), ("200001_words", [str(i) for i in range(200_001)], True),
        ("one_more", "\n abcd", False), ("one_less", "\n ab", False),
        ("astral_as_two", "\U0001f600abcd\u00e9", False),
    ]:  # fmt: skip
        changed = META | {"vocab": vocab, "words": words}
        yield f"vocab_{label}", with_meta(changed, ensure_ascii=True)
    many = "".join(chr(i) for i in range(0x10000, 0x10000 + 200_001))
    yield "vocab_200001_characters", with_meta(META | {"vocab": many})


def resumes() -> Cases:
    def resumed(meta: object, **changed: np.ndarray[Any, Any] | None) -> bytes:
        found = {k: v for k, v in (arrays(RESUME) | changed).items() if v is not None}
        return with_arrays(meta, found)

    for i, slots in enumerate([-1, 3, 1, True, 1.0, "2", None, [2], 10**9, 2**70]):
        yield f"slots_{i}", resumed(META | {"resume": {"slots": slots, "batch_size": 3}})
    for i, N in enumerate([0, -1, 2, True, 3.0, "3", None, 2**20, 10**12, 2**70]):
        yield f"batch_size_{i}", resumed(META | {"resume": {"slots": 2, "batch_size": N}})
    yield "resume_empty", resumed(META | {"resume": {}})
    yield "resume_without_arrays", with_meta(RESUME)
    yield "arrays_without_resume", resumed(META)
    for name in ("live", "slot0", "slot1", "state0_hidden"):
        good = arrays(RESUME)[name]
        yield f"resume_lacks_{name}", resumed(RESUME, **{name: None})
        yield f"resume_short_{name}", resumed(RESUME, **{name: good[:-1]})
        yield f"resume_turned_{name}", resumed(RESUME, **{name: good[None]})
        yield f"resume_nan_{name}", resumed(RESUME, **{name: np.full_like(good, np.nan)})
    yield "resume_live_1e7", resumed(RESUME, live=np.full_like(arrays(RESUME)["live"], 1e7))
    yield "resume_other_cell", resumed(RESUME, state0_cell=arrays(RESUME)["state0_hidden"])
    yield "resume_arrays_first", forge([*parts(RESUME)[1:], meta_part(RESUME | {"layers": 2})])


def cases(canary: str) -> Cases:
    del canary  # nothing here could be unpickled
    for group in (facts, json_tricks, costly, vocabularies, resumes):
        yield from group()
