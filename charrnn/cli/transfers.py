"""How a call to the Hub is shown: a bar on a terminal, a line a step in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TypeVar

from charrnn.cli import output
from charrnn.hub import Transfer

T = TypeVar("T")

WIDTH = 24


def show(transfers: Iterator[Transfer[T]]) -> T:
    """Show a call until its result is there. Raises HubError."""
    result: T | None = None
    told = ""
    drawing = sys.stderr.isatty()
    for transfer in transfers:
        result = transfer.result
        if drawing:
            filled = round(WIDTH * transfer.fraction)
            bar = "█" * filled + " " * (WIDTH - filled)
            print(f"\r\x1b[K|{bar}| {transfer.step}", end="", file=sys.stderr, flush=True)
        elif transfer.step != told and result is None:
            output.remark(f"{transfer.step} ...")
        told = transfer.step
    if drawing:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
    assert result is not None
    return result
