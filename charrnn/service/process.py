"""The page's end of a training process: start it, read its snapshots, steer it, end it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from pathlib import Path

from charrnn.service.job import Command, Job, Snapshot, receive, send

PATIENCE = 1.5
"""Seconds a process has to hand over its files after "stop" before it is killed."""

CRASHED = Snapshot(
    (),
    note="The training process ended unexpectedly: try smaller settings.",
    over=True,
    failed=True,
)


class Run:
    """One training in a child process; `snapshot` is always the newest."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.snapshot = Snapshot(())
        self.stopping = False
        self.over = threading.Event()
        self._writing = threading.Lock()  # the job and a command must not mix on the pipe
        package = str(Path(__file__).resolve().parents[2])
        paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
        # One BLAS thread each: several processes share the cores.
        threads = {
            f"{name}_NUM_THREADS": "1" for name in ("OPENBLAS", "OMP", "MKL", "VECLIB_MAXIMUM")
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "charrnn.service.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **threads, "PYTHONPATH": os.pathsep.join(paths)},
            start_new_session=True,  # Ctrl+C is for the page, which then asks for the files
        )
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self) -> None:
        """Send the job and keep the newest snapshot until the process is done."""
        assert self.process.stdin and self.process.stdout
        try:
            with self._writing:
                send(self.process.stdin, self.job)  # up to 2 MB: more than a pipe takes at once
            while not self.snapshot.over:
                self.snapshot = receive(self.process.stdout)
        except (EOFError, OSError):
            self.snapshot = CRASHED
        finally:
            self.end()
            self.over.set()  # from here on the process is gone

    def tell(self, name: str, value: float = 0.0) -> None:
        """Steer the run; harmless when it is over."""
        if name == "stop":
            self.stopping = True
        with contextlib.suppress(OSError, ValueError), self._writing:
            assert self.process.stdin
            send(self.process.stdin, Command(name, value))

    def end(self) -> None:
        """Make sure that the process is gone."""
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError, ValueError):
                assert pipe
                pipe.close()
        self.process.kill()
        self.process.wait()

    def leave(self) -> Snapshot:
        """Stop, wait at most PATIENCE for the files, and end the process."""
        self.tell("stop")
        self.over.wait(PATIENCE)
        self.process.kill()  # `_follow` then reads the end of the stream and clears up
        self.over.wait()
        return self.snapshot
