"""SIGTERM during training: the runs are saved, visitors learn of it, and nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from serving import free_port, start, wait_for
from visitor import Visitor

from charrnn import Trainer
from charrnn.corpora import load_corpus

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM"),
]

OPTIONS = {"hidden_size": 16, "steps": 10**6}


class Trainee:
    """A visitor in training, whose messages a thread collects."""

    def __init__(self, url: str) -> None:
        self.messages: list[dict[str, Any]] = []
        self.url = url
        self.thread = threading.Thread(target=self.train, daemon=True)
        self.thread.start()

    def train(self) -> None:
        visitor = Visitor(self.url)
        event = visitor.join("train", None, "lighthouse", "standard", OPTIONS, 60)
        self.messages.extend(visitor.listen(event))

    def reached(self, word: str) -> None:
        deadline = time.monotonic() + 60
        while not any(word in str(message) for message in self.messages):
            assert time.monotonic() < deadline, self.messages[-3:]
            time.sleep(0.05)


Server = tuple[subprocess.Popen[bytes], str]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    port = free_port()
    process, url = start(tmp_path, port, 60), f"http://127.0.0.1:{port}/"
    wait_for(url, process, tmp_path / "log.txt")
    yield process, url
    process.kill()
    process.wait()


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_the_end_saves_every_run_and_leaves_nothing(
    server: Server, tmp_path: Path, name: str
) -> None:
    process, url = server
    people = []
    for word in ("'step'", "'step'", "'ahead'"):  # one after the other: two run, one waits
        people.append(Trainee(url))
        people[-1].reached(word)
    Visitor(url).broken_upload("half.npz", bytes(10**6))
    workers = training_processes(process)
    assert len(workers) == 2
    process.send_signal(getattr(signal, name))
    assert process.wait(30) == 0  # benchmarks/load.py measures the time
    check_end(tmp_path, people, workers)


def training_processes(server: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """The server's children that train; Python's resource tracker is a child too."""
    children = psutil.Process(server.pid).children()
    return [child for child in children if "spawn_main" in " ".join(child.cmdline())]


def check_end(tmp_path: Path, people: list[Trainee], workers: list[psutil.Process]) -> None:
    for each in people:
        each.thread.join(10)
    last = [str(each.messages[-1]) for each in people]
    assert sum("What was learned is kept" in words for words in last) == 2
    assert sum("'success': False" in words and "restarted" in words for words in last) == 1
    assert not any(worker.is_running() for worker in workers)
    assert list((tmp_path / "tmp").iterdir()) == []
    log = (tmp_path / "log.txt").read_text()
    assert "Saved 2 of 2 models" in log
    assert "Traceback" not in log
    saved = list((tmp_path / "cache" / "charrnn" / "visitors").glob("*.npz"))
    assert len(saved) == 2
    for path in saved:
        trainer = Trainer.resume(path, load_corpus("lighthouse").text)
        assert trainer.train_state.step > 0


def test_a_killed_server_takes_its_workers_along(server: Server) -> None:
    process, url = server
    each = Trainee(url)
    each.reached("'step'")
    workers = training_processes(process)
    process.kill()
    process.wait()
    gone, alive = psutil.wait_procs(workers, timeout=10)
    assert not alive
    assert len(gone) == 1
    with pytest.raises(OSError, match="refused"):
        Visitor(url)
