"""Temporary files, and models kept over a restart: swept, limited, found again, removed."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pytest
from waiting import wait_until

from charrnn import CharRNN, ModelConfig, TrainConfig, Vocabulary
from charrnn.service.disk_store import DiskStore
from charrnn.service.visitor import Visitor
from charrnn.training.trainer import Trainer
from charrnn.ui.server import temp_files
from charrnn.ui.server.temp_files import TempFiles, alive, sweep

TEXT = "hello there, " * 40


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Restores what a TempFiles sets for its process."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)


def put(path: Path, size: int = 10, age: float = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(size))
    os.utime(path, (time.time() - age, time.time() - age))
    return path


def test_broken_uploads_go_and_whole_ones_stay(tmp_path: Path) -> None:
    broken, fresh = put(tmp_path / "tmpabc", age=500), put(tmp_path / "tmpdef")
    whole = put(tmp_path / "0123" / "mine.npz", age=500)
    assert sweep(tmp_path) == 1
    assert not broken.exists()
    assert fresh.exists()
    assert whole.exists()


def test_beyond_the_quota_the_oldest_go_first(tmp_path: Path) -> None:
    files = [put(tmp_path / f"{n}" / "a.npz", 100, age=1000 - n) for n in range(5)]
    assert sweep(tmp_path, quota=250) == 3
    assert [path.exists() for path in files] == [False, False, False, True, True]


def test_the_sweeper_sweeps(tmp_path: Path) -> None:
    place = TempFiles()
    broken = put(place.folder / "tmpabc", age=500)
    place.watch(seconds=0.01)
    wait_until(lambda: not broken.exists())


def test_the_folder_takes_all_temporary_files_and_goes_with_them(tmp_path: Path) -> None:
    place = TempFiles()
    assert place.folder.parent == tmp_path
    with tempfile.NamedTemporaryFile(delete=False) as file:
        assert Path(file.name).parent == place.folder
    code = "import tempfile; print(tempfile.gettempdir())"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert child.stdout.strip() == str(place.folder)
    place.remove()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="no process can be asked whether it is alive")
def test_the_folder_of_a_server_that_was_killed_goes_with_the_next_one(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    put(tmp_path / f"{temp_files.PREFIX}{dead.pid}-x" / "a.npz")
    put(tmp_path / f"{temp_files.PREFIX}{os.getpid()}-y" / "a.npz")
    put(tmp_path / f"{temp_files.PREFIX}odd" / "a.npz")
    mine = TempFiles().folder
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {f"{temp_files.PREFIX}{os.getpid()}-y", f"{temp_files.PREFIX}odd", mine.name}
    assert alive("9" * 40)


def visitor(resumable: bool) -> Visitor:
    """A visitor with a model, with or without a run to continue."""
    if not resumable:
        model = CharRNN(Vocabulary.from_text("abc"), ModelConfig("rnn", 4))
        return Visitor(token="t").with_model(model, "mine", "secret")
    trainer = Trainer(TEXT, ModelConfig("gru", 4), TrainConfig(steps=3, batch_size=2))
    list(trainer.run())
    return Visitor(token="t").with_checkpoint(trainer.checkpoint, "mine", TEXT)


@pytest.mark.parametrize("resumable", [False, True])
def test_a_token_finds_its_model_after_a_restart(tmp_path: Path, resumable: bool) -> None:
    kept = visitor(resumable)
    assert DiskStore(tmp_path / "store").put(kept)
    for file in (tmp_path / "store").iterdir():
        assert TEXT.encode() not in file.read_bytes()
        assert b"secret" not in file.read_bytes()
    found = DiskStore(tmp_path / "store").find("t")
    assert found
    assert (found.current.parameters.vector == kept.current.parameters.vector).all()
    assert found.resumable == resumable
    assert (found.token, found.name) == ("t", "mine")


@pytest.mark.parametrize("token", ["", "u", "../t", "t\0", "x" * 10_000, "\ud800"])
def test_other_tokens_find_nothing(tmp_path: Path, token: str) -> None:
    disk_store = DiskStore(tmp_path / "store")
    disk_store.put(visitor(False))
    assert disk_store.find(token) is None


def test_a_visitor_without_a_model_is_not_stored(tmp_path: Path) -> None:
    disk_store = DiskStore(tmp_path / "store")
    assert not disk_store.put(Visitor(token="t"))
    assert not disk_store.put(replace(visitor(False), token=""))
    assert not disk_store.folder.exists()
    disk_store.sweep()


def test_a_damaged_file_is_as_good_as_none(tmp_path: Path) -> None:
    disk_store = DiskStore(tmp_path / "store")
    disk_store.put(visitor(False))
    path = disk_store.path("t")
    path.write_bytes(path.read_bytes()[:-20])
    assert disk_store.find("t") is None


def test_after_a_day_the_store_is_cleared(tmp_path: Path) -> None:
    disk_store = DiskStore(tmp_path / "store")
    disk_store.put(visitor(False))
    disk_store.sweep()
    assert disk_store.find("t")
    put(disk_store.path("t"), age=25 * 3600)
    disk_store.sweep()
    assert list(disk_store.folder.iterdir()) == []


def test_beyond_its_quota_the_store_removes_the_oldest(tmp_path: Path) -> None:
    disk_store = DiskStore(tmp_path / "store")
    for age, token in enumerate("abc"):
        disk_store.put(replace(visitor(False), token=token))
        put(disk_store.path(token), age=age * 100)
    size = disk_store.path("a").stat().st_size
    disk_store.sweep(quota=2 * size)
    assert [disk_store.path(token).exists() for token in "abc"] == [True, True, False]
