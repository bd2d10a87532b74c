"""The atomic writer: faults at every step, kills, full disks, links and permissions."""

from __future__ import annotations

import errno
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import from_bytes, to_bytes

from charrnn import CharRNN, ModelConfig, Vocabulary, files
from charrnn.training import checkpoint

TESTS = Path(__file__).parent
POSIX = pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals and limits")
FAULTS = [
    OSError(errno.ENOSPC, "No space left on device"),
    OSError(errno.EIO, "Input/output error"),
    MemoryError(),
    KeyboardInterrupt(),
]


def model(value: float = 0.0) -> CharRNN:
    made = CharRNN(Vocabulary.from_text("hello"), ModelConfig("rnn", 8))
    made.parameters["by"][:] = value
    return made


class Faults:
    """Counts the steps of a save, and fails the chosen one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, fail_at: int, error: BaseException) -> None:
        self.steps: list[str] = []
        self.fail_at, self.error = fail_at, error
        for name in ("fsync", "replace", "chmod", "stat", "open", "close"):
            monkeypatch.setattr(files.os, name, self.step(name, getattr(os, name)))
        monkeypatch.setattr(files, "open", self.step("create", self.open), raising=False)

    def step(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **kwargs: Any) -> Any:
            self.steps.append(name)
            if len(self.steps) == self.fail_at:
                raise self.error
            return function(*args, **kwargs)

        return counted

    def open(self, *args: Any) -> Any:
        file = open(*args)  # noqa: SIM115
        for name in ("write", "flush"):
            wrapped = self.step(name, getattr(file, name))
            file = Wrapped(file, name, wrapped)
        return file


class Wrapped:
    """A real file, with one of its methods counted."""

    def __init__(self, file: Any, name: str, method: Callable[..., Any]) -> None:
        self._file = file
        setattr(self, name, method)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> Wrapped:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()


@pytest.mark.parametrize("error", FAULTS, ids=repr)
def test_whichever_step_fails_a_whole_file_stays(
    error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model.npz"
    old, new = to_bytes(model(1)), to_bytes(model(2))
    told = set()
    for fail_at in range(1, 30):
        path.write_bytes(old)
        with monkeypatch.context() as patch:
            faults = Faults(patch, fail_at, error)
            try:
                checkpoint.save(model(2), path)
                failed = False
            except type(error):
                failed = True
        assert os.listdir(tmp_path) == ["model.npz"]
        replaced = not failed or "replace" in faults.steps[: fail_at - 1]
        assert path.read_bytes() == (new if replaced else old)
        if fail_at > len(faults.steps):
            break
        told |= {faults.steps[-1]} if failed else set()
    assert not failed
    assert {"create", "write", "flush", "fsync", "replace"} <= told


def test_order_of_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All bytes are on the disk before the rename, and then the rename is synced too."""
    with monkeypatch.context() as patch:
        faults = Faults(patch, 0, OSError())
        files.write(tmp_path / "new", b"data")
    order = [s for s in faults.steps if s in ("create", "write", "flush", "fsync", "replace")]
    assert order == ["create", "write", "flush", "fsync", "replace", *["fsync"] * (os.name != "nt")]


