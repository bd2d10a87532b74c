"""The scheduler: one run per visitor, places in the queue, Stop, and what a leaver keeps."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from charrnn import CharRNN, ModelConfig, TrainConfig, Vocabulary
from charrnn.service.disk_store import DiskStore
from charrnn.service.job import Job, Snapshot
from charrnn.service.run import Run
from charrnn.service.scheduler import BusyError, ForgottenError, Scheduler, Update, with_run
from charrnn.service.session_store import SessionStore, weight
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
    scheduler: Scheduler,
    session: str,
    updates: list[Update],
    visitor: Visitor,
    linger: float = 0.0,
) -> None:
    async with aclosing(scheduler.train(JOB, visitor, session, linger=linger)) as stream:
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
        updates, visitor = list[Update](), scheduler.keep(Visitor())
        one = asyncio.create_task(follow(scheduler, "one", updates, visitor))
        await until(lambda: trained(updates))
        with pytest.raises(BusyError, match="stop it first"):
            await follow(scheduler, "one", [], visitor)
        scheduler.stop("one")
        await one
        assert not scheduler.stop("one")

    play(scene)


def steps(run: Run) -> int:
    snapshot = run.update.snapshot
    progress = snapshot.runs[0].progress if snapshot and snapshot.runs else None
    return progress.step if progress else 0


async def leave(task: asyncio.Task[None]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_a_run_goes_on_when_its_page_is_gone_and_the_next_page_follows_it() -> None:
    async def scene(scheduler: Scheduler) -> None:
        visitor = scheduler.keep(Visitor())
        updates, again = list[Update](), list[Update]()
        task = asyncio.create_task(follow(scheduler, "one", updates, visitor, linger=1000))
        await until(lambda: trained(updates))
        run = scheduler.run_of(visitor.token)
        assert run
        assert run.process
        await leave(task)
        assert not run.followed
        before = steps(run)
        await until(lambda: steps(run) > before)
        with pytest.raises(BusyError, match="stop it first"):  # never a second worker
            scheduler.start(JOB, visitor, "two")

        async def come_back() -> None:
            async with aclosing(run.follow()) as stream:
                async for each in stream:
                    again.append(each)

        back = asyncio.create_task(come_back())
        await until(lambda: trained(again))
        scheduler.keep(visitor, "two")  # the page that came back, as a new session
        assert scheduler.running("two")
        assert scheduler.stop("two")
        await back
        assert again[-1].snapshot
        assert again[-1].snapshot.over
        assert not scheduler.running("two")
        found = scheduler.find(visitor.token)
        assert found
        assert found.resumable

    play(scene)


def test_a_run_that_nobody_comes_back_to_ends_and_keeps_what_it_learned() -> None:
    async def scene(scheduler: Scheduler) -> None:
        visitor = scheduler.keep(Visitor())
        updates = list[Update]()
        task = asyncio.create_task(follow(scheduler, "one", updates, visitor, linger=0.3))
        await until(lambda: trained(updates))
        run = scheduler.run_of(visitor.token)
        assert run
        assert run.process
        await leave(task)
        await until(lambda: run.over)
        assert not run.process.process.is_alive()
        assert scheduler.queue.slots == []
        found = scheduler.find(visitor.token)
        assert found
        assert found.resumable
        assert found.current.config == JOB.models[0]

    play(scene)


def test_a_place_in_the_queue_is_given_up_when_nobody_comes_back() -> None:
    async def scene(scheduler: Scheduler) -> None:
        first, second = list[Update](), list[Update]()
        one = asyncio.create_task(follow(scheduler, "one", first, Visitor()))
        await until(lambda: trained(first))
        two = asyncio.create_task(follow(scheduler, "two", second, Visitor(), linger=0.3))
        await until(lambda: bool(second))
        await leave(two)
        await until(lambda: len(scheduler.queue.slots) == 1)
        scheduler.stop("one")
        await one

    play(scene)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGSTOP")
@pytest.mark.parametrize("name", ["SIGKILL", "SIGSTOP"])
def test_what_a_killed_or_frozen_worker_had_saved_is_kept(name: str) -> None:
    async def scene(scheduler: Scheduler) -> None:
        visitor = scheduler.keep(Visitor())
        updates = list[Update]()
        task = asyncio.create_task(follow(scheduler, "one", updates, visitor))
        await until(lambda: trained(updates))
        run = scheduler.run_of(visitor.token)
        assert run
        process = run.process
        assert process
        await until(lambda: process.saved_step > 0)
        pid = process.process.pid
        assert pid
        os.kill(pid, getattr(signal, name))
        if name == "SIGSTOP":
            scheduler.stop("one")
        await task
        assert not process.process.is_alive()
        found = scheduler.find(visitor.token)
        assert found
        assert found.resumable
        assert found.checkpoint
        assert found.checkpoint.state
        assert found.checkpoint.state.step >= process.saved_step > 0
        assert updates[-1].snapshot
        assert not updates[-1].snapshot.failed

    play(scene)


def test_while_the_server_ends_nothing_starts_and_all_is_kept(tmp_path: Path) -> None:
    async def scene(scheduler: Scheduler) -> None:
        scheduler.disk_store = DiskStore(tmp_path)
        first, second = list[Update](), list[Update]()
        visitor = scheduler.keep(Visitor())
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


def own_model(number: int) -> Visitor:
    model = CharRNN(Vocabulary.from_text("abc"), ModelConfig("gru", 4), random_seed=number)
    return Visitor().with_model(model, f"model {number}")


def same(visitor: Visitor, other: Visitor) -> bool:
    """Whether both have the same model under the same name."""
    vectors = visitor.current.parameters.vector, other.current.parameters.vector
    return visitor.name == other.name and bool((vectors[0] == vectors[1]).all())


def test_a_model_that_memory_forgot_comes_from_disk_and_never_another() -> None:
    scheduler = Scheduler(30, 1)
    scheduler.session_store = SessionStore(max_bytes=10 * weight(own_model(0)))
    kept = [scheduler.keep(own_model(n), f"session {n}") for n in range(150)]
    assert len(scheduler.session_store) <= 10
    for number, visitor in enumerate(kept):
        assert same(scheduler.restore(f"session {number}"), visitor)
        found = scheduler.find(visitor.token)
        assert found
        assert same(found, visitor)


def test_a_model_that_is_gone_is_refused_in_a_sentence() -> None:
    scheduler = Scheduler(30, 1)
    kept = scheduler.keep(own_model(1), "session")
    assert scheduler.writer.flush(60)
    scheduler.disk_store.path(kept.token).unlink()
    scheduler.session_store = SessionStore()
    with pytest.raises(ForgottenError, match="no longer"):
        scheduler.restore("session")
    assert scheduler.restore("a new session").model is None


def test_a_newer_model_replaces_the_one_on_disk() -> None:
    scheduler = Scheduler(30, 1)
    kept = scheduler.keep(own_model(1), "session")
    assert scheduler.writer.flush(60)
    newer = scheduler.keep(replace(own_model(2), token=kept.token), "session")
    assert scheduler.writer.flush(60)
    again = Scheduler(30, 1)  # after a kill without warning
    found = again.find(kept.token)
    assert found
    assert same(found, newer)


def test_threads_share_the_stores() -> None:
    scheduler = Scheduler(30, 1)
    scheduler.session_store = SessionStore(max_bytes=20 * weight(own_model(0)))
    faults: list[BaseException] = []
    visitors = [own_model(n) for n in range(8)]

    def keep_many(number: int) -> None:
        try:
            for turn in range(125):
                token = f"token {number} {turn % 40}"
                scheduler.keep(replace(visitors[number], token=token), token)
                assert scheduler.find(token) is not None
                scheduler.session_store.visitors()
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=keep_many, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    total = sum(weight(visitor) for visitor in scheduler.session_store.visitors())
    assert total <= scheduler.session_store.max_bytes
