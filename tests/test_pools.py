"""Thread pools with a share for each visitor."""

from __future__ import annotations

import asyncio
import threading

import pytest

from charrnn.service.pools import Pool


def test_one_visitors_slow_work_leaves_threads_for_others() -> None:
    async def scene() -> None:
        pool, gate, begun = Pool("test", threads=4, each=2), threading.Event(), []

        def hang(number: int) -> None:
            begun.append(number)
            gate.wait()

        slow = [asyncio.create_task(pool.run("busy", hang, n)) for n in range(10)]
        while len(begun) < 2:
            await asyncio.sleep(0.01)
        assert await pool.run("other", lambda: "done") == "done"
        assert len(begun) == 2
        gate.set()
        await asyncio.gather(*slow)
        assert sorted(begun) == list(range(10))

    asyncio.run(scene())


def test_an_error_comes_back_and_the_thread_too() -> None:
    async def scene() -> None:
        pool = Pool("test", threads=1, each=1)
        with pytest.raises(ZeroDivisionError):
            await pool.run("a", lambda: 1 / 0)
        assert await pool.run("a", lambda: 1) == 1

    asyncio.run(scene())


def test_work_that_nobody_waits_for_still_holds_its_thread() -> None:
    async def scene() -> None:
        pool, gate = Pool("test", threads=2, each=1), threading.Event()
        task = asyncio.create_task(pool.run("a", gate.wait))
        while pool.free == 2:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert pool.free == 1
        gate.set()
        while pool.free < 2:
            await asyncio.sleep(0.01)

    asyncio.run(scene())
