"""The driver of the benchmarks: child processes, and runs that take turns."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from bench.machine import environment

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PAUSE = 0.15
"""Seconds between two runs: the threads of the one that ended spin on for a while."""


class Way(NamedTuple):
    """One way to do a piece of work: the script, its number of threads, and more arguments."""

    script: str
    threads: int
    options: dict[str, Any] = {}
    root: Path = ROOT

    def __str__(self) -> str:
        said = [f"{self.threads} thread{'s' * (self.threads > 1)}"]
        for name, value in self.options.items():
            if isinstance(value, bool):
                said.append(f"{name} {'on' if value else 'off'}")
            else:
                said.append(value if isinstance(value, str) else f"{value} {name}")
        return ", ".join(said)


class ChildError(RuntimeError):
    """A child could not do its work."""


class Child:
    """A child process: one script, one number of threads."""

    def __init__(self, way: Way) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / f"{way.script}.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(way.threads, way.root),
        )

    def ask(self, do: str, **what: Any) -> dict[str, Any]:
        """Send a request and return the answer. Raises ChildError."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            print(json.dumps({"do": do, **what}), file=self.process.stdin, flush=True)
            reply = json.loads(self.process.stdout.readline() or '{"error": "it died"}')
        except BrokenPipeError:
            reply = {"error": "it died"}
        if "error" in reply:
            raise ChildError(reply["error"])
        return reply  # type: ignore[no-any-return]

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


@contextmanager
def fresh(way: Way) -> Iterator[Child]:
    """A child of its own, which ends with the block."""
    child = Child(way)
    try:
        yield child
    finally:
        child.close()


class WorkerPool:
    """Children that live as long as the run: importing PyTorch takes seconds, so it is done once
    for each number of threads. Ways that differ only in options share a child."""

    def __init__(self) -> None:
        self.children: dict[tuple[Any, ...], Child] = {}
        self.rates: dict[tuple[Any, ...], float] = {}
        """Units a second of each way that `fastest` tried, by way and work."""

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(self, *_: object) -> None:
        for child in self.children.values():
            child.close()

    def child(self, way: Way, seat: int = 0) -> Child:
        key = (way.script, way.threads, way.root, seat)
        if key not in self.children:
            self.children[key] = Child(way)
        return self.children[key]

    def prepare(self, way: Way, work: dict[str, Any], seconds: float, seat: int = 0) -> Side:
        """Have a child prepare some work in place of its previous work. Raises ChildError."""
        child = self.child(way, seat)
        child.ask("prepare", work=work | way.options, seconds=seconds)
        return Side(way, child)

    def fastest(self, ways: list[Way], work: dict[str, Any], seconds: float) -> Side:
        """Try every way for two short whiles and prepare the fastest. Raises ChildError.

        Each way runs twice, some time apart, and the better run counts: one busy moment must not
        decide. A way that was tried with this work before is not tried again.
        """
        keys = [(way.script, way.root, str(way), str(work)) for way in ways]
        trouble = ""
        new = [(key, way) for key, way in zip(keys, ways, strict=True) if key not in self.rates]
        for key, way in new * 2:
            try:
                rate = self.prepare(way, work, seconds / 2).run()
            except ChildError as error:
                trouble = f"{way.script} ({way}): {error}"
                continue
            self.rates[key] = max(rate, self.rates.get(key, 0.0))
        tried = {i: self.rates[key] for i, key in enumerate(keys) if key in self.rates}
        if not tried:
            raise ChildError(trouble)
        side = self.prepare(ways[max(tried, key=tried.__getitem__)], work, seconds)
        return side._replace(tried={str(ways[i]): rate for i, rate in tried.items()})


class Side(NamedTuple):
    """One way with its work prepared."""

    way: Way
    child: Child
    tried: dict[str, float] = {}
    """Units a second of all the ways that were tried."""

    def run(self) -> float:
        """Units of work a second."""
        time.sleep(PAUSE)
        reply = self.child.ask("run")
        return reply["units"] / reply["seconds"]  # type: ignore[no-any-return]


def summary(values: list[float]) -> dict[str, float]:
    """The median, the least and the most."""
    return {"median": statistics.median(values), "low": min(values), "high": max(values)}


def in_turns(sides: list[Side], count: int) -> list[list[float]]:
    """Rates of sides that take turns, with a different one first in each round."""
    rates: list[list[float]] = [[] for _ in sides]
    for k in range(count):
        for i in range(len(sides)):
            j = (i + k) % len(sides)
            rates[j].append(sides[j].run())
    return rates


def ratio(ours: list[float], theirs: list[float]) -> dict[str, float]:
    """The summary of the ratios of two sides' rates, round by round."""
    return summary([a / b for a, b in zip(ours, theirs, strict=True)])
