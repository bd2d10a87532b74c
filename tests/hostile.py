"""Makes model files that must be refused and odd ones that must load, and judges what happens.

`python tests/hostile.py CANARY` reads each file in a child, forked after the file was made, and
prints one line of JSON a file: name, healthy, outcome, message, seconds, megabytes.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple, NoReturn

import healthy
import hostile_arrays
import hostile_meta
import hostile_zip

from charrnn.training import checkpoint

HANG = 60
"""Seconds until a file counts as hung. The promised limit is 0.25, but machines are noisy."""

BATCH, SMALL = 40, 20_000
"""Files that share a process, and their size in bytes: 900 forks took 20 s."""


class Case(NamedTuple):
    name: str
    healthy: bool
    build: Callable[[], bytes]


@dataclass
class Verdict:
    name: str
    healthy: bool
    size: int
    outcome: str  # "loads", or the exception's name, or "hangs", or "dies"
    message: str = ""
    seconds: float = 0.0  # of this process's CPU
    megabytes: float = 0.0  # that its process ever grew by, up to here


def corpus(canary: str) -> Iterator[Case]:
    """All files. Opening a pickle in one of them would make the file `canary`."""
    for module in (hostile_zip, hostile_arrays, hostile_meta):
        for name, file in module.cases(canary):
            build = file if callable(file) else partial(bytes, file)
            name = f"{module.__name__[8:]}.{name}".replace(" ", "")
            yield Case(name, name in healthy.HARMLESS, build)
    for name, file in healthy.cases():
        yield Case(f"healthy.{name}", True, file if callable(file) else partial(bytes, file))


def judge(cases: Iterable[Case]) -> Iterator[Verdict]:
    """Let children read the files, and watch them. Up to BATCH small files share a child."""
    batch: list[tuple[Case, bytes]] = []
    for case in cases:
        data = case.build()
        if len(data) > SMALL:
            yield from _watch([(case, data)])
            continue
        batch.append((case, data))
        if len(batch) == BATCH:
            yield from _watch(batch)
            batch = []
    yield from _watch(batch)


def _watch(batch: list[tuple[Case, bytes]]) -> Iterator[Verdict]:
    """Fork, and read a line of the pipe for each file. A file without one hung or died."""
    while batch:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            _decide_all(batch, writing)
        os.close(writing)
        with os.fdopen(reading, "rb", 0) as pipe:
            while batch:
                hangs = not select.select([pipe], [], [], HANG)[0]
                answer = b"" if hangs else pipe.readline()
                case, data = batch.pop(0)
                verdict = Verdict(case.name, case.healthy, len(data), "hangs" if hangs else "dies")
                yield replace(verdict, **json.loads(answer or "{}"))
                if not answer:
                    break
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _decide_all(batch: list[tuple[Case, bytes]], writing: int) -> NoReturn:
    before = _memory("VmRSS")
    with os.fdopen(writing, "wb", 0) as pipe:
        for _, data in batch:
            pipe.write(json.dumps(_decide(data, before)).encode() + b"\n")
    os._exit(0)


def _decide(data: bytes, before: float) -> dict[str, object]:
    start = time.process_time()
    try:
        checkpoint.Checkpoint.from_bytes(data, checkpoint.HOSTED_BYTES)
        outcome, message = "loads", ""
    except BaseException as error:
        outcome, message = type(error).__name__, str(error)
    seconds = time.process_time() - start
    grown = _memory("VmHWM") - before
    return {"outcome": outcome, "message": message, "seconds": seconds, "megabytes": grown}


def _memory(field: str) -> float:
    """A line of /proc/self/status, in MB. VmHWM starts from VmRSS when a process is forked."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024 / 1e6
    raise LookupError(field)


def main() -> None:
    # Large blocks go straight back to the system, so no file reuses what another left free.
    ctypes.CDLL(None).mallopt(-3, 1 << 17)
    warnings.simplefilter("error")
    for verdict in judge(corpus(sys.argv[1])):
        print(json.dumps(asdict(verdict)), flush=True)


if __name__ == "__main__":
    main()
