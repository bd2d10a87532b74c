"""Runs one training in a child process: starts it, reads its snapshots, steers it and ends it."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import queue
import threading
from dataclasses import replace

from charrnn.service import worker
from charrnn.service.job import Command, Job, Snapshot

PATIENCE = 2.0
"""Seconds a process has to hand over its files after "stop" before it is killed."""
UNSAVED = 10.0
"""The same if it has saved nothing yet, so that a kill would lose all it has learned."""

CRASHED = Snapshot(
    (),
    note="The training process ended unexpectedly: try smaller settings.",
    over=True,
    failed=True,
)
ENDED = "The training process was ended; what it had learned a few seconds before is kept."


class TrainingProcess:
    """A training in a child process; `snapshot` is always the newest."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.snapshot = Snapshot(())
        self._saved: Snapshot | None = None  # the newest with files, in case the process dies
        self._ending = False
        self.over = threading.Event()
        self._outgoing: queue.SimpleQueue[Job | Command | None] = queue.SimpleQueue()
        self._outgoing.put(job)
        for library in ("OPENBLAS", "OMP", "MKL", "VECLIB_MAXIMUM"):  # processes share the cores
            os.environ[f"{library}_NUM_THREADS"] = "1"
        context = multiprocessing.get_context("spawn")  # a fork would copy the server's locks
        self._connection, its_end = context.Pipe()
        self.process = context.Process(target=worker.main, args=(its_end,), daemon=True)
        self.process.start()
        its_end.close()  # so that the pipe closes when the process ends
        for work in (self._deliver, self._follow):
            threading.Thread(target=work, daemon=True).start()

    def _deliver(self) -> None:
        """Send the job, up to 2 MB, and then commands in their order; a full pipe takes a while."""
        with contextlib.suppress(OSError, ValueError):
            while (item := self._outgoing.get()) is not None:
                self._connection.send(item)

    def _follow(self) -> None:
        """Keep the newest snapshot until the process ends."""
        try:
            while not self.snapshot.over:
                received = self._connection.recv()
                if received.files and not received.over:
                    self._saved, received = received, replace(received, files=())
                self.snapshot = received
        except (EOFError, OSError):
            saved = self._saved
            self.snapshot = replace(saved, note=ENDED, over=True) if saved else CRASHED
        finally:
            self.process.kill()
            self.process.join()
            self._outgoing.put(None)
            self._connection.close()
            self.over.set()  # from here on the process is gone

    def send(self, name: str, value: float = 0.0) -> None:
        """Send a command, without waiting for a process that reads nothing."""
        self._outgoing.put(Command(name, value))

    @property
    def saved_step(self) -> int:
        """The step of the newest saved files, which survive the process; 0 before any."""
        progress = self._saved.runs[0].progress if self._saved else None
        return progress.step if progress else 0

    def kill(self) -> None:
        """End the process at once; `_follow` then reads the end of the pipe and clears up."""
        self.process.kill()

    def end(self) -> None:
        """Ask the process to stop, and kill it if it has not after PATIENCE or UNSAVED seconds.

        Does not wait. A kill also ends a process that is frozen or stuck; what it saved last is
        then in the last snapshot.
        """
        if self._ending:
            return
        self._ending = True
        self.send("stop")

        def insist() -> None:
            if not self.over.wait(PATIENCE if self._saved else UNSAVED):
                self.kill()

        threading.Thread(target=insist, daemon=True).start()

    def stop(self) -> Snapshot:
        """End the process, and wait for its last snapshot."""
        self.end()
        self.over.wait()
        return self.snapshot
