"""Keeps the page's HTML, as ASGI middleware around Gradio and its compression.

The HTML is the same for everybody at one address, but Gradio copies and renders its whole
configuration for each visitor: 0.1 s of processor time, in which nobody else is served.
"""

from __future__ import annotations

from collections import OrderedDict
from urllib.parse import parse_qs

from charrnn.ui.server.middleware import App, Message, Receive, Send

KEPT = 16
"""The most pages kept, the latest: one for each address and compression that browsers ask for."""
PASSED_ON = {b"page", b"deep_link"}
"""Parameters of an address on which Gradio's page depends."""
IRRELEVANT = {
    b"accept", b"accept-language", b"cache-control", b"connection", b"cookie", b"dnt", b"pragma",
    b"priority", b"referer", b"te", b"traceparent", b"upgrade-insecure-requests", b"user-agent",
    b"via", b"x-amzn-trace-id", b"x-direct-url", b"x-forwarded-for", b"x-forwarded-port",
    b"x-forwarded-scheme", b"x-ip-token", b"x-original-forwarded-for", b"x-real-ip",
    b"x-request-id", b"x-scheme",
}  # fmt: skip
"""Headers of browsers and proxies on which the page does not depend. Any other header may change
the page, so each of its values gets a separate copy."""
SIGNED_IN = b"access-token"
"""The start of the cookie of a visitor who is signed in with a password."""


class PageCache:
    """Answers a GET of the page with Gradio's earlier answer to the same request."""

    def __init__(self, app: App) -> None:
        self.app = app
        self._pages: OrderedDict[tuple[object, ...], list[Message]] = OrderedDict()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        key = key_of(scope)
        if key is None:
            await self.app(scope, receive, send)
        elif key in self._pages:
            self._pages.move_to_end(key)
            for message in self._pages[key]:
                await send(copied(message))
        else:
            answer: list[Message] = []

            async def noted(message: Message) -> None:
                answer.append(copied(message))
                await send(message)

            await self.app(scope, receive, noted)
            if whole_page(answer):
                self._pages[key] = answer
                while len(self._pages) > KEPT:
                    self._pages.popitem(last=False)


def key_of(scope: Message) -> tuple[object, ...] | None:
    """What the page depends on; None for a request for something else."""
    if scope["type"] != "http" or (scope["method"], scope["path"]) != ("GET", "/"):
        return None
    if not PASSED_ON.isdisjoint(parse_qs(scope.get("query_string", b""), keep_blank_values=True)):
        return None
    headers = [(name.lower(), value) for name, value in scope["headers"]]
    if any(name == b"cookie" and SIGNED_IN in value for name, value in headers):
        return None
    relevant = [
        pair for pair in headers if pair[0] not in IRRELEVANT and not pair[0].startswith(b"sec-")
    ]
    return scope.get("scheme"), scope.get("root_path"), *sorted(relevant)


def whole_page(answer: list[Message]) -> bool:
    """Whether an answer is complete and the same for everybody."""
    if not answer or answer[0].get("status") != 200 or answer[-1].get("more_body"):
        return False
    return all(name.lower() != b"set-cookie" for name, _ in answer[0]["headers"])


def copied(message: Message) -> Message:
    """A message that others may change."""
    return {name: list(v) if isinstance(v, list) else v for name, v in message.items()}
