"""What the C library does with memory: kept for the next step of a training, shared by threads."""

from __future__ import annotations

import ctypes
import sys

M_TRIM_THRESHOLD, M_MMAP_MAX, M_ARENA_MAX = -1, -4, -8  # malloc.h


def keep_freed_memory() -> bool:
    """Tell the C library not to hand freed memory back to the system. False where it cannot be.

    A step frees what the next one needs again. glibc returns it in between, and each page of 4 KB
    that is asked for anew costs 3 microseconds: 8,100 pages, 22 of the 163 ms of a step of a
    2 x 256 LSTM. A process keeps its peak from then on, which a training process needs anyway.
    """
    return _set(M_MMAP_MAX, 0) and _set(M_TRIM_THRESHOLD, 2**31 - 1)


def share_arenas() -> bool:
    """Let all threads allocate from two arenas. False where it cannot be.

    glibc gives each thread an arena of its own, up to eight a core, and none gives back what
    another could use: a page with 32 visitors took 409 MB after a minute, and takes 299 so.
    """
    return _set(M_ARENA_MAX, 2)


def _set(option: int, value: int) -> bool:
    """glibc's mallopt; musl and other systems have none."""
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(option, value))
