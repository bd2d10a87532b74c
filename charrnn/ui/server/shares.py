"""Gives every client its share of the page's queue and of its uploads, as ASGI middleware.

Gradio refuses whatever comes when its queue is full, so that one busy client, or a class that
opens the page at once, would shut the others out. Here a request waits for its turn instead.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, deque

from charrnn.ui.server.middleware import App, Message, Receive, Send, refuse
from charrnn.ui.tab import address

QUEUED = 50
"""Events in Gradio's queue from which on further ones wait here; it refuses some more than that."""
HELD = 1_000
"""Requests that wait here, of all clients; each client may have half of them."""
UPLOADS = 4
"""Uploads of one client that are received at once."""
LOOK = 0.02
"""Seconds between two looks at Gradio's queue."""
BUSY = "The server is busy: try again in a minute."


class Shares:
    """Lets events into the queue client by client, and takes a few uploads of each at a time."""

    def __init__(self, app: App) -> None:
        self.app = app
        self._lines: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        self._held = 0
        self._entering = 0  # let in, but not yet in Gradio's queue
        self._uploads = Counter[str]()
        self._dispatcher: asyncio.Task[None] | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] == "http" and path.endswith("/queue/join"):
            await self._join(scope, receive, send)
        elif scope["type"] == "http" and path.endswith("/upload"):
            await self._upload(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _join(self, scope: Message, receive: Receive, send: Send) -> None:
        client = client_of(scope)
        if self._lines or not self._room(scope):
            own = len(self._lines.get(client, ()))
            if self._held >= HELD or own >= HELD / 2:
                await refuse(send, 503, BUSY)
                return
            turn = asyncio.get_running_loop().create_future()
            self._lines.setdefault(client, deque()).append(turn)
            self._held += 1
            if self._dispatcher is None or self._dispatcher.done():
                self._dispatcher = asyncio.create_task(self._dispatch(scope))
            try:
                await turn
            except asyncio.CancelledError:
                self._entering -= not turn.cancelled()  # it was let in at the same moment
                raise
        else:
            self._entering += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self._entering -= 1

    def _room(self, scope: Message) -> bool:
        """Whether Gradio's queue would take another event."""
        blocks = getattr(scope.get("app"), "get_blocks", None)
        queued = len(blocks()._queue) if blocks else 0
        return queued + self._entering < QUEUED

    async def _dispatch(self, scope: Message) -> None:
        """While requests wait, let one of each client in after the other."""
        while self._lines:
            while self._lines and self._room(scope):
                client, line = self._lines.popitem(last=False)
                turn = line.popleft()
                self._held -= 1
                if line:
                    self._lines[client] = line
                if not turn.done():  # otherwise whoever waited is gone
                    self._entering += 1
                    turn.set_result(None)
            await asyncio.sleep(LOOK)

    async def _upload(self, scope: Message, receive: Receive, send: Send) -> None:
        client = client_of(scope)
        while self._uploads[client] >= UPLOADS:
            await asyncio.sleep(LOOK)
        self._uploads[client] += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self._uploads[client] -= 1
            if not self._uploads[client]:
                del self._uploads[client]


def client_of(scope: Message) -> str:
    """Who sends a request."""
    forwarded = dict(scope["headers"]).get(b"x-forwarded-for", b"").decode("latin-1")
    return address((scope.get("client") or ("",))[0], forwarded)
