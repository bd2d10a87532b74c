"""Take the pictures of the page: python docs/make_screenshots.py

Every tab in light, dark and on a phone. With `--all FOLDER` it takes more, there: the page at
200 % zoom, in forced colors, on paper, and every inner tab. Needs Chromium and what
tests/requirements.txt lists. docs/make_one_step.py makes the pictures of the tab "How it works".
"""

from __future__ import annotations

import argparse
import io
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

# ruff: noqa: E402
from browser.steps import button, judged, new_context, opened, state, step, unfold, until
from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright
from serving import serving
from waiting import PATIENCE

PICTURES = ROOT / "docs" / "pictures"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DESK = {"width": 1280, "height": 800}
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": DESK, "color_scheme": "light"},
    "dark": {"viewport": DESK, "color_scheme": "dark"},
    "narrow": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light"},
}
MORE: dict[str, dict[str, Any]] = {
    "zoomed": {"viewport": {"width": 640, "height": 400}, "device_scale_factor": 2},
    "contrast": {"viewport": DESK, "forced_colors": "active"},
}
WHOLE = ("narrow", "zoomed")
"""Looks whose pictures show the whole page, not the screen alone."""
COLORS = 128
"""Of a picture; more cannot be told from these, and take three times the bytes."""
SETTINGS = "?recipe=standard&cell=gru&hidden_size=128"
"""A run that shows much in a minute, on a busy machine too."""
STEPS = 150
"""Steps before the picture of the Train tab."""
LETTERS = 400
"""Letters that the first screen has written."""
INNER = ("Watch a unit", "Which letters mattered", "How far back it learns", "The weights")


class Album:
    """One look of the page, and where its pictures go."""

    def __init__(self, page: Page, look: str, folder: Path, every: bool) -> None:
        self.page, self.look, self.folder, self.every = page, look, folder, every

    def add(self, name: str) -> None:
        """A picture of what the page shows, once what moves has come to rest."""
        self.page.wait_for_timeout(600)
        whole = self.look in WHOLE
        picture = Image.open(io.BytesIO(self.page.screenshot(full_page=whole)))
        path = self.folder / f"{name}-{self.look}.png"
        picture.convert("RGB").quantize(COLORS).save(path, optimize=True)
        print(path, f"{path.stat().st_size / 1000:.0f} kB", flush=True)

    def extra(self, name: str) -> None:
        """A picture only of `--all`."""
        if self.every:
            self.add(name)

    def paper(self, name: str) -> None:
        """The page as it is printed, of `--all`."""
        if self.every and self.look in ("light", "dark"):
            self.page.pdf(path=self.folder / f"{name}-{self.look}.pdf", format="A4")


def take(album: Album, url: str) -> None:
    """All tabs in one look: a training in the middle, its samples, its units, its file."""
    page = opened(album.page, url)
    until(page, lambda: page.locator(".drawing.live-writer .sheet span").count() > LETTERS)
    judged(page)
    album.add("first-screen")
    for name in ("Settings", "While it trains", "Race: RNN, LSTM and GRU"):
        unfold(page, name)
    album.extra("settings")
    for name in ("Settings", "While it trains", "Race: RNN, LSTM and GRU"):
        page.locator("button.label-wrap:visible", has_text=re.compile(f"^{name}")).click()
    page.evaluate("scrollTo(0, 0)")
    button(page, "Train")
    state(page, "training")
    over = page.locator(".drawing.status:is([data-state=stopped], [data-state=done])")
    until(page, lambda: step(page) >= STEPS or over.count())
    album.add("train")
    page.locator(".run button", has_text="Stop").dispatch_event("click")  # it may be over
    over.wait_for()
    album.extra("train-over")
    album.paper("train")
    go(page, "Generate")
    album.extra("generate-empty")
    button(page, "Generate")
    page.locator(".drawing.take-away button:visible").first.wait_for()
    album.add("generate")
    album.paper("generate")
    button(page, "Compare five temperatures")
    until(page, lambda: len(page.locator(".drawing.temperatures pre").last.inner_text()) > 200)
    album.extra("temperatures")
    go(page, "Look inside")
    page.locator(".drawing.units pre span").first.wait_for()
    album.add("look-inside")
    for name in INNER if album.every else ():
        go(page, name)
        page.wait_for_load_state()
        page.wait_for_timeout(4000)  # what each draws is made when it is opened
        album.add(f"inside-{name.lower().replace(' ', '-')}")
    go(page, "Share")
    album.add("share")


def go(page: Page, name: str) -> None:
    """Open a tab; on a narrow screen it may be in the menu of those that do not fit."""
    shown = page.get_by_role("tab", name=name, exact=True).and_(page.locator(":visible"))
    if shown.count():
        shown.first.click()
        return
    page.locator(".overflow-menu > button:visible").last.click()
    page.locator(".overflow-dropdown button", has_text=re.compile(f"^{name}$")).click()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="take every picture, there")
    parser.add_argument("--look", choices=[*LOOKS, *MORE], help="one look alone")
    options = parser.parse_args()
    chromium = next(filter(None, map(shutil.which, BROWSERS)))
    folder = options.all or PICTURES
    folder.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=1000 * PATIENCE)
    looks = LOOKS | MORE if options.all or options.look else LOOKS
    with (
        tempfile.TemporaryDirectory() as place,
        serving(Path(place), 120) as url,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for look in [options.look] if options.look else looks:
            context = new_context(browser, **looks[look])
            take(Album(context.new_page(), look, folder, bool(options.all)), url + SETTINGS)
            context.close()
        browser.close()


if __name__ == "__main__":
    main()
