"""The suite runs wherever a clone is: in a folder named charrnn, or with spaces and umlauts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LEFT_OUT = shutil.ignore_patterns(".git", ".venv*", "__pycache__", ".*_cache", "out", "dist")
READ_PATHS = [
    "test_architecture.py",
    "test_corpora.py",
    "test_temp_files.py",
    "test_training_process.py",
    "test_ui_junk.py::test_an_environment_in_a_clone_called_charrnn_is_not_own_code",
    "test_ui_junk.py::test_a_wrong_number_of_values_is_refused",
    "test_worker_pool.py",
]
"""Tests that start processes, serve files or read the source by its path."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.mark.skipif(os.name == "nt", reason="tests/run is for a POSIX shell")
@pytest.mark.parametrize("folder", ["charrnn", "a b ü/neu"])
def test_the_suite_runs_in_a_clone_of_any_name(tmp_path: Path, folder: str) -> None:
    clone, environment = tmp_path / folder, Path(sys.prefix)
    if not (environment / "installed.txt").exists():
        pytest.skip("needs the environment that tests/run makes")
    shutil.copytree(ROOT, clone, ignore=LEFT_OUT)
    (clone / ".venv").symlink_to(environment)
    tests = [f"tests/{name}" for name in READ_PATHS]
    argv = ["bash", str(clone / "tests/run"), "-q", "-p", "no:cacheprovider", *tests]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


WITHOUT_POSIX = """
import signal, sys
import filelock, psutil, pytest  # which ask for the real system
for name in ("resource", "pty", "pwd", "grp"):
    sys.modules[name] = None
for name in ("SIGKILL", "SIGSTOP", "SIGCONT", "SIGHUP"):
    if hasattr(signal, name):
        delattr(signal, name)
wanted = ["--collect-only", "-q", "-p", "no:cacheprovider", "-m", "not browser and not slow"]
sys.exit(pytest.main([*wanted, "tests"]))
"""


def test_what_runs_on_windows_is_found_without_posix() -> None:
    """Otherwise the workflow's job `windows` could not even start."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_POSIX],
        cwd=ROOT,
        env={**os.environ, "CI": "false"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]


def test_a_clone_by_git_for_windows_scores_its_own_models(tmp_path: Path) -> None:
    """With core.autocrlf, its installer's default, the texts keep the line ends of the models."""
    if not shutil.which("git") or not (ROOT / ".git").exists():
        pytest.skip("needs git and a clone")
    clone = tmp_path / "clone"
    quiet = {"check": True, "capture_output": True, "text": True}
    subprocess.run(
        ["git", "-c", "core.autocrlf=true", "clone", "--no-hardlinks", str(ROOT), str(clone)],
        **quiet,  # type: ignore[call-overload]
    )
    listed = subprocess.run(["git", "ls-files", "--eol"], cwd=clone, **quiet)  # type: ignore[call-overload]
    assert not [
        line for line in listed.stdout.splitlines() if "w/crlf" in line or "w/mixed" in line
    ]
    binary = [line for line in listed.stdout.splitlines() if line.endswith((".npz", ".png"))]
    assert binary
    assert all("attr/-text" in line for line in binary)
    code = (
        "import charrnn; from charrnn.pretrained import load_pretrained;"
        "text = charrnn.load_corpus('lighthouse').text[-5000:];"
        "print(charrnn.score(load_pretrained('lighthouse'), text))"
    )
    scores = [
        subprocess.run([sys.executable, "-c", code], cwd=folder, **quiet).stdout  # type: ignore[call-overload]
        for folder in (clone, ROOT)
    ]
    assert scores[0] == scores[1]
