"""The line of training runs: few run at once, the others wait in order and are told how long."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self


class QueueFullError(RuntimeError):
    """Too many wait already; the message says what to do."""


@dataclass(eq=False)
class Slot:
    """One run's place, from joining the line to leaving it. Leaving twice is harmless."""

    line: TrainingQueue
    seconds: float  # how long the run may take once it is its turn
    started: float | None = field(default=None, init=False)  # the line's clock at its turn

    @property
    def ahead(self) -> int:
        """How many must finish before it is this one's turn; 0 from then on."""
        return self.line.ahead(self)

    @property
    def wait(self) -> float:
        """The likely seconds until its turn, taking every run ahead at its full length."""
        return self.line.wait(self)

    def used(self, now: float) -> float:
        """Seconds since its turn came."""
        return 0.0 if self.started is None else now - self.started

    def leave(self) -> None:
        self.line.leave(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.leave()


class TrainingQueue:
    """First come, first served, `workers` at a time. Used from one event loop; it never blocks."""

    def __init__(
        self, workers: int = 2, longest: int = 30, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """longest: how many may wait besides those that run. clock: seconds, never going back."""
        self.workers = workers
        self.longest = longest
        self.clock = clock
        self.places: list[Slot] = []  # the first `workers` of them run

    def join(self, seconds: float) -> Slot:
        """Take the last place. Raises QueueFullError when `longest` wait already."""
        if len(self.places) >= self.workers + self.longest:
            raise QueueFullError(
                f"{self.longest} runs are waiting already: try again in some minutes."
            )
        place = Slot(self, seconds)
        self.places.append(place)
        self.advance()
        return place

    def leave(self, place: Slot) -> None:
        if place in self.places:
            self.places.remove(place)
        self.advance()

    def advance(self) -> None:
        """Start the clock of those whose turn has come."""
        for place in self.places[: self.workers]:
            if place.started is None:
                place.started = self.clock()

    def ahead(self, place: Slot) -> int:
        if place.started is not None or place not in self.places:
            return 0
        return self.places.index(place) - self.workers + 1

    def wait(self, place: Slot) -> float:
        if place.started is not None or place not in self.places:
            return 0.0
        now = self.clock()
        free = [max(0.0, p.seconds - p.used(now)) for p in self.places[: self.workers]]
        for waiting in self.places[self.workers : self.places.index(place)]:
            free[free.index(min(free))] += waiting.seconds
        return min(free)
