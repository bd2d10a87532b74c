"""Refusals of files that are not models, and the limits of files that are."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest
from forge import (
    META,
    Part,
    deflated,
    forge,
    meta_part,
    npy,
    npy_raw,
    parts,
    with_array,
    with_meta,
    with_part,
)
from hostile_zip import GOOD, tar

from charrnn.formats import npz
from charrnn.formats.errors import ModelFileError
from charrnn.formats.npz import Archive
from charrnn.training import metadata
from charrnn.training.checkpoint import Checkpoint

DAMAGED = "damaged or was cut short"
STRANGE = "not laid out as a model"
WRONG = "metadata is wrong"
HEADER = "{'descr': '<f4', 'fortran_order': False, 'shape': (5, 4), }"
WHY = bytes(80)
TWICE = forge([*parts(), parts()[4]])
BARE = forge([Part(b"Why.npy", npy(np.zeros(1, "<f4")))])
MANY = {"vocab": [str(i) for i in range(metadata.MAX_SYMBOLS + 1)], "words": True}
RESUME = META | {"resume": {"slots": 2, "batch_size": 1}}


def meta(**changes: Any) -> bytes:
    """The smallest model, some of its metadata changed."""
    return with_meta(META | changes)


def without(name: str) -> bytes:
    return with_meta({key: value for key, value in META.items() if key != name})


GAPS = "belong to no array, or to two"
REFUSALS = [
    (GOOD[:21], DAMAGED, "end is missing"),
    (GOOD[:22], DAMAGED, "end is missing"),
    (GOOD[:-1], DAMAGED, "end is missing"),
    (GOOD + b"x", DAMAGED, "something was appended"),
    (GOOD[:-22] + b"PK\x05\x07" + GOOD[-18:], DAMAGED, "end is missing"),
    (forge(parts(), start=1), DAMAGED, "end is missing"),
    (forge(parts(), disk=1), STRANGE, "several parts"),
    (forge(parts(), first=1), STRANGE, "several parts"),
    (forge(parts(), comment_size=7), STRANGE, "a comment"),
    (forge(parts(), here=65535, count=65535), STRANGE, "65,535 members"),
    (forge(parts(), here=7, count=7), STRANGE, GAPS),
    (forge(parts(), gap=b"hidden"), STRANGE, GAPS),
    (forge(parts(), order=[0, 1, 2, 3, 4, 5, 5]), STRANGE, GAPS),
    (with_part("Why", crc=1), DAMAGED, "'Why'"),
    (with_part("Why", flags=1), DAMAGED, "'Why'"),
    (with_part("Why", method=8, packed=b"\xff"), DAMAGED, "'Why'"),
    (with_part("Why", method=8, packed=b""), DAMAGED, "'Why'"),
    (with_part("Why", method=12), STRANGE, "'Why' is compressed"),
    (with_part("Why", data=npy_raw(HEADER, WHY[4:])), DAMAGED, "'Why' is not as long"),
    (with_part("Why", data=bytes(80)), DAMAGED, "'Why'"),
    (TWICE, STRANGE, "two members of the same name"),
    (BARE, STRANGE, "no metadata"),
    (forge(parts()[:-2]), STRANGE, "lacks the array 'Why'"),
    (with_array("Why", np.zeros((90, 30), "<f4")), STRANGE, "'Why' is larger than (5, 4)"),
    (with_array("Why", np.zeros((4, 5), "<f4")), STRANGE, "shape (5, 4) were expected"),
    (with_array("Why", np.zeros((5, 4), "<i4")), STRANGE, "'Why' is '<i4'"),
    (with_array("Why", np.zeros((5, 4), "<c8")), STRANGE, "'Why' is '<c8'"),
    (with_array("Why", np.full((5, 4), np.inf, "<f4")), STRANGE, "not finite"),
    (with_array("Why", np.full((5, 4), -np.inf, "<f4")), STRANGE, "not finite"),
    (with_array("Why", np.full((5, 4), 1e39, "<f8")), STRANGE, "not finite"),
    (with_meta(b" " * ((4 << 20) + 1501)), STRANGE, "metadata takes 4.2 MB"),
    (with_part("__meta__", size=4_000_051_000), STRANGE, "metadata takes 4,000.1 MB"),
    (with_meta(b" " * ((4 << 20) + 1)), STRANGE, "larger or more deeply nested"),
    (with_meta(b""), STRANGE, "not JSON"),
    (with_meta(b"[]"), STRANGE, "not a JSON object"),
    (with_meta(b'{"a":1,"a":1}'), STRANGE, "a field twice"),
    (meta(hidden_size=0), WRONG, "hidden_size"),
    (meta(hidden_size=5000), WRONG, "hidden_size"),
    (meta(layers=9), WRONG, "layers"),
    (meta(layers="2"), WRONG, "layers is '2'"),
    (meta(version="1"), WRONG, "version is '1'"),
    (without("words"), WRONG, "lacks words"),
    (meta(cleaning="soap"), WRONG, "cleaning"),
    (meta(vocab=["a", 7], words=True), WRONG, "vocabulary"),
    (meta(vocab="aa"), WRONG, "duplicates"),
    (meta(vocab=""), WRONG, "at least one symbol"),
    (meta(**MANY), WRONG, "200,001 symbols"),
    (meta(resume={"slots": 3, "batch_size": 1}), WRONG, "slots is 3"),
    (meta(resume={"slots": 2, "batch_size": 0}), WRONG, "batch_size is 0"),
    (meta(resume={"slots": 2, "batch_size": (1 << 20) + 1}), WRONG, "batch_size is 1048577"),
    (meta(format="x"), "another program", "no charrnn model"),
    (meta(version=2, future=True), "newer charrnn", "version 2"),
    (with_array("by", np.array([0, 0, 2e6, 0, 0], "<f4")), "broken", "beyond 1,000,000"),
    (tar(GOOD), "not a charrnn model", "no .npz archive"),
]


@pytest.mark.parametrize(
    ("data", "kind", "what"),
    REFUSALS,
    ids=["_".join(re.findall(r"[a-zA-Z0-9]+", what)[:6]) for _, _, what in REFUSALS],
)
def test_a_refusal_says_what_is_wrong(data: bytes, kind: str, what: str) -> None:
    with pytest.raises(ModelFileError) as caught:
        Checkpoint.from_bytes(data)
    assert kind in str(caught.value)
    assert what in str(caught.value)


def test_compressed_files_may_take_a_64th_of_the_limit() -> None:
    data = forge([deflated(part) for part in parts()])
    packed = sum(len(deflated(part).packed or b"") for part in parts())
    assert Checkpoint.from_bytes(data, max_bytes=64 * packed)
    with pytest.raises(ModelFileError, match="compressed and too large"):
        Checkpoint.from_bytes(data, max_bytes=64 * packed - 1)


def test_64_members_and_headers_of_1500_bytes_are_the_most() -> None:
    arrays = {f"a{i}": np.zeros(1, np.float32) for i in range(63)}
    assert len(Archive(npz.dumps(arrays, {})).names) == 64
    with pytest.raises(ModelFileError, match="65 members"):
        Archive(npz.dumps(arrays | {"a": [1.0]}, {}))
    for header, loads in ((1489, True), (1501, False)):
        why = npy_raw(HEADER.ljust(header), WHY, align=1)
        assert (read(with_part("Why", data=why)) is not None) == loads


def read(data: bytes) -> Any:
    try:
        return Checkpoint.from_bytes(data)
    except ModelFileError:
        return None


def listed(count: int) -> dict[str, Any]:
    return {"a": [[]] * (count - 2)}  # besides the object and the list of lists


@pytest.mark.parametrize(
    ("most", "more"),
    [
        ({"a": [0] * 250_001}, {"a": [0] * 250_002}),
        ({f"a{i}": 0 for i in range(10_000)}, {f"a{i}": 0 for i in range(10_001)}),
        (listed(100_000), listed(100_001)),
        ({"a": 10**38}, {"a": 10**39}),
        ({"a": "x" * ((4 << 20) - 8)}, {"a": "x" * ((4 << 20) - 7)}),
        ({"a": '"\\' * 300_000 + "," * 250_001}, {"a": ["\\"] + [0] * 250_001}),
    ],
    ids=["values", "names", "lists", "digits", "bytes", "marks in strings do not count"],
)
def test_the_limits_of_metadata_lie_where_they_should(most: Any, more: Any) -> None:
    assert Archive(npz.dumps({}, most)).metadata() == most
    with pytest.raises(ModelFileError, match="larger or more deeply nested"):
        Archive(npz.dumps({}, more)).metadata()


def test_the_longest_metadata_may_have_the_longest_header() -> None:
    raw = b'{"a":"' + b"x" * ((4 << 20) - 8) + b'"}'
    text = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({4 << 20},), }}"
    data = forge([Part(b"__meta__.npy", npy_raw(text.ljust(1489), raw, align=1))])
    assert Archive(data).metadata() == json.loads(raw)


def test_200_000_words_are_not_too_many() -> None:
    assert read(forge(parts(META | MANY | {"vocab": MANY["vocab"][:-1], "hidden_size": 1})))


def test_the_metadata_may_say_the_most_that_a_run_needs() -> None:
    most = json.dumps(META | {"resume": {"slots": 2, "batch_size": 1 << 20}}).encode()
    with pytest.raises(ModelFileError, match="lacks the array 'live'"):
        Checkpoint.from_bytes(forge([meta_part(most), *parts()[1:]]))
    assert Checkpoint.from_bytes(forge(parts(RESUME)))
