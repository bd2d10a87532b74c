"""The .npz container: writing, reading, and agreement of both with NumPy."""

from __future__ import annotations

import hashlib
import io
import json
import tracemalloc
import zipfile
from typing import Any

import numpy as np
import pytest
from forge import META, Part, arrays, forge, meta_part, parts, repeated

from charrnn.formats import npz, strict_json
from charrnn.formats.errors import ModelFileError, quote, too_large
from charrnn.formats.npz import Archive, Shape

ARRAYS = {
    "Why": np.arange(12, dtype=np.float32).reshape(4, 3),
    "by": np.array([0.5], np.float32),
    "n": np.array(2.5, np.float32),
}
SHAPES = {name: array.shape for name, array in ARRAYS.items()}
FACTS = {"vocab": 'a\0é\U0001f600"\\', "list": [1, 2.5, None, True, {"x": []}]}


def read(
    data: bytes, shapes: dict[str, Shape] = SHAPES, max_bytes: float = npz.MAX_BYTES
) -> tuple[dict[str, Any], dict[str, npz.Array]]:
    """The metadata and the arrays of an archive, as a checkpoint reads them."""
    archive = Archive(data, max_bytes)
    meta = archive.metadata()
    archive.check(shapes)
    found = {name: np.empty(shape, np.float32) for name, shape in shapes.items()}
    for name, array in found.items():
        archive.read_into(name, array)
    return meta, found


def test_round_trip() -> None:
    meta, found = read(npz.dumps(ARRAYS, FACTS))
    assert meta == FACTS
    assert list(found) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert found[name].dtype == np.float32
        assert found[name].shape == array.shape
        assert np.array_equal(found[name], array)


def test_numpy_and_zipfile_open_it() -> None:
    data = npz.dumps(ARRAYS, FACTS)
    with np.load(io.BytesIO(data), allow_pickle=False) as found:
        assert found.files == ["__meta__", *ARRAYS]
        assert json.loads(bytes(found["__meta__"])) == FACTS
        assert np.array_equal(found["Why"], ARRAYS["Why"])
    assert zipfile.ZipFile(io.BytesIO(data)).testzip() is None


def test_members_are_byte_for_byte_what_numpy_saves() -> None:
    data = npz.dumps(ARRAYS, FACTS)
    for name, array in ARRAYS.items():
        buffer = io.BytesIO()
        np.save(buffer, array)
        assert zipfile.ZipFile(io.BytesIO(data)).read(f"{name}.npy") == buffer.getvalue()


def test_the_bytes_never_change() -> None:
    """The same model is the same file, on every machine and in every version."""
    digest = hashlib.sha256(npz.dumps(ARRAYS, FACTS)).hexdigest()
    assert digest == "5cf91bd0725a16fadc277144396c2c5eb405a2df4ea0fb30d8fefea8d6188e94"


def test_arrays_of_other_kinds_become_float32() -> None:
    values = {"Why": ARRAYS["Why"].astype(float).T.copy().T, "by": [0.5], "n": 2.5}
    assert npz.dumps(values, FACTS) == npz.dumps(ARRAYS, FACTS)


def test_an_array_without_numbers_is_one_too() -> None:
    _, found = read(npz.dumps({"a": []}, {}), {"a": (0,)})
    assert found["a"].shape == (0,)


def test_a_bomb_takes_no_more_memory_than_it_claims() -> None:
    bomb = forge([Part(b"a.npy", b"", method=8, packed=repeated(bytes(1 << 20), 200), size=1000)])
    archive = Archive(bomb)
    tracemalloc.start()
    with pytest.raises(ModelFileError):
        archive.array("a")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * npz.CHUNK


