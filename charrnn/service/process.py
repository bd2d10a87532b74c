"""Runs one training in a child process: starts it, reads its snapshots, steers it and ends it."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import threading

from charrnn.service import worker
from charrnn.service.job import Command, Job, Snapshot

PATIENCE = 1.5
"""Seconds a process has to hand over its files after "stop" before it is killed."""

CRASHED = Snapshot(
    (),
    note="The training process ended unexpectedly: try smaller settings.",
    over=True,
    failed=True,
)


class TrainingProcess:
    """A training in a child process; `snapshot` is always the newest."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.snapshot = Snapshot(())
        self.over = threading.Event()
        self._sending = threading.Lock()  # the job and a command must not mix in the pipe
        for library in ("OPENBLAS", "OMP", "MKL", "VECLIB_MAXIMUM"):  # processes share the cores
            os.environ[f"{library}_NUM_THREADS"] = "1"
        context = multiprocessing.get_context("spawn")  # a fork would copy the server's locks
        self._connection, its_end = context.Pipe()
        self.process = context.Process(target=worker.main, args=(its_end,), daemon=True)
        self.process.start()
        its_end.close()  # so that the pipe ends with the process
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self) -> None:
        """Send the job, and keep the newest snapshot until the process is done."""
        try:
            with self._sending:
                self._connection.send(self.job)  # up to 2 MB, more than a pipe takes at once
            while not self.snapshot.over:
                self.snapshot = self._connection.recv()
        except (EOFError, OSError):
            self.snapshot = CRASHED
        finally:
            self._connection.close()
            self.process.kill()
            self.process.join()
            self.over.set()  # from here on the process is gone

    def send(self, name: str, value: float = 0.0) -> None:
        """Send a command; harmless when the run is over."""
        with contextlib.suppress(OSError), self._sending:
            self._connection.send(Command(name, value))

    def kill(self) -> None:
        """End the process at once; `_follow` then reads the end of the pipe and clears up."""
        self.process.kill()

    def stop(self) -> Snapshot:
        """Stop, wait at most PATIENCE for the files, and end the process."""
        self.send("stop")
        self.over.wait(PATIENCE)
        self.kill()
        self.over.wait()
        return self.snapshot
