"""Files in transit: a folder of the page's own that is swept while it runs and gone afterwards.

Gradio removes what it has handed out or taken in, after an hour. It never removes an upload that
was broken off: 5 MB stayed for ever (measured), so whoever likes could fill the disk.
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
"""Seconds without a byte after which an upload in parts is taken for broken off."""
QUOTA = 2_000_000_000
"""Bytes of all files together; beyond, the oldest go first. 60 downloads of the largest run."""
FREE = 500_000_000
"""Bytes that must stay free on the disk; below, the page takes and offers no files."""


class TempFiles:
    """The folder, as GRADIO_TEMP_DIR and as this process's and its children's place for files."""

    def __init__(self) -> None:
        parent = Path(os.environ.get("GRADIO_TEMP_DIR") or tempfile.gettempdir())
        parent.mkdir(parents=True, exist_ok=True)
        for left in parent.glob(f"{PREFIX}*"):  # of a server that was killed
            if not alive(left.name.removeprefix(PREFIX).split("-")[0]):
                shutil.rmtree(left, ignore_errors=True)
        self.folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=parent))
        os.environ["GRADIO_TEMP_DIR"] = os.environ["TMPDIR"] = tempfile.tempdir = str(self.folder)

    def watch(self, seconds: float = 30.0) -> None:
        """Sweep every so many seconds, in a thread, until the process ends."""

        def sweep_for_ever() -> None:
            while True:
                time.sleep(seconds)
                sweep(self.folder)

        threading.Thread(target=sweep_for_ever, daemon=True).start()

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def alive(pid: str) -> bool:
    """Whether a process of this number runs; also where that cannot be told."""
    if os.name == "nt" or not pid.isdigit():  # there os.kill(pid, 0) would end it
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        pass
    return True


def sweep(folder: Path, broken_off: float = BROKEN_OFF, quota: int = QUOTA) -> int:
    """Remove uploads that were broken off, and the oldest files beyond the quota; how many.

    Gradio receives an upload as a nameless file at the top, and gives it a folder when it is whole.
    """
    found: list[tuple[float, int, Path]] = []
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):  # gone meanwhile
            if path.is_file():
                told = path.stat()
                found.append((told.st_mtime, told.st_size, path))
    total, removed = sum(size for _, size, _ in found), 0
    for touched, size, path in sorted(found):
        partial = path.parent == folder and time.time() - touched > broken_off
        if partial or total > quota:
            with contextlib.suppress(OSError):
                path.unlink()
                total, removed = total - size, removed + 1
    return removed


def full() -> bool:
    """Whether the disk is too full for another file."""
    return shutil.disk_usage(tempfile.gettempdir()).free < FREE
