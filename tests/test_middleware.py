"""The middleware in front of the page: foreign origins and headers. test_routes.py has the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

from charrnn.ui.server.middleware import App, Message, Receive, RequestGuard, Send

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
    path: str,
    headers: Iterable[tuple[bytes, bytes]] = (),
    chunks: Iterable[bytes] = (b"",),
    method: str = "POST",
    app: App = echo,
) -> tuple[int, dict[bytes, bytes], bytes]:
    """One request through the guard: status, headers, body."""
    parts, sent = list(chunks), list[Message]()

    async def receive() -> Message:
        body = parts.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(parts)}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: dict[str, Any] = {
        "type": "http",
        "method": method,
        "path": path,
        "headers": [HOST, *headers],
    }
    asyncio.run(RequestGuard(app)(scope, receive, send))
    return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"]


@pytest.mark.parametrize(
    "origin", [b"https://evil.example", b"null", b"https://charrnn.example.evil"]
)
@pytest.mark.parametrize("path", ["/gradio_api/queue/join", "/gradio_api/upload", "/"])
def test_requests_from_other_sites_are_refused(origin: bytes, path: str) -> None:
    status, _, body = call(path, [(b"origin", origin)])
    assert status == 403
    assert b"from other sites are refused" in body
    assert b"CHARRNN_ORIGINS=" + origin in body


@pytest.mark.parametrize(
    ("origin", "more"),
    [
        ("https://CHARRNN.example", []),
        ("https://charrnn.example:443", []),
        ("http://charrnn.example:80", []),
        ("https://charrnn.example.", []),
        ("https://space.example", [("x-forwarded-host", "space.example, inner.example")]),
        ("https://space.example:8443", [("x-forwarded-host", "space.example:8443")]),
        ("https://charrnn.example:8443", []),  # behind nginx's $host
        ("https://space.example", [("forwarded", "for=1.2.3.4;host=space.example;proto=https")]),
        ("https://space.example:8443", [("forwarded", 'Host="space.example:8443", for=x')]),
        ("https://[::1]:7860", [("x-forwarded-host", "[::1]:7860")]),
    ],
)
def test_the_same_host_is_recognized_however_it_is_written(
    origin: str, more: list[tuple[str, str]]
) -> None:
    headers = [(b"origin", origin.encode()), *((n.encode(), v.encode()) for n, v in more)]
    assert call("/gradio_api/queue/join", headers)[0] == 200


@pytest.mark.parametrize(
    ("origin", "more", "told"),
    [
        ("http://charrnn.example", {}, None),  # no proxy, or one that passes everything on
        ("https://charrnn.example", {"x-forwarded-proto": "https"}, None),
        ("http://charrnn.example:8080", {}, ("charrnn.example:8080", "http")),
        ("https://charrnn.example:8443", {}, ("charrnn.example:8443", "https")),
        ("https://charrnn.example", {}, ("charrnn.example", "https")),
        (
            "https://space.example",
            {"x-forwarded-host": "space.example, inner", "x-forwarded-proto": "http"},
            ("space.example", "https"),
        ),
    ],
)
def test_links_follow_the_address_that_the_browser_names(
    origin: str, more: dict[str, str], told: tuple[str, str] | None
) -> None:
    seen: dict[bytes, bytes] = {}

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        seen.update(scope["headers"])
        await echo(scope, receive, send)

    headers = [(n.encode(), v.encode()) for n, v in {"origin": origin, **more}.items()]
    assert call("/gradio_api/queue/join", headers, app=app)[0] == 200
    names = [seen.get(name.encode()) for name in ("x-forwarded-host", "x-forwarded-proto")]
    before = [value.encode() if (value := more.get(n)) else None
              for n in ("x-forwarded-host", "x-forwarded-proto")]  # fmt: skip
    assert names == ([part.encode() for part in told] if told else before)


@pytest.mark.parametrize("origin", ["https://space.example:8443", "https://x:y", "https://"])
def test_another_port_or_nonsense_is_another_host(origin: str) -> None:
    headers = [(b"origin", origin.encode()), (b"x-forwarded-host", b"space.example:7860")]
    assert call("/gradio_api/queue/join", headers)[0] == 403


def test_a_setting_allows_an_origin(monkeypatch: pytest.MonkeyPatch) -> None:
    foreign = [(b"origin", b"https://other.example:8443")]
    assert call("/gradio_api/queue/join", foreign)[0] == 403
    monkeypatch.setenv("CHARRNN_ORIGINS", "https://x.example, https://other.example:8443")
    assert call("/gradio_api/queue/join", foreign)[0] == 200


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
