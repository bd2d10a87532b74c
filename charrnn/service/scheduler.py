"""Schedules all visitors' training runs: queues them, follows them and keeps what they learn."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace

from charrnn.service.disk_store import DiskStore
from charrnn.service.job import Job, Snapshot
from charrnn.service.process import TrainingProcess
from charrnn.service.queue import Slot, TrainingQueue
from charrnn.service.session_store import SessionStore
from charrnn.service.visitor import LastRun, Visitor
from charrnn.training.checkpoint import Checkpoint, ModelFileError

POLL = 0.1
"""Seconds between two looks at a run's newest snapshot; the process makes four a second."""

CLOSING = "The server is being restarted."
KEPT = f"{CLOSING} What was learned is kept: reload the page when it is back."


class BusyError(RuntimeError):
    """The visitor has a run already, or the server is closing."""


@dataclass(frozen=True)
class Update:
    """News of a visitor's run: its place in the queue, or a snapshot."""

    ahead: int = 0
    wait: float = 0.0  # seconds
    snapshot: Snapshot | None = None
    elapsed: float = 0.0  # seconds since the run started


class Scheduler:
    """Runs the trainings of one server. Used from its event loop."""

    def __init__(self, seconds: float, runs_at_once: int) -> None:
        """seconds: the longest run."""
        self.seconds = seconds
        self.queue = TrainingQueue(runs_at_once)
        self.session_store = SessionStore()
        self.disk_store = DiskStore()
        self.closing = False
        self._runs: dict[str, TrainingProcess | None] = {}  # by session; None while it waits
        self._saving: dict[str, threading.Thread] = {}  # by session token

    async def train(self, job: Job, visitor: Visitor, session: str) -> AsyncGenerator[Update, None]:
        """Wait in the queue, train, and yield what changes. Raises BusyError, QueueFullError.

        When the visitor leaves in the middle, the run stops and its model goes to the session
        store.
        """
        if self.closing:
            raise BusyError(CLOSING)
        if session in self._runs:
            raise BusyError("You have a run already: stop it first.")
        with self.queue.slot(job.seconds) as slot:
            self._runs[session] = None
            try:
                async with aclosing(self._wait(slot, session)) as waiting:
                    async for update in waiting:
                        yield update
                if self.closing:
                    raise BusyError(CLOSING)
                if session in self._runs:
                    async with aclosing(self._follow(job, visitor, session, slot)) as following:
                        async for update in following:
                            yield update
            finally:
                self._runs.pop(session, None)

    async def _wait(self, slot: Slot, session: str) -> AsyncGenerator[Update, None]:
        shown: tuple[int, int] | None = None
        while slot.ahead and session in self._runs:
            place = (slot.ahead, int(slot.wait))
            if place != shown:
                shown = place
                yield Update(slot.ahead, slot.wait)
            await asyncio.sleep(2 * POLL)

    async def _follow(
        self, job: Job, visitor: Visitor, session: str, slot: Slot
    ) -> AsyncGenerator[Update, None]:
        run = TrainingProcess(job)
        self._runs[session] = run
        shown: Snapshot | None = None
        try:
            while shown is None or not shown.over:
                if shown is not run.snapshot:
                    shown = snapshot = run.snapshot
                    if shown.over and self.closing:
                        await asyncio.to_thread(self._keep, run, visitor)
                        snapshot = replace(shown, note=KEPT)
                    yield Update(snapshot=snapshot, elapsed=slot.used)
                await asyncio.sleep(0 if run.snapshot is not shown else POLL)
        finally:
            if shown is None or not shown.over:  # the visitor left
                self._rescue(run, visitor)

    def _rescue(self, run: TrainingProcess, visitor: Visitor) -> None:
        """Stop the run and keep its model, without holding up the event loop."""

        def save() -> None:
            run.stop()
            self._keep(run, visitor)

        thread = threading.Thread(target=save, daemon=True)
        self._saving[visitor.token] = thread
        thread.start()

    def _keep(self, run: TrainingProcess, visitor: Visitor) -> None:
        """Put a run's model into the session store."""
        if not run.snapshot.failed:
            self.session_store.keep(with_run(visitor, run.job, run.snapshot))

    async def trial(self, job: Job) -> Snapshot:
        """Run a short job if it need not wait; an empty snapshot otherwise.

        It holds a slot, so that a trial never adds a process to those of the queue.
        """
        if self.queue.busy or self.closing:
            return Snapshot(())
        with self.queue.slot(job.seconds + 1) as slot:
            run = TrainingProcess(job)
            try:
                while not run.over.is_set() and slot.used < job.seconds + 10:
                    await asyncio.sleep(POLL)
                return run.snapshot
            finally:
                run.kill()

    def running(self, session: str) -> bool:
        """Whether the session has a run, in progress or waiting."""
        return session in self._runs

    def stop(self, session: str) -> bool:
        """Stop the session's run at its best weights, or take it out of the queue."""
        if session not in self._runs:
            return False
        if self._runs[session] is None:
            del self._runs[session]
        else:
            self.steer(session, "stop")
        return True

    def steer(self, session: str, name: str, value: float = 0.0) -> None:
        """Send a command to the session's run; see `Command`."""
        if run := self._runs.get(session):
            threading.Thread(target=run.send, args=(name, value), daemon=True).start()

    def find(self, token: str) -> Visitor | None:
        """The visitor that is kept for a session token, if need be after its run is saved."""
        if thread := self._saving.pop(token, None):
            thread.join(3.0)
        return self.session_store.find(token) or self.disk_store.find(token)

    def close(self, seconds: float) -> tuple[int, int]:
        """Stop all runs at their best weights, and write what visitors hold to the disk store.

        Called from outside of the event loop, which must be running. Takes about `seconds` at
        most. Returns how many visitors' models were saved, and how many there were.
        """
        deadline = time.monotonic() + seconds
        self.closing = True
        for session in list(self._runs):
            self.stop(session)
        while self._runs and time.monotonic() < deadline - seconds / 2:
            time.sleep(POLL / 2)
        for thread in list(self._saving.values()):
            thread.join(max(0.0, deadline - seconds / 2 - time.monotonic()))
        visitors = [visitor for visitor in self.session_store.visitors() if visitor.model]
        saved = 0
        for visitor in visitors:
            if time.monotonic() < deadline:
                with suppress(OSError, ModelFileError):
                    saved += self.disk_store.put(visitor)
        return saved, len(visitors)


def with_run(visitor: Visitor, job: Job, snapshot: Snapshot) -> Visitor:
    """The visitor after a run: with its best model, and the run to show."""
    if not snapshot.files:
        return visitor
    checkpoint = Checkpoint.from_bytes(snapshot.files[snapshot.best])
    name = f"trained here on {job.corpus or 'your text'}"
    trained = visitor.with_checkpoint(checkpoint, name, job.text)
    return trained.with_run(LastRun(job, replace(snapshot, files=())))
