"""What holds for every test: no network beyond this machine, and no silent skip in CI."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

NEVER_SKIPPED_IN_CI = ("browser", "torch")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

os.environ.update(
    GRADIO_ANALYTICS_ENABLED="False",
    HF_HUB_DISABLE_TELEMETRY="1",
    HF_HUB_DISABLE_UPDATE_CHECK="1",
)
for name in ("CHARRNN_DATA", "HF_TOKEN", "SPACE_ID"):
    os.environ.pop(name, None)


def in_ci() -> bool:
    """Whether everything must be there."""
    return os.environ.get("CI") == "true"


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium; without one the test is skipped, and in CI it fails."""
    for browser in BROWSERS:
        if path := shutil.which(browser):
            return path
    pytest.skip("no Chromium on this machine")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """In CI a skipped browser or PyTorch test is a failure."""
    report: Any = yield
    marked = any(item.get_closest_marker(name) for name in NEVER_SKIPPED_IN_CI)
    if in_ci() and marked and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome, report.longrepr = "failed", f"skipped in CI: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Iterator[None]:
    """In CI no file may skip itself as a whole."""
    report: Any = yield
    if in_ci() and report.skipped:
        report.outcome, report.longrepr = "failed", f"skipped in CI: {report.longrepr}"
    return report
