"""Orders the training runs: a few run at once, the others wait and know their place."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


class QueueFullError(RuntimeError):
    """Too many runs wait already; the message says what to do."""


@dataclass(eq=False)
class Slot:
    """One run's place in the queue, from joining to leaving."""

    queue: TrainingQueue
    seconds: float  # how long the run may take once it has started
    started: float | None = field(default=None, init=False)  # by the queue's clock

    @property
    def waiting(self) -> bool:
        return self.started is None and self in self.queue.slots

    @property
    def ahead(self) -> int:
        """How many runs must finish before this one starts; 0 from then on."""
        return self.queue.slots.index(self) - self.queue.runs_at_once + 1 if self.waiting else 0

    @property
    def wait(self) -> float:
        """The likely seconds until it starts, if every run ahead takes its full length."""
        if not self.waiting:
            return 0.0
        slots, n = self.queue.slots, self.queue.runs_at_once
        free = [max(0.0, slot.seconds - slot.used) for slot in slots[:n]]
        for slot in slots[n : slots.index(self)]:
            free[free.index(min(free))] += slot.seconds
        return min(free)

    @property
    def used(self) -> float:
        """Seconds since it started."""
        return 0.0 if self.started is None else self.queue.clock() - self.started


class TrainingQueue:
    """First come, first served. Used from one event loop; it never blocks."""

    def __init__(
        self,
        runs_at_once: int = 2,
        max_waiting: int = 30,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """clock: seconds, never going back."""
        self.runs_at_once = runs_at_once
        self.max_waiting = max_waiting
        self.clock = clock
        self.slots: list[Slot] = []  # the first `runs_at_once` of them run

    @property
    def busy(self) -> bool:
        """Whether the next run would have to wait."""
        return len(self.slots) >= self.runs_at_once

    def join(self, seconds: float) -> Slot:
        """Take the last place. Raises QueueFullError when `max_waiting` wait already."""
        if len(self.slots) >= self.runs_at_once + self.max_waiting:
            raise QueueFullError(
                f"{self.max_waiting} runs are waiting already: try again in a few minutes."
            )
        slot = Slot(self, seconds)
        self.slots.append(slot)
        self._advance()
        return slot

    def leave(self, slot: Slot) -> None:
        """Give a place up; leaving twice is harmless."""
        if slot in self.slots:
            self.slots.remove(slot)
        self._advance()

    @contextmanager
    def slot(self, seconds: float) -> Iterator[Slot]:
        """Hold a place while the block runs. Raises as `join` does."""
        slot = self.join(seconds)
        try:
            yield slot
        finally:
            self.leave(slot)

    def _advance(self) -> None:
        """Start the clock of the runs whose turn has come."""
        for slot in self.slots[: self.runs_at_once]:
            if slot.started is None:
                slot.started = self.clock()
