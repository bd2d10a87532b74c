"""Refuses what a public page must refuse, as ASGI middleware in front of Gradio."""

from __future__ import annotations

import os
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import unquote, urlsplit

from starlette.requests import ClientDisconnect

from charrnn.ui.server.temp_files import full

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

JSON_LIMIT = 5_000_000
"""Bytes of a request other than an upload: a pasted text of a million characters fits."""
UPLOAD_LIMIT = 52_000_000
"""Bytes of an upload: one file of Gradio's max_file_size (20 MB) and what encloses it."""

DENIED = re.compile(
    r"""
      /gradio_api/deep_link              # would write all inputs of a session to disk as plain text
    | /gradio_api/file[=/][a-z][a-z0-9+.-]+:  # would fetch any address on the internet for anybody
    | /gradio_api/proxy=
    | ^[^=]*/(?:monitoring|dev/reload)(?:/|$)
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""Routes that are closed, behind any root path: Gradio answers with and without it."""
UPLOAD = re.compile("/gradio_api/upload/?$")
HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
)


REFUSED = (
    "Requests from other sites are refused, and this one comes from {origin}. If that is this page "
    "behind a proxy, let the proxy pass on its host, with its port if it has one of its own "
    "(nginx: proxy_set_header Host $http_host), or start the page with CHARRNN_ORIGINS={origin}."
)


class TooLargeError(Exception):
    """The body grew past its limit while it was read."""


class RequestGuard:
    """Refuses requests from other sites, large bodies and dangerous routes; adds two headers.

    On a public host Gradio answers any Origin and allows credentials, so a page of another site
    could act with a visitor's login. An Origin other than this host gets 403. Requests without one
    (gradio_client, curl) carry no browser's cookies and pass.
    """

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        path = unquote(scope["path"])
        if DENIED.search(path):
            await refuse(send, 403, "Not available here.")
        elif foreign(scope, headers):
            await refuse(send, 403, REFUSED.format(origin=headers[b"origin"][:200]))
        else:
            await self.limited(as_the_browser_sees(scope, headers), receive, send, headers, path)

    async def limited(
        self, scope: Message, receive: Receive, send: Send, headers: dict[bytes, str], path: str
    ) -> None:
        upload = UPLOAD.search(path) is not None
        limit = UPLOAD_LIMIT if upload else JSON_LIMIT
        if upload and full():
            await refuse(send, 507, "The server's disk is full: try again later.")
            return
        declared = headers.get(b"content-length", "0")
        if not declared.isdigit() or int(declared) > limit:
            await refuse(send, 413, f"Send at most {limit:,} bytes.")
            return
        started, read = False, 0

        async def counted() -> Message:  # a chunked body declares no length
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > limit:
                raise TooLargeError
            return message

        async def decorated(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = [*message.get("headers", ()), *HEADERS]
            await send(message)

        try:
            await self.app(scope, counted, decorated)
        except TooLargeError:
            if not started:
                await refuse(send, 413, f"Send at most {limit:,} bytes.")
        except ClientDisconnect:  # nobody is left to answer, and Gradio would log 90 lines
            pass


def foreign(scope: Message, headers: dict[bytes, str]) -> bool:
    """Whether a browser says that a page of another host made the request.

    A plain GET of an asset changes nothing and is never refused: a page behind a proxy that
    changes the host would otherwise stay blank. Hosts are compared however proxies write them.
    """
    origin = headers.get(b"origin")
    if origin is None or (scope.get("method") in ("GET", "HEAD") and _is_asset(scope["path"])):
        return False
    allowed = os.environ.get("CHARRNN_ORIGINS", "").replace(",", " ").split()
    named = [headers.get(name, "") for name in (b"host", b"x-forwarded-host")]
    named += re.findall(r'host="?([^";,\s]+)', headers.get(b"forwarded", ""), re.IGNORECASE)
    hosts = {host_of(host) for name in named for host in name.split(",")} - {None}
    own = host_of(origin)
    if own is None:
        return True
    # A Host without a port may have lost it on the way: nginx's $host leaves it out.
    same = own in hosts or (own[0], 0) in hosts
    return not same and own not in {host_of(address) for address in allowed}


def as_the_browser_sees(scope: Message, headers: dict[bytes, str]) -> Message:
    """The request with the scheme and host of the visitor's address, where a proxy lost them.

    nginx's $host drops the port, and not every proxy passes on the scheme. Gradio builds the links
    to files from what is left, but a browser's Origin has all of it. Only for requests that are not
    `foreign`. A GET may be foreign, and one from this page carries no Origin: it stays as it is.
    """
    origin = urlsplit(headers.get(b"origin", ""))
    if scope.get("method") in ("GET", "HEAD") or origin.scheme not in ("http", "https"):
        return scope
    host = headers.get(b"x-forwarded-host") or headers.get(b"host", "")
    scheme = headers.get(b"x-forwarded-proto") or scope.get("scheme", "http")
    if (host, scheme) == (origin.netloc, origin.scheme):
        return scope
    forwarded = {
        b"x-forwarded-host": origin.netloc.encode("latin-1"),
        b"x-forwarded-proto": origin.scheme.encode(),
    }
    others = [(name, value) for name, value in scope["headers"] if name.lower() not in forwarded]
    return {**scope, "headers": [*others, *forwarded.items()]}


ASSETS = re.compile(r"/(assets|static|svelte)/|/(theme\.css|favicon\.ico|manifest\.json)$|/$")


def _is_asset(path: str) -> bool:
    """Whether this path is a file that is the same for all visitors, or the page itself."""
    return ASSETS.search(path) is not None


def host_of(address: str) -> tuple[str, int] | None:
    """The host in small letters and its port, 0 for the default one of http and https; None for
    what names no host.

    Whether a page is on http or https only its proxy knows, so both default ports count as one.
    """
    try:
        parts = urlsplit(address.strip() if "//" in address else f"//{address.strip()}")
        port = parts.port or 0
    except ValueError:
        return None
    name = (parts.hostname or "").rstrip(".")
    return (name, 0 if port in (80, 443) else port) if name else None


async def refuse(send: Send, status: int, sentence: str) -> None:
    """Answer with a plain sentence."""
    body = sentence.encode()
    kind = (b"content-type", b"text/plain; charset=utf-8")
    length = (b"content-length", str(len(body)).encode())
    start = {"type": "http.response.start", "status": status, "headers": [kind, length, *HEADERS]}
    await send(start)
    await send({"type": "http.response.body", "body": body})
