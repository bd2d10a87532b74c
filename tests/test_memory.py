"""The C library follows the allocator settings, as counted in separate processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from charrnn.training.parallel.memory import keep_freed_memory, share_arenas

ROOT = Path(__file__).parent.parent

FAULTS = """
import resource
from charrnn import ModelConfig, TrainConfig, Trainer, load
config = TrainConfig(batch_size=32, seq_length=64, val_fraction=0)
run = Trainer("abcdefg " * 3000, ModelConfig("lstm", 256), config).run()
def faults(steps):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(steps): next(run)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
faults(5)
print(faults(9))
"""

ARENAS = """
import ctypes, sys, tempfile, threading
from charrnn.training.parallel.memory import share_arenas
if sys.argv[1] == "shared":
    share_arenas()
meet, held = threading.Barrier(6), []
def allocate():
    meet.wait()  # all at once: a thread alone takes the main arena
    for size in range(1000, 40000, 100):
        held.append(bytearray(size))
    meet.wait()
threads = [threading.Thread(target=allocate) for _ in range(6)]
for thread in threads: thread.start()
for thread in threads: thread.join()
libc = ctypes.CDLL(None)
libc.fdopen.restype, libc.fdopen.argtypes = ctypes.c_void_p, [ctypes.c_int, ctypes.c_char_p]
libc.malloc_info.argtypes, libc.fflush.argtypes = [ctypes.c_int, ctypes.c_void_p], [ctypes.c_void_p]
with tempfile.TemporaryFile() as file:
    stream = libc.fdopen(file.fileno(), b"w")
    libc.malloc_info(0, stream)
    libc.fflush(stream)
    file.seek(0)
    print(file.read().count(b"<heap nr="))
"""


def ran(code: str, *argv: str) -> int:
    """The number that some code prints in a separate process."""
    done = subprocess.run(
        [sys.executable, "-c", code, *argv],
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    return int(done.stdout)


@pytest.mark.skipif(not keep_freed_memory(), reason="no glibc")
def test_a_step_takes_no_new_memory() -> None:
    assert ran(FAULTS) < 9 * 50  # without keep_freed_memory: 9 * 4,870


@pytest.mark.skipif(not share_arenas(), reason="no glibc")
def test_threads_share_two_arenas() -> None:
    assert ran(ARENAS, "shared") <= 2 < ran(ARENAS, "apart")
