"""Take the pictures of the page: every tab, light, dark and narrow; python docs/make_screenshots.py

Then the short animation of one step, of docs/one-step.html.

Needs Chromium and what tests/requirements.txt lists. Also prints how long the page takes until it
can be used, its requests and its bytes on the wire.
"""

from __future__ import annotations

import io
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

# ruff: noqa: E402
from browser.steps import button, state, step
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from serving import serving

PICTURES = ROOT / "docs" / "pictures"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
LOOKS = {
    "light": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
    "narrow": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light"},
}
STEPS = 60
"""Steps before the picture of the Train tab."""
FRAME = 900
"""Milliseconds of one picture of the animation."""


def add_sample(page: Page, name: str, look: str) -> None:
    path = PICTURES / f"{name}-{look}.png"
    page.wait_for_timeout(600)  # lets what moves come to rest
    page.screenshot(path=path, full_page=look == "narrow")
    print(path.relative_to(ROOT))


def take(browser: Browser, url: str, look: str) -> None:
    """All tabs in one look: a training in the middle, its samples, its units, its file."""
    context = browser.new_context(**LOOKS[look])  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(url)
    page.wait_for_selector(".drawing.live-writer .sheet span")
    page.wait_for_selector(".drawing.verdict[data-mood=good]")
    page.wait_for_timeout(9000)  # lines enough to look at
    add_sample(page, "first-screen", look)
    button(page, "Train")
    state(page, "training")
    page.wait_for_selector(".drawing.chart path.curve")
    while step(page) < STEPS:
        page.wait_for_timeout(200)
    add_sample(page, "train", look)
    button(page, "Stop")
    state(page, "stopped")
    go(page, "Generate")
    button(page, "Generate")
    page.wait_for_timeout(6000)
    add_sample(page, "generate", look)
    go(page, "How it works")
    button(page, "20 updates")
    page.wait_for_selector(".learning .arithmetic:has-text('20 updates')")
    button(page, "◀ Backwards")
    page.wait_for_selector(".copy[data-t='0'].reached")
    add_sample(page, "how-it-works", look)
    go(page, "Look inside")
    page.wait_for_timeout(1500)
    add_sample(page, "look-inside", look)
    go(page, "Share")
    add_sample(page, "share", look)
    context.close()


def go(page: Page, name: str) -> None:
    """Open a tab; on a narrow screen it may be in the menu of those that do not fit."""
    shown = page.get_by_role("tab", name=name, exact=True).and_(page.locator(":visible"))
    if shown.count():
        shown.first.click()
        return
    page.locator(".overflow-menu > button").click()
    page.locator(".overflow-dropdown button", has_text=re.compile(f"^{name}$")).click()


def animate(browser: Browser) -> None:
    """The word hello read letter by letter, the gradient back, and updates until it is known."""
    page = browser.new_page(viewport={"width": 900, "height": 640}, color_scheme="light")
    page.goto((ROOT / "docs" / "one-step.html").as_uri())
    page.get_by_role("button", name="Backwards").wait_for()
    frames: list[Image.Image] = []

    def add() -> None:
        frames.append(Image.open(io.BytesIO(page.screenshot())).convert("P", palette=1, colors=64))

    add()
    for name, times in (("Step", 4), ("Backwards", 1), ("Update", 4), ("20 updates", 1)):
        for _ in range(times):
            page.get_by_role("button", name=re.compile(name)).first.click()
            page.wait_for_timeout(700 if name != "20 updates" else 6000)
            add()
    frames += [frames[-1]] * 2
    path = PICTURES / "one-step.gif"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=FRAME, loop=0)
    print(path.relative_to(ROOT), f"{path.stat().st_size / 1000:.0f} KB")
    page.close()


def measure(browser: Browser, url: str) -> None:
    """Time until the page can be used, requests and bytes on the wire, with an empty cache."""
    context = browser.new_context()
    page = context.new_page()
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")
    sizes: list[float] = []
    wire.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    started = time.perf_counter()
    page.goto(url)
    page.wait_for_selector(".drawing.live-writer .sheet span")
    usable = time.perf_counter() - started
    page.wait_for_timeout(1500)
    print(f"usable after {usable:.1f} s, {len(sizes)} requests, {sum(sizes) / 1000:.0f} KB")
    context.close()


def main() -> None:
    chromium = next(filter(None, map(shutil.which, BROWSERS)))
    PICTURES.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder)) as url,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        measure(browser, url)
        animate(browser)
        for look in LOOKS:
            take(browser, url, look)
        browser.close()


if __name__ == "__main__":
    main()
