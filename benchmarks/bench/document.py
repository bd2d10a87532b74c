"""Measured parts of a document: between `<!-- begin NAME -->` and `<!-- end NAME -->`."""

from __future__ import annotations

from pathlib import Path


def put(document: Path, name: str, part: str) -> None:
    """Replace one part. Raises ValueError where the document has no place for it."""
    begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->"
    head, opened, rest = document.read_text("utf-8").partition(begin)
    _, closed, tail = rest.partition(end)
    if not (opened and closed):
        raise ValueError(f"{document} has no part called {name}.")
    document.write_text(f"{head}{begin}{part.rstrip()}\n{end}{tail}", "utf-8")
