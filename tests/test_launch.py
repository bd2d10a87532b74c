"""The page on odd machines: taken ports, wrong numbers, no home, closed streams, no descriptors."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from serving import ROOT, free_port, wait_for
from visitor import Visitor
from waiting import PATIENCE, wait_until

from charrnn import corpora
from charrnn.ui.server.descriptors import EVERY, OutOfDescriptors
from charrnn.ui.server.listen import LaunchError, check_address

POSIX = pytest.mark.skipif(os.name == "nt", reason="needs POSIX users, shells and limits")
QUIET = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1"}

ODD = {
    "no runs": ["--workers", "0"],
    "fewer than no runs": ["--runs-at-once", "-1"],
    "runs in words": ["--runs-at-once", "two"],
    "no seconds": ["--seconds", "0"],
    "no number of seconds": ["--seconds", "nan"],
    "no such port": ["--port", "99999"],
    "port 0": ["--port", "0"],
    "no such host": ["--host", "nowhere.invalid"],
    "no name of a host": ["--host", "a..b" * 50],
    "another machine's address": ["--host", "192.0.2.1"],
    "a taken port": ["--port", "TAKEN"],
    "a port that is none in the environment": ["GRADIO_SERVER_PORT=abc"],
    "a taken port in the environment": ["GRADIO_SERVER_PORT=TAKEN"],
    "a file for its folder": [f"GRADIO_TEMP_DIR={__file__}/folder"],
}


@pytest.mark.parametrize("argv", ODD.values(), ids=ODD)
def test_an_odd_launch_is_one_sentence(argv: list[str], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        told = [word.replace("TAKEN", str(taken.getsockname()[1])) for word in argv]
        variables = dict(word.split("=", 1) for word in told if word[0] != "-" and "=" in word)
        done = subprocess.run(
            [sys.executable, "app.py", *(word for word in told if "=" not in word)],
            cwd=ROOT,
            env={**os.environ, **QUIET, **variables},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("app.py: ")
    assert len(done.stderr.splitlines()[-1]) > 30


def test_a_free_port_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_SERVER_PORT", str(free_port()))
    check_address(None, None)
    check_address("0.0.0.0", free_port())
    monkeypatch.setenv("GRADIO_SERVER_PORT", "7²")
    with pytest.raises(LaunchError):
        check_address(None, free_port())


@POSIX
def test_a_user_without_a_home_has_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    import pwd

    def unknown(user: int) -> None:
        raise KeyError(f"getpwuid(): uid not found: {user}")

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    for name in ("HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    folder = corpora.cache_folder()
    assert folder.stat().st_mode & 0o777 == 0o700
    monkeypatch.setattr(os, "getuid", lambda: folder.stat().st_uid + 1)
    monkeypatch.setattr(Path, "mkdir", lambda *_, **__: None)  # another user was there first
    monkeypatch.setattr(Path, "lstat", lambda _: folder.stat())
    with pytest.raises(OSError, match="XDG_CACHE_HOME"):
        corpora.cache_folder()


def by_shell(script: str, port: int) -> list[str]:
    """The command line of a script in which `"$0" "$@"` starts the page."""
    return ["bash", "-c", script, sys.executable, "app.py", "--port", str(port)]


UNKNOWN_USER = """
import os, pwd, runpy, sys
def unknown(user):
    raise KeyError(f"getpwuid(): uid not found: {user}")
