"""Limits the calls to the Hub that one visitor may have at a time."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import gradio as gr

from charrnn.hub import HubError
from charrnn.ui.tab import session

EACH = 2
"""Calls of one session at a time. Each takes a thread, for a minute if the Hub is silent."""

_held = Counter[str]()
_lock = threading.Lock()


@contextmanager
def one_call(request: gr.Request | None) -> Iterator[None]:
    """Take one of the session's calls. Raises HubError when all of them are in use."""
    key = session(request) if request else ""
    with _lock:
        if _held[key] >= EACH:
            raise HubError(f"You have {EACH} calls to the Hub already: wait until one has ended.")
        _held[key] += 1
    try:
        yield
    finally:
        with _lock:
            _held[key] -= 1
            if not _held[key]:
                del _held[key]
