"""Finds programs that a test needs besides Python: without one it is skipped, or fails in CI."""

from __future__ import annotations

import os
import shutil

import pytest


def program(name: str) -> str:
    """The path of a program, looked for where Debian keeps servers too."""
    path = shutil.which(name, path=os.pathsep.join([os.environ["PATH"], "/usr/sbin"]))
    if path is None:
        missing(f"needs {name}")
    return path


def missing(reason: str) -> None:
    """Skip this test; in CI, where everything must be installed, fail it."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
