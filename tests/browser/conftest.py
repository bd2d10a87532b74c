"""The real page in a child process on a free port, and a real Chromium that watches for faults."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from browser.steps import new_context, opened, until
from playwright.sync_api import Browser, ConsoleMessage, Page, Request
from serving import serving

VIEW = {"width": 1280, "height": 800}


@pytest.fixture(scope="session")
def page_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the page, started once for all tests."""
    with serving(tmp_path_factory.mktemp("page")) as url:
        yield url


STREAMS = ("/heartbeat/", "/queue/data")
"""What Gradio may keep open as long as the page is: it is nothing that the page waits for."""


class Watch:
    """Watches for what a page must not do: log to the console, fail, or contact another host."""

    def __init__(self, page: Page, host: str) -> None:
        self.page = page
        self.faults: list[str] = []
        self.requests: list[str] = []
        self.unanswered: set[Request] = set()
        self.forgives = ["signal is aborted", "Connection errored out"]
        """Gradio's own messages when leaving a page cuts its streams."""
        page.on("console", self.hear)
        page.on("pageerror", lambda error: self.faults.append(f"exception: {error}"))
        page.on("request", lambda request: self.see(request, host))
        page.on("requestfinished", lambda request: self.unanswered.discard(request))
        page.on("requestfailed", lambda request: self.unanswered.discard(request))

    def hear(self, message: ConsoleMessage) -> None:
        if message.type != "verbose" and not any(own in message.text for own in self.forgives):
            self.faults.append(f"{message.type}: {message.text}")

    def see(self, request: Request, host: str) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and parts.netloc != host:
            self.faults.append(f"another host: {request.url}")
        if not any(stream in parts.path for stream in STREAMS):
            self.requests.append(request.url)
            self.unanswered.add(request)

    def go_offline(self) -> None:
        """Take the page's network away, once it waits for no answer.

        The streams that are cut then, and what Gradio says of it, are no faults of the page.
        """
        calm = 0
        while calm < 5:  # the page may ask again once it has read an answer
            until(self.page, lambda: not self.unanswered)
            self.page.wait_for_timeout(100)
            calm = 0 if self.unanswered else calm + 1
        self.forgives += ["net::ERR_", "Failed to fetch"]
        self.page.context.set_offline(True)


@pytest.fixture
def page(browser: Browser, page_url: str) -> Iterator[Page]:
    """A visitor with a browser of their own; at the end, nothing may have gone wrong in it."""
    context = new_context(browser, viewport=VIEW, accept_downloads=True)
    visit = context.new_page()
    watch = Watch(visit, urlsplit(page_url).netloc)
    opened(visit, page_url)
    yield visit
    visit.wait_for_timeout(100)  # lets the last messages arrive
    faults = list(watch.faults)
    context.close()
    assert faults == []
