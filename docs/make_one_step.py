"""Write docs/one-step.html, the step view for `hello`: python docs/make_one_step.py [--pictures]

With --pictures, also the README's animation of it and two pictures of the How it works tab; that
needs Chromium and what tests/requirements.txt lists.
"""

from __future__ import annotations

import io
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

# ruff: noqa: E402
from charrnn.ui.step.standalone import to_html

PICTURES = HERE / "pictures"
ALONE = HERE / "one-step.html"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FRAME = 900
"""Milliseconds of one picture of the animation."""
SIZE = (850, 519)
COLORS = 64
"""Of the animation: its size in pixels, and its colors."""


def report(path: Path) -> None:
    """Say what was written, and how large it is."""
    print(path.relative_to(ROOT), f"{path.stat().st_size / 1000:.0f} KB")


def animate(browser: Browser) -> None:
    """The word hello read letter by letter, the gradient back, and updates until it is known."""
    from PIL import Image

    page = browser.new_page(viewport={"width": 1180, "height": 720}, color_scheme="light")
    page.goto(ALONE.as_uri())
    page.get_by_role("button", name="Backwards").wait_for()
    frames: list[Image.Image] = []

    def add() -> None:
        picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB").resize(SIZE)
        frames.append(picture)

    def press(name: str) -> None:  # without scrolling to it
        page.get_by_role("button", name=re.compile(name)).first.evaluate("one => one.click()")

    page.locator(".copy").first.evaluate("one => one.click()")
    page.locator(".step").evaluate("one => one.scrollIntoView()")
    add()
    for name, times in (("Step", 7), ("Next letter", 2)):
        for _ in range(times):
            press(name)
            add()
    page.locator(".word").evaluate("one => one.scrollIntoView()")
    press("Backwards")
    page.wait_for_selector(".copy[data-t='0'].reached")
    add()
    for _ in range(4):
        press("^Update$")
        add()
    press("20 updates")
    page.wait_for_selector(".losses[aria-label^='Loss after 24']")
    add()
    frames += [frames[-1]] * 2
    width, height = SIZE
    sheet = Image.new("RGB", (width * len(frames), height))
    for k, frame in enumerate(frames):
        sheet.paste(frame, (k * width, 0))
    # One palette for all frames: then the file holds of each only what changed.
    palette = sheet.quantize(COLORS, Image.Quantize.MAXCOVERAGE)
    small = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    path = PICTURES / "one-step.gif"
    small[0].save(path, save_all=True, append_images=small[1:], duration=FRAME, loop=0)
    report(path)
    page.close()


def take(page: Page, name: str, parts: str) -> None:
    """A picture of some parts of the tab, from the top of the first to the end of the last."""
    from PIL import Image

    page.evaluate("window.scrollTo(0, 0)")
    boxes = [one.bounding_box() for one in page.locator(parts).all()]
    top = min(box["y"] for box in boxes if box) - 10
    end = max(box["y"] + box["height"] for box in boxes if box) + 10
    left = min(box["x"] for box in boxes if box) - 26
    wide = max(box["width"] for box in boxes if box) + 52
    clip = {"x": left, "y": top, "width": wide, "height": end - top}
    shot = page.screenshot(full_page=True, clip=clip)
    picture = Image.open(io.BytesIO(shot)).convert("P", palette=Image.Palette.ADAPTIVE, colors=128)
    path = PICTURES / f"{name}.png"
    picture.save(path, optimize=True)
    report(path)


def take_all(browser: Browser, url: str) -> None:
    """Lesson 6 with the forget gate held shut, and the units of the pretrained model."""
    page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="light")
    page.goto(f"{url}?lesson=6")
    page.locator(".tour .option").first.click()
    page.get_by_role("button", name="shut (0)").click()
    page.locator("[data-block='cnew'] .cell").nth(4).hover()
    page.wait_for_timeout(500)  # what moves comes to rest
    take(page, "lesson", ".drawing.tour, .step-view .step")
    page.locator(".tour .stop", has_text="8 ").click()
    page.get_by_role("button", name="Load it into this page").click()
    page.wait_for_selector(".trained-model .pair")
    page.wait_for_timeout(500)
    take(page, "trained-model", ".drawing.trained-model")
    page.close()


def main() -> None:
    ALONE.write_text(to_html(), "utf-8")
    report(ALONE)
    if "--pictures" not in sys.argv[1:]:
        return
    from playwright.sync_api import sync_playwright
    from serving import serving

    chromium = next(filter(None, map(shutil.which, BROWSERS)))
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder)) as url,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        animate(browser)
        take_all(browser, url)
        browser.close()


if __name__ == "__main__":
    main()