pwd.getpwuid = unknown
sys.path.insert(0, os.getcwd())
runpy.run_path("app.py", run_name="__main__")
"""


@POSIX
@pytest.mark.slow
def test_the_page_serves_a_user_without_a_home(tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "log.txt"
    environment = {**os.environ, **QUIET, "GRADIO_TEMP_DIR": str(tmp_path / "tmp")}
    for name in ("HOME", "XDG_CACHE_HOME"):
        environment.pop(name, None)
    with log.open("w") as sink:
        process = subprocess.Popen(
            [sys.executable, "-c", UNKNOWN_USER, "--port", str(port)],
            cwd=ROOT, stdout=sink, stderr=sink, env=environment,
        )  # fmt: skip
    try:
        wait_for(f"http://127.0.0.1:{port}/", process, log)
    finally:
        process.terminate()
        process.wait(PATIENCE)
    assert "Traceback" not in log.read_text()


@POSIX
@pytest.mark.slow
@pytest.mark.parametrize("closed", ["", "<&- >&- 2>&-"])
def test_the_page_trains_in_a_folder_with_a_colon_and_with_closed_streams(
    tmp_path: Path, closed: str
) -> None:
    folder = tmp_path / "a:b c"
    for name in ("charrnn", "data"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "app.py", folder)
    (folder / "pretrained").symlink_to(ROOT / "pretrained")
    port, log = free_port(), tmp_path / "log.txt"
    environment = {**os.environ, **QUIET, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    environment["GRADIO_TEMP_DIR"] = str(tmp_path / "tmp")
    with log.open("w") as sink:
        process = subprocess.Popen(
            by_shell(f'exec "$0" "$@" {closed}', port),
            cwd=folder, stdout=sink, stderr=sink, env=environment,
        )  # fmt: skip
    try:
        wait_for(f"http://127.0.0.1:{port}/", process, log)
        visitor = Visitor(f"http://127.0.0.1:{port}/")
        _, summary = visitor.call("train", None, "hello " * 50, "hello", {"steps": 20}, 30)
        assert summary["state"] == "over"
        assert summary["step"] == 20
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.wait()
    assert "Traceback" not in log.read_text()
    assert len(list((tmp_path / "cache" / "charrnn" / "visitors").glob("*.npz"))) == 1


@POSIX
@pytest.mark.slow
def test_without_descriptors_the_log_gets_a_line_and_the_page_comes_back(tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "log.txt"
    environment = {**os.environ, **QUIET, "GRADIO_TEMP_DIR": str(tmp_path / "tmp")}
    with log.open("w") as sink:
        process = subprocess.Popen(
            by_shell('ulimit -n 200 && exec "$0" "$@"', port),
            cwd=ROOT, stdout=sink, stderr=sink, env=environment,
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}/"
    try:
        wait_for(url, process, log)
        wait_until(lambda: "public link" in log.read_text(), "the launch did not end")
        before = len(log.read_text().splitlines())
        with ExitStack() as stack:
            for _ in range(300):  # the system queues the connections that the page does not take
                stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            wait_until(lambda: "descriptors" in log.read_text(), "they did not run out")
        wait_for(url, process, log)
    finally:
        process.terminate()
        process.wait(PATIENCE)
    lines = log.read_text().splitlines()[before:]
    assert sum("descriptors" in line for line in lines) == 1
    assert not [line for line in lines if "Traceback" in line]


def record(error: BaseException) -> logging.LogRecord:
    kind = (type(error), error, None)
    return logging.LogRecord("asyncio", logging.ERROR, __file__, 1, "accept", (), kind)


def test_one_line_a_minute_says_that_descriptors_ran_out() -> None:
    now = [0.0]
    limit = OutOfDescriptors(lambda: now[0])
    full = OSError(errno.EMFILE, "Too many open files")
    wrapped = RuntimeError("an event failed")
    wrapped.__cause__ = ExceptionGroup("tasks", [ValueError(), full])
    first = record(full)
    assert limit.filter(first)
    assert first.exc_info is None
    assert "ulimit" in first.getMessage()
    assert not any(limit.filter(record(error)) for error in [full, wrapped] * 1_000)
    now[0] = EVERY
    assert limit.filter(record(wrapped))
    other = record(OSError(errno.EIO, "a broken disk"))
    assert limit.filter(other)
    assert other.exc_info


@POSIX
def test_a_socket_closed_before_asyncio_comes_back_to_it_is_not_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """This happens to a page that ends in the second after its descriptors ran out."""
    loop: Any = asyncio.new_event_loop()
    closed = socket.socket()
    closed.close()
    limit = OutOfDescriptors()
    logging.getLogger("asyncio").addFilter(limit)
    try:
        loop.call_soon(loop._start_serving, asyncio.Protocol, closed)
        loop.call_soon(int, "another ValueError")
        loop.call_soon(loop.stop)
        loop.run_forever()
    finally:
        logging.getLogger("asyncio").removeFilter(limit)
        loop.close()
    assert [str(record.exc_info[1])[:7] for record in caplog.records if record.exc_info] == [
        "invalid"
    ]


def test_an_error_that_is_its_own_context_is_logged_as_it_is() -> None:
    inner = ValueError("junk")
    group = ExceptionGroup("of one", [inner])
    inner.__context__ = group
    record = logging.LogRecord("asyncio", logging.ERROR, "", 0, "", (), (None, group, None))  # type: ignore[arg-type]
    assert OutOfDescriptors().filter(record)
    inner.__cause__ = OSError(errno.EMFILE, "none left")
    assert OutOfDescriptors().filter(record)
    assert record.msg != ""
