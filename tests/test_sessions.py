"""A session that Gradio has forgotten gets its own model back, on the real server."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from serving import ROOT, free_port, serving, wait_for
from visitor import RefusedError, Visitor

pytestmark = pytest.mark.slow

OTHERS = 130
"""More sessions than Gradio keeps the state of."""


def sessions_of_others(url: str, visitor: Visitor) -> None:
    for _ in range(OTHERS):
        other = Visitor(url, visitor.functions)
        (card,) = other.call("download_model", None, False)
        assert card


def test_a_forgotten_session_keeps_its_model(tmp_path: Path) -> None:
    with serving(tmp_path) as url:
        visitor = Visitor(url)
        visitor.call("train", None, "abcab" * 100, "hello", {"steps": 30}, 10)
        before = visitor.download(visitor.call("download_model", None, False)[0])
        (text,) = visitor.call("generate", None, "a", 0.5, 40, 0, 1.0, "", "1")
        sessions_of_others(url, visitor)
        after = visitor.download(visitor.call("download_model", None, False)[0])
        assert after == before
        assert visitor.call("generate", None, "a", 0.5, 40, 0, 1.0, "", "1") == [text]


@pytest.fixture
def forgetful(tmp_path: Path) -> Iterator[str]:
    """The address of a page that keeps no visitor in memory."""
    port, log = free_port(), tmp_path / "log.txt"
    with log.open("w") as sink:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "tests" / "forgetful_page.py"), str(port)],
            env={**os.environ, "XDG_CACHE_HOME": str(tmp_path)},
            stdout=sink,
            stderr=subprocess.STDOUT,
        )
    url = f"http://127.0.0.1:{port}/"
    try:
        wait_for(url, process, log)
        yield url
    finally:
        process.kill()
        process.wait()


def test_a_model_that_is_really_gone_is_refused(forgetful: str, tmp_path: Path) -> None:
    visitor = Visitor(forgetful)
    visitor.call("train", None, "abcab" * 100, "hello", {"steps": 30}, 10)
    sessions_of_others(forgetful, visitor)
    assert visitor.call("generate", None, "a", 0.5, 40, 0, 1.0, "", "1")  # from the disk
    sessions_of_others(forgetful, visitor)
    (file,) = (tmp_path / "charrnn" / "visitors").glob("*.npz")
    file.unlink()
    for name, *data in (
        ("generate", "a", 0.5, 40, 0, 1.0, "", "1"),
        ("download_model", False),
        ("inspect", "abcabc"),
    ):
        with pytest.raises(RefusedError, match="no longer"):
            visitor.call(name, None, *data)


def test_150_page_opens_at_once_are_served(tmp_path: Path) -> None:
    with serving(tmp_path) as url:
        functions = Visitor(url).functions

        def open_page(_: int) -> int:
            visitor = Visitor(url, functions)
            visitor.load()
            return len(visitor.call("opened", ""))

        with ThreadPoolExecutor(150) as pool:
            assert all(pool.map(open_page, range(150)))
