"""Orders the training runs: short ones do not wait for long ones, and clients take turns."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

SHORT = 12.0
"""Seconds up to which a run is short: there is one place more than `runs_at_once`, and only short
runs take it."""
OVERDUE = 60.0
"""Seconds of waiting after which a long run goes before short ones."""
REFRESH = 1.0
"""Seconds between two forecasts of the waits; in between, the waits count down."""
LEARNING = 0.3
"""Weight of the last run in the averages of the real lengths, once there are a few runs."""
SLOW_START = 5
"""The most that a slow start in progress counts for, in usual start times: when a class presses
Train, the first process shows how long the others will need."""
TINY = 2.0
"""Seconds of training below which a run's length says how long a process takes to start and end;
that of a longer one says how fast this machine trains."""


class Average:
    """A running average of recent values: the first one replaces the guess, later ones move it."""

    def __init__(self, guess: float) -> None:
        self.value, self._count = guess, 0

    def add(self, value: float) -> None:
        self._count += 1
        self.value += max(LEARNING, 1 / self._count) * (value - self.value)


class QueueFullError(RuntimeError):
    """Too many runs wait already; the message says what to do."""


@dataclass(eq=False)
class Slot:
    """One run's place in the queue, from joining to leaving."""

    queue: TrainingQueue
    seconds: float  # how long the run may take once it has started
    expected: float  # how long it will probably train
    client: str  # who asked for it
    joined: float  # by the queue's clock
    clocked: bool = False  # whether it trains for `expected` seconds by the clock
    begun: float | None = field(default=None, init=False)  # seconds its process took to start
    started: float | None = field(default=None, init=False)  # by the queue's clock
    measured: float | None = field(default=None, init=False)  # seconds left, by its progress
    measured_at: float = field(default=0.0, init=False)

    @property
    def short(self) -> bool:
        return self.expected <= SHORT

    @property
    def waiting(self) -> bool:
        return self.started is None and self in self.queue.slots

    @property
    def ahead(self) -> int:
        """How many runs must finish or start before this one starts; 0 from then on."""
        return self.queue.forecast()[self][0] if self.waiting else 0

    @property
    def wait(self) -> float:
        """The likely seconds until it starts."""
        return self.queue.forecast()[self][1] if self.waiting else 0.0

    @property
    def used(self) -> float:
        """Seconds since it started."""
        return 0.0 if self.started is None else self.queue.clock() - self.started

    @property
    def trained(self) -> float:
        """Seconds since its process began to train."""
        return 0.0 if self.begun is None else self.used - self.begun

    def begin(self) -> None:
        """Record that its process has started and now trains."""
        if self.begun is None:
            self.begun = self.used
            self.queue.startup.add(self.used)

    def measure(self, left: float) -> None:
        """Record the seconds left by the run's own progress, which is better than a plan."""
        self.measured, self.measured_at = left, self.queue.clock()

    @property
    def left(self) -> float:
        """The likely seconds until it ends, once started."""
        if self.measured is not None:
            ending = self.queue.ending.value
            passed = self.queue.clock() - self.measured_at
            return max(ending / 4, self.measured + ending - passed)
        likely = self.queue.likely(self)
        # A run that has outlived its estimate will probably take a tenth as long again.
        return min(max(likely - self.used, self.used / 10), max(0.0, self.seconds - self.used))


