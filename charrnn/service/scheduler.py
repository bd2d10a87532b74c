"""The training hall: the line, the runs of all visitors by session, and the vault."""

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

LOOK = 0.1
"""Seconds between two looks at a run's newest snapshot; the process makes four a second."""


CLOSING = "The server is being restarted."
KEPT = f"{CLOSING} What was learned is kept: reload the page when it is back."


class BusyError(RuntimeError):
    """The visitor has a run already, or the server is about to end."""


@dataclass(frozen=True)
class Update:
    """What changed for a visitor in training: a place in line, or a snapshot."""

    ahead: int = 0
    wait: float = 0.0
    snapshot: Snapshot | None = None
    elapsed: float = 0.0  # seconds since the run's turn came


class Scheduler:
    """One per page. Used from the server's event loop."""

    def __init__(self, seconds: float, workers: int) -> None:
        self.seconds = seconds
        self.line = TrainingQueue(workers)
        self.session_store = SessionStore()
        self.disk_store = DiskStore()
        self.closing = False
        self._runs: dict[str, TrainingProcess | None] = {}  # by session; None while in line
        self._saving: dict[str, threading.Thread] = {}  # by ticket

    async def train(self, job: Job, visitor: Visitor, session: str) -> AsyncGenerator[Update, None]:
        """Wait in line, train, and tell what changes. Raises BusyError, QueueFullError.

        When the visitor leaves in the middle, the run ends and what it learned goes to the vault.
        """
        if self.closing:
            raise BusyError(CLOSING)
        if session in self._runs:
            raise BusyError("You have a run already: stop it first.")
        with self.line.join(job.seconds) as place:
            self._runs[session] = None
            try:
                async with aclosing(self._wait(place, session)) as waiting:
                    async for news in waiting:
                        yield news
                if self.closing:
                    raise BusyError(CLOSING)
                if session in self._runs:
                    async with aclosing(self._follow(job, visitor, session, place)) as following:
                        async for news in following:
                            yield news
            finally:
                self._runs.pop(session, None)

    async def _wait(self, place: Slot, session: str) -> AsyncGenerator[Update, None]:
        told: tuple[int, int] | None = None
        while place.ahead and session in self._runs:
            now = (place.ahead, int(place.wait))
            if now != told:
                told = now
                yield Update(place.ahead, place.wait)
            await asyncio.sleep(2 * LOOK)

    async def _follow(
        self, job: Job, visitor: Visitor, session: str, place: Slot
    ) -> AsyncGenerator[Update, None]:
        run = TrainingProcess(job)
        self._runs[session] = run
        shown: Snapshot | None = None
        try:
            while shown is None or not shown.over:
                if shown is not run.snapshot:
                    shown = run.snapshot
                    told = shown
                    if shown.over and self.closing:
                        await asyncio.to_thread(self._keep, run, visitor)
                        told = replace(shown, note=KEPT)
                    yield Update(snapshot=told, elapsed=place.used(self.line.clock()))
                await asyncio.sleep(0 if run.snapshot is not shown else LOOK)
        finally:
            if shown is None or not shown.over:  # the visitor left
                self._rescue(run, visitor)

    def _rescue(self, run: TrainingProcess, visitor: Visitor) -> None:
        """End the run and keep what it learned, without holding up the event loop."""

        def save() -> None:
            run.stop()
            self._keep(run, visitor)

        thread = threading.Thread(target=save, daemon=True)
        self._saving[visitor.token] = thread
        thread.start()

    def _keep(self, run: TrainingProcess, visitor: Visitor) -> None:
        """Put what a run learned into the vault."""
        if not run.snapshot.failed:
            self.session_store.keep(with_run(visitor, run.job, run.snapshot))

    async def trial(self, job: Job) -> Snapshot:
        """Run a short job at once if a worker is free; an empty snapshot if not.

        It takes a place, so that a trial never makes a third process.
        """
        if len(self.line.places) >= self.line.workers or self.closing:
            return Snapshot(())
        with self.line.join(job.seconds + 1):
            run = TrainingProcess(job)
            try:
                deadline = self.line.clock() + job.seconds + 10
                while not run.over.is_set() and self.line.clock() < deadline:
                    await asyncio.sleep(LOOK)
                return run.snapshot
            finally:
                run.kill()

    def running(self, session: str) -> bool:
        """Whether the session has a run, going on or in line."""
        return session in self._runs

    def stop(self, session: str) -> bool:
        """End the session's run with its best weights, or give up its place in line."""
        if session not in self._runs:
            return False
        run = self._runs[session]
        if run is None:
            del self._runs[session]
        else:
            threading.Thread(target=run.send, args=("stop",), daemon=True).start()
        return True

    def steer(self, session: str, name: str, value: float) -> None:
        """Change the "rate" (a factor) or the "temperature" of samples of the session's run."""
        if run := self._runs.get(session):
            threading.Thread(target=run.send, args=(name, value), daemon=True).start()

    def find(self, token: str) -> Visitor | None:
        """What the vault holds for a ticket, once a run that is just being saved is there."""
        if thread := self._saving.pop(token, None):
            thread.join(3.0)
        return self.session_store.find(token) or self.disk_store.find(token)

    def close(self, seconds: float) -> tuple[int, int]:
        """End all runs with their best weights, and put what visitors hold on the shelf.

        Called from outside of the event loop, which must be running. Takes about so many seconds
        at most. Returns how many visitors' models were saved, and how many there were.
        """
        deadline = time.monotonic() + seconds
        self.closing = True
        for session in list(self._runs):
            self.stop(session)
        while self._runs and time.monotonic() < deadline - seconds / 2:
            time.sleep(LOOK / 2)
        for thread in list(self._saving.values()):
            thread.join(max(0.0, deadline - seconds / 2 - time.monotonic()))
        found = [visitor for visitor in self.session_store.visitors() if visitor.model]
        saved = 0
        for visitor in found:
            if time.monotonic() < deadline:
                with suppress(OSError, ModelFileError):
                    saved += self.disk_store.put(visitor)
        return saved, len(found)


def with_run(visitor: Visitor, job: Job, snapshot: Snapshot) -> Visitor:
    """The visitor after a run: its best model, and the run itself for "Continue"."""
    if not snapshot.files:
        return visitor
    checkpoint = Checkpoint.from_bytes(snapshot.files[snapshot.best])
    name = f"trained here on {job.corpus or 'your text'}"
    trained = visitor.with_checkpoint(checkpoint, name, job.text)
    return trained.with_run(LastRun(job, replace(snapshot, files=())))
