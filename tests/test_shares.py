"""Each client's share of the page's queue and of its uploads; the middleware in front of a stub."""

from __future__ import annotations

import asyncio
from collections import Counter
from types import SimpleNamespace
from typing import Any

from starlette.exceptions import HTTPException

from charrnn.ui.server.routes import JOINS, UPLOAD
from charrnn.ui.server.shares import HELD, QUEUED, UPLOADS, Shares


class Site:
    """Stands in for Gradio: a queue of events, and uploads that last until they are released."""

    def __init__(self) -> None:
        self._queue: list[str] = []
        self.longest = 0
        self.uploading = Counter[str]()
        self.released = asyncio.Event()

    def get_blocks(self) -> Site:
        return self

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        client = scope["client"][0]
        if scope["route"].path in JOINS:
            await asyncio.sleep(0)
            self._queue.append(client)
            self.longest = max(self.longest, len(self._queue))
        else:
            self.uploading[client] += 1
            await self.released.wait()


def request(shares: Shares, site: Site, client: str, path: str, answers: list[Any]) -> Any:
    async def send(message: Any) -> None:
        answers.append(message)

    async def receive() -> Any:
        return {}

    async def answered() -> None:
        try:
            await shares(scope, receive, send)
        except HTTPException as error:
            answers.append({"status": error.status_code})

    route = SimpleNamespace(path=path)
    scope = {"type": "http", "route": route, "headers": [], "client": (client, 1), "app": site}
    return asyncio.create_task(answered())


JOIN = "/gradio_api/queue/join"


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def test_a_hundred_and_fifty_at_once_wait_and_are_served() -> None:
    async def scene() -> None:
        site = Site()
        shares, answers = Shares(site), list[Any]()
        tasks = [request(shares, site, f"{n}", JOIN, answers) for n in range(150)]
        served = 0
        while served < 150:
            await asyncio.sleep(0.01)
            served += len(site._queue)
            site._queue.clear()
        await asyncio.gather(*tasks)
        assert answers == []
        assert site.longest <= QUEUED

    asyncio.run(scene())


def test_a_busy_client_takes_turns_with_the_others() -> None:
    async def scene() -> None:
        site = Site()
        shares, answers = Shares(site), list[Any]()
        tasks = [request(shares, site, "busy", JOIN, answers) for _ in range(QUEUED + 100)]
        await settle()
        tasks.append(request(shares, site, "other", JOIN, answers))
        await settle()
        site._queue.clear()
        while not site._queue:
            await asyncio.sleep(0.01)
        assert "other" in site._queue[:2]
        for task in tasks:
            task.cancel()

    asyncio.run(scene())


def test_a_client_that_asks_without_end_is_refused_and_others_are_not() -> None:
    async def scene() -> None:
        site = Site()
        shares, refused, answers = Shares(site), list[Any](), list[Any]()
        tasks = [request(shares, site, "busy", JOIN, refused) for _ in range(QUEUED + HELD)]
        await settle()
        assert [each["status"] for each in refused if "status" in each] == [503] * (HELD // 2)
        tasks.append(request(shares, site, "other", JOIN, answers))
        await settle()
        assert answers == []
        for task in tasks:
            task.cancel()

    asyncio.run(scene())


def test_a_client_has_a_few_uploads_at_once_and_others_theirs() -> None:
    async def scene() -> None:
        site = Site()
        shares, answers = Shares(site), list[Any]()
        tasks = [request(shares, site, "busy", UPLOAD, answers) for _ in range(20)]
        tasks.append(request(shares, site, "other", UPLOAD, answers))
        await settle()
        assert site.uploading == {"busy": UPLOADS, "other": 1}
        site.released.set()
        await asyncio.gather(*tasks)
        assert site.uploading["busy"] == 20

    asyncio.run(scene())
