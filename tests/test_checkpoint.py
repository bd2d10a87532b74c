"""Reading and writing models: the corpus of hostile files, mutations, and every promise."""

from __future__ import annotations

import copy
import io
import json
import os
import pickle
import subprocess
import sys
import tracemalloc
import warnings
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import forge
import healthy
import hostile_arrays
import hostile_meta
import hostile_zip
import numpy as np
import pytest
from builders import TEXT, from_bytes, to_bytes
from hypothesis import given, settings
from hypothesis import strategies as st

from charrnn import CELLS, CharRNN, ModelConfig, TrainConfig, Trainer, Vocabulary
from charrnn.formats import npz
from charrnn.training import checkpoint
from charrnn.training.checkpoint import HOSTED_BYTES, Checkpoint, ModelFileError, TrainState

TESTS = Path(__file__).parent
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the judge reads /proc")


# ---- the corpus ----


@pytest.fixture(scope="module")
def canary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("canary") / "canary"


@pytest.fixture(scope="module")
def verdicts(canary: Path) -> list[dict[str, Any]]:
    """The judge's verdict on every file, from separate processes."""
    environment = os.environ | {"PYTHONPATH": str(TESTS.parent), "OPENBLAS_NUM_THREADS": "1"}
    argv = [sys.executable, str(TESTS / "hostile.py"), str(canary)]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@LINUX
def test_hostile_files_are_refused(verdicts: list[dict[str, Any]]) -> None:
    hostile = [v for v in verdicts if not v["healthy"]]
    assert len(hostile) >= 690
    assert len({v["name"] for v in verdicts}) == len(verdicts)
    assert [v for v in hostile if v["outcome"] != "ModelFileError"] == []


@LINUX
def test_odd_but_healthy_files_load(verdicts: list[dict[str, Any]]) -> None:
    odd = [v for v in verdicts if v["healthy"]]
    assert len(odd) >= 220
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
    """Runs on every system, also where the judge cannot measure."""
    loaded = {
        f"{module.__name__[8:]}.{name}".replace(" ", "")
        for module in (hostile_zip, hostile_arrays, hostile_meta)
        for name, file in module.cases(str(canary))
        if isinstance(file, bytes) and len(file) < 6_000_000 and model_or_none(file)
    }
    assert loaded == healthy.HARMLESS
    assert not canary.exists()


def test_odd_files_load_in_this_process_too() -> None:
    """Whatever wrote it, each file gives the model described by its metadata and arrays."""
    odd = [*healthy.containers(), *healthy.architectures(), *healthy.metadata(), *healthy.values()]
    for name, file in odd:
        if isinstance(file, bytes):
            assert model_or_none(file), name


# ---- mutations ----

HEALTHY = dict([*healthy.containers(), *healthy.architectures()])
SOURCES = [HEALTHY[name] for name in ("forged", "savez_compressed", "savez_pipe", "lstm_slots_2")]
MODELS = {to_bytes(from_bytes(data)) for data in SOURCES}

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
    """The model in a file, or None if the file is refused with a printable sentence."""
    try:
        return from_bytes(data, max_bytes=HOSTED_BYTES)
    except ModelFileError as error:
        message = str(error)
    check_sentence(message)
    return None


def same_model_or_refused(data: bytes) -> None:
    model = model_or_none(data)
    assert model is None or to_bytes(model) in MODELS


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
    """If a change does no harm, as in a date, the model is the same."""
    data = SOURCES[0]
    for at in range(len(data)):
        for value in (data[at] ^ 1, data[at] ^ 0x80, 0, 0xFF):
            same_model_or_refused(data[:at] + bytes([value]) + data[at + 1 :])


def test_every_cut() -> None:
    data = SOURCES[0]
    for end in range(len(data)):
        with pytest.raises(ModelFileError):
            from_bytes(data[:end])


@settings(max_examples=300, deadline=None)
@given(edits, st.integers(0, 5))
def test_a_mutated_member_with_a_right_checksum(
    changes: list[tuple[str, float, float, bytes]], which: int
) -> None:
    """Behind a correct checksum, a wrong .npy header or wrong metadata must still be caught."""
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
    """Check that a file is refused, or is a complete model that survives saving and loading."""
    model = model_or_none(data)
    assert model is None or same(from_bytes(to_bytes(model)), model)


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
    assert to_bytes(model) == (tmp_path / "model.npz").read_bytes()
    with np.load(tmp_path / "model.npz", allow_pickle=False) as found:
        assert np.array_equal(found["Why"], model.parameters["Why"])


