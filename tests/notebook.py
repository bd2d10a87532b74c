"""Runs docs/charrnn.ipynb. `python tests/notebook.py` runs it and stores what its cells show."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode
from waiting import PATIENCE

ROOT = Path(__file__).resolve().parents[1]
PATH = ROOT / "docs" / "charrnn.ipynb"


def read(path: Path = PATH) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def run(folder: Path, packages: Path) -> NotebookNode:
    """The notebook with what its cells show, run in `folder` without its cell that installs.

    packages: where the notebook finds charrnn.
    """
    notebook = read()
    (install,) = [cell for cell in notebook.cells if "pip install" in cell.source]
    source, install.source = install.source, ""
    resources = {"metadata": {"path": str(folder)}}
    client = NotebookClient(
        notebook, timeout=round(PATIENCE), resources=resources, coalesce_streams=True
    )
    client.execute(env={**os.environ, "PYTHONPATH": str(packages), "HF_HUB_OFFLINE": "1"})
    install.source = source
    return notebook


def store(path: Path, packages: Path) -> None:
    """Run the notebook, and write it with what its cells show."""
    with tempfile.TemporaryDirectory() as folder:
        notebook = run(Path(folder), packages)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # when each cell ran
    nbformat.write(notebook, path)


if __name__ == "__main__":
    store(*(map(Path, sys.argv[1:]) if sys.argv[1:] else (PATH, ROOT)))
