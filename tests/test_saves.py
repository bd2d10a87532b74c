"""The same command continues a killed run from its last save, as if nothing had happened."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from waiting import wait_until

from charrnn import load
from charrnn.__main__ import main
from charrnn.training.checkpoint import Checkpoint

ROOT = Path(__file__).parent.parent
TEXT = "She sells sea shells by the sea shore; the shells she sells are sea shells. " * 30
TRAIN = ["train", "sea.txt", "--hidden-size", "12", "--eval-every", "10", "--sample-every", "0"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sea.txt").write_text(TEXT)
    return tmp_path


def killed(*words: str) -> None:
    """Run a command in a child that saves all the time, and kill it after two saves."""
    argv = [sys.executable, "-m", "charrnn", *TRAIN, *words, "--save-every", "0.01"]
    with subprocess.Popen(
        argv, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL
    ) as process:
        wait_until(lambda: Path("sea.npz").exists() and Path("sea.previous.npz").exists())
        process.kill()


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[dict[str, Any]], str]:
    """A command's exit code, its JSON objects and its remarks."""
    capsys.readouterr()
    code = main([*TRAIN, "--json", "--log-every", "1", *words])
    out, err = capsys.readouterr()
    return code, [json.loads(line) for line in out.splitlines()], err


def step_of(path: str) -> int:
    state = Checkpoint.load(path).state
    assert state is not None
    return state.step


@pytest.mark.parametrize("damage", ["none", "cut", "lost"])
def test_the_same_command_goes_on(damage: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--steps", "1200")
    killed(*words)
    saved, before = step_of("sea.npz"), step_of("sea.previous.npz")
    assert 0 < before < saved < 1200
    if damage == "cut":
        Path("sea.npz").write_bytes(Path("sea.npz").read_bytes()[:-100])
    elif damage == "lost":
        Path("sea.npz").unlink()
    start = saved if damage == "none" else before
    code, printed, err = run(capsys, *words)
    assert code == 0
    assert f"from step {start:,}" in err
    assert printed[0]["step"] == start + 1
    assert not Path("sea.previous.npz").exists()
    assert run(capsys, *words, "--out", "whole.npz")[0] == 0
    whole, continued = (Checkpoint.load(name) for name in ("whole.npz", "sea.npz"))
    assert whole.state and continued.state
    vectors = [c.state.live.parameters.vector for c in (whole, continued) if c.state]
    np.testing.assert_array_equal(*vectors)  # to the last bit
    assert whole.state.history == continued.state.history


def test_a_run_of_some_seconds_goes_on_for_the_rest(capsys: pytest.CaptureFixture[str]) -> None:
    killed("--seconds", "100000")
    state = Checkpoint.load("sea.npz").state
    assert state is not None
    state.seconds = 99_999.9
    Checkpoint(load("sea.npz"), state).save("sea.npz")
    code, printed, _ = run(capsys, "--seconds", "100000")
    assert code == 0
    assert printed[0]["step"] == state.step + 1
    assert load("sea.npz").metadata["seconds"] >= 99_999.9


def test_another_run_or_a_finished_one_is_not_touched(capsys: pytest.CaptureFixture[str]) -> None:
    killed("--steps", "5000")
    data = Path("sea.npz").read_bytes()
    for words in (("--steps", "5001"), ("--steps", "5000", "--cell", "gru")):
        code, _, err = run(capsys, *words)
        assert code == 2
        assert "sea.npz exists" in err
        assert Path("sea.npz").read_bytes() == data
    assert run(capsys, "--steps", "20", "--overwrite")[0] == 0
    code, _, err = run(capsys, "--steps", "20")
    assert (code, "sea.npz exists" in err) == (2, True)
    Path("sea.txt").write_text(TEXT[1:])
    assert run(capsys, "--steps", "20")[0] == 2
