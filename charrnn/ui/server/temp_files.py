"""Keeps uploads and downloads in a folder that is swept while the page runs and removed after.

Gradio removes complete files after an hour, but never an upload that was broken off: 5 MB stayed
forever (measured), so anybody could fill the disk.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import threading
import time
from pathlib import Path

PREFIX = "charrnn-page-"
BROKEN_OFF = 120.0
"""Seconds without a byte after which an upload counts as broken off."""
QUOTA = 2_000_000_000
"""Bytes of all files together: 60 downloads of the largest run. Beyond it the oldest go."""
FREE = 500_000_000
"""Bytes that must stay free on the disk; with fewer, the page accepts and offers no files."""


class TempFiles:
    """The folder, set as GRADIO_TEMP_DIR and TMPDIR for this process and its children."""

    def __init__(self) -> None:
        parent = Path(os.environ.get("GRADIO_TEMP_DIR") or tempfile.gettempdir())
        parent.mkdir(parents=True, exist_ok=True)
        for folder in parent.glob(f"{PREFIX}*"):  # left by a server that was killed
            if not alive(folder.name.removeprefix(PREFIX).split("-")[0]):
                shutil.rmtree(folder, ignore_errors=True)
        self.folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=parent))
        os.environ["GRADIO_TEMP_DIR"] = os.environ["TMPDIR"] = tempfile.tempdir = str(self.folder)

    def watch(self, seconds: float = 30.0) -> None:
        """Sweep every `seconds`, in a thread, until the process ends."""

        def sweep_forever() -> None:
            while True:
                time.sleep(seconds)
                sweep(self.folder)

        threading.Thread(target=sweep_forever, daemon=True).start()

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def alive(pid: str) -> bool:
    """Whether a process with this id runs; True where that is unknown."""
    if os.name == "nt" or not pid.isdigit():  # on Windows os.kill(pid, 0) would end it
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        pass
    return True


def sweep(folder: Path, broken_off: float = BROKEN_OFF, quota: int = QUOTA) -> int:
    """Remove broken uploads, and the oldest files beyond the quota; return how many files.

    Gradio receives an upload into a file at the top, and moves it to a folder when it is complete.
    """
    entries: list[tuple[float, int, Path]] = []
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):  # removed in the meantime
            if path.is_file():
                status = path.stat()
                entries.append((status.st_mtime, status.st_size, path))
    total, removed = sum(size for _, size, _ in entries), 0
    for touched, size, path in sorted(entries):
        partial = path.parent == folder and time.time() - touched > broken_off
        if partial or total > quota:
            with contextlib.suppress(OSError):
                path.unlink()
                total, removed = total - size, removed + 1
    return removed


def full() -> bool:
    """Whether the disk is too full for another file."""
    return shutil.disk_usage(tempfile.gettempdir()).free < FREE
