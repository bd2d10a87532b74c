"""The container: what is written, what is read, and what both agree on with NumPy."""

from __future__ import annotations

import hashlib
import io
import json
import tracemalloc
import zipfile
from typing import Any

import numpy as np
import pytest
from forge import META, Part, arrays, deflated, forge, meta_part, npy, parts, repeated

from charrnn.formats import npz, zip_archive
from charrnn.formats.npz import ModelFileError

ARRAYS = {
    "Why": np.arange(12, dtype=np.float32).reshape(4, 3),
    "by": np.array([0.5], np.float32),
    "n": np.array(2.5, np.float32),
}
SHAPES = {name: array.shape for name, array in ARRAYS.items()}
FACTS = {"vocab": 'a\0é\U0001f600"\\', "list": [1, 2.5, None, True, {"x": []}]}


def expected(meta: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    return SHAPES


def test_round_trip() -> None:
    meta, found = npz.loads(npz.dumps(ARRAYS, FACTS), expected)
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
    """So the header that the reader demands is the header that NumPy writes."""
    data = npz.dumps(ARRAYS, FACTS)
    for name, array in ARRAYS.items():
        buffer = io.BytesIO()
        np.save(buffer, array)
        assert bytes(zip_archive.unpack(zip_archive.members(data)[name])) == buffer.getvalue()


@pytest.mark.parametrize("axes", range(6))
def test_headers_of_any_number_of_axes(axes: int) -> None:
    array = np.ones((123456,) * (axes == 1) or (2,) * axes, np.float32)
    buffer = io.BytesIO()
    np.save(buffer, array)
    (part,) = zip_archive.members(npz.dumps({"a": array}, {})).keys() - {"__meta__"}
    member = zip_archive.members(npz.dumps({"a": array}, {}))[part]
    assert bytes(zip_archive.unpack(member)) == buffer.getvalue()


def test_the_bytes_never_change() -> None:
    """The same model is the same file, on every machine and in every version."""
    digest = hashlib.sha256(npz.dumps(ARRAYS, FACTS)).hexdigest()
    assert digest == "038d6c329714b6168efdf54c4454e6b667f52065363a1b6853d774cc715e55e5"


def test_arrays_of_other_kinds_become_float32() -> None:
    values = {"Why": ARRAYS["Why"].astype(float).T.copy().T, "by": [0.5], "n": 2.5}
    assert npz.dumps(values, FACTS) == npz.dumps(ARRAYS, FACTS)


def test_an_array_without_numbers_is_one_too() -> None:
    _, found = npz.loads(npz.dumps({"a": []}, {}), lambda meta: {"a": (0,)})
    assert found["a"].shape == (0,)


def test_a_bomb_takes_no_more_memory_than_it_claims() -> None:
    bomb = forge([Part(b"a.npy", b"", method=8, packed=repeated(bytes(1 << 20), 200), size=1000)])
    member = zip_archive.members(bomb)["a"]
    tracemalloc.start()
    with pytest.raises(ModelFileError, match="not as long as it should be"):
        zip_archive.unpack(member)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * zip_archive.INFLATE_STEP


def test_a_stored_array_is_a_view_and_costs_nothing() -> None:
    _, found = npz.loads(npz.dumps(ARRAYS, FACTS), expected)
    assert not found["Why"].flags.owndata
    assert not found["Why"].flags.writeable


@pytest.mark.parametrize("bad", [{1, 2}, float("nan"), float("inf"), "\ud800", b"x", object()])
def test_metadata_that_is_no_json_is_not_written(bad: object) -> None:
    with pytest.raises(ModelFileError, match="cannot be written as JSON"):
        npz.dumps({}, {"x": bad})


def test_what_is_too_large_is_not_written() -> None:
    with pytest.raises(ModelFileError) as caught:
        npz.dumps({"a": np.zeros((npz.MAX_BYTES // 4,), np.float32)}, {})
    assert str(caught.value) == "The model takes 536.9 MB, and the limit here is 536.9 MB."
    with pytest.raises(ModelFileError, match=r"takes 2,000,000\.0 MB, .* is 1,000,000\.0 MB\."):
        npz.too_large(2 * 10**12, 10**12)


def test_what_is_as_large_as_the_limit_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    size = (128 + len("{}")) + (128 + 4 * 64)  # of the metadata and of the array
    monkeypatch.setattr(npz, "MAX_BYTES", size)
    assert npz.dumps({"a": np.zeros(64)}, {})
    monkeypatch.setattr(npz, "MAX_BYTES", size - 1)
    with pytest.raises(ModelFileError, match="limit"):
        npz.dumps({"a": np.zeros(64)}, {})


@pytest.mark.parametrize("name", ["", "a b", "../a", "a" * 65, "a.npy", "é"])
def test_names_that_would_not_be_read_are_not_written(name: str) -> None:
    with pytest.raises(ModelFileError, match="member called"):
        npz.dumps({name: [1.0]}, {})


def test_limits_of_size() -> None:
    data = npz.dumps(ARRAYS, FACTS)
    npz.loads(data, expected, max_bytes=len(data))
    with pytest.raises(ModelFileError, match="the limit here is"):
        npz.loads(data, expected, max_bytes=len(data) - 1)
    zeros = io.BytesIO()
    np.savez_compressed(zeros, __meta__=np.frombuffer(b"{}", np.uint8), a=np.zeros(10_000, "<f4"))
    npz.loads(zeros.getvalue(), lambda meta: {"a": (10_000,)}, max_bytes=40_000)
    with pytest.raises(ModelFileError, match="the limit here is"):
        npz.loads(zeros.getvalue(), lambda meta: {"a": (10_000,)}, max_bytes=39_999)
    with pytest.raises(ModelFileError, match="compressed and too large"):
        npz.loads(zeros.getvalue(), lambda meta: {"a": (10_000,)}, max_bytes=5_000)


def test_the_callback_may_refuse() -> None:
    def refuse(meta: dict[str, Any]) -> dict[str, tuple[int, ...]]:
        raise ModelFileError(f"No: {meta['vocab']!r}.")

    with pytest.raises(ModelFileError, match="No: "):
        npz.loads(npz.dumps(ARRAYS, FACTS), refuse)


def test_depth_and_size_of_metadata() -> None:
    nest: Any = 0
    for _ in range(npz.MAX_META_DEPTH - 1):
        nest = [nest]
    assert npz.loads(npz.dumps({}, {"a": nest}), lambda meta: {})[0] == {"a": nest}
    with pytest.raises(ModelFileError, match="deeply nested"):
        npz.loads(npz.dumps({}, {"a": [nest]}), lambda meta: {})
    words = ['[{"\\:,'] * 200_000
    assert npz.loads(npz.dumps({}, {"a": words}), lambda meta: {})[0] == {"a": words}
    with pytest.raises(ModelFileError, match="larger"):
        npz.loads(npz.dumps({}, {"a": [0] * 250_002}), lambda meta: {})


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
        npz.loads(start, expected)
    assert str(caught.value).startswith("The file is not a charrnn model: it is ")
    assert str(caught.value).endswith(sentence)


def test_what_comes_from_a_file_is_escaped_and_cut() -> None:
    name = b"\x1b[31m\x00" + "\u202e".encode() + b"<b>" + b"x" * 60_000
    with pytest.raises(ModelFileError) as caught:
        npz.loads(forge([parts()[0].but(name=name), *parts()[1:]]), expected)
    message = str(caught.value)
    assert message.isprintable()
    assert "'\\x1b[31m\\x00\\u202e<b>xxx" in message
    assert len(message) < 200
    assert len(npz.quote("x" * 1000)) == 80
    assert npz.quote("x" * 78) == repr("x" * 78)
    assert npz.quote("x" * 79) == "'" + "x" * 76 + "..."


def test_inflating_in_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the size of the steps, the same bytes come out."""
    rng = np.random.default_rng(0)
    data = npy(np.concatenate([rng.standard_normal(5000), np.zeros(50_000)]).astype("<f4"))
    packed = forge([deflated(Part(b"a.npy", data))])
    for step in (1, 7, 1000, 1 << 16):
        monkeypatch.setattr(zip_archive, "INFLATE_STEP", step)
        assert bytes(zip_archive.unpack(zip_archive.members(packed)["a"])) == data


def test_what_follows_a_stream_is_refused_wherever_a_step_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    good = deflated(Part(b"a.npy", npy(np.arange(40, dtype="<f4"))))
    long = forge([good.but(packed=(good.packed or b"") + b"hidden")])
    for step in range(1, len(long)):
        monkeypatch.setattr(zip_archive, "INFLATE_STEP", step)
        with pytest.raises(ModelFileError, match="'a' is not as long as it should be"):
            zip_archive.unpack(zip_archive.members(long)["a"])


def test_the_forger_agrees() -> None:
    """The tests' own writer shares no code with the package, and makes the same bytes."""
    tight = meta_part(META, separators=(",", ":"))
    assert forge([tight, *parts()[1:]]) == npz.dumps(arrays(META), META)
