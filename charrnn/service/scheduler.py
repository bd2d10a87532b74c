"""Schedules all visitors' training runs: queues them, follows them and keeps their models."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from charrnn.service.disk_store import DiskStore, Writer
from charrnn.service.job import Job, Snapshot
from charrnn.service.process import TrainingProcess
from charrnn.service.run import POLL, Run, Update, expected_seconds, with_run
from charrnn.service.session_store import SessionStore
from charrnn.service.training_queue import TrainingQueue
from charrnn.service.visitor import Visitor
from charrnn.training.checkpoint import ModelFileError

__all__ = ["BusyError", "ForgottenError", "Scheduler", "Update", "with_run"]

LINGER = 90.0
"""Seconds for which a run continues without its page: a reload, a locked phone, a lost line."""
STARTUP = 0.8
"""Seconds that a run takes besides its training, until the queue has measured it."""
TRIAL_EXTRA = 60.0
"""Seconds that a trial may take besides its training; on a busy machine its start took over 10."""
SESSIONS = 100_000
"""Sessions whose tokens are remembered, 200 bytes each."""

CLOSING = "The server is being restarted."
KEPT = f"{CLOSING} What was learned is kept: reload the page when it is back."
FORGOTTEN = (
    "The server no longer has your model: it keeps one for a day. "
    "Reload the page, then train again or upload your file."
)


class BusyError(RuntimeError):
    """The visitor has a run already, or the server is closing."""


class ForgottenError(RuntimeError):
    """The session's model is neither in memory nor on disk any more."""


