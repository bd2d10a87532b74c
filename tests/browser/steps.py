"""What a visitor does on the page, in a word each."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from waiting import PATIENCE

MODEL = ".drawing.header .model"
WORDS = "the old cat sat on a mat while a dog lay by the log and one bird sang in a tree"
TEXT = " ".join(random.Random(0).choices(WORDS.split(), k=1_200))
"""In no order that a network could learn by heart, so that its samples keep changing."""


def new_context(browser: Browser, **options: Any) -> BrowserContext:
    """A visitor's browser, with time enough on a busy machine."""
    context = browser.new_context(**options)
    context.set_default_timeout(1000 * PATIENCE)
    return context


def button(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).and_(page.locator(":visible")).click()


def tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()


def until(page: Page, reached: Callable[[], object]) -> None:
    """Wait for a state; the browser goes on in the meantime, unlike during a sleep."""
    for _ in range(int(10 * PATIENCE)):
        if reached():
            return
        page.wait_for_timeout(100)
    raise AssertionError("the state did not come")


def state(page: Page, name: str) -> None:
    page.wait_for_selector(f".drawing.status[data-state={name}]", timeout=1000 * PATIENCE)


def number(page: Page, label: str) -> str:
    """The value above a label of the status card."""
    item = page.locator(".drawing.status dl > div", has_text=re.compile(label))
    return item.locator("dd").inner_text()


def step(page: Page) -> int:
    shown = number(page, "^step|step")
    return int(shown.replace(",", "")) if shown[0].isdigit() else 0


def sample(page: Page) -> str:
    return page.locator(".drawing.samples pre").inner_text()


def opened(page: Page, url: str = "") -> Page:
    """Open the page, or reload it, until it shows the visitor's model and has its first tab."""
    if url:
        page.goto(url)
    else:
        page.reload()
    expect(page.locator(MODEL)).not_to_be_empty()
    page.wait_for_selector("#train-text textarea", state="attached")
    page.evaluate("document.fonts.ready.then(() => true)")  # they move what stands below
    return page


def paste(page: Page, text: str) -> None:
    page.locator("#train-text textarea").fill(text)
    expect(page.get_by_label("Your text")).to_be_checked()


def verdict(page: Page) -> Locator:
    return page.locator(".drawing.verdict")


def judged(page: Page) -> str:
    """The verdict on the text, once it is there."""
    page.wait_for_selector(".drawing.verdict:is([data-mood=good], [data-mood=warn])")
    return verdict(page).inner_text()


def unfold(page: Page, name: str) -> None:
    """Open an accordion that may be open already."""
    head = page.locator("button.label-wrap:visible", has_text=re.compile(f"^{name}"))
    if "open" not in (head.get_attribute("class") or "").split():
        head.click()


def plan(page: Page, steps: int) -> None:
    """Give a run so many steps that it is not over before it is stopped, on any machine."""
    unfold(page, "Settings")
    box = page.get_by_label("Steps", exact=True)
    box.fill(str(steps))
    box.press("Tab")
    expect(page.get_by_label("As set below")).to_be_checked()


def train_a_while(page: Page, steps: int = 60) -> None:
    plan(page, 100_000)
    button(page, "Train")
    state(page, "training")
    page.wait_for_selector(".drawing.chart path.curve")
    until(page, lambda: step(page) >= steps)


def upload(page: Page, file: Path) -> None:
    """Give the Share tab a model's file."""
    with page.expect_file_chooser() as chosen:
        button(page, "Upload .npz")
    chosen.value.set_files(file)


def write(page: Page) -> str:
    """What Generate writes."""
    tab(page, "Generate")
    button(page, "Generate")
    output = page.locator(".drawing:visible pre, .drawing:visible .text").first
    expect(output).to_contain_text(re.compile(r"\w{3}"))
    return output.inner_text()
