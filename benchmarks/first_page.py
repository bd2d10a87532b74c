"""Measure what a visitor waits for on a slow line: python benchmarks/first_page.py

Starts the real page and opens it in Chromium at 1.6 Mbit/s with 150 ms of latency. Prints JSON: the
bytes that came over the line, by kind and for the largest files; the seconds until letters are
written and until Train can be pressed; requests to other hosts.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

# ruff: noqa: E402
from playwright.sync_api import Page, sync_playwright
from serving import serving

BITS_PER_SECOND = 1.6e6
LATENCY = 150.0  # milliseconds


class Line:
    """Counts what comes over a page's line."""

    def __init__(self, page: Page, host: str) -> None:
        self.paths: dict[str, str] = {}
        self.bytes, self.foreign, self.host = Counter[str](), list[str](), host
        session = page.context.new_cdp_session(page)
        session.on("Network.requestWillBeSent", self.asked)
        session.on("Network.loadingFinished", self.came)
        session.send("Network.enable")
        rate = BITS_PER_SECOND / 8
        limits = {"latency": LATENCY, "downloadThroughput": rate, "uploadThroughput": rate}
        session.send("Network.emulateNetworkConditions", {"offline": False, **limits})

    def asked(self, event: dict[str, Any]) -> None:
        parts = urlsplit(event["request"]["url"])
        self.paths[event["requestId"]] = parts.path
        if parts.scheme not in ("data", "blob") and parts.netloc != self.host:
            self.foreign.append(event["request"]["url"])

    def came(self, event: dict[str, Any]) -> None:
        path = self.paths.get(event["requestId"], "?")
        self.bytes[path] += int(event["encodedDataLength"])


def measure(url: str, chromium: str, largest: int) -> dict[str, Any]:
    with sync_playwright() as playwright:
        args = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=chromium, args=args)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(120_000)
        line = Line(page, urlsplit(url).netloc)
        started = time.monotonic()
        page.goto(url, wait_until="commit")
        page.get_by_role("button", name="Train", exact=True).click(trial=True)
        usable = time.monotonic() - started
        page.wait_for_selector(".drawing.live-writer .sheet span")
        writes = time.monotonic() - started
        page.wait_for_selector(".drawing.verdict:is([data-mood=good], [data-mood=warn])")
        judged = time.monotonic() - started
        page.wait_for_timeout(3000)  # what comes after that
        browser.close()
    kinds = Counter[str]()
    for path, size in line.bytes.items():
        kinds[Path(path).suffix or "other"] += size
    return {
        "kilobytes": round(sum(line.bytes.values()) / 1000),
        "requests": len(line.paths),
        "foreign_requests": line.foreign,
        "seconds_until_usable": round(usable, 1),
        "seconds_until_it_writes": round(writes, 1),
        "seconds_until_the_verdict": round(judged, 1),
        "kilobytes_by_kind": {kind: round(size / 1000) for kind, size in kinds.most_common()},
        "largest": {path: round(size / 1000) for path, size in line.bytes.most_common(largest)},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--url", help="a page that is served already")
    parser.add_argument("--largest", type=int, default=12, help="how many files to list")
    options = parser.parse_args()
    chromium = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))))
    if options.url:
        print(json.dumps(measure(options.url, chromium, options.largest), indent=2))
        return
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as url:
        print(json.dumps(measure(url, chromium, options.largest), indent=2))


if __name__ == "__main__":
    main()
