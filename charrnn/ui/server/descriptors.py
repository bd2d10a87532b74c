"""Raises the limit on file descriptors, and logs one line a minute when they run out.

Each connection takes one. When none are left, asyncio in Python 3.11 and 3.12 tries 2,048 times a
second to accept the next connection, and logs a traceback each time: 43,000 lines in seconds.
"""

from __future__ import annotations

import errno
import logging
import sys
import time
from collections.abc import Callable
from contextlib import suppress

EVERY = 60.0
"""Seconds between two such lines."""
OUT_OF_THEM = (
    "Out of file descriptors: new connections wait. Raise the limit of open files (ulimit -n), or "
    "let a proxy limit the connections."
)
LOGGERS = ("asyncio", "uvicorn.error")


class OutOfDescriptors(logging.Filter):
    """Reduces all records about descriptors that ran out to one line a minute."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """clock: seconds, never going back."""
        super().__init__()
        self.clock = clock
        self._due = clock()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is logged, with its traceback replaced by a sentence."""
        if _is_of_a_closed_socket(record):
            return False
        if not (record.exc_info and _is_about_them(record.exc_info[1])):
            return True
        if self.clock() < self._due:
            return False
        self._due = self.clock() + EVERY
        record.msg, record.args, record.exc_info = OUT_OF_THEM, (), None
        return True


def _is_of_a_closed_socket(record: logging.LogRecord) -> bool:
    """Whether asyncio used a socket that the page has closed in the meantime.

    After each failed attempt to accept, asyncio listens again a second later. If the page ends in
    that second, each of these calls fails on the closed socket and would log a traceback.
    """
    failed = record.exc_info and isinstance(record.exc_info[1], ValueError)
    return bool(failed) and "._start_serving(" in record.getMessage()


def _is_about_them(error: BaseException | None) -> bool:
    """Whether an error says that descriptors ran out, or is caused by one that does.

    An error in a group may name the group as its context, so each is examined once.
    """
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        error = waiting.pop()
        if error is None or id(error) in seen:
            continue
        if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
            return True
        seen.add(id(error))
        waiting += [error.__cause__, error.__context__]
        waiting += error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    return False


def prepare_descriptors() -> None:
    """Take as many descriptors as the system allows, and keep the log short when they run out."""
    if sys.platform != "win32":
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        with suppress(ValueError, OSError):  # macOS says "unlimited" and means less
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    limit = OutOfDescriptors()
    for name in LOGGERS:
        logging.getLogger(name).addFilter(limit)
