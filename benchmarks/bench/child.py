"""A child process that does one side's work: a line of JSON in, a line of JSON out.

A child stays alive over many runs, so that a run measures work and not imports. It answers

    {"do": "prepare", "work": {...}, "seconds": 0.5}   build it, warm it up, choose a run's length
    {"do": "run"}                                      one run: seconds and units of work done
    {"do": "measure", "work": {...}}                   numbers of another kind: memory, shares
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple


class Work(NamedTuple):
    """`run(n)` does n equal pieces; each is worth `units` (characters, mostly)."""

    run: Callable[[int], object]
    units: float = 1.0


def calibrate(work: Work, seconds: float) -> int:
    """How many pieces take about `seconds`. The first pieces warm caches and are not counted."""
    work.run(1)
    n = 1
    while True:
        started = time.perf_counter()
        work.run(n)
        took = time.perf_counter() - started
        if took > seconds / 8:
            return max(1, round(n * seconds / took))
        n *= 4


def peak_megabytes() -> float:
    """The most memory this process ever had in use, in MB. Linux counts in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def serve(
    works: dict[str, Callable[..., Work]], measures: dict[str, Callable[..., dict[str, Any]]]
) -> None:
    """Answer until the input ends. `kind` in the work names an entry; the rest are arguments."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # so that a library's output never gets between the answers
    work, n = Work(lambda n: None), 1
    for line in sys.stdin:
        ask = json.loads(line)
        try:
            what = dict(ask.get("work", {}))
            kind = what.pop("kind", "")
            if ask["do"] == "prepare":
                work = works[kind](**what)
                n = calibrate(work, ask["seconds"])
                reply: dict[str, Any] = {"pieces": n}
            elif ask["do"] == "run":
                started = time.perf_counter()
                work.run(n)
                reply = {"seconds": time.perf_counter() - started, "units": n * work.units}
            else:
                reply = measures[kind](**what)
        except Exception as error:
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), file=out, flush=True)
