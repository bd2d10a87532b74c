"""The page on ZeroGPU: the platform's own package, against a stand-in for its device API."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from gradio_client import Client, handle_file
from serving import free_port, serving, start, wait_for
from waiting import PATIENCE, wait_until
from zerogpu_api import DeviceAPI

pytest.importorskip("spaces", reason="needs the package that the platform installs: spaces")

pytestmark = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the platform is Linux"),
    pytest.mark.slow,
]

TEXT = "hello world, said the sea. " * 100
QUICK = {"cell": "gru", "hidden_size": 16, "steps": 150}


@contextmanager
def on_zerogpu(
    folder: Path, api: DeviceAPI, **more: str
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The page as on a Space with ZeroGPU: its address and its process."""
    port = free_port()
    environment = {"SPACES_ZERO_GPU": "true", "SPACES_ZERO_DEVICE_API_URL": api.url, **more}
    process = start(folder, port, 60, **environment)
    url = f"http://127.0.0.1:{port}/"
    try:
        wait_for(url, process, folder / "log.txt")
        yield url, process
    finally:
        process.kill()
        process.wait(PATIENCE)


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    def lives(process: psutil.Process) -> bool:
        try:  # a process that nobody has waited for yet has ended all the same
            return bool(process.status() != psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return False

    return [process for process in processes if lives(process)]


def test_everything_works_beside_calls_to_the_decorated_function(tmp_path: Path) -> None:
    """There is one report; training, uploads and generation continue between calls."""
    with DeviceAPI().serve() as api, on_zerogpu(tmp_path, api) as (url, _):
        assert api.paths() == ["/startup-report"]
        client, other = Client(url, verbose=False), Client(url, verbose=False)
        training = client.submit(TEXT, "standard", QUICK, 20, api_name="/train")
        wait_until(training.outputs, "no progress of the training")
        assert other.predict(api_name="/hardware")["characters_per_second"] > 0
        assert {"/schedule", "/allow", "/release"} <= set(api.paths())
        assert training.result()["state"] == "over"
        file = client.predict(False, api_name="/download_model")
        other.predict(handle_file(file), api_name="/load_model")
        assert other.predict("The ", api_name="/generate")
        assert other.predict(api_name="/hardware")["cores"] > 0
        assert api.paths().count("/schedule") == 2
        assert api.paths().count("/startup-report") == 1


@pytest.mark.parametrize("name", ["SIGTERM", "SIGKILL"])
def test_no_process_outlives_the_page(tmp_path: Path, name: str) -> None:
    """A training and a forked worker are alive when the page ends, and end with it."""
    with DeviceAPI().serve() as api, on_zerogpu(tmp_path, api) as (url, page):
        client, other = Client(url, verbose=False), Client(url, verbose=False)
        training = client.submit(TEXT, "standard", {**QUICK, "steps": 10**6}, 50, api_name="/train")
        wait_until(training.outputs, "no progress of the training")
        other.predict(api_name="/hardware")
        processes = psutil.Process(page.pid).children(recursive=True)
        assert len(processes) >= 2, "a training and a worker"
        page.send_signal(getattr(signal, name))
        page.wait(PATIENCE)
        assert page.returncode == (0 if name == "SIGTERM" else -signal.SIGKILL)
        wait_until(lambda: not alive(processes), "a process lives on")


IMPORTED = """
import sys
frame = sys._getframe(1)
while "importlib" in frame.f_code.co_filename:
    frame = frame.f_back
if frame.f_globals["__name__"].startswith("charrnn"):
    open({path!r}, "w").close()
raise ImportError({name!r})
"""
"""A module that leaves a file when charrnn imports it; Gradio tries `spaces` by itself."""


def test_nothing_is_imported_where_it_is_not_needed(tmp_path: Path) -> None:
    """No `spaces` off ZeroGPU, and PyTorch on neither."""
    folder = tmp_path / "modules"
    folder.mkdir()
    for name in ("spaces", "torch"):
        code = IMPORTED.format(path=str(folder / f"{name}.seen"), name=name)
        (folder / f"{name}.py").write_text(code)
    with serving(tmp_path, PYTHONPATH=str(folder)) as url:
        Client(url, verbose=False).predict(api_name="/hardware")
    assert not list(folder.glob("*.seen"))
    with DeviceAPI().serve() as api, on_zerogpu(tmp_path, api, PYTHONPATH=str(folder)):
        assert (folder / "spaces.seen").exists(), "the stand-in notices nothing"
    for name in ("spaces.py", "spaces.seen"):
        (folder / name).unlink()
    with DeviceAPI().serve() as api, on_zerogpu(tmp_path, api, PYTHONPATH=str(folder)):
        assert api.paths() == ["/startup-report"]
    assert not list(folder.glob("*.seen"))


def test_without_the_package_a_sentence_says_what_will_happen(tmp_path: Path) -> None:
    (tmp_path / "spaces.py").write_text("raise ImportError('no package')\n")
    with (
        DeviceAPI().serve() as api,
        on_zerogpu(tmp_path, api, PYTHONPATH=str(tmp_path), PYTHONUNBUFFERED="1") as (url, _),
    ):
        Client(url, verbose=False).predict(api_name="/hardware")
        assert not api.asked
        assert "pip install spaces" in (tmp_path / "log.txt").read_text()
