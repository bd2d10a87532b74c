"""Standard streams that were closed, or whose encoding cannot hold what a model writes."""

from __future__ import annotations

import os
import sys


def prepare_streams() -> None:
    """Write UTF-8 whatever the console's code page, and throw away what goes to a closed stream.

    A program started with `>&-` has no descriptor 1, and the next file that it opens would get it:
    what is meant for the terminal would end up in a model.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    for number, name in ((1, "stdout"), (2, "stderr")):
        if getattr(sys, name) is None:  # what Python says of a closed stream
            setattr(sys, name, open(number, "w", encoding="utf-8", closefd=False))  # noqa: SIM115
        reconfigure = getattr(getattr(sys, name), "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="backslashreplace")
