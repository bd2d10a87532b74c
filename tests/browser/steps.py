"""What a visitor does on the page, in a word each."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect
from waiting import PATIENCE

TEXT = "The cat sat on the mat. The dog lay on the log. The bird sang in the tree. " * 60


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


def paste(page: Page, text: str) -> None:
    page.get_by_role("button", name="Your own text").click()
    page.get_by_label("Paste a text").fill(text)
    expect(page.get_by_label("Text", exact=True)).to_have_value("your own text")


def plan(page: Page, steps: int) -> None:
    """Give a run so many steps that it is not over before it is stopped, on any machine."""
    box = page.get_by_label("Steps", exact=True)
    if not box.is_visible():
        page.get_by_role("button", name="Advanced settings").click()
    box.fill(str(steps))
    box.press("Tab")


def train_a_while(page: Page, steps: int = 60) -> None:
    plan(page, 100_000)
    button(page, "Train")
    state(page, "training")
    page.wait_for_selector(".drawing.chart path.curve")
    until(page, lambda: step(page) >= steps)


def write(page: Page) -> str:
    """What Generate writes."""
    tab(page, "Generate")
    button(page, "Generate")
    output = page.locator(".drawing:visible pre, .drawing:visible .text").first
    expect(output).to_contain_text(re.compile(r"\w{3}"))
    return output.inner_text()
