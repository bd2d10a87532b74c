"""A session that Gradio has forgotten gets its own model back, on the real server."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from serving import free_port, serving
from visitor import RefusedError, Visitor

from charrnn.service.scheduler import Scheduler
from charrnn.service.session_store import SessionStore
from charrnn.ui.page import page, settings

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


def test_a_model_that_is_really_gone_is_refused() -> None:
    scheduler = Scheduler(60, 1)
    scheduler.session_store = SessionStore(max_bytes=1)  # forgets everybody at once
    blocks = page(scheduler)
    port = free_port()
    blocks.launch(server_port=port, prevent_thread_lock=True, quiet=True, **settings())
    try:
        url = f"http://127.0.0.1:{port}/"
        visitor = Visitor(url)
        visitor.call("train", None, "abcab" * 100, "hello", {"steps": 30}, 10)
        assert scheduler.writer.flush(60)
        sessions_of_others(url, visitor)
        assert visitor.call("generate", None, "a", 0.5, 40, 0, 1.0, "", "1")
        sessions_of_others(url, visitor)
        for file in scheduler.disk_store.folder.glob("*.npz"):
            file.unlink()
        for name, *data in (
            ("generate", "a", 0.5, 40, 0, 1.0, "", "1"),
            ("download_model", False),
            ("inspect", "abcabc"),
        ):
            with pytest.raises(RefusedError, match="no longer"):
                visitor.call(name, None, *data)
    finally:
        blocks.close(verbose=False)


def test_150_page_opens_at_once_are_served(tmp_path: Path) -> None:
    with serving(tmp_path) as url:
        functions = Visitor(url).functions

        def open_page(_: int) -> int:
            visitor = Visitor(url, functions)
            visitor.load()
            return len(visitor.call("opened", ""))

        with ThreadPoolExecutor(150) as pool:
            assert all(pool.map(open_page, range(150)))