class Scheduler:
    """Runs the trainings of one server. Used from its event loop unless a method says otherwise."""

    def __init__(self, seconds: float, runs_at_once: int) -> None:
        """seconds: the longest run."""
        self.seconds = seconds
        self.queue = TrainingQueue(runs_at_once, startup=STARTUP)
        self.session_store = SessionStore()
        self.disk_store = DiskStore()
        self.linger = LINGER
        self.closing = False
        self._writer: Writer | None = None
        self._lock = threading.Lock()  # of `_sessions`
        self._runs: dict[str, Run] = {}  # by session token
        self._sessions: OrderedDict[str, tuple[str, bool]] = OrderedDict()  # token, has a model

    @property
    def writer(self) -> Writer:
        """The thread that writes to `disk_store`."""
        if self._writer is None or self._writer.disk_store is not self.disk_store:
            self._writer = Writer(self.disk_store)
        return self._writer

    def keep(self, visitor: Visitor, session: str = "") -> Visitor:
        """Keep a visitor in memory, and soon on disk; returns them with a token. From any thread.

        session: the page's key, by which `restore` finds the visitor again.
        """
        visitor = self.session_store.keep(visitor)
        self.writer.write(visitor)
        if session:
            with self._lock:
                self._sessions.pop(session, None)
                self._sessions[session] = (visitor.token, visitor.model is not None)
                if len(self._sessions) > SESSIONS:
                    self._sessions.popitem(last=False)
        return visitor

    def find(self, token: str) -> Visitor | None:
        """The visitor of a session token, from memory or from disk. From any thread."""
        if not token:
            return None
        visitor = self.session_store.find(token)
        if visitor is None and (visitor := self.writer.find(token)) is not None:
            self.session_store.keep(visitor)
        return visitor

    def arrive(self, token: str, own: bool, session: str) -> Visitor | None:
        """The visitor of a page that opens with a session token; None without any.

        own: the token is this tab's. Otherwise another tab may be using the token, so the page gets
        one of its own, but still follows the token's run if no other page does.
        """
        visitor, run = self.find(token), self.run_of(token)
        if visitor is None:
            return None
        if not own and (run is None or run.followed):
            visitor = replace(visitor, token="")
        return self.keep(visitor, session)

    def restore(self, session: str) -> Visitor:
        """The visitor of a session whose page is still open; a new one for a new session.

        From any thread. Raises ForgottenError rather than continue with another model.
        """
        token, had_model = self._sessions.get(session, ("", False))
        visitor = self.find(token)
        if had_model and (visitor is None or visitor.model is None):
            raise ForgottenError(FORGOTTEN)
        return visitor or Visitor(token=token)

    def start(
        self, job: Job, visitor: Visitor, session: str, client: str = "", linger: float = 0.0
    ) -> Run:
        """Put a run into the queue. Raises BusyError, QueueFullError.

        client: who asks, for a fair order. linger: seconds for which it continues without a page.
        """
        if self.closing:
            raise BusyError(CLOSING)
        visitor = self.keep(visitor, session)
        if visitor.token in self._runs:
            raise BusyError("You have a run already: stop it first.")
        clocked = job.race or bool(job.planned)
        slot = self.queue.join(job.seconds, expected_seconds(job), client, clocked)
        run = Run(job, visitor, slot, linger)
        self._runs[visitor.token] = run
        run.task = asyncio.create_task(self._carry_out(run))
        return run

    async def train(
        self, job: Job, visitor: Visitor, session: str, client: str = "", linger: float = 0.0
    ) -> AsyncGenerator[Update, None]:
        """Start a run, and yield what changes; see `start`."""
        run = self.start(job, visitor, session, client, linger)
        async with aclosing(run.follow()) as updates:
            async for update in updates:
                yield update

    async def _carry_out(self, run: Run) -> None:
        """Take a run from the queue through training to the stores."""
        try:
            await run.wait()
            if run.stopping or run.slot.waiting:  # it never started
                run.error = BusyError(CLOSING) if self.closing else None
            else:
                snapshot = await run.train()
                run.visitor = await asyncio.to_thread(with_run, run.visitor, run.job, snapshot)
                self.keep(run.visitor)
                if self.closing:
                    snapshot = replace(snapshot, note=KEPT)
                run.update = Update(snapshot=snapshot, elapsed=run.slot.trained)
        except (OSError, ModelFileError):
            run.error = BusyError("The server could not train this: try again in a minute.")
        finally:
            if run.process:
                run.process.kill()
            snapshot_now = run.update.snapshot
            self.queue.leave(run.slot, bool(snapshot_now and snapshot_now.finished))
            self._runs.pop(run.visitor.token, None)
            run.over = True

    async def trial(self, job: Job) -> Snapshot:
        """Run a short job if it need not wait; an empty snapshot otherwise.

        A trial takes a slot, so it never adds a process to those of the queue.
        """
        if self.queue.busy or self.closing:
            return Snapshot(())
        with self.queue.slot(job.seconds + 1) as slot:
            run = TrainingProcess(job)
            try:
                while not run.over.is_set() and slot.used < job.seconds + TRIAL_EXTRA:
                    await asyncio.sleep(POLL)
                return run.snapshot
            finally:
                run.kill()

    def run_of(self, token: str) -> Run | None:
        """The waiting or running training of a session token."""
        return self._runs.get(token)

    def _run(self, session: str) -> Run | None:
        return self._runs.get(self._sessions.get(session, ("", False))[0])

    def running(self, session: str) -> bool:
        """Whether the session has a run, in progress or waiting."""
        return self._run(session) is not None

    def stop(self, session: str) -> bool:
        """Stop the session's run at its best weights, or take it out of the queue."""
        run = self._run(session)
        if run:
            run.stop()
        return run is not None

    def steer(self, session: str, name: str, value: float = 0.0) -> None:
        """Send a command to the session's run; see `Command`."""
        run = self._run(session)
        if run and run.process:
            run.process.send(name, value)

    def close(self, seconds: float) -> tuple[int, int]:
        """Stop all runs at their best weights, and write the visitors' models to the disk store.

        Called from outside the event loop, which must be running. Takes about `seconds` at most.
        Returns how many visitors' models were saved, and how many there were.
        """
        deadline = time.monotonic() + seconds
        self.closing = True
        runs = list(self._runs.values())
        for run in runs:
            run.stop()
        # Pages that follow a run must get its result before the server ends.
        while any(not run.over or run.followed for run in runs):
            if time.monotonic() > deadline - seconds / 3:
                break
            time.sleep(POLL / 2)
        for run in runs:
            if run.process:
                run.process.kill()
        visitors = [visitor for visitor in self.session_store.visitors() if visitor.model]
        for visitor in visitors:
            self.writer.write(visitor)
        self.writer.flush(max(0.0, deadline - time.monotonic()))
        return sum(self.writer.saved(visitor) for visitor in visitors), len(visitors)
