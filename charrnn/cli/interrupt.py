"""Stop training between two steps at Ctrl+C or a signal, so that the model can be saved."""

from __future__ import annotations

import os
import signal
from types import FrameType
from typing import Any

from charrnn.cli.output import ExitCode

SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]
HINT = b"\nStopping after this step. Press Ctrl+C again to end at once.\n"


class StopSignal:
    """While this context is open, the first signal is kept in `received`; the second interrupts."""

    def __init__(self) -> None:
        self.received: signal.Signals | None = None
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
        self.received = signal.Signals(number)
        for each in self._handlers:
            signal.signal(each, signal.default_int_handler)
        os.write(2, HINT)  # print is not reentrant: the signal may arrive inside another print
