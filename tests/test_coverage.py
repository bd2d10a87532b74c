"""The tests take every branch of the core: runs the command that pyproject.toml gives."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_branch_of_the_core_is_taken(tmp_path: Path) -> None:
    tests = (ROOT / "tests" / "core.txt").read_text().split()
    run = ["run", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not slow", *tests]
    environment = os.environ | {"COVERAGE_FILE": str(tmp_path / "coverage")}
    for command in (run, ["report"]):
        argv = [sys.executable, "-m", "coverage", *command]
        done = subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
