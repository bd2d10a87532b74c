"""`train --track trackio`, with the real package, which writes to a folder of this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from programs import missing

ROOT = Path(__file__).resolve().parents[1]
TRAIN = ["train", "hello", "--steps", "6", "--hidden-size", "8", "--out", "run.npz", "--json"]
READ = """
import json
from trackio.sqlite_storage import SQLiteStorage
config = SQLiteStorage.get_run_config("charrnn", "run")
print(json.dumps([config, SQLiteStorage.get_logs("charrnn", "run")]))
"""


def python(folder: Path, *words: str, path: Path | None = None) -> str:
    """What a command prints to stdout, in a folder, with trackio where `path` is given."""
    places = [str(ROOT), *([str(path)] if path else [])]
    environment = {
        **os.environ, "PYTHONPATH": os.pathsep.join(places), "HF_HUB_OFFLINE": "1",
        "TRACKIO_DIR": str(folder / "tracked"), "TRACKIO_AUTO_LOG_CPU": "0",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True
    )
    return done.stdout if done.returncode == 0 else done.stderr


@pytest.fixture(scope="module")
def trackio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package alone, in a folder of its own.

    With all its dependencies, Uvicorn would serve all other tests' pages on another event loop.
    """
    folder = tmp_path_factory.mktemp("trackio")
    version = (ROOT / "tests/requirements-trackio.txt").read_text().strip()
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target"]
    if subprocess.run([*install, str(folder), version], capture_output=True).returncode:
        missing("needs a package index that has trackio")
    return folder


@pytest.mark.slow
def test_every_step_is_logged_as_progress_says_it(trackio: Path, tmp_path: Path) -> None:
    printed = python(tmp_path, "-m", "charrnn", *TRAIN, "--track", "trackio", path=trackio)
    shown = [json.loads(line) for line in printed.splitlines()]  # nothing but objects
    config, logs = json.loads(python(tmp_path, "-c", READ, path=trackio))
    assert (config["corpus"], config["hidden_size"], config["steps"]) == ("hello", 8, 6)
    assert [entry["step"] for entry in logs] == [1, 2, 3, 4, 5, 6]
    assert logs[-1]["loss"] == pytest.approx(shown[-1]["loss"])
    assert all({"smooth_loss", "learning_rate", "gradient_norm"} <= entry.keys() for entry in logs)


def test_without_the_package_a_sentence_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "trackio.py").write_text("raise ImportError('no package')\n")
    said = python(tmp_path, "-m", "charrnn", *TRAIN, "--track", "trackio", path=tmp_path)
    assert "pip install trackio" in said
    assert "Traceback" not in said
