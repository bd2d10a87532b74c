"""Calls to the Hub that end within a time limit and report their progress.

By itself the client waits forever for a server that is silent, and retries a dead one for 23
seconds. The timeouts of its HTTP sessions do not cover hf_xet, nor a server that sends a byte a
second, so a call runs in a thread, and its caller stops waiting when its time is up.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from concurrent.futures import wait as wait_for
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, wraps
from typing import Any, Generic, ParamSpec, TypeVar

from huggingface_hub import get_session, set_client_factory, utils
from huggingface_hub.utils import httpx  # type: ignore[attr-defined]  # httpx2 today

from charrnn.hub.faults import CallOverError, HubError, sentence

T = TypeVar("T")
P = ParamSpec("P")

DEADLINE = 55.0
"""Seconds for all requests of one call together, besides the time that large files may take."""
SLOWEST = 250_000
"""Bytes per second that a connection must carry: each 250 kB of a model add a second."""
CONNECT, SILENCE = 8.0, 15.0
"""Seconds that a request may take to connect, and between two signs of life."""
ANSWERS = 16_000_000
"""Bytes that the responses of one call may have, besides the large files that it announces."""
POLL = 0.1
"""Seconds between two checks of a running call."""


@dataclass(frozen=True)
class Transfer(Generic[T]):
    """The progress of a call to the Hub; the last one carries the result."""

    step: str
    """What is being done, for people."""
    fraction: float
    """The part of the work that is done, 0 to 1."""
    result: T | None = None


class Call:
    """A running call, shared by the thread that works and the one that waits."""

    def __init__(self, seconds: float) -> None:
        self.deadline = time.monotonic() + seconds
        self.allowed = ANSWERS
        """Bytes that all further responses together may have."""
        self.abandoned = False
        self.step, self.fraction = "Asking the Hub", 0.0
        self.status = 0
        """The HTTP status of the last response; 0 while a request waits for one."""

    def report(self, step: str, fraction: float) -> None:
        """Report the next step. Raises CallOverError when nobody waits any more."""
        self.seconds_left()
        self.step, self.fraction = step, min(max(fraction, 0.0), 1.0)

    def allow(self, size: int) -> None:
        """Allow the responses `size` more bytes, and the time that these may take."""
        self.deadline += size / SLOWEST
        self.allowed += size

    def count(self, size: int) -> None:
        """Count received bytes. Raises HubError above the limit, CallOverError when late."""
        self.seconds_left()
        self.allowed -= size
        if self.allowed < 0:
            raise HubError("The Hub sent more than it announced. Nothing was kept.")

    def seconds_left(self) -> float:
        """Seconds until the deadline. Raises CallOverError when it has passed."""
        left = self.deadline - time.monotonic()
        if self.abandoned or left <= 0:
            raise CallOverError
        return left


_CALL: ContextVar[Call | None] = ContextVar("charrnn_hub_call", default=None)


def _before_request(request: Any) -> None:
    """Start no request of a call that is over, and limit the others by the call's time."""
    if call := _CALL.get():
        left = call.seconds_left()
        call.status = 0
        request.extensions["timeout"] = {
            "connect": min(left, CONNECT), "pool": min(left, CONNECT),
            "read": min(left, SILENCE), "write": min(left, SILENCE),
        }  # fmt: skip


def _after_response(response: Any) -> None:
    if call := _CALL.get():
        call.status = int(response.status_code)
        response.stream = _Bounded(response.stream, call)


class _Bounded(httpx.SyncByteStream):
    """The body of a response, which ends when its call is late, abandoned, or grown too large.

    The timeouts are for each read, so a server that sends a byte a second would never hit them.
    """

    def __init__(self, stream: Any, call: Call) -> None:
        self.stream, self.call = stream, call

    def __iter__(self) -> Iterator[bytes]:
        for part in self.stream:
            self.call.count(len(part))
            yield part

    def close(self) -> None:
        self.stream.close()


@cache
def _install() -> None:
    """Give the client's HTTP sessions our hooks and a timeout, once per process.

    The client drops its session after a fault and makes another, hence a factory.
    """
    theirs = get_session().event_hooks
    set_client_factory(
        lambda: httpx.Client(
            event_hooks={
                "request": [*theirs["request"], _before_request],
                "response": [*theirs["response"], _after_response],
            },
            follow_redirects=True,
            timeout=httpx.Timeout(SILENCE, connect=CONNECT),
        )
    )


def supervise(
    work: Callable[[Call], T],
    name: str = "",
    signed_in: bool = True,
    seconds: float = 60.0,
    reading: bool = False,
) -> Iterator[Transfer[T]]:
    """Run `work` in a thread and report its progress until it returns or fails.

    seconds: a shorter limit than DEADLINE. Closing the iterator early stops the work before its
    next request. Raises HubError.
    """
    call = Call(min(seconds, DEADLINE))
    outcome: Future[T] = Future()

    def run() -> None:
        _CALL.set(call)
        try:
            _install()
            outcome.set_result(work(call))
        except Exception as error:  # whatever a client may raise becomes one sentence
            outcome.set_exception(HubError(sentence(error, name, signed_in, call.status, reading)))

    threading.Thread(target=run, name="charrnn-hub", daemon=True).start()
    shown: tuple[str, float] | None = None
    try:
        while not wait_for([outcome], POLL).done:
            if time.monotonic() > call.deadline:
                raise HubError(sentence(CallOverError(), name, signed_in, call.status, reading))
            if shown != (call.step, call.fraction):
                shown = (call.step, call.fraction)
                yield Transfer(*shown)
    finally:
        call.abandoned = True
    yield Transfer("Done", 1.0, outcome.result())


def quiet() -> None:
    """Silence the client's own progress bars and warnings."""
    utils.disable_progress_bars()  # type: ignore[attr-defined]
    utils.logging.set_verbosity_error()  # type: ignore[no-untyped-call]


def result_of(transfers: Iterator[Transfer[T]]) -> T:
    """Wait for a call's result. Raises HubError."""
    result: T | None = None
    for transfer in transfers:
        result = transfer.result
    assert result is not None
    return result


def blocking(transfers: Callable[P, Iterator[Transfer[T]]], name: str) -> Callable[P, T]:
    """The same call as a plain function, which waits for the result and returns it."""

    @wraps(transfers)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        return result_of(transfers(*args, **kwargs))

    call.__name__ = call.__qualname__ = name
    return call
