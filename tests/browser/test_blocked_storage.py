"""The page in a frame of another site, in a browser that blocks cookies and storage."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, Frame, expect
from waiting import PATIENCE

pytestmark = pytest.mark.browser

BLOCKED = {"profile": {"default_content_setting_values": {"cookies": 2}}}
"""Chromium's preferences of a person who blocks all cookies; it blocks storage with them."""
STORAGE = """() => ['local', 'session'].map((kind) => {
  try { window[`${kind}Storage`].getItem('x'); return 'open'; } catch (error) { return error.name; }
})"""


@pytest.fixture
def frame(browser: Browser, chromium: str, page_url: str, tmp_path: Path) -> Iterator[Frame]:
    """The page inside a page of another host."""

    class Embedding(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            address = f"{page_url}?recipe=hello&steps=60"
            self.wfile.write(f'<iframe src="{address}" width=1200 height=900></iframe>'.encode())

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    profile = tmp_path / "profile" / "Default"
    profile.mkdir(parents=True)
    (profile / "Preferences").write_text(json.dumps(BLOCKED))
    context = browser.browser_type.launch_persistent_context(
        profile.parent, executable_path=chromium, args=["--no-sandbox"]
    )
    context.set_default_timeout(1000 * PATIENCE)
    with ThreadingHTTPServer(("localhost", 0), Embedding) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        page = context.new_page()
        page.goto(f"http://localhost:{server.server_port}/")
        element = page.locator("iframe").element_handle()
        inner = element.content_frame() if element else None
        assert inner
        yield inner
        server.shutdown()
    context.close()


def test_a_model_is_trained_where_storage_is_blocked(frame: Frame) -> None:
    button = frame.get_by_role("button", name="Train", exact=True)
    button.wait_for()
    assert frame.evaluate(STORAGE) == ["SecurityError", "SecurityError"]
    button.click()
    expect(frame.locator(".drawing.header .model")).to_contain_text("trained here on hello")
    expect(frame.locator(".drawing.status")).to_have_attribute("data-state", "done")
