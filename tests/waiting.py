"""Wait in a test for a state, long enough for a machine that is busy with other work."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE = 240.0
"""Seconds after which a state is considered never to come; no test measures time by it."""


def wait_until(reached: Callable[[], object], failure: str = "", pause: float = 0.02) -> None:
    """Return when the condition holds; fail with a sentence when patience ends."""
    deadline = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < deadline, failure or "the state did not come"
        time.sleep(pause)
