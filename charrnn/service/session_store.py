"""Keeps visitors' models and runs in memory for a while, so that a reloaded page finds them."""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

from charrnn.service.visitor import Visitor


def weight(visitor: Visitor) -> int:
    """The approximate bytes that a visitor takes."""
    vectors = 1 if visitor.model else 0
    if visitor.checkpoint and visitor.checkpoint.state:
        vectors += 2 + len(visitor.checkpoint.state.slots)  # the live and the best weights
    text = len(visitor.run.job.text) if visitor.run else 0
    if visitor.run:
        text += sum(len(kept) for _, kept in visitor.run.snapshot.weights)
    return (
        1000
        + vectors * visitor.current.parameters.vector.nbytes
        + text
        + len(visitor.training_text)
    )


class SessionStore:
    """Visitors by session token, which the browser keeps; limited in bytes and in time.

    Threads may share a store.
    """

    def __init__(
        self,
        max_bytes: int = 500_000_000,
        seconds: float = 3600.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """max_bytes: of all visitors together. seconds: how long each is kept.

        clock: seconds, never going back.
        """
        self.max_bytes = max_bytes
        self.seconds = seconds
        self.clock = clock
        self._lock = threading.Lock()
        self._total = 0
        self._kept: OrderedDict[str, tuple[float, int, Visitor]] = OrderedDict()  # oldest first

    def keep(self, visitor: Visitor) -> Visitor:
        """Store a visitor under their session token, or a new one; returns the visitor with it."""
        if not visitor.token:
            visitor = replace(visitor, token=secrets.token_urlsafe(18))
        size = weight(visitor)
        with self._lock:
            self._remove(visitor.token)
            self._kept[visitor.token] = (self.clock(), size, visitor)
            self._total += size
            self._clear()
        return visitor

    def find(self, token: str) -> Visitor | None:
        """The visitor kept under a session token; None if there is none, or no longer."""
        with self._lock:
            self._clear()
            return self._kept[token][2] if token in self._kept else None

    def visitors(self) -> list[Visitor]:
        """All visitors that are kept, the newest first."""
        with self._lock:
            return [visitor for _, _, visitor in reversed(self._kept.values())]

    def __len__(self) -> int:
        return len(self._kept)

    def _remove(self, token: str) -> None:
        if token in self._kept:
            self._total -= self._kept.pop(token)[1]

    def _clear(self) -> None:
        while self._kept:
            token, (at, _, _) = next(iter(self._kept.items()))
            if self._total <= self.max_bytes and self.clock() - at <= self.seconds:
                return
            self._remove(token)
