"""Refuses other sites and large bodies, as ASGI middleware in front of Gradio."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from charrnn.ui.server.origins import as_the_browser_sees, foreign, headers_of, refusal
from charrnn.ui.server.routes import UPLOAD, route_of

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

JSON_LIMIT = 5_000_000
"""Bytes of a request other than an upload: a pasted text of a million characters fits."""
UPLOAD_LIMIT = 52_000_000
"""Bytes of an upload: one file of Gradio's max_file_size (50 MB) and what encloses it."""

HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
)


class RequestGuard:
    """Refuses requests from other sites and large bodies, and adds two headers.

    On a public host Gradio answers any Origin and allows credentials, so a page of another site
    could act with a visitor's login. An Origin other than this host gets 403: here for whatever
    may change something, in `check_route` for a GET, of which some are open to all. Requests
    without an Origin (gradio_client, curl) carry no browser's cookies and pass.
    """

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = headers_of(scope)
        if scope["method"] not in ("GET", "HEAD") and foreign(headers):
            await refuse(send, 403, refusal(headers))
        else:
            await self.limited(as_the_browser_sees(scope, headers), receive, send, headers)

    async def limited(
        self, scope: Message, receive: Receive, send: Send, headers: dict[bytes, str]
    ) -> None:
        declared, read = headers.get(b"content-length", "0"), 0

        async def counted() -> Message:
            """The next part of the body. Whoever asks for it stands behind a route."""
            nonlocal read
            limit = UPLOAD_LIMIT if route_of(scope) == UPLOAD else JSON_LIMIT
            if not declared.isdigit() or int(declared) > limit:
                raise HTTPException(413, f"Send at most {limit:,} bytes.")
            message = await receive()
            read += len(message.get("body", b""))
            if read > limit:  # a chunked body declares no length
                raise HTTPException(413, f"Send at most {limit:,} bytes.")
            return message

        async def decorated(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *HEADERS]
            await send(message)

        with suppress(ClientDisconnect):  # nobody waits for an answer; Gradio would log 90 lines
            await self.app(scope, counted, decorated)


async def refuse(send: Send, status: int, sentence: str) -> None:
    """Answer with a plain sentence."""
    body = sentence.encode()
    kind = (b"content-type", b"text/plain; charset=utf-8")
    length = (b"content-length", str(len(body)).encode())
    start = {"type": "http.response.start", "status": status, "headers": [kind, length, *HEADERS]}
    await send(start)
    await send({"type": "http.response.body", "body": body})
