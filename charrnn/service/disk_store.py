"""Keeps visitors' models on disk over a restart, in files named by the hash of a session token.

When the server closes, it writes the models of visitors here, those of unfinished runs included. A
browser that comes back with its session token gets them. The files hold no text.
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from pathlib import Path

from charrnn import files
from charrnn.corpora import cache_folder
from charrnn.service.visitor import Visitor, text_of
from charrnn.training.checkpoint import HOSTED_BYTES, Checkpoint, ModelFileError

KEPT = 24 * 3600.0
"""Seconds that a model is kept."""


class DiskStore:
    """One file per visitor."""

    def __init__(self, folder: Path | None = None) -> None:
        """folder: created for the first model; by default beside the downloaded corpora."""
        self.folder = folder or cache_folder() / "visitors"

    def path(self, token: str) -> Path:
        raw = token.encode("utf-8", "surrogatepass")
        return self.folder / f"{hashlib.sha256(raw).hexdigest()}.npz"

    def put(self, visitor: Visitor) -> bool:
        """Write what the visitor would miss; False when there is nothing. Raises OSError."""
        if visitor.model is None or not visitor.token:
            return False
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        files.write(self.path(visitor.token), visitor.to_bytes())
        return True

    def find(self, token: str) -> Visitor | None:
        """The visitor of a session token with the model that is kept for it, if any."""
        path = self.path(token)
        if not token or not path.is_file():
            return None
        try:
            checkpoint = Checkpoint.load(path, HOSTED_BYTES)
        except ModelFileError:
            return None
        text = text_of(checkpoint.model)
        return Visitor(token=token).with_checkpoint(checkpoint, "from before the restart", text)

    def sweep(self, seconds: float = KEPT) -> None:
        """Remove models older than so many seconds."""
        for path in self.folder.glob("*.npz"):
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > seconds:
                    path.unlink()
