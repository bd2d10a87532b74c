"""Prepares standard streams that are closed, or cannot encode what a model writes."""

from __future__ import annotations

import os
import sys


def prepare_streams() -> None:
    """Write UTF-8 whatever the console's code page is, and discard what goes to a closed stream.

    A program started with `>&-` has no descriptor 1, and the next file that it opens would get it:
    output meant for the terminal would end up in a model.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    for number, name in ((1, "stdout"), (2, "stderr")):
        if getattr(sys, name) is None:  # Python's value for a closed stream
            setattr(sys, name, open(number, "w", encoding="utf-8", closefd=False))  # noqa: SIM115
        reconfigure = getattr(getattr(sys, name), "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="backslashreplace")
