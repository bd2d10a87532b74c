"""The page's HTML is rendered once for all visitors who would get the same."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from charrnn.ui.server.middleware import Message, Receive, Send
from charrnn.ui.server.page_cache import KEPT, PageCache

HOST = (b"host", b"charrnn.example")


class Site:
    """An application that counts its answers and returns the count."""

    def __init__(self, status: int = 200, headers: tuple[tuple[bytes, bytes], ...] = ()) -> None:
        self.status, self.headers, self.answers = status, headers, 0

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        self.answers += 1
        headers = [(b"content-type", b"text/html"), *self.headers]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"page ", "more_body": True})
        await send({"type": "http.response.body", "body": str(self.answers).encode()})


def get(
    cache: PageCache,
    *headers: tuple[bytes, bytes],
    path: str = "/",
    query: bytes = b"",
    **more: str,
) -> bytes:
    """The body of the answer. Other middleware may add headers to it, as the guard does."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], (b"x-added", b"1")]
        sent.append(message)

    async def receive() -> Message:
        raise AssertionError("the page has no body to read")

    scope: dict[str, Any] = {"type": "http", "method": "GET", "path": path, "query_string": query}
    asyncio.run(cache({**scope, "headers": [HOST, *headers], **more}, receive, send))
    assert [name for name, _ in sent[0]["headers"]].count(b"x-added") == 1
    return b"".join(message["body"] for message in sent[1:])


def test_the_same_request_gets_the_same_page() -> None:
    cache = PageCache(site := Site())
    assert get(cache) == b"page 1"
    assert get(cache, (b"User-Agent", b"x"), (b"sec-ch-ua", b"y")) == b"page 1"
    assert get(cache, query=b"lesson=5&recipe=hello") == b"page 1"
    assert get(cache, (b"cookie", b"theme=dark")) == b"page 1"
    assert site.answers == 1


@pytest.mark.parametrize(
    ("headers", "more"),
    [
        ([(b"x-forwarded-host", b"evil.example")], {}),
        ([(b"x-forwarded-proto", b"https")], {}),
        ([(b"x-gradio-server", b"http://x")], {}),
        ([(b"accept-encoding", b"br")], {}),
        ([(b"origin", b"https://other.example")], {}),
        ([(b"x-new", b"1")], {}),
        ([], {"root_path": "/demo"}),
        ([], {"scheme": "https"}),
    ],
)
def test_what_may_make_another_page_has_one_of_its_own(
    headers: list[tuple[bytes, bytes]], more: dict[str, str]
) -> None:
    cache = PageCache(Site())
    assert get(cache) == b"page 1"
    assert get(cache, *headers, **more) == b"page 2"
    assert get(cache) == b"page 1"
    assert get(cache, *headers, **more) == b"page 2"


@pytest.mark.parametrize(
    "request_",
    [
        {"query": b"deep_link=x"},
        {"query": b"recipe=hello&%70age=y"},
        {"path": "/config"},
        {"method": "HEAD"},
    ],
)
def test_other_requests_pass(request_: dict[str, Any]) -> None:
    cache = PageCache(Site())
    get(cache)
    assert get(cache, **request_) == b"page 2"
    assert get(cache, **request_) == b"page 3"


def test_a_signed_in_visitor_has_a_page_of_their_own() -> None:
    cache = PageCache(Site())
    get(cache)
    assert get(cache, (b"cookie", b"a=1; access-token-xyz=secret")) == b"page 2"
    assert get(cache) == b"page 1"


@pytest.mark.parametrize("site", [Site(500), Site(headers=((b"Set-Cookie", b"a=1"),))])
def test_what_is_not_for_everybody_is_not_kept(site: Site) -> None:
    cache = PageCache(site)
    assert get(cache) == b"page 1"
    assert get(cache) == b"page 2"


def test_only_the_latest_are_kept() -> None:
    cache = PageCache(site := Site())
    for k in range(3 * KEPT):
        get(cache, (b"x-new", str(k).encode()))
    assert len(cache._pages) == KEPT
    get(cache, (b"x-new", str(3 * KEPT - 1).encode()))
    assert site.answers == 3 * KEPT