@pytest.mark.parametrize("values", [1, 2, npz.CHUNK // 4, npz.CHUNK // 4 + 1, 200_000])
@pytest.mark.parametrize("kind", ["<f4", ">f4", "<f8", ">f8", "<f2"])
@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_floats_of_every_kind_are_read(values: int, kind: str, version: tuple[int, int]) -> None:
    array = np.linspace(-2, 2, 2 * values).reshape(2, values).astype(kind)
    for order in "CF":
        buffer, file = io.BytesIO(), io.BytesIO()
        np.lib.format.write_array(buffer, np.asarray(array, order=order), version)  # type: ignore[call-overload]
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("a.npy", buffer.getvalue())
        target = np.empty(array.shape, np.float32)
        Archive(file.getvalue()).read_into("a", target)
        np.testing.assert_array_equal(target, array.astype(np.float32))


def test_arrays_of_any_type_may_take_the_limit_and_hold_no_objects() -> None:
    file = io.BytesIO()
    np.savez_compressed(file, text=np.array(["ab", "c"]), zeros=np.zeros(90_000, np.uint8))
    archive = Archive(file.getvalue(), 80_000)
    assert archive.names == {"text", "zeros"}
    assert archive.unpacked > 90_000
    assert archive.array("text").tolist() == ["ab", "c"]
    with pytest.raises(ModelFileError, match="limit"):
        archive.array("zeros")


@pytest.mark.parametrize("bad", [{1, 2}, float("nan"), float("inf"), "\ud800", b"x", object()])
def test_metadata_that_is_no_json_is_not_written(bad: object) -> None:
    with pytest.raises(ModelFileError, match="cannot be written as JSON"):
        npz.dumps({}, {"x": bad})


def test_what_is_too_large_is_not_written() -> None:
    with pytest.raises(ModelFileError) as caught:
        npz.dumps({"a": np.zeros((npz.MAX_BYTES // 4,), np.float32)}, {})
    assert "536.9 MB" in str(caught.value)
    with pytest.raises(ModelFileError, match=r"takes 2,000,000\.0 MB, .* is 1,000,000\.0 MB\."):
        too_large(2 * 10**12, 10**12)


def test_limits_of_size() -> None:
    data = npz.dumps(ARRAYS, FACTS)
    read(data, max_bytes=len(data))
    with pytest.raises(ModelFileError, match="limit"):
        read(data, max_bytes=len(data) - 1)
    zeros = io.BytesIO()
    np.savez_compressed(zeros, __meta__=np.frombuffer(b"{}", np.uint8), a=np.zeros(10_000, "<f4"))
    shapes = {"a": (10_000,)}
    read(zeros.getvalue(), shapes, max_bytes=40_000)
    with pytest.raises(ModelFileError, match="limit"):
        read(zeros.getvalue(), shapes, max_bytes=39_999)
    with pytest.raises(ModelFileError, match="compressed"):
        read(zeros.getvalue(), shapes, max_bytes=5_000)


def test_depth_and_size_of_metadata() -> None:
    nest: Any = 0
    for _ in range(strict_json.MAX_DEPTH - 1):
        nest = [nest]
    assert read(npz.dumps({}, {"a": nest}), {})[0] == {"a": nest}
    with pytest.raises(ModelFileError, match="deeply nested"):
        read(npz.dumps({}, {"a": [nest]}), {})
    words = ['[{"\\:,'] * 200_000
    assert read(npz.dumps({}, {"a": words}), {})[0] == {"a": words}
    with pytest.raises(ModelFileError, match="larger"):
        read(npz.dumps({}, {"a": [0] * 250_002}), {})


@pytest.mark.parametrize(
    ("start", "sentence"),
    [
        (b"", "it is empty."),
        (b"\x1f\x8b\x08", "gzip: unpack it first."),
        (b"  \r\n<html>", "a web page: download the file itself."),
        (b"\x93NUMPY\x01\x00", "a single NumPy array (.npy)."),
        (b"\x80\x04\x95", "pickle, which could run any program and is never opened."),
        (b"version https://git-lfs.github.com", "Git LFS pointer: download the file itself."),
        (b"\x89HDF\r\n", "an HDF5 file, as Keras writes."),
        (b"PK\x05\x06" + bytes(18), "an empty zip archive."),
        (b"hello", "it is no .npz archive."),
        (b"\n\n\n\n", "it is no .npz archive."),
    ],
)
def test_other_files_are_told_by_their_kind(start: bytes, sentence: str) -> None:
    with pytest.raises(ModelFileError) as caught:
        Archive(start)
    assert str(caught.value).startswith("The file is not a charrnn model: it is ")
    assert str(caught.value).endswith(sentence)


def test_what_comes_from_a_file_is_escaped_and_cut() -> None:
    descr = "\x1b[31m\x00\u202e<b>" + "x" * 60_000
    with pytest.raises(ModelFileError) as caught:
        strict_json.parse(f'{{"{descr}": 1,}}'.encode())
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 200
    assert len(quote("x" * 1000)) == 80
    assert quote("x" * 78) == repr("x" * 78)
    assert quote("x" * 79) == "'" + "x" * 76 + "..."


def test_the_forger_agrees() -> None:
    """The tests' own writer shares no code with the package, and makes the same bytes."""
    tight = meta_part(META, separators=(",", ":"))
    members = [part.but(attributes=0o600 << 16, made_by=0x314) for part in (tight, *parts()[1:])]
    assert forge(members) == npz.dumps(arrays(META), META)
