"""Stop training between two steps at Ctrl+C or a signal, so that the model can be saved."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from types import FrameType
from typing import Any

from charrnn.cli.output import ExitCode

SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]
STOPPING = b"\nStopping after this step, then saving.\n"
THIRD = b"\nSaving. Press Ctrl+C once more to end at once and lose what is not saved.\n"


class StopSignal:
    """While this context is open, the first signal is kept in `received`, and the third interrupts.

    The second changes nothing: impatient people, and wrappers that pass signals on, send two.
    """

    def __init__(self) -> None:
        self.received: signal.Signals | None = None
        self._count = 0
        self._handlers: dict[signal.Signals, Any] = {}

    @property
    def exit_code(self) -> ExitCode:
        """What a shell reports for a process that the signal ended: 130 for Ctrl+C."""
        return ExitCode(128 + self.received) if self.received else ExitCode.OK

    def __enter__(self) -> StopSignal:
        for number in SIGNALS:
            if number == signal.SIGINT or signal.getsignal(number) != signal.SIG_IGN:  # nohup
                self._handlers[number] = signal.signal(number, self._receive)
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self.received = self.received or signal.Signals(number)
        self._count += 1
        if self._count == 2:
            for each in self._handlers:
                signal.signal(each, signal.default_int_handler)
        # print is not reentrant: the signal may arrive inside another print
        with suppress(OSError):
            os.write(2, STOPPING if self._count == 1 else THIRD)