@pytest.mark.parametrize("text", healthy.ODD_TEXTS.values(), ids=healthy.ODD_TEXTS)
@pytest.mark.parametrize("words", [False, True])
@pytest.mark.parametrize("cleaning", ["none", "lowercase"])
def test_odd_vocabularies(text: str, words: bool, cleaning: str) -> None:
    """They are kept exactly: nothing is normalized, cut at a NUL, or escaped twice."""
    vocabulary = Vocabulary.from_text(text, words=words, cleaning=cleaning)
    model = CharRNN(vocabulary, ModelConfig("rnn", 2))
    assert same(from_bytes(to_bytes(model)), model)


@settings(max_examples=200, deadline=None)
@given(st.text(min_size=1), st.booleans())
def test_any_text_makes_a_vocabulary_that_returns(text: str, words: bool) -> None:
    model = CharRNN(Vocabulary.from_text(text, words=words), ModelConfig("rnn", 1))
    assert same(from_bytes(to_bytes(model)), model)


def test_the_same_file_in_every_process() -> None:
    """Neither the hash seed nor the process changes a byte."""
    code = (
        "import hashlib; from charrnn import CharRNN, ModelConfig, Vocabulary\n"
        "from charrnn.training.checkpoint import Checkpoint\n"
        "model = CharRNN(Vocabulary.from_text('hello'), ModelConfig('rnn', 1))\n"
        "model.parameters.vector[:] = 0.5\n"
        "print(hashlib.sha256(Checkpoint(model).to_bytes()).hexdigest())"
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
    assert to_bytes(model.astype(np.float64)) == to_bytes(model)


def test_a_loaded_model_can_be_trained() -> None:
    """The model owns its weights, which are not a view of the file."""
    model = from_bytes(to_bytes(made()))
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
    with pytest.raises(ModelFileError, match=f"{path}.*No such file"):
        checkpoint.load(path)

    def refuse(path: str, mode: str) -> None:
        raise PermissionError

    monkeypatch.setattr(npz, "open", refuse, raising=False)
    with pytest.raises(ModelFileError, match="PermissionError"):
        checkpoint.load(path)


def test_what_a_file_unpacks_to_is_limited_too(tmp_path: Path) -> None:
    """Every way to read a file has the limit: here 2 kB on the disk contain 0.2 MB of zeros."""
    meta = forge.META | {"hidden_size": 100, "resume": {"slots": 2, "batch_size": 1}}
    path = tmp_path / "small.npz"
    path.write_bytes(forge.forge([forge.deflated(part) for part in forge.parts(meta, 0.0)]))
    for read in (checkpoint.load, checkpoint.info, Checkpoint.load):
        assert read(path)
        with pytest.raises(ModelFileError, match=r"0\.2 MB, and the limit here is 0\.1 MB"):
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
    """No present cell overflows with weights below the limit, but a future one might."""
    monkeypatch.setattr(checkpoint, "MAX_WEIGHT", np.inf)
    values = forge.arrays(forge.META, fill=3e38)
    with pytest.raises(ModelFileError, match="finite"):
        from_bytes(forge.with_arrays(forge.META, values))


def test_what_cannot_be_loaded_is_not_saved(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    checkpoint.save(made(), path)
    good = path.read_bytes()
    for name, value in {"nan": np.nan, "inf": np.inf, "large": 1e7, "too large": 1e300}.items():
        broken = made().astype(np.float64)
        broken.parameters["by"][-1] = value
        with pytest.raises(ModelFileError, match="cannot be saved"):
            checkpoint.save(broken, path)
        assert path.read_bytes() == good, name
    odd = CharRNN(Vocabulary(("ab", "")), ModelConfig("rnn", 1))
    with pytest.raises(ModelFileError, match="vocabulary of words"):
        to_bytes(odd)
    half = CharRNN(Vocabulary(("a", "\ud800")), ModelConfig("rnn", 1))
    with pytest.raises(ModelFileError, match="JSON"):
        to_bytes(half)
    facts = made()
    facts.metadata = {"loss": float("nan")}
    with pytest.raises(ModelFileError, match="JSON"):
        to_bytes(facts)
    strange = CharRNN(Vocabulary(("a", "b")), ModelConfig("rnn", np.int64(3)))  # type: ignore[arg-type]
    with pytest.raises(ModelFileError, match="JSON"):
        to_bytes(strange)


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


def state_of(model: CharRNN, slots: int, N: int) -> TrainState:
    """The state of an unfinished training, with random numbers."""
    rng = np.random.default_rng(0)
    P, H = model.parameters.vector.size, model.config.hidden_size
    vectors = [rng.random(P).astype(np.float32) for _ in range(slots + 1)]
    average = rng.random(P).astype(np.float32)
    recurrent = tuple(
        tuple(rng.random((H, N)).astype(np.float32) for _ in model.cell.state)
        for _ in range(model.config.layers)
    )
    numbers: dict[str, Any] = {"step": 9, "best_loss": 1.5, "history": [[9, 2.5, None]]}
    live = model.with_vector(vectors[0])
    return TrainState(live, vectors[1:], recurrent, average=average, **numbers)


def numbers_of(state: TrainState) -> dict[str, Any]:
    arrays = ("live", "slots", "recurrent", "best", "average", "start")
    return {name: value for name, value in vars(state).items() if name not in arrays}


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("slots", [0, 1, 2])
def test_training_round_trip(cell: str, slots: int, tmp_path: Path) -> None:
    path, model = tmp_path / "run.npz", made(cell, layers=2)
    state = state_of(model, slots, 3)
    Checkpoint(model, state).save(path)
    loaded = Checkpoint.load(path)
    again = loaded.state
    assert again
    assert same(loaded.model, model)
    assert numbers_of(again) == numbers_of(state)
    assert again.best is None
    assert same(again.live, state.live)
    np.testing.assert_equal(again.slots, state.slots)
    np.testing.assert_equal(again.average, state.average)
    assert again.start is None
    np.testing.assert_equal(again.recurrent, state.recurrent)
    assert same(checkpoint.load(path), model), "it is a model file as well"
    assert checkpoint.info(path)["resumable"] is True
    assert checkpoint.info(path)["parameters"] == model.parameters.vector.size


def test_a_copied_state_shares_nothing_and_its_views_follow_its_vector() -> None:
    model = made()
    for copied in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        copied.parameters.vector[:] = 7
        assert (copied.parameters["Why"] == 7).all()
        assert not (model.parameters["Why"] == 7).any()


def test_a_finished_model_cannot_be_resumed() -> None:
    with pytest.raises(ModelFileError, match="finished model"):
        Checkpoint(made()).train_config()


def test_a_file_of_version_0_1_resumes() -> None:
    """A run of 13 of 30 steps, saved by version 0.1, resumes with nothing lost or changed."""
    data = (TESTS / "data" / "run_of_0_1.npz").read_bytes()
    saved = Checkpoint.from_bytes(data)
    trainer = Trainer.resume(saved, TEXT)
    assert trainer.config == TrainConfig(
        batch_size=2, seq_length=16, steps=30, learning_rate=0.01, eval_every=5
    )
    assert saved.training.corpus == "cats"
    again = trainer.checkpoint.to_bytes()
    with np.load(io.BytesIO(data)) as old, np.load(io.BytesIO(again)) as new:
        assert old.files == new.files
        meta = json.loads(bytes(old["__meta__"]))
        for name in old.files[1:]:
            np.testing.assert_array_equal(new[name], old[name])
        again_meta = json.loads(bytes(new["__meta__"]))
    for part in (again_meta["training"], again_meta["resume"]):
        later = part["config"].keys() - meta["training"]["config"].keys()
        part["config"] = {k: v for k, v in part["config"].items() if k not in later}
    assert again_meta == meta
    assert numbers_of(trainer.train_state) == meta["resume"]["ledger"]
    assert [progress.step for progress in trainer.run()] == list(range(14, 31))


def test_arrays_of_another_run_are_not_saved(tmp_path: Path) -> None:
    model = made()
    good = state_of(model, 1, 3)
    for wrong in (
        replace(good, slots=[good.slots[0][:-1]]),
        replace(good, slots=[np.full_like(good.slots[0], np.nan)]),
        replace(good, slots=[*good.slots] * 3),
        replace(good, live=made(hidden_size=7)),
        replace(good, step=-1),
        replace(good, seconds=float("nan")),
    ):
        with pytest.raises(ModelFileError):
            Checkpoint(model, wrong).save(tmp_path / "run.npz")
    assert not os.listdir(tmp_path)


def test_the_largest_shape_that_is_promised() -> None:
    """8 layers of every cell, in training, fit the reader's count of members."""
    for cell in CELLS:
        model = made(cell, layers=8, hidden_size=2)
        data = Checkpoint(model, state_of(model, 2, 1)).to_bytes()
        with np.load(io.BytesIO(data)) as arrays:
            assert len(arrays.files) <= 64


def test_loading_never_warns() -> None:
    """Weights at the limit overflow nothing in the first step."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for cell in CELLS:
            model = made(cell, layers=2)
            model.parameters.vector[:] = checkpoint.MAX_WEIGHT
            assert same(from_bytes(to_bytes(model)), model)


# ---- files that NumPy wrote ----


def rewritten(change: Any, pack: Any = np.savez) -> bytes:
    """A model's file after somebody opened it with NumPy, changed the arrays and saved them."""
    with np.load(io.BytesIO(to_bytes(made("gru")))) as file:
        arrays = dict(file)
    change(arrays)
    buffer = io.BytesIO()
    pack(buffer, **arrays)
    return buffer.getvalue()


def recast(dtype: str) -> Any:
    def change(arrays: dict[str, Any]) -> None:
        weights = {name: a.astype(dtype) for name, a in arrays.items() if name != "__meta__"}
        arrays.update(weights)

    return change


def transpose(arrays: dict[str, Any]) -> None:
    arrays.update({name: np.asfortranarray(a) for name, a in arrays.items()})


def add_array(arrays: dict[str, Any]) -> None:
    arrays["my notes"] = np.array(["a text", "of mine"])


def add_pickle(arrays: dict[str, Any]) -> None:
    arrays["notes"] = np.array([{"a": 1}], dtype=object)


def add_field(arrays: dict[str, Any]) -> None:
    meta = json.loads(bytes(arrays["__meta__"])) | {"normalization": {"layer": True}}
    arrays["__meta__"] = np.frombuffer(json.dumps(meta).encode(), np.uint8)


@pytest.mark.parametrize("pack", [np.savez, np.savez_compressed])
@pytest.mark.parametrize(
    "change",
    [
        dict.copy, transpose, add_array, add_pickle, add_field,
        recast(">f4"), recast("<f8"), recast(">f8"),
    ],
    ids=["as it is", "Fortran order", "an array more", "an array of objects", "a field more",
         "big-endian", "float64", "big-endian float64"],
)  # fmt: skip
def test_files_that_numpy_wrote_load(change: Any, pack: Any) -> None:
    assert same(from_bytes(rewritten(change, pack)), made("gru"))


def test_float16_is_read_to_its_three_digits() -> None:
    model = from_bytes(rewritten(recast("<f2")))
    weights = made("gru").parameters.vector
    np.testing.assert_array_equal(model.parameters.vector, weights.astype("<f2"))


@pytest.mark.parametrize("version", [(2, 0), (3, 0)])
def test_later_versions_of_npy_load(version: tuple[int, int]) -> None:
    def save(file: io.BytesIO, **arrays: Any) -> None:
        with zipfile.ZipFile(file, "w") as archive:
            for name, array in arrays.items():
                with archive.open(f"{name}.npy", "w") as member:
                    np.lib.format.write_array(member, array, version)

    assert same(from_bytes(rewritten(dict.copy, save)), made("gru"))


def test_numbers_beyond_float32_are_refused() -> None:
    def change(arrays: dict[str, Any]) -> None:
        arrays["by"] = np.full(4, 1e300)

    with pytest.raises(ModelFileError, match="not finite"):
        from_bytes(rewritten(change))


@pytest.mark.parametrize("dtype", ["<i4", "<c8", "|b1", "<U1"])
def test_numbers_that_are_not_floats_are_refused(dtype: str) -> None:
    with pytest.raises(ModelFileError, match="floats"):
        from_bytes(rewritten(recast(dtype)))


def test_a_file_in_float16_is_half_as_large(tmp_path: Path) -> None:
    model = made("lstm", hidden_size=100)
    checkpoint.save(model, tmp_path / "half.npz", np.float16)
    checkpoint.save(model, tmp_path / "whole.npz")
    sizes = [(tmp_path / name).stat().st_size for name in ("half.npz", "whole.npz")]
    assert sizes[0] < 0.55 * sizes[1]
    weights = checkpoint.load(tmp_path / "half.npz").parameters.vector
    assert weights.dtype == np.float32
    np.testing.assert_array_equal(weights, model.parameters.vector.astype(np.float16))
    model.parameters.vector[:] = 1e5
    with pytest.raises(ModelFileError, match="cannot be saved"):
        checkpoint.save(model, tmp_path / "half.npz", np.float16)


def test_the_limit_of_size_can_be_lifted() -> None:
    data = to_bytes(made())
    with pytest.raises(ModelFileError, match="limit"):
        from_bytes(data, max_bytes=len(data) - 1)
    assert same(from_bytes(data, max_bytes=None), made())


@pytest.mark.parametrize(
    "claim", [{"hidden_size": 4096, "layers": 8}, {"vocab": "".join(map(chr, range(256, 30_000)))}]
)
def test_what_is_too_large_is_refused_before_it_is_allocated(claim: dict[str, Any]) -> None:
    meta = forge.META | {"cell": "lstm", "hidden_size": 1000} | claim
    data = forge.forge([forge.meta_part(meta), *forge.parts()[1:]])
    tracemalloc.start()
    with pytest.raises(ModelFileError, match="limit"):
        Checkpoint.from_bytes(data, HOSTED_BYTES)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 << 20
