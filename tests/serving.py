"""The real page, `python app.py`, in a child process on a free port."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from waiting import PATIENCE, wait_until

ROOT = Path(__file__).resolve().parents[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(
    folder: Path, seconds: int = 180, root: Path = ROOT, **environment: str
) -> Iterator[str]:
    """Start the page as a person would, without a token or a network; yields its address.

    folder: for its log and temporary files. seconds: the longest training run; no test waits for
    it. root: the checkout that serves it. environment: additional variables, such as HF_ENDPOINT
    and HF_HUB_OFFLINE="0" to let it talk to a Hub.
    """
    port = free_port()
    process = start(folder, port, seconds, root=root, **environment)
    url = f"http://127.0.0.1:{port}/"
    try:
        wait_for(url, process, folder / "log.txt")
        yield url
    finally:
        process.terminate()
        process.wait(PATIENCE)


def start(
    folder: Path, port: int, seconds: int, *argv: str, root: Path = ROOT, **environment: str
) -> subprocess.Popen[bytes]:
    """The page's process; `wait_for` waits until it answers."""
    quiet = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1"}
    places = {"GRADIO_TEMP_DIR": str(folder / "tmp"), "XDG_CACHE_HOME": str(folder / "cache")}
    with (folder / "log.txt").open("w") as sink:
        return subprocess.Popen(
            [sys.executable, "app.py", "--port", str(port), "--seconds", str(seconds), *argv],
            cwd=root,
            stdout=sink,
            stderr=subprocess.STDOUT,
            env={**os.environ, **quiet, **places, **environment},
        )


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the page answers; fail with its log if it ends."""

    def answers() -> bool:
        if process.poll() is not None:
            pytest.fail(f"the page did not start:\n{log.read_text()}")
        try:
            with urllib.request.urlopen(url):
                return True
        except OSError:
            return False

    wait_until(answers, "the page did not answer", pause=0.2)
