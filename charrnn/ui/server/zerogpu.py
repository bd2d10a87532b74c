"""Does what ZeroGPU, the hardware that a free account's Space gets, requires of a page.

The platform ends a page that makes no startup report. Its package `spaces`, which it installs
itself, makes one at launch if a function was decorated with `spaces.GPU` before. Anywhere else,
`spaces` is not imported.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

SECONDS = 15
"""The most seconds that one call takes from a visitor's daily time on the hardware."""
WATCH = 0.5
"""Seconds between two checks by a forked process on its parent."""
GRACE = 1.0
"""Seconds that a killed process gets to disappear."""


def on_zerogpu() -> bool:
    """Whether this process is a Space on ZeroGPU: the test of `spaces` itself."""
    return os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true")


def for_zerogpu(function: Callable[P, T]) -> Callable[P, T]:
    """The function, decorated with `spaces.GPU` on ZeroGPU and as it is elsewhere.

    Its calls then run in processes forked from the page, which end with it.
    """
    if not on_zerogpu():
        return function
    try:
        with _without_torch():
            import spaces
    except ImportError:
        print("ZeroGPU will end this page: its package is missing (pip install spaces).")
        return function
    os.register_at_fork(after_in_child=_end_with_the_page)
    decorated: Callable[P, T] = spaces.GPU(function, duration=SECONDS)
    return decorated


@contextmanager
def _without_torch() -> Iterator[None]:
    """Make `spaces` behave as it does without PyTorch, which this page never uses.

    The platform installs PyTorch anyway. Importing it costs seconds and memory, and `spaces` 0.51.3
    cannot be imported beside a CPU-only build of it.
    """
    if "torch" in sys.modules:
        yield
        return
    sys.modules["torch"] = None  # type: ignore[assignment]  # makes `import torch` fail
    try:
        yield
    finally:
        del sys.modules["torch"]


def _end_with_the_page() -> None:
    """In a forked process: end when the page does, even if that was killed.

    The fork has a copy of the page's pipes, so a training would not notice the page's end either.
    """
    page = os.getppid()

    def watch() -> None:
        while os.getppid() == page:
            time.sleep(WATCH)
        os._exit(0)

    threading.Thread(target=watch, name="charrnn-parent", daemon=True).start()


def end_children() -> None:
    """Kill all processes that this one started by multiprocessing; `os._exit` would leave them."""
    children = multiprocessing.active_children()
    for child in children:  # a fork inherits our SIGTERM handler, which does not end it
        child.kill()
    deadline = time.monotonic() + GRACE
    for child in children:
        child.join(max(0.0, deadline - time.monotonic()))
