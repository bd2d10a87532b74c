"""Programs beside Python that a test needs: it is skipped without them, and in CI it fails."""

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
    """Skip this test; in CI, where everything must be there, let it fail."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
