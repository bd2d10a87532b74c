"""The middleware in front of the page: foreign origins, large bodies, dangerous routes, headers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

from charrnn.ui.server import middleware
from charrnn.ui.server.middleware import Message, Receive, RequestGuard, Send

HOST = (b"host", b"charrnn.example")


async def echo(scope: Message, receive: Receive, send: Send) -> None:
    """An application that reads the whole body and answers with its length."""
    length, more = 0, True
    while more:
        message = await receive()
        length += len(message.get("body", b""))
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-own", b"1")]})
    await send({"type": "http.response.body", "body": str(length).encode()})


def call(
    path: str, headers: Iterable[tuple[bytes, bytes]] = (), chunks: Iterable[bytes] = (b"",)
) -> tuple[int, dict[bytes, bytes], bytes]:
    """One request through the guard: status, headers, body."""
    parts, sent = list(chunks), list[Message]()

    async def receive() -> Message:
        body = parts.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(parts)}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: dict[str, Any] = {"type": "http", "path": path, "headers": [HOST, *headers]}
    asyncio.run(RequestGuard(echo)(scope, receive, send))
    return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"]


@pytest.mark.parametrize(
    "origin", [b"https://evil.example", b"null", b"https://charrnn.example.evil"]
)
@pytest.mark.parametrize("path", ["/gradio_api/queue/join", "/gradio_api/upload", "/"])
def test_requests_from_other_sites_are_refused(origin: bytes, path: str) -> None:
    status, _, body = call(path, [(b"origin", origin)])
    assert (status, body) == (403, b"Requests from other sites are refused.")


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"origin", b"https://charrnn.example")],
        [(b"origin", b"https://space.example"), (b"x-forwarded-host", b"space.example")],
    ],
)
def test_the_page_itself_and_clients_pass(headers: list[tuple[bytes, bytes]]) -> None:
    status, answered, body = call("/gradio_api/queue/join", headers, [b"ab", b"c"])
    assert (status, body) == (200, b"3")
    assert answered[b"x-own"] == b"1"
    assert answered[b"x-content-type-options"] == b"nosniff"
    assert answered[b"referrer-policy"] == b"same-origin"


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/deep_link",
        "/gradio_api/file=http://169.254.169.254/",
        "/gradio_api/file%3Dhttps://example.com",
        "/monitoring/summary",
    ],
)
def test_dangerous_routes_are_closed(path: str) -> None:
    assert call(path)[0] == 403


def test_a_declared_body_that_is_too_large_is_never_read() -> None:
    length = str(middleware.JSON_LIMIT + 1).encode()
    assert call("/gradio_api/queue/join", [(b"content-length", length)], [])[0] == 413
    assert call("/", [(b"content-length", b"many")], [])[0] == 413


def test_a_chunked_body_is_counted() -> None:
    chunks = [bytes(middleware.JSON_LIMIT // 2 + 1)] * 2
    assert call("/gradio_api/queue/join", chunks=chunks)[0] == 413
    assert call("/gradio_api/upload", chunks=chunks)[0] == 200