class TrainingQueue:
    """The order of the runs. Used from one event loop; it never blocks.

    Long runs take at most `runs_at_once` places, short ones all of these and one more. A long run
    that waited OVERDUE seconds goes first. Within a kind, the next run is that of the client with
    the fewest runs in progress, then the one that came first.
    """

    def __init__(
        self,
        runs_at_once: int = 2,
        max_waiting: int = 120,
        clock: Callable[[], float] = time.monotonic,
        startup: float = 0.0,
    ) -> None:
        """clock: seconds, never going back. startup: seconds of a run besides its training."""
        self.runs_at_once = runs_at_once
        self.max_waiting = max_waiting
        self.clock = clock
        self.slots: list[Slot] = []
        # A run takes startup + ratio * expected + ending, or no ratio where the clock ends it.
        self.startup, self.ratio, self.ending = Average(startup), Average(1.0), Average(0.0)
        self._forecast: tuple[float, dict[Slot, tuple[int, float]]] | None = None

    @property
    def running(self) -> list[Slot]:
        return [slot for slot in self.slots if slot.started is not None]

    @property
    def busy(self) -> bool:
        """Whether the next long run would have to wait."""
        return len(self.slots) >= self.runs_at_once

    def join(
        self,
        seconds: float,
        expected: float | None = None,
        client: str = "",
        clocked: bool = False,
    ) -> Slot:
        """Take a place. Raises QueueFullError when too many wait already, of all or of the client.

        seconds: the longest that the run may train. expected: how long it will probably train.
        clocked: whether it trains for just that long, on a busy machine too.
        """
        waiting = [slot for slot in self.slots if slot.started is None]
        own = sum(slot.client == client for slot in waiting)
        if len(waiting) >= self.max_waiting or (client and 2 * own >= self.max_waiting):
            raise QueueFullError(f"{own or len(waiting)} runs wait already: try again in a minute.")
        likely = seconds if expected is None else min(expected, seconds)
        slot = Slot(self, seconds, likely, client, self.clock(), clocked)
        self.slots.append(slot)
        self._advance()
        return slot

    def leave(self, slot: Slot, finished: bool = False) -> None:
        """Give a place up; leaving twice is harmless. finished: the run came to its own end."""
        if slot in self.slots:
            self.slots.remove(slot)
            if finished and slot.used > 0:
                self._learn(slot)
        self._advance()

    def _learn(self, slot: Slot) -> None:
        """Improve the estimates by the time that a completed run took."""
        ending = 0.0
        if slot.measured is not None:
            ending = max(0.0, self.clock() - slot.measured_at - slot.measured)
            self.ending.add(ending)
        if slot.expected < TINY:
            if slot.begun is None:
                self.startup.add(max(0.0, slot.used - slot.expected * self.ratio.value))
        elif not slot.clocked:
            startup = self.startup.value if slot.begun is None else slot.begun
            ratio = (slot.used - startup - ending) / slot.expected
            self.ratio.add(min(4.0, max(0.25, ratio)))

    @contextmanager
    def slot(
        self, seconds: float, expected: float | None = None, client: str = ""
    ) -> Iterator[Slot]:
        """Occupy a place while the block runs. Raises as `join` does."""
        slot = self.join(seconds, expected, client)
        try:
            yield slot
        finally:
            self.leave(slot)

    def likely(self, slot: Slot) -> float:
        """The likely seconds of a run from start to end, by how recent estimates turned out."""
        usual = self.startup.value
        late = max((each.used for each in self.running if each.begun is None), default=0.0)
        startup = max(usual, min(late, SLOW_START * usual))
        ratio = 1.0 if slot.clocked else self.ratio.value
        return startup + min(slot.seconds, slot.expected * ratio) + self.ending.value

    def _advance(self) -> None:
        """Start the runs whose turn has come."""
        now = self.clock()
        while slot := self._next(self.running, [s for s in self.slots if s.started is None], now):
            slot.started = now
        self._forecast = None

    def _next(self, running: list[Slot], waiting: list[Slot], now: float) -> Slot | None:
        """The run to start now; None when all must wait."""
        n = self.runs_at_once
        if not waiting or len(running) > n:
            return None
        long_may = sum(not slot.short for slot in running) < n
        counts = Counter(slot.client for slot in running)

        def turn(slot: Slot) -> tuple[int, int, float]:
            overdue = now - slot.joined >= OVERDUE
            kind = 1 if slot.short else 0 if overdue else 2
            return kind, counts[slot.client], slot.joined

        for slot in sorted(waiting, key=turn):
            if slot.short or (long_may and (len(running) < n or turn(slot)[0] == 0)):
                return slot
        return None

    def forecast(self) -> dict[Slot, tuple[int, float]]:
        """For each waiting run: how many go before it, and the likely seconds until it starts."""
        now = self.clock()
        if self._forecast is None or now - self._forecast[0] >= REFRESH:
            self._forecast = now, self._simulate(now)
        at, waits = self._forecast
        return {slot: (ahead, max(0.0, wait - (now - at))) for slot, (ahead, wait) in waits.items()}

    def _simulate(self, now: float) -> dict[Slot, tuple[int, float]]:
        """Simulate the queue, with each run taking its likely length."""
        ends = {slot: now + slot.left for slot in self.running}
        waiting = [slot for slot in self.slots if slot.started is None]
        waits: dict[Slot, tuple[int, float]] = {}
        at = now
        while waiting:
            if slot := self._next(list(ends), waiting, at):
                waiting.remove(slot)
                waits[slot] = (len(waits) + 1, at - now)
                ends[slot] = at + self.likely(slot)
            else:
                first = min(ends, key=lambda each: ends[each])
                at = max(at, ends.pop(first))
        return waits
