"""What the reader says of files that are no models, and that its limits lie where it says."""

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
from charrnn.formats.npz import ModelFileError
from charrnn.training import checkpoint

DAMAGED = "The file is damaged or was cut short: {}. Copy or download it again."
STRANGE = "The file is not laid out as a model: {}."
WRONG = "The model's metadata is wrong: {}."
HEADER = "{'descr': '<f4', 'fortran_order': False, 'shape': (5, 4), }"
WHY = bytes(80)
TWICE = forge([*parts(), parts()[4]])
BARE = forge([Part(b"Why.npy", npy(np.zeros(1, "<f4")))])
MANY = {"vocab": [str(i) for i in range(checkpoint.MAX_SYMBOLS + 1)], "words": True}
RESUME = META | {"resume": {"slots": 2, "batch_size": 1}}


def meta(**changes: Any) -> bytes:
    """The smallest model, some of its metadata changed."""
    return with_meta(META | changes)


def without(name: str) -> bytes:
    return with_meta({key: value for key, value in META.items() if key != name})


REFUSALS = [
    (GOOD[:21], DAMAGED, "its end is missing"),
    (GOOD[:22], DAMAGED, "its end is missing, or something was appended"),
    (GOOD[:-1], DAMAGED, "its end is missing, or something was appended"),
    (GOOD + b"x", DAMAGED, "its end is missing, or something was appended"),
    (GOOD[:-22] + b"PK\x05\x07" + GOOD[-18:], DAMAGED,
     "its end is missing, or something was appended"),
    (forge(parts(), start=1), DAMAGED, "its end is missing, or something was appended"),
    (forge(parts(), disk=1), STRANGE, "its directory has 6 members, a comment or several parts"),
    (forge(parts(), first=1), STRANGE, "its directory has 6 members, a comment or several parts"),
    (forge(parts(), here=7, count=7), DAMAGED, "its directory is not whole"),
    (with_part("Why", date=9, local={"date": 8}), DAMAGED,
     "what stands around 'Why.npy' contradicts the directory"),
    (with_part("Why", crc=1), DAMAGED, "the checksum or size of 'Why' is wrong"),
    (with_part("Why", method=8, packed=b"\xff"), DAMAGED, "'Why' cannot be decompressed"),
    (with_part("Why", method=8, packed=b""), DAMAGED, "'Why' is not as long as it should be"),
    (with_part("Why", data=npy_raw(HEADER, WHY[4:])), DAMAGED,
     "'Why' is not as long as it should be"),
    (forge(parts(), order=[1, 0, 2, 3, 4, 5]), STRANGE,
     "'Wxh0.npy' does not follow the member before it"),
    (TWICE, STRANGE, "it has two members called 'Why'"),
    (forge(parts(), gap=b"hidden"), STRANGE, "it has bytes that belong to no array"),
    (forge(parts(), comment_size=7), STRANGE,
     "its directory has 6 members, a comment or several parts"),
    (forge(parts(), here=65535, count=65535), STRANGE,
     "its directory has 65,535 members, a comment or several parts"),
    (with_part("Why", name=b"W\xff.npy"), STRANGE, "it has a member called 'W\ufffd.npy'"),
    (with_part("Why", flags=1), STRANGE,
     "'Why.npy' is encrypted, or compressed in a way that is not read here"),
    *(
        (with_part("Why", **lie), STRANGE, "'Why.npy' is not a plain member as NumPy writes it")
        for lie in ({"attributes": 0x10}, {"attributes": 0o12 << 28}, {"extra": b"UT\x00\x00"},
                    {"comment": b"x"}, {"disk": 1})
    ),
    (BARE, STRANGE, "it has no metadata, so these may be arrays of another program"),
    (forge(parts()[:-2]), STRANGE, "by its metadata, it lacks the array 'Why'"),
    (forge([*parts(), Part(b"a.npy", npy(np.zeros(1)))]), STRANGE,
     "by its metadata, it does not call for the array 'a'"),
    (with_array("Why", np.zeros((30, 30), "<f4")), STRANGE,
     "the array 'Why' is not of shape (5, 4) in float32"),
    (with_array("Why", np.full((5, 4), np.inf, "<f4")), STRANGE,
     "the array 'Why' holds numbers that are not finite"),
    (with_array("Why", np.full((5, 4), -np.inf, "<f4")), STRANGE,
     "the array 'Why' holds numbers that are not finite"),
    (with_part("Why", data=npy_raw(HEADER, WHY, b"\x02\x00")), STRANGE,
     "'Why' is not a NumPy array"),
    (with_part("Why", data=npy_raw("{}\xe9", WHY)), STRANGE,
     f"'Why' is described as '{{}}\xc3\xa9' instead of {HEADER}"),
    (with_part("Why", data=bytes(80)), STRANGE,
     "the array 'Why' is not of shape (5, 4) in float32"),
    (with_part("Why", data=bytes(81)), STRANGE, "'Why' is not a NumPy array"),
    (with_meta(b" " * ((4 << 20) + 1501)), STRANGE, "its metadata takes 4.2 MB"),
    (with_part("__meta__", size=4_000_051_000), STRANGE, "its metadata takes 4,000.1 MB"),
    (with_meta(b" " * ((4 << 20) + 1)), STRANGE,
     "its metadata is larger or more deeply nested than a model's"),
    (with_meta(b""), STRANGE,
     "its metadata is no JSON, for 'Expecting value: line 1 column 1 (char 0)'"),
    (with_meta(b"[]"), STRANGE, "its metadata is no JSON object"),
    (with_meta(b'{"a":1,"a":1}'), STRANGE, "its metadata names something twice"),
    (meta(hidden_size=0), WRONG, "hidden_size must lie between 1 and 4096"),
    (meta(layers="2"), WRONG, "layers is '2'"),
    (meta(version="1"), WRONG, "the version is '1'"),
    (meta(extra=1), WRONG, "it has 'extra', which this version does not know"),
    (without("words"), WRONG, "it lacks words"),
    (meta(cleaning="soap"), WRONG, "cleaning must be one of none, lowercase, letters"),
    (meta(vocab=["a", 7], words=True), WRONG,
     "its vocabulary must be a text of characters, or a list of words"),
    (meta(vocab="aa"), WRONG, "A vocabulary names each symbol once: this one has duplicates"),
    (meta(vocab=""), WRONG, "A vocabulary needs at least one symbol: the text is empty"),
    (meta(**MANY), WRONG, "its vocabulary has 200,001 symbols, more than 200,000"),
    (meta(resume={"slots": 3, "batch_size": 1}), WRONG, "slots is 3"),
    (meta(resume={"slots": 2, "batch_size": 0}), WRONG, "batch_size is 0"),
    (meta(resume={"slots": 2, "batch_size": (1 << 20) + 1}), WRONG, "batch_size is 1048577"),
    (meta(format="x"), "{}", "The file holds another program's arrays, and no charrnn model."),
    (meta(version=2, future=True), "{}",
     "The file was made by a newer charrnn: its format has version 2, and this one reads "
     "version 1. Update charrnn to open it."),
    (with_array("by", np.array([0, 0, 2e6, 0, 0], "<f4")), "{}",
     "The model is broken: it has weights beyond 1,000,000."),
    (tar(GOOD), "{}", "The file is not a charrnn model: it is no .npz archive."),
]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "sentence", "what"),
    REFUSALS,
    ids=["_".join(re.findall(r"[a-zA-Z0-9]+", what)[:6]) for _, _, what in REFUSALS],
)
def test_the_whole_sentence_of_a_refusal(data: bytes, sentence: str, what: str) -> None:
    with pytest.raises(ModelFileError) as caught:
        checkpoint.Checkpoint.from_bytes(data)
    assert str(caught.value) == sentence.format(what)


