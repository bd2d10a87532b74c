"""Calls that end: in a thread, with a deadline, told about while they run.

The client waits for ever for a server that never answers, and tries a dead one for 23 seconds.
Here every request of a call gets a timeout, no request starts once the call is over, and who waits
gets a sentence when the time is up, whatever the thread still does.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from huggingface_hub import set_client_factory, utils
from huggingface_hub.utils import _http

from charrnn.hub import faults
from charrnn.hub.faults import HubError, OverError

T = TypeVar("T")

DEADLINE = 55.0
"""Seconds for all requests of one call together; tests make it shorter."""
SLOWEST = 250_000
"""Bytes a second that a connection must carry: each as many of a large model add a second."""
CONNECT, ANSWER = 8.0, 15.0
"""Seconds one request may take to connect, and between two signs of life."""
TELL = 0.1
"""Seconds between two looks at a running call."""


@dataclass(frozen=True)
class Transfer(Generic[T]):
    """Where a call to the Hub is; the last one carries the result."""

    step: str
    """What is being done, for people."""
    fraction: float
    """Share of the work that is done, 0 to 1."""
    result: T | None = None


class Call:
    """One running call, shared by the thread that works and the one that waits."""

    def __init__(self, seconds: float) -> None:
        self.deadline = time.monotonic() + seconds
        self.abandoned = False
        self.finished = threading.Event()
        self.step, self.fraction = "Asking the Hub", 0.0
        self.patient = True
        """Whether the client may ask a second time where the first answer was a fault."""
        self.asked: set[str] = set()
        self.status = 0
        """The status of the last answer: the client retries some faults until the time is up."""

    def say(self, step: str, fraction: float) -> None:
        """Tell what is done next. Raises OverError when nobody waits any more."""
        self.seconds_left()
        self.step, self.fraction = step, min(max(fraction, 0.0), 1.0)

    def allow(self, size: int) -> None:
        """Add the time that so many bytes may take."""
        self.deadline += size / SLOWEST

    def seconds_left(self) -> float:
        """Seconds until the deadline. Raises OverError when there are none."""
        left = self.deadline - time.monotonic()
        if self.abandoned or left <= 0:
            raise OverError
        return left


_CALL: ContextVar[Call | None] = ContextVar("charrnn_hub_call", default=None)


def _watch(request: Any) -> None:
    """Bound a request of ours by its call; requests of others in this process pass untouched."""
    call = _CALL.get()
    if call is None:
        return
    left = call.seconds_left()
    if not call.patient and str(request.url) in call.asked:
        raise HubError(faults.BUSY)
    call.asked.add(str(request.url))
    asked: dict[str, float | None] = request.extensions.get("timeout", {})
    bounds = {"connect": CONNECT, "pool": CONNECT, "read": ANSWER, "write": ANSWER}
    request.extensions["timeout"] = {
        name: min(bound, left, asked.get(name) or bound) for name, bound in bounds.items()
    }


def _note(response: Any) -> None:
    call = _CALL.get()
    if call is not None:
        call.status = int(response.status_code)


class _Factory:
    """Makes the client's sessions as before, with both hooks on them.

    The client drops its session after every network fault and makes another, so hooks on the
    present one would be gone when they are needed.
    """

    def __init__(self, made_before: Callable[[], Any]) -> None:
        self.made_before = made_before

    def __call__(self) -> Any:
        session = self.made_before()
        session.event_hooks["request"].append(_watch)
        session.event_hooks["response"].append(_note)
        return session


_INSTALLING = threading.Lock()


def _observe() -> None:
    """See to it that the client's sessions have our hooks, whoever else has set a factory."""
    with _INSTALLING:
        present = _http._GLOBAL_CLIENT_FACTORY
        if not isinstance(present, _Factory):
            set_client_factory(_Factory(present))


def supervise(
    work: Callable[[Call], T], name: str = "", signed_in: bool = True
) -> Iterator[Transfer[T]]:
    """Run `work` in a thread and tell where it is, until its result or its fault is there.

    Leaving the iterator early stops the work before its next request. Raises HubError.
    """
    call = Call(DEADLINE)
    outcome: list[T | HubError] = []

    def run() -> None:
        _CALL.set(call)
        try:
            _observe()
            outcome.append(work(call))
        except Exception as error:  # whatever a client may raise becomes one sentence
            outcome.append(HubError(faults.sentence(error, name, signed_in, call.status)))
        call.finished.set()

    threading.Thread(target=run, name="charrnn-hub", daemon=True).start()
    told: tuple[str, float] | None = None
    try:
        while not call.finished.wait(TELL):
            if time.monotonic() > call.deadline + 1:
                raise HubError(faults.too_late(call.status, name))
            if told != (call.step, call.fraction):
                told = (call.step, call.fraction)
                yield Transfer(*told)
    finally:
        call.abandoned = True
    (result,) = outcome
    if isinstance(result, HubError):
        raise result
    yield Transfer("Done", 1.0, result)


def quiet() -> None:
    """Silence the client's own bars and remarks, for a process that tells of calls itself."""
    utils.disable_progress_bars()  # type: ignore[attr-defined]
    utils.logging.set_verbosity_error()  # type: ignore[no-untyped-call]


def result_of(transfers: Iterator[Transfer[T]]) -> T:
    """Wait for a call's result. Raises HubError."""
    result: T | None = None
    for transfer in transfers:
        result = transfer.result
    assert result is not None
    return result
