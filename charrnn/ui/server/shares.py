"""Gives every client its share of the page's queue and of its uploads, as ASGI middleware.

Gradio refuses every event when its queue is full, so one busy client, or a class that opens the
page at once, would shut the others out. Here a request waits for its turn instead.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import Callable

from starlette.exceptions import HTTPException

from charrnn.ui.server.middleware import App, Message, Receive, Send
from charrnn.ui.server.routes import JOINS, UPLOAD, route_of
from charrnn.ui.tab import address

QUEUED = 50
"""Events in Gradio's queue above which further ones wait here; Gradio's own limit is higher."""
HELD = 1_000
"""The most requests that wait here, of all clients; one client may have half of them."""
UPLOADS = 4
"""Uploads that are received from one client at once."""
LOOK = 0.02
"""Seconds between two checks of Gradio's queue."""
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
        """Pass on a request's body, which its route waits for, when its turn has come."""
        done: Callable[[], None] | None = None

        async def in_turn() -> Message:
            nonlocal done
            if done is None:
                route = route_of(scope)
                if route in JOINS:
                    done = await self._join(scope)
                elif route == UPLOAD:
                    done = await self._upload(client_of(scope))
                else:
                    done = _nothing
            return await receive()

        try:
            await self.app(scope, in_turn, send)
        finally:
            if done is not None:
                done()

    async def _join(self, scope: Message) -> Callable[[], None]:
        """Wait for room in the queue; returns what to call when the event is in it."""
        client = client_of(scope)
        if self._lines or not self._room(scope):
            own = len(self._lines.get(client, ()))
            if self._held >= HELD or own >= HELD / 2:
                raise HTTPException(503, BUSY)
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
        return self._entered

    def _entered(self) -> None:
        self._entering -= 1

    def _room(self, scope: Message) -> bool:
        """Whether Gradio's queue would take another event."""
        blocks = getattr(scope.get("app"), "get_blocks", None)
        queued = len(blocks()._queue) if blocks else 0
        return queued + self._entering < QUEUED

    async def _dispatch(self, scope: Message) -> None:
        """While requests wait, let them in by turns, one from each client."""
        while self._lines:
            while self._lines and self._room(scope):
                client, line = self._lines.popitem(last=False)
                turn = line.popleft()
                self._held -= 1
                if line:
                    self._lines[client] = line
                if not turn.done():  # otherwise its client is gone
                    self._entering += 1
                    turn.set_result(None)
            await asyncio.sleep(LOOK)

    async def _upload(self, client: str) -> Callable[[], None]:
        """Wait for the client's other uploads; returns what to call when this one has ended."""
        while self._uploads[client] >= UPLOADS:
            await asyncio.sleep(LOOK)
        self._uploads[client] += 1

        def ended() -> None:
            self._uploads[client] -= 1
            if not self._uploads[client]:
                del self._uploads[client]

        return ended


def _nothing() -> None:
    """What to do at the end of a request that needed no share."""


def client_of(scope: Message) -> str:
    """Who sends a request."""
    forwarded = dict(scope["headers"]).get(b"x-forwarded-for", b"").decode("latin-1")
    return address((scope.get("client") or ("",))[0], forwarded)
