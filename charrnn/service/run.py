"""Runs one visitor's training from the queue to the stores, while pages come and go."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace

from charrnn.service.job import Job, Snapshot
from charrnn.service.process import TrainingProcess
from charrnn.service.training_queue import Slot
from charrnn.service.versions import with_default
from charrnn.service.visitor import LastRun, Visitor
from charrnn.training import fitted_settings
from charrnn.training.checkpoint import Checkpoint

POLL = 0.1
"""Seconds between two checks for a run's newest snapshot; the process makes four a second."""
STEP = 7e-4
"""Seconds that a step costs besides its characters: most of the time of the smallest networks."""
STUCK = 20.0
"""Seconds past its limit after which the server stops a run that does not end."""
STARTING = 120.0
"""Seconds that its process may take to start, which is one or two unless the machine is busy."""


@dataclass(frozen=True)
class Update:
    """News of a visitor's run: its place in the queue, or a snapshot."""

    ahead: int = 0
    wait: float = 0.0  # seconds
    snapshot: Snapshot | None = None
    elapsed: float = 0.0  # seconds since it began to train


class Run:
    """A training that is waiting, in progress or over, and the pages that follow it."""

    def __init__(self, job: Job, visitor: Visitor, slot: Slot, linger: float) -> None:
        """linger: seconds for which the run continues while no page follows it."""
        self.job, self.visitor, self.slot, self.linger = job, visitor, slot, linger
        self.process: TrainingProcess | None = None
        self.update = Update(slot.ahead, slot.wait)
        self.over = False
        self.stopping = False
        self.error: Exception | None = None  # why it did not start
        self.task: asyncio.Task[None] | None = None
        self._followers = 0
        self._left_at = time.monotonic()

    @property
    def followed(self) -> bool:
        """Whether a page shows this run."""
        return self._followers > 0

    @property
    def abandoned(self) -> bool:
        """Whether nobody has come back to it in time."""
        return not self.followed and time.monotonic() - self._left_at > self.linger

    async def follow(self) -> AsyncGenerator[Update, None]:
        """Yield what changes until the run is over; leaving early does not end it.

        Raises the error that kept the run from starting.
        """
        shown: Update | None = None
        self._followers += 1
        try:
            while True:
                over = self.over
                if self.update is not shown:
                    shown = self.update
                    if shown.ahead or shown.snapshot:
                        yield shown
                elif over:
                    break
                else:
                    await asyncio.sleep(POLL / 2)
            if self.error:
                raise self.error
        finally:
            self._followers -= 1
            self._left_at = time.monotonic()

    def stop(self) -> None:
        """End the run at its best weights, or take it out of the queue."""
        if not self.stopping:
            self.stopping = True
            if self.process:
                self.process.end()

    async def wait(self) -> None:
        """Wait for the run's turn, or until it is stopped or abandoned."""
        while self.slot.waiting and not (self.stopping or self.abandoned):
            ahead, wait = self.slot.ahead, self.slot.wait
            if (ahead, int(wait)) != (self.update.ahead, int(self.update.wait)):
                self.update = Update(ahead, wait)
            await asyncio.sleep(POLL)

    async def train(self) -> Snapshot:
        """Train in a process to the end; returns the last snapshot, which is not shown yet."""
        self.process = process = TrainingProcess(self.job)
        shown: Snapshot | None = None
        while not process.over.is_set():
            if self.abandoned or self._stuck():
                self.stop()
            snapshot = process.snapshot
            if snapshot is not shown and not snapshot.over:
                shown = snapshot
                if snapshot.runs:
                    self.slot.begin()
                self.update = Update(snapshot=snapshot, elapsed=self.slot.trained)
                self.slot.measure(seconds_left(self.job, snapshot, self.slot))
            await asyncio.sleep(POLL)
        return process.snapshot

    def _stuck(self) -> bool:
        """Whether the process takes far longer than it may to start, or then to train."""
        if self.slot.begun is None:
            return self.slot.used > STARTING
        return self.slot.trained > self.job.seconds + STUCK


def expected_seconds(job: Job) -> float:
    """How long a job will probably train, in seconds."""
    if job.race:
        return job.seconds
    planned = job.planned
    if not planned:
        config, done = job.config, 0
        if job.checkpoint and job.checkpoint.state:
            done = job.checkpoint.state.step
            config = job.checkpoint.train_config()
        left = config.steps - done if config.steps > done else config.steps
        symbols = len(set(job.text)) + 1
        speed = fitted_settings.speed(job.models[0], symbols)
        window = config.batch_size * config.seq_length
        planned = left * config.accumulate * (window / speed + STEP)
    return min(job.seconds, planned)


def seconds_left(job: Job, snapshot: Snapshot, slot: Slot) -> float:
    """The likely seconds until a run in progress ends."""
    left = max(0.0, job.seconds - slot.trained)
    run_view = snapshot.runs[0] if snapshot.runs else None
    if run_view is None or run_view.progress is None or job.race:
        return min(left, max(0.0, slot.queue.likely(slot) - slot.used))
    if job.planned:
        return min(left, max(0.0, job.planned - run_view.seconds))
    p = run_view.progress
    if run_view.chars_per_second > 0:
        left = min(left, (p.steps - p.step) * p.chars / max(p.step, 1) / run_view.chars_per_second)
    return left


def with_run(visitor: Visitor, job: Job, snapshot: Snapshot) -> Visitor:
    """The visitor after a run, with the run's model and the run itself to show."""
    if not snapshot.files:
        return visitor
    checkpoint = Checkpoint.from_bytes(snapshot.files[snapshot.best])
    name = f"trained here on {job.corpus or 'your text'}"
    trained = visitor.with_checkpoint(checkpoint, name, job.text)
    return with_default(trained.with_run(LastRun(job, replace(snapshot, files=()))))
