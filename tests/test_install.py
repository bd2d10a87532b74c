"""The README's first command on a fresh copy, and `pip install .`, both real and so slow."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LEFT_OUT = shutil.ignore_patterns(".git", ".venv*", "__pycache__", ".*_cache", "out", "dist")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the files in a fresh clone."""
    folder = tmp_path_factory.mktemp("fresh") / "charrnn"
    shutil.copytree(ROOT, folder, ignore=LEFT_OUT)
    return folder


def first_command() -> str:
    """The README's first command, with this Python for `python3`."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    match = re.search(r"^\$ (python3 -m venv .*)$", text, re.MULTILINE)
    assert match
    return match[1].replace("python3", f"'{sys.executable}'", 1)


def clean_env(**more: str) -> dict[str, str]:
    """This environment without anything that could make charrnn importable from elsewhere."""
    return {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | more


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(url: str, process: subprocess.Popen[bytes], seconds: float) -> str:
    """The page's answer, once there is one."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert process.poll() is None, "it ended by itself"
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                text: str = response.read().decode()
                return text
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"no answer in {seconds} s")


@pytest.mark.skipif(os.name == "nt", reason="the command is for a POSIX shell")
def test_the_first_command_serves_the_page(copy: Path) -> None:
    port = free_port()
    log = (copy.parent / "log").open("wb")
    process = subprocess.Popen(
        ["bash", "-c", first_command()],
        cwd=copy,
        env=clean_env(GRADIO_SERVER_PORT=str(port)),
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        page = answers(f"http://127.0.0.1:{port}/", process, 600)
        assert "<title>charrnn" in page.lower() or "charrnn" in page
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=60)
        log.close()


@pytest.mark.skipif(os.name == "nt", reason="the paths are for POSIX")
def test_pip_install_gives_a_command_that_works_anywhere(copy: Path, tmp_path: Path) -> None:
    scripts = copy / ".venv" / "bin"
    if not scripts.exists():
        subprocess.run([sys.executable, "-m", "venv", ".venv"], cwd=copy, check=True)
    pip = [scripts / "python", "-m", "pip", "install", "--quiet", str(copy)]
    subprocess.run(pip, cwd=tmp_path, env=clean_env(), check=True)
    # The copy must not be what is imported, so only its environment is left from now on.
    shutil.rmtree(copy / "charrnn")
    code = (
        "import charrnn.corpora as c, charrnn.pretrained as p; "
        "print(c.data_folder()); print(*p.pretrained_names())"
    )
    done = subprocess.run(
        [scripts / "python", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    data, names = done.stdout.splitlines()
    assert Path(data).parts[-3:] == ("site-packages", "charrnn", "data")
    assert names
    for argv in (
        ["train", "lighthouse", "--steps", "3", "--hidden-size", "8", "--no-baselines"],
        ["generate", names.split()[0], "--length", "10"],
        ["generate", "lighthouse.npz", "--length", "10"],
    ):
        subprocess.run([scripts / "charrnn", *argv], cwd=tmp_path, env=clean_env(), check=True)
