"""Keeps visitors' models on disk, in files named by the hash of a session token.

Visitors are dropped from memory after an hour, when others need the space, and at a restart. A
browser that comes back with its session token gets its model from here. The files contain no text.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
import time
import weakref
from pathlib import Path

from charrnn import files
from charrnn.corpora import cache_folder
from charrnn.network.model import CharRNN
from charrnn.service.visitor import Visitor, text_of
from charrnn.training.checkpoint import HOSTED_BYTES, Checkpoint, ModelFileError

KEPT = 24 * 3600.0
"""Seconds that a model is kept."""
QUOTA = 4_000_000_000
"""Bytes of all models; beyond, the oldest are removed."""
SWEEP_EVERY = 300.0
"""Seconds between two sweeps for old models while the server runs."""


class DiskStore:
    """A file per visitor with the model, and one with its name."""

    def __init__(self, folder: Path | None = None) -> None:
        """folder: created for the first model; by default CHARRNN_KEEP names it, such as a bucket
        that a Space has mounted, else it is beside the downloaded corpora."""
        named = os.environ.get("CHARRNN_KEEP")
        self.folder = folder or (Path(named) if named else cache_folder()) / "visitors"

    def path(self, token: str) -> Path:
        raw = token.encode("utf-8", "surrogatepass")
        return self.folder / f"{hashlib.sha256(raw).hexdigest()}.npz"

    def put(self, visitor: Visitor) -> bool:
        """Write what the visitor would lose; False when there is nothing. Raises OSError."""
        if visitor.model is None or not visitor.token:
            return False
        path = self.path(visitor.token)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with contextlib.suppress(OSError):
            path.unlink()  # so that a newer name is never beside an older model
        files.write(path.with_suffix(".name"), visitor.model_name.encode("utf-8", "replace"))
        files.write(path, visitor.to_bytes())
        return True

    def find(self, token: str) -> Visitor | None:
        """The visitor of a session token, with the model kept for it; None if there is none."""
        path = self.path(token)
        if not token or not path.is_file():
            return None
        try:
            checkpoint = Checkpoint.load(path, HOSTED_BYTES)
        except ModelFileError:
            return None
        name = "your saved model"
        with contextlib.suppress(OSError, UnicodeDecodeError):
            name = path.with_suffix(".name").read_text("utf-8")
        text = text_of(checkpoint.model)
        return Visitor(token=token).with_checkpoint(checkpoint, name, text)

    def sweep(self, seconds: float = KEPT, quota: int = QUOTA) -> None:
        """Remove models older than `seconds`, and the oldest ones beyond `quota` bytes."""
        found: list[tuple[float, int, Path]] = []
        for path in self.folder.glob("*.npz"):
            with contextlib.suppress(OSError):
                status = path.stat()
                found.append((status.st_mtime, status.st_size, path))
        total = sum(size for _, size, _ in found)
        for touched, size, path in sorted(found):
            if time.time() - touched > seconds or total > quota:
                total -= size
                for each in (path, path.with_suffix(".name")):
                    with contextlib.suppress(OSError):
                        each.unlink()


class Writer:
    """Writes each visitor's newest model to a DiskStore, in a thread of its own."""

    def __init__(self, disk_store: DiskStore) -> None:
        self.disk_store = disk_store
        self._changed = threading.Condition()
        self._due: dict[str, Visitor] = {}  # by token, in the order in which they are written
        self._written: dict[str, weakref.ref[CharRNN]] = {}  # by token, the model on disk
        self._thread: threading.Thread | None = None
        self._swept = time.monotonic()

    def write(self, visitor: Visitor) -> None:
        """Write a visitor's model soon, unless it is on disk already."""
        if visitor.model is None or not visitor.token:
            return
        with self._changed:
            written = self._written.get(visitor.token)
            if written is not None and written() is visitor.model:
                return
            if len(self._written) > 10_000:
                alive = self._written.items()
                self._written = {token: model for token, model in alive if model() is not None}
            self._written[visitor.token] = weakref.ref(visitor.model)
            self._due[visitor.token] = visitor
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def find(self, token: str) -> Visitor | None:
        """The visitor of a token, on disk or waiting to be written."""
        with self._changed:
            if token in self._due:
                return self._due[token]
        return self.disk_store.find(token)

    def flush(self, seconds: float) -> bool:
        """Wait at most `seconds` until all is written; returns whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._due, seconds)

    def saved(self, visitor: Visitor) -> bool:
        """Whether the visitor's present model is on disk."""
        with self._changed:
            written = self._written.get(visitor.token)
            return visitor.token not in self._due and (written and written()) is visitor.model

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._due))
                token, visitor = next(iter(self._due.items()))
            try:
                self.disk_store.put(visitor)
            except (OSError, ModelFileError):
                with self._changed:
                    self._written.pop(token, None)
            with self._changed:
                if self._due.get(token) is visitor:
                    del self._due[token]
                self._changed.notify_all()
            if time.monotonic() - self._swept > SWEEP_EVERY:
                self._swept = time.monotonic()
                self.disk_store.sweep()
