"""Rules for every test: no network beyond this machine, and no silent skip in CI."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from waiting import PATIENCE

NEEDED_IN_CI = ("browser", "torch")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# Before NumPy is imported: two BLAS threads on two busy cores were 18 times slower than one.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.update(
    GRADIO_ANALYTICS_ENABLED="False",
    HF_HUB_DISABLE_TELEMETRY="1",
    HF_HUB_DISABLE_UPDATE_CHECK="1",
    HF_TOKEN_PATH=os.devnull,  # no token of this machine's own
)
# hf_xet remembers by address what a Hub has, which a stand-in on an earlier one's port lacks.
XET_CACHE = tempfile.TemporaryDirectory(prefix="charrnn-xet-", ignore_cleanup_errors=True)
os.environ["HF_XET_CACHE"] = XET_CACHE.name
for name in ("CHARRNN_DATA", "HF_TOKEN", "HF_OIDC_RESOURCE", "SPACE_ID"):
    os.environ.pop(name, None)


def in_ci() -> bool:
    """Whether everything that the tests need must be installed."""
    return os.environ.get("CI") == "true"


@pytest.fixture(autouse=True)
def visitors_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the visitors' models of a page in this process into the test's own folder."""
    monkeypatch.setattr("charrnn.service.disk_store.cache_folder", lambda: tmp_path / "cache")


@pytest.fixture(autouse=True)
def hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what a test pulls out of other tests' caches and of this user's own."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium; without one the test is skipped, and in CI it fails."""
    for browser in BROWSERS:
        if path := shutil.which(browser):
            return path
    pytest.skip("no Chromium on this machine")


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Any]:
    """One Chromium for all tests: two of Playwright's loops cannot run in one process."""
    sync_api = pytest.importorskip("playwright.sync_api")
    sync_api.expect.set_options(timeout=1000 * PATIENCE)  # its own 5 s are short on a busy machine
    with sync_api.sync_playwright() as playwright:
        args = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        opened = playwright.chromium.launch(executable_path=chromium, args=args)
        # A page that a test opens without a context of its own waits as long.
        opened.on("context", lambda context: context.set_default_timeout(1000 * PATIENCE))
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def hub() -> Iterator[Any]:
    """A stand-in for the Hub, on a port of this machine."""
    from standin import Hub

    with Hub().serve() as served:
        yield served


@pytest.fixture
def model() -> Any:
    """A small trained model."""
    from hubs import trained

    return trained()


@pytest.fixture(params=["xet", "lfs"])
def storage(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How the Hub's client sends large files."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", request.param == "lfs")
    return str(request.param)


@pytest.fixture
def set_deadline(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the seconds that a call to the Hub may take."""

    def set_to(seconds: float) -> None:
        monkeypatch.setattr("charrnn.hub.calls.DEADLINE", seconds)

    return set_to


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark browser tests, and run them last: Playwright's loop would break asyncio.run."""
    last = [item for item in items if "chromium" in getattr(item, "fixturenames", ())]
    for item in last:
        item.add_marker("browser")
    items[:] = [item for item in items if item not in last] + last


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """In CI a skipped browser or PyTorch test is a failure, and so is a missing library."""
    report: Any = yield
    needed = any(item.get_closest_marker(name) for name in NEEDED_IN_CI)
    if in_ci() and report.skipped and (needed or "could not import" in str(report.longrepr)):
        report.outcome, report.longrepr = "failed", f"skipped in CI: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Iterator[None]:
    """In CI no file may skip itself entirely."""
    report: Any = yield
    if in_ci() and report.skipped:
        report.outcome, report.longrepr = "failed", f"skipped in CI: {report.longrepr}"
    return report