def test_the_new_file_grows_beside_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two file systems a rename would be a copy, which is not atomic."""
    moved: list[tuple[str, str]] = []
    with monkeypatch.context() as patch:
        patch.setattr(files.os, "replace", lambda *names: moved.append(names))
        files.write(tmp_path / "new", b"data")
    ((source, target),) = moved
    assert os.path.dirname(source) == os.path.dirname(target) == os.path.realpath(tmp_path)


def test_first_save_that_fails_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        Faults(patch, 2, OSError(errno.ENOSPC, "full"))
        with pytest.raises(OSError, match="full"):
            files.write(tmp_path / "new", b"data")
    assert not os.listdir(tmp_path)


def test_the_first_error_is_told_when_the_clean_up_fails_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str) -> None:
        raise PermissionError(path)

    with monkeypatch.context() as patch:
        Faults(patch, 2, OSError(errno.ENOSPC, "full"))
        patch.setattr(files.os, "unlink", refuse)
        with pytest.raises(OSError, match="full"):
            files.write(tmp_path / "new", b"data")


@pytest.mark.parametrize("code", sorted(files.NO_FOLDER_SYNC))
def test_folders_that_cannot_be_synced(
    code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str, flags: int) -> int:
        raise OSError(code, "not here")

    with monkeypatch.context() as patch:
        patch.setattr(files.os, "open", refuse)
        files.write(tmp_path / "new", b"data")
    assert (tmp_path / "new").read_bytes() == b"data"


def test_windows_has_no_folders_to_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        faults = Faults(patch, 0, OSError())
        patch.setattr(files.os, "name", "nt")
        files._sync_folder(str(tmp_path))
    assert faults.steps == []


def test_what_was_there_is_kept_under_another_name(tmp_path: Path) -> None:
    file, previous = tmp_path / "model.npz", tmp_path / "model.previous.npz"
    files.write(file, b"first", previous)
    assert not previous.exists()
    files.write(file, b"second", previous)
    files.write(file, b"third", previous)
    assert (file.read_bytes(), previous.read_bytes()) == (b"third", b"second")


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        files.write(tmp_path / "no" / "model.npz", b"data")


def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"directory|denied"):
        files.write(tmp_path, b"data")
    assert not os.listdir(tmp_path)


@POSIX
def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real.npz", tmp_path / "link.npz"
    real.write_bytes(b"old")
    link.symlink_to(real)
    files.write(link, b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"


@POSIX
def test_permissions_are_kept_and_new_files_follow_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        files.write(tmp_path / "new", b"data")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640
    (tmp_path / "new").chmod(0o604)
    files.write(tmp_path / "new", b"more")
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o604


@POSIX
def test_a_device_is_written_to_and_not_replaced() -> None:
    reader, writer = os.openpty()  # not /dev/null, which root would lose if the code were wrong
    try:
        files.write(os.ttyname(writer), b"data")
        assert os.read(reader, 10) == b"data"
        assert stat.S_ISCHR(os.stat(os.ttyname(writer)).st_mode)
    finally:
        os.close(reader)
        os.close(writer)


def test_names_of_any_length_and_script(tmp_path: Path) -> None:
    for name in ("é" * 120, "a" * 255, "-rf", " ", "модель.npz"):
        files.write(tmp_path / name, b"data")
        assert (tmp_path / name).read_bytes() == b"data"
    assert len(os.listdir(tmp_path)) == 5


def test_a_file_is_tried_and_stays_as_it_is(tmp_path: Path) -> None:
    files.try_write(tmp_path / "new", 1_000)
    assert os.listdir(tmp_path) == []
    (tmp_path / "old").write_bytes(b"data")
    files.try_write(tmp_path / "old", 1_000)
    assert (tmp_path / "old").read_bytes() == b"data"
    assert os.listdir(tmp_path) == ["old"]
    files.try_write(os.devnull, 1_000)
    for wrong in (tmp_path, tmp_path / "none" / "new", tmp_path / "old" / "new"):
        with pytest.raises(OSError, match="directory"):
            files.try_write(wrong)


@POSIX
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EOPNOTSUPP])
def test_a_disk_without_room_is_found_out(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fallocate(descriptor: int, start: int, size: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(files.os, "posix_fallocate", fallocate)
    if number == errno.EOPNOTSUPP:  # the space is then unknown until the write
        files.try_write(tmp_path / "new", 1_000)
    else:
        with pytest.raises(OSError, match="new"):
            files.try_write(tmp_path / "new", 1_000)
    assert os.listdir(tmp_path) == []


def test_what_killed_programs_left_is_swept(tmp_path: Path) -> None:
    fresh, old = tmp_path / ".charrnn-1.tmp", tmp_path / ".charrnn-2.tmp"
    for path in (fresh, old, tmp_path / "my.tmp"):
        path.touch()
    for path in (old, tmp_path / "my.tmp"):
        os.utime(path, (0, 0))
    files.try_write(tmp_path / "new")
    assert sorted(os.listdir(tmp_path)) == [".charrnn-1.tmp", "my.tmp"]


def test_an_error_names_the_file_that_was_asked_for(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="new") as caught:
        files.write(tmp_path / "none" / "new", b"data")
    assert caught.value.filename == str(tmp_path / "none" / "new")


@POSIX
def test_full_disk(tmp_path: Path) -> None:
    """A real process hits a real limit of the operating system."""
    path = tmp_path / "model.npz"
    checkpoint.save(model(1), path)
    good = path.read_bytes()
    code = (
        "import resource, sys; from charrnn import CharRNN, ModelConfig, Vocabulary, save\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))\n"
        "save(CharRNN(Vocabulary.from_text('hello'), ModelConfig('rnn', 200)), sys.argv[1])"
    )
    argv = [sys.executable, "-c", code, str(path)]
    done = subprocess.run(argv, capture_output=True, text=True, cwd=TESTS.parent)
    assert done.returncode == 1
    assert "OSError: [Errno 27] File too large" in done.stderr
    assert path.read_bytes() == good
    assert os.listdir(tmp_path) == ["model.npz"]


def kill_savers(folder: Path, kills: int, how: str) -> list[dict[str, Any]]:
    argv = [sys.executable, str(TESTS / "killer.py"), str(folder), str(kills), how]
    environment = os.environ | {"PYTHONPATH": str(TESTS.parent), "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def check_kills(rounds: list[dict[str, Any]], kills: int) -> None:
    assert len(rounds) >= kills
    assert [r for r in rounds if r["error"]] == []
    for r in rounds:
        assert r["told"] <= r["found"] <= r["told"] + 1  # never older than the last returned save
    assert sum(r["inside"] for r in rounds) >= kills // 10, "kills must come amid a write"


@POSIX
def test_20_kills(tmp_path: Path) -> None:
    check_kills(kill_savers(tmp_path, 20, "save"), 20)


@POSIX
@pytest.mark.slow
def test_200_kills(tmp_path: Path) -> None:
    check_kills(kill_savers(tmp_path, 200, "save"), 200)


@POSIX
@pytest.mark.slow
def test_the_kills_have_teeth(tmp_path: Path) -> None:
    """The same kills leave a file of np.savez unreadable."""
    rounds = kill_savers(tmp_path, 40, "savez")
    assert sum(bool(r["error"]) for r in rounds) >= 4


def test_model_of_the_fault_tests_is_worth_it() -> None:
    """The tests of faults above tell the old file from the new one by its bytes."""
    assert to_bytes(model(1)) != to_bytes(model(2))
    assert np.all(from_bytes(to_bytes(model(2))).parameters["by"] == 2)


def test_the_texts_and_models_that_come_with_the_project_are_found() -> None:
    assert (files.shipped("data") / "lighthouse.txt").is_file()
    assert list(files.shipped("pretrained").glob("*.npz"))