def test_compressed_files_may_take_a_64th_of_the_limit() -> None:
    data = forge([deflated(part) for part in parts()])
    packed = sum(len(deflated(part).packed or b"") for part in parts())
    assert checkpoint.Checkpoint.from_bytes(data, max_bytes=64 * packed)
    with pytest.raises(ModelFileError) as caught:
        checkpoint.Checkpoint.from_bytes(data, max_bytes=64 * packed - 1)
    assert str(caught.value) == (
        "The file is compressed and too large for that. Save it with charrnn or np.savez: "
        "neither compresses, and weights hardly shrink."
    )


def test_64_members_and_headers_of_1500_bytes_are_the_most() -> None:
    arrays = {f"a{i}": np.zeros(1, np.float32) for i in range(63)}
    data = npz.dumps(arrays, {})
    _, found = npz.loads(data, lambda meta: dict.fromkeys(arrays, (1,)))
    assert len(found) == 63
    with pytest.raises(ModelFileError, match="65 members"):
        npz.loads(npz.dumps(arrays | {"a": [1.0]}, {}), lambda meta: {})
    for header, loads in ((1500, True), (1501, False)):
        why = npy_raw(HEADER.ljust(header - 11), WHY, align=1)
        assert (read(with_part("Why", data=why)) is not None) == loads


def read(data: bytes) -> Any:
    try:
        return checkpoint.Checkpoint.from_bytes(data)
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
    assert npz.loads(npz.dumps({}, most), lambda meta: {})[0] == most
    with pytest.raises(ModelFileError, match="larger or more deeply nested"):
        npz.loads(npz.dumps({}, more), lambda meta: {})


def test_the_longest_metadata_may_have_the_longest_header() -> None:
    raw = b'{"a":"' + b"x" * ((4 << 20) - 8) + b'"}'
    text = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({4 << 20},), }}"
    data = forge([Part(b"__meta__.npy", npy_raw(text.ljust(1489), raw, align=1))])
    assert npz.loads(data, lambda meta: {})[0] == json.loads(raw)


def test_200_000_words_are_not_too_many() -> None:
    assert read(forge(parts(META | MANY | {"vocab": MANY["vocab"][:-1], "hidden_size": 1})))


def test_the_metadata_may_say_the_most_that_a_run_needs() -> None:
    most = json.dumps(META | {"resume": {"slots": 2, "batch_size": 1 << 20}}).encode()
    with pytest.raises(ModelFileError, match="lacks the array 'live'"):
        checkpoint.Checkpoint.from_bytes(forge([meta_part(most), *parts()[1:]]))
    assert checkpoint.Checkpoint.from_bytes(forge(parts(RESUME)))
