"""Ctrl+C as a wish: training ends between two steps, and what it learned is saved."""

from __future__ import annotations

import os
import signal
from types import FrameType, TracebackType
from typing import Any

SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]
HINT = b"\nStopping after this step. Ctrl+C again ends at once.\n"


class Stop:
    """While this context is open, the first signal sets `asked`; the second interrupts at once."""

    def __init__(self) -> None:
        self.asked: signal.Signals | None = None
        self._before: dict[signal.Signals, Any] = {}

    @property
    def exit_code(self) -> int:
        """What a shell reports for a process that the signal ended: 130 for Ctrl+C."""
        return 128 + self.asked if self.asked else 0

    def __enter__(self) -> Stop:
        for number in SIGNALS:
            if number == signal.SIGINT or signal.getsignal(number) != signal.SIG_IGN:  # nohup
                self._before[number] = signal.signal(number, self._ask)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = signal.Signals(number)
        for each in self._before:
            signal.signal(each, signal.default_int_handler)
        os.write(2, HINT)  # print could meet itself here, inside another print
