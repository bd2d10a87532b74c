"""Visitors who wait for a network that never answers, and one who does not need it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import serving
from visitor import Visitor
from waiting import wait_until

pytestmark = pytest.mark.slow


class SilentProxy:
    """Accepts every connection and never answers."""

    def __init__(self) -> None:
        self.server = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.url = f"http://127.0.0.1:{self.server.getsockname()[1]}"
        self.asked: list[socket.socket] = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        while True:
            try:
                connection = self.server.accept()[0]
                connection.recv(4096)  # the request
                connection.setblocking(False)
                self.asked.append(connection)
            except OSError:
                return

    @property
    def waiting(self) -> int:
        """How many connections still wait for an answer."""
        return sum(is_open(connection) for connection in self.asked)

    def close(self) -> None:
        self.server.close()
        for connection in self.asked:
            connection.close()


def is_open(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


@pytest.fixture
def proxy() -> Iterator[SilentProxy]:
    silent = SilentProxy()
    yield silent
    silent.close()


def test_one_visitor_cannot_take_all_calls_to_the_hub(proxy: SilentProxy, tmp_path: Path) -> None:
    with serving(tmp_path, HF_ENDPOINT=proxy.url, HF_HUB_OFFLINE="0") as url:
        busy = Visitor(url)
        for number in range(20):
            busy.join("pull", None, f"someone/model{number}", "")
        other = Visitor(url, busy.functions)
        other.join("pull", None, "someone/else", "")
        wait_until(lambda: proxy.waiting == 3, "the other's call is not made")
        third = Visitor(url, busy.functions)
        (text,) = third.call("generate", None, "The ", 0.8, 20, 0, 1.0, "", "1")
        assert len(text) == 20
        assert proxy.waiting == 3


def test_generate_does_not_wait_for_those_who_wait_for_the_network(
    proxy: SilentProxy, tmp_path: Path
) -> None:
    environment = {"HTTPS_PROXY": proxy.url, "https_proxy": proxy.url, "no_proxy": "127.0.0.1"}
    with serving(tmp_path, **environment) as url:
        quick = Visitor(url)
        slow = [Visitor(url, quick.functions) for _ in range(8)]
        for visitor in slow:  # a text that has to be downloaded first
            visitor.join("train", None, "tinyshakespeare", "standard", {}, 5)
        wait_until(lambda: proxy.waiting == len(slow), "they do not wait for the network")
        (text,) = quick.call("generate", None, "The ", 0.8, 60, 0, 1.0, "", "1")
        assert len(text) == 60
        _, summary = quick.call("train", None, "hello " * 50, "hello", {"steps": 20}, 5)
        assert summary["state"] == "over"
        assert proxy.waiting == len(slow)
