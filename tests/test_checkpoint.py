"""Models in and out of files: the corpus of hostile files, mutations, and every promise."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import forge
import healthy
import hostile_arrays
import hostile_meta
import hostile_zip
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charrnn import CELLS, CharRNN, ModelConfig, Vocabulary
from charrnn.formats import checkpoint, npz
from charrnn.formats.checkpoint import HOSTED_BYTES, ModelFileError

TESTS = Path(__file__).parent
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the judge reads /proc")


# ---- the corpus ----


@pytest.fixture(scope="module")
def canary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("canary") / "canary"


@pytest.fixture(scope="module")
def verdicts(canary: Path) -> list[dict[str, Any]]:
    """What the judge says of every file, in processes of its own."""
    environment = os.environ | {"PYTHONPATH": str(TESTS.parent), "OPENBLAS_NUM_THREADS": "1"}
    argv = [sys.executable, str(TESTS / "hostile.py"), str(canary)]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@LINUX
def test_hostile_files_are_refused(verdicts: list[dict[str, Any]]) -> None:
    hostile = [v for v in verdicts if not v["healthy"]]
    assert len(hostile) >= 750
    assert len({v["name"] for v in verdicts}) == len(verdicts)
    assert [v for v in hostile if v["outcome"] != "ModelFileError"] == []


@LINUX
def test_odd_but_healthy_files_load(verdicts: list[dict[str, Any]]) -> None:
    odd = [v for v in verdicts if v["healthy"]]
    assert len(odd) >= 140
    assert [v for v in odd if v["outcome"] != "loads"] == []


@LINUX
def test_no_file_takes_more_than_64_mb(verdicts: list[dict[str, Any]]) -> None:
    assert [v for v in verdicts if v["megabytes"] > 64] == []
    measured = {v["name"]: v["megabytes"] for v in verdicts}
    assert measured["healthy.large"] > 25, "the measure itself must work"


@LINUX
def test_nothing_is_unpickled(verdicts: list[dict[str, Any]], canary: Path) -> None:
    assert not canary.exists()
    with pickle.loads(hostile_zip.pickled(str(canary))):
        assert canary.exists(), "the canary must be able to sing"
    canary.unlink()


@LINUX
def test_messages_are_sentences_for_people(verdicts: list[dict[str, Any]]) -> None:
    for v in verdicts:
        if not v["healthy"]:
            check_sentence(v["message"])
            assert "Traceback" not in v["message"], v


def check_sentence(message: str) -> None:
    assert message.isprintable(), message
    assert 20 < len(message) < 300, message
    assert message[0].isupper() or message[0] == "'", message
    assert message.endswith("."), message


def test_most_files_in_this_process(canary: Path) -> None:
    """On every system, also where the judge cannot measure."""
    loaded = [
        name
        for module in (hostile_zip, hostile_arrays, hostile_meta)
        for name, file in module.cases(str(canary))
        if isinstance(file, bytes) and len(file) < 6_000_000 and model_or_none(file)
    ]
    assert loaded == []
    assert not canary.exists()


def test_odd_files_load_in_this_process_too() -> None:
    """Whatever wrote them: each gives the model that its metadata and arrays say."""
    odd = [*healthy.containers(), *healthy.architectures(), *healthy.metadata(), *healthy.values()]
    for name, file in odd:
        if isinstance(file, bytes):
            assert model_or_none(file), name


# ---- mutations ----

HEALTHY = dict([*healthy.containers(), *healthy.architectures()])
SOURCES = [HEALTHY[name] for name in ("forged", "savez_compressed", "savez_pipe", "lstm_slots_2")]
MODELS = {checkpoint.dumps(checkpoint.loads(data)) for data in SOURCES}

positions = st.floats(0, 1, exclude_max=True)
edits = st.lists(
    st.tuples(
        st.sampled_from(["flip", "set", "cut", "insert", "copy", "splice"]),
        positions,
        positions,
        st.binary(min_size=1, max_size=8),
    ),
    min_size=1,
    max_size=4,
)


def mutate(data: bytes, changes: list[tuple[str, float, float, bytes]], other: bytes) -> bytes:
    raw = bytearray(data)
    for kind, where, length, new in changes:
        at = int(where * len(raw))
        end = at + 1 + int(length**4 * (len(raw) - at))
        if kind == "flip" and raw:
            raw[at] ^= 1 << new[0] % 8
        elif kind == "set":
            raw[at : at + len(new)] = new
        elif kind == "cut":
            del raw[at:end]
        elif kind == "insert":
            raw[at:at] = new
        elif kind == "copy":
            raw[at:at] = raw[at:end]
        elif kind == "splice":
            raw[at:] = other[int(length * len(other)) :]
    return bytes(raw)


def model_or_none(data: bytes) -> CharRNN | None:
    """The model in a file, or None where it is refused with a printable sentence."""
    try:
        return checkpoint.loads(data, HOSTED_BYTES)
    except ModelFileError as error:
        message = str(error)
    check_sentence(message)
    return None


def same_model_or_refused(data: bytes) -> None:
    model = model_or_none(data)
    assert model is None or checkpoint.dumps(model) in MODELS


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(SOURCES), edits, st.sampled_from(SOURCES))
def test_a_mutated_file_is_the_same_model_or_refused(
    data: bytes, changes: list[tuple[str, float, float, bytes]], other: bytes
) -> None:
    same_model_or_refused(mutate(data, changes, other))


@pytest.mark.slow
@settings(max_examples=4_000, deadline=None)
@given(st.sampled_from(SOURCES), edits, st.sampled_from(SOURCES))
def test_a_mutated_file_many_times(
    data: bytes, changes: list[tuple[str, float, float, bytes]], other: bytes
) -> None:
    same_model_or_refused(mutate(data, changes, other))


def test_every_single_byte_changed() -> None:
    """Where a change does no harm, as in a date, the model is the same."""
    data = SOURCES[0]
    for at in range(len(data)):
        for value in (data[at] ^ 1, data[at] ^ 0x80, 0, 0xFF):
            same_model_or_refused(data[:at] + bytes([value]) + data[at + 1 :])


def test_every_cut() -> None:
    data = SOURCES[0]
    for end in range(len(data)):
        with pytest.raises(ModelFileError):
            checkpoint.loads(data[:end])


@settings(max_examples=300, deadline=None)
@given(edits, st.integers(0, 5))
def test_a_mutated_member_with_a_right_checksum(
    changes: list[tuple[str, float, float, bytes]], which: int
) -> None:
    """Behind the checksum: a .npy header or metadata that is wrong must be found wrong."""
    parts = forge.parts()
    parts[which] = parts[which].but(data=mutate(parts[which].data, changes, parts[0].data))
    check_meaning(forge.forge(parts))


@settings(max_examples=300, deadline=None)
@given(edits)
def test_mutated_metadata(changes: list[tuple[str, float, float, bytes]]) -> None:
    raw = json.dumps(forge.META).encode()
    check_meaning(forge.with_meta(mutate(raw, changes, raw)))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([*forge.META, "training", "resume", "new"]), json_values)
def test_any_value_for_any_fact(name: str, value: object) -> None:
    check_meaning(forge.with_meta(forge.META | {name: value}, ensure_ascii=True))


def check_meaning(data: bytes) -> None:
    """Refused, or a whole model, which comes back from its own file."""
    model = model_or_none(data)
    assert model is None or same(checkpoint.loads(checkpoint.dumps(model)), model)


# ---- promises ----


def same(a: CharRNN, b: CharRNN) -> bool:
    return (
        a.vocabulary == b.vocabulary
        and a.config == b.config
        and a.metadata == b.metadata
        and a.parameters.vector.tobytes() == b.parameters.vector.tobytes()
    )


def made(cell: str = "lstm", text: str = "hello", **config: Any) -> CharRNN:
    return CharRNN(Vocabulary.from_text(text), ModelConfig(cell, **({"hidden_size": 6} | config)))


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("layers", [1, 3])
def test_round_trip(cell: str, layers: int, tmp_path: Path) -> None:
    model = made(cell, layers=layers, dropout=0.25, initialization="small")
    model.metadata = {"steps": 7, "loss": 1.5, "corpus": "é\0", "val_loss": None}
    checkpoint.save(model, tmp_path / "model.npz")
    assert same(checkpoint.load(tmp_path / "model.npz"), model)
    assert checkpoint.dumps(model) == (tmp_path / "model.npz").read_bytes()
    with np.load(tmp_path / "model.npz", allow_pickle=False) as found:
        assert np.array_equal(found["Why"], model.parameters["Why"])


@pytest.mark.parametrize("text", healthy.ODD_TEXTS.values(), ids=healthy.ODD_TEXTS)
@pytest.mark.parametrize("words", [False, True])
@pytest.mark.parametrize("cleaning", ["none", "lowercase"])
def test_odd_vocabularies(text: str, words: bool, cleaning: str) -> None:
    """Kept exactly: nothing is normalized, cut at a NUL, or escaped twice."""
    vocabulary = Vocabulary.from_text(text, words=words, cleaning=cleaning)
    model = CharRNN(vocabulary, ModelConfig("rnn", 2))
    assert same(checkpoint.loads(checkpoint.dumps(model)), model)


@settings(max_examples=200, deadline=None)
@given(st.text(min_size=1), st.booleans())
def test_any_text_makes_a_vocabulary_that_returns(text: str, words: bool) -> None:
    model = CharRNN(Vocabulary.from_text(text, words=words), ModelConfig("rnn", 1))
    assert same(checkpoint.loads(checkpoint.dumps(model)), model)


def test_the_same_file_in_every_process() -> None:
    """Neither the hash seed nor the process changes a byte."""
    code = (
        "import hashlib; from charrnn import CharRNN, ModelConfig, Vocabulary\n"
        "from charrnn.formats import checkpoint\n"
        "model = CharRNN(Vocabulary.from_text('hello'), ModelConfig('rnn', 1))\n"
        "model.parameters.vector[:] = 0.5\n"
        "print(hashlib.sha256(checkpoint.dumps(model)).hexdigest())"
    )
    digests = set()
    for seed in "012":
        environment = os.environ | {"PYTHONHASHSEED": seed}
        argv = [sys.executable, "-c", code]
        done = subprocess.run(
            argv, cwd=TESTS.parent, env=environment, capture_output=True, text=True, check=True
        )
        digests.add(done.stdout)
    assert len(digests) == 1


def test_a_model_in_float64_is_saved_in_float32() -> None:
    model = made()
    assert checkpoint.dumps(model.astype(np.float64)) == checkpoint.dumps(model)


def test_a_loaded_model_can_be_trained() -> None:
    """Its weights are its own, and not a view of the file."""
    model = checkpoint.loads(checkpoint.dumps(made()))
    assert model.parameters.vector.flags.owndata
    assert model.parameters.vector.flags.writeable


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for path, reason in [(tmp_path / "none.npz", "No such file"), (tmp_path, r"directory|denied")]:
        with pytest.raises(ModelFileError, match=reason) as caught:
            checkpoint.load(path)
        assert isinstance(caught.value.__cause__, OSError)


@pytest.mark.parametrize("path", ["a\0b.npz", "a\ud800b.npz"])
def test_paths_that_no_file_can_have(path: str) -> None:
    with pytest.raises(ModelFileError, match="cannot be read: "):
        checkpoint.load(path)


def test_the_error_tells_which_file_and_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a long path is shortened
    path = "none.npz"
    with pytest.raises(ModelFileError) as caught:
        checkpoint.load(path)
    assert str(caught.value) == f"{path!r} cannot be read: No such file or directory."

    def refuse(path: str, mode: str) -> None:
        raise PermissionError

    monkeypatch.setattr(checkpoint, "open", refuse, raising=False)
    with pytest.raises(ModelFileError, match=r"cannot be read: PermissionError\.$"):
        checkpoint.load(path)


def test_what_a_file_unpacks_to_is_limited_too(tmp_path: Path) -> None:
    """By every way to read one: 2 kB on the disk, and 0.2 MB of zeros in it."""
    meta = forge.META | {"hidden_size": 100, "resume": {"slots": 2, "batch_size": 1}}
    path = tmp_path / "small.npz"
    path.write_bytes(forge.forge([forge.deflated(part) for part in forge.parts(meta, 0.0)]))
    for read in (checkpoint.load, checkpoint.info, checkpoint.load_training):
        assert read(path)
        with pytest.raises(ModelFileError, match=r"takes 0\.2 MB, and the limit here is 0\.1 MB\."):
            read(path, max_bytes=130_000)


def test_a_file_of_just_the_limit_is_read(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    checkpoint.save(made(), path)
    size = path.stat().st_size
    assert same(checkpoint.load(path, max_bytes=size), made())
    with pytest.raises(ModelFileError, match="limit"):
        checkpoint.load(path, max_bytes=size - 1)


def test_a_large_file_is_not_even_read(tmp_path: Path) -> None:
    path = tmp_path / "sparse.npz"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(ModelFileError, match="limit"):
        checkpoint.load(path)
    checkpoint.save(made(), path)
    with pytest.raises(ModelFileError, match="limit"):
        checkpoint.load(path, max_bytes=1000)


@pytest.mark.skipif(os.name == "nt", reason="needs devices")
def test_devices_do_not_hang() -> None:
    for path in ("/dev/zero", "/dev/null"):
        with pytest.raises(ModelFileError):
            checkpoint.load(path)


def test_the_first_step_must_be_finite(monkeypatch: pytest.MonkeyPatch) -> None:
    """No cell of today gets there with weights below the limit; one of tomorrow might."""
    monkeypatch.setattr(checkpoint, "MAX_WEIGHT", np.inf)
    values = forge.arrays(forge.META, fill=3e38)
    with pytest.raises(ModelFileError) as caught:
        checkpoint.loads(forge.with_arrays(forge.META, values))
    assert str(caught.value) == "The model is broken: what it computes is not finite."


def test_what_cannot_be_loaded_is_not_saved(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    checkpoint.save(made(), path)
    good = path.read_bytes()
    for name, value in {"nan": np.nan, "inf": np.inf, "large": 1e7, "too large": 1e300}.items():
        broken = made().astype(np.float64)
        broken.parameters["by"][-1] = value
        with pytest.raises(ModelFileError, match=r"cannot be saved\."):
            checkpoint.save(broken, path)
        assert path.read_bytes() == good, name
    odd = CharRNN(Vocabulary(("ab", "")), ModelConfig("rnn", 1))
    with pytest.raises(ModelFileError) as caught:
        checkpoint.dumps(odd)
    assert str(caught.value) == (
        "The model cannot be saved. It has symbols of several characters, and calls them no words."
    )
    half = CharRNN(Vocabulary(("a", "\ud800")), ModelConfig("rnn", 1))
    with pytest.raises(ModelFileError, match="JSON"):
        checkpoint.dumps(half)
    facts = made()
    facts.metadata = {"loss": float("nan")}
    with pytest.raises(ModelFileError, match="JSON"):
        checkpoint.dumps(facts)
    strange = CharRNN(Vocabulary(("a", "b")), ModelConfig("rnn", np.int64(3)))  # type: ignore[arg-type]
    with pytest.raises(ModelFileError, match="JSON"):
        checkpoint.dumps(strange)


def test_info(tmp_path: Path) -> None:
    model = made("gru", "hello", layers=2)
    model.metadata = {"steps": 3}
    checkpoint.save(model, tmp_path / "model.npz")
    found = checkpoint.info(tmp_path / "model.npz")
    assert found["cell"] == "gru"
    assert found["vocab_size"] == 4
    assert found["parameters"] == model.parameters.vector.size
    assert found["bytes"] == (tmp_path / "model.npz").stat().st_size
    assert found["training"] == {"steps": 3}
    assert found["resumable"] is False
    json.dumps(found)
    (tmp_path / "model.npz").write_bytes(b"PK\x03\x04")
    with pytest.raises(ModelFileError):
        checkpoint.info(tmp_path / "model.npz")


# ---- what a trainer needs to go on ----


def training_arrays(model: CharRNN, slots: int, N: int) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    P, H = model.parameters.vector.size, model.config.hidden_size
    found = {"live": rng.random(P), **{f"slot{i}": rng.random(P) for i in range(slots)}}
    for layer in range(model.config.layers):
        found |= {f"state{layer}_{kind}": rng.random((H, N)) for kind in model.cell.state}
    return {name: array.astype(np.float32) for name, array in found.items()}


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("slots", [0, 1, 2])
def test_training_round_trip(cell: str, slots: int, tmp_path: Path) -> None:
    path, model = tmp_path / "run.npz", made(cell, layers=2)
    arrays = training_arrays(model, slots, 3)
    resume = {"slots": slots, "batch_size": 3, "facts": {"sha256": "x"}, "history": [[1, 2.5]]}
    checkpoint.save_training(model, path, arrays, resume)
    again, found, facts = checkpoint.load_training(path)
    assert same(again, model)
    assert facts == resume
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert np.array_equal(found[name], array)
        assert found[name].flags.owndata
        assert found[name].flags.writeable
    assert same(checkpoint.load(path), model), "it is a model file as well"
    assert checkpoint.info(path)["resumable"] is True
    assert checkpoint.info(path)["parameters"] == model.parameters.vector.size


def test_a_finished_model_cannot_be_resumed(tmp_path: Path) -> None:
    checkpoint.save(made(), tmp_path / "model.npz")
    with pytest.raises(ModelFileError) as caught:
        checkpoint.load_training(tmp_path / "model.npz")
    assert str(caught.value) == (
        "The file holds a finished model, and not the state of a training to go on with."
    )


def test_arrays_of_another_run_are_not_saved(tmp_path: Path) -> None:
    model = made()
    resume = {"slots": 1, "batch_size": 3}
    good = training_arrays(model, 1, 3)
    for wrong in (
        training_arrays(model, 0, 3),
        training_arrays(model, 2, 3),
        training_arrays(model, 1, 4),
        good | {"live": good["live"][:-1]},
        good | {"slot0": np.full_like(good["slot0"], np.nan)},
    ):
        with pytest.raises(ModelFileError, match=r"cannot be saved\."):
            checkpoint.save_training(model, tmp_path / "run.npz", wrong, resume)
    assert not os.listdir(tmp_path)


def test_the_largest_shape_that_is_promised() -> None:
    """8 layers of every cell, in training, fit the reader's count of members."""
    for cell in CELLS:
        model = made(cell, layers=8, hidden_size=2)
        arrays = training_arrays(model, 2, 1)
        members = [*model.parameters, *arrays, npz.META]
        assert len(members) <= 64


def test_loading_never_warns() -> None:
    """Weights at the limit overflow nothing in the first step."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for cell in CELLS:
            model = made(cell, layers=2)
            model.parameters.vector[:] = checkpoint.MAX_WEIGHT
            assert same(checkpoint.loads(checkpoint.dumps(model)), model)
