"""The scheduler: one run per visitor, a place in the queue, stop, and what leaving keeps."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from charrnn import ModelConfig, TrainConfig
from charrnn.service.disk_store import DiskStore
from charrnn.service.job import Job, Snapshot
from charrnn.service.scheduler import BusyError, Scheduler, Update, with_run
from charrnn.service.visitor import Visitor

JOB = Job(
    text="one and two and three and four. " * 50,
    models=(ModelConfig("rnn", 16),),
    config=TrainConfig(steps=1_000_000, batch_size=4),
    seconds=30,
    sample_length=20,
)


def play(scene: Callable[[Scheduler], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(scene(Scheduler(seconds=30, runs_at_once=1)))


async def follow(
    scheduler: Scheduler, session: str, updates: list[Update], visitor: Visitor
) -> None:
    async with aclosing(scheduler.train(JOB, visitor, session)) as stream:
        async for each in stream:
            updates.append(each)


def trained(updates: list[Update]) -> bool:
    snapshot = updates[-1].snapshot if updates else None
    return bool(snapshot and snapshot.runs and snapshot.runs[0].progress)


async def until(done: Callable[[], bool]) -> None:
    for _ in range(1200):
        if done():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not happen")


def test_the_second_visitor_waits_and_goes_on_when_the_first_stops() -> None:
    async def scene(scheduler: Scheduler) -> None:
        first, second = list[Update](), list[Update]()
        one = asyncio.create_task(follow(scheduler, "one", first, Visitor()))
        await until(lambda: trained(first))
        two = asyncio.create_task(follow(scheduler, "two", second, Visitor()))
        await until(lambda: bool(second))
        assert second[0].ahead == 1
        assert 0 < second[0].wait <= 30
        assert scheduler.stop("one")
        await one
        await until(lambda: trained(second))
        scheduler.stop("two")
        await two
        assert second[-1].snapshot
        assert second[-1].snapshot.over

    play(scene)


def test_stop_leaves_the_queue() -> None:
    async def scene(scheduler: Scheduler) -> None:
        first, second = list[Update](), list[Update]()
        one = asyncio.create_task(follow(scheduler, "one", first, Visitor()))
        await until(lambda: trained(first))
        two = asyncio.create_task(follow(scheduler, "two", second, Visitor()))
        await until(lambda: bool(second))
        scheduler.stop("two")
        await two
        assert all(update.snapshot is None for update in second)
        assert len(scheduler.queue.slots) == 1
        scheduler.stop("one")
        await one

    play(scene)


def test_a_visitor_has_one_run() -> None:
    async def scene(scheduler: Scheduler) -> None:
        updates = list[Update]()
        one = asyncio.create_task(follow(scheduler, "one", updates, Visitor()))
        await until(lambda: trained(updates))
        with pytest.raises(BusyError, match="stop it first"):
            await follow(scheduler, "one", [], Visitor())
        scheduler.stop("one")
        await one
        assert not scheduler.stop("one")

    play(scene)


def test_leaving_ends_the_run_and_keeps_what_it_learned() -> None:
    async def scene(scheduler: Scheduler) -> None:
        visitor = scheduler.session_store.keep(Visitor())
        updates = list[Update]()
        task = asyncio.create_task(follow(scheduler, "one", updates, visitor))
        await until(lambda: trained(updates))
        run = scheduler._runs["one"]
        assert run
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        found = await asyncio.to_thread(scheduler.find, visitor.token)
        assert run.over.wait(30)
        assert scheduler.queue.slots == []
        assert found
        assert found.resumable
        assert found.current.config == JOB.models[0]

    play(scene)


def test_while_the_server_ends_nothing_starts_and_all_is_kept(tmp_path: Path) -> None:
    async def scene(scheduler: Scheduler) -> None:
        scheduler.disk_store = DiskStore(tmp_path)
        first, second = list[Update](), list[Update]()
        visitor = scheduler.session_store.keep(Visitor())
        one = asyncio.create_task(follow(scheduler, "one", first, visitor))
        await until(lambda: trained(first))
        two = asyncio.create_task(follow(scheduler, "two", second, Visitor()))
        await until(lambda: bool(second))
        assert await asyncio.to_thread(scheduler.close, 10.0) == (1, 1)
        await one
        with pytest.raises(BusyError, match="restarted"):
            await two
        with pytest.raises(BusyError, match="restarted"):
            await follow(scheduler, "three", [], Visitor())
        assert not (await scheduler.trial(replace(JOB, seconds=0.2))).runs
        assert first[-1].snapshot
        assert "kept" in first[-1].snapshot.note
        again = Scheduler(seconds=30, runs_at_once=1)
        again.disk_store = DiskStore(tmp_path)
        found = again.find(visitor.token)
        assert found
        assert found.resumable

    play(scene)


def test_a_trial_is_skipped_when_all_slots_are_taken() -> None:
    async def scene(scheduler: Scheduler) -> None:
        assert (await scheduler.trial(replace(JOB, seconds=0.2))).runs
        scheduler.queue.join(30)
        assert not (await scheduler.trial(replace(JOB, seconds=0.2))).runs

    play(scene)


def test_a_run_without_files_changes_nothing() -> None:
    visitor = Visitor()
    assert with_run(visitor, JOB, Snapshot(())) is visitor
