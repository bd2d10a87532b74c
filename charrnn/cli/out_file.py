"""Checks a command's output file before the work, and never overwrites another run's file."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

from charrnn import files


def try_out(path: str | Path, size: int = 0) -> None:
    """Check that `size` bytes can be written to a file. Raises ValueError that says why not."""
    try:
        files.try_write(path, size)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no file can have this name"
        raise ValueError(f"{path} cannot be written: {reason}. Name another file.") from None


class OutFile:
    """The file of a run, which is not overwritten once another program has written to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen = _state(path)

    def __str__(self) -> str:
        return str(self.path)

    def save(self, write: Callable[[Path], None]) -> str:
        """Write the file; returns a sentence if it needed another name. Raises as `write` does."""
        remark, now = "", _state(self.path)
        if now is not None and now != self._seen:
            other = _free(self.path)
            remark = f"Another program has written {self.path}. This run is saved in {other}."
            self.path = other
        write(self.path)
        self._seen = _state(self.path)
        return remark


def _state(path: Path) -> tuple[int, int, int] | None:
    """Numbers that change when a file is written; None for no file, and for a device."""
    if not path.is_file():
        return None
    status = path.stat()
    return status.st_ino, status.st_mtime_ns, status.st_size


def _free(path: Path) -> Path:
    """A name beside `path` that no file has: model-2.npz, model-3.npz, ..."""
    names = (path.with_name(f"{path.stem}-{n}{path.suffix}") for n in itertools.count(2))
    return next(name for name in names if not name.exists())
