"""Thread pools for work that waits or computes for long, so that quick work never queues behind."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

T = TypeVar("T")
P = ParamSpec("P")

PAUSE = 0.05
"""Seconds between two checks for a free thread."""


class Pool:
    """A few threads, of which each visitor may use a share. Used from one event loop."""

    def __init__(self, name: str, threads: int, each: int) -> None:
        """each: threads that one visitor may use at once; further work waits."""
        self.threads, self.each = threads, each
        self._executor = ThreadPoolExecutor(threads, f"charrnn-{name}")
        self._held = Counter[str]()

    @property
    def free(self) -> int:
        """Idle threads."""
        return self.threads - self._held.total()

    async def run(self, visitor: str, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do the work in a thread when one is free, and return its result or raise its error.

        If the caller stops waiting, the work keeps its thread until it ends.
        """
        while self.free <= 0 or self._held[visitor] >= self.each:
            await asyncio.sleep(PAUSE)
        self._held[visitor] += 1
        future = self._executor.submit(work, *args, **kwargs)
        loop = asyncio.get_running_loop()
        future.add_done_callback(lambda _: loop.call_soon_threadsafe(self._release, visitor))
        return await asyncio.wrap_future(future)

    def _release(self, visitor: str) -> None:
        self._held[visitor] -= 1
        if not self._held[visitor]:
            del self._held[visitor]


WAITING = Pool("waiting", threads=48, each=2)
"""For work that waits for the network or the disk. Its threads use next to no processor time."""
COMPUTING = Pool("computing", threads=2, each=1)
"""For work that computes for a moment, such as planning a training."""
